//! The configuration: from the environment, and from nowhere else.
//!
//! Each variable is in [`VARIABLES`] and in the table of the README. A value that is not understood
//! stops the start, with an error that names the variable and never repeats the value: people paste
//! secrets into the wrong variable.

mod clients;
mod egress;
mod limits;
mod networks;
mod passwords;
mod sessions;
mod webhooks;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use palisade::allowlist::TrustPolicy;
use palisade::apikey::MaxStaleness;
use tracing::level_filters::LevelFilter;

pub use egress::EgressConfig;
pub use limits::{LimitConfig, LimitPolicies, RedisConfig};
pub(crate) use passwords::{BLOCKLIST, BREACHED, MEMORY as PASSWORD_MEMORY, UNPEPPERED_UNTIL};
pub use passwords::{PASSWORD_PEPPERS, PasswordConfig};
pub(crate) use sessions::{COOKIE_DOMAIN, COOKIE_NAME, EPOCH_KEYS, IDLE, LIFETIME, SESSION_KEYS};
pub use sessions::{SameSite, SessionConfig, SessionTokenKind};
pub use webhooks::{InboundSecrets, InboundSource, WebhookConfig};
pub(crate) use webhooks::{RETRY as WEBHOOK_RETRY, SQUARE_URL, WEBHOOK_KEYS};

const ADDR: &str = "GATEHOUSE_ADDR";
const DATABASE: &str = "GATEHOUSE_DATABASE";
/// The variable of the peppers of key digests; its twin `GATEHOUSE_PEPPERS_FILE` names a file.
pub const PEPPERS: &str = "GATEHOUSE_PEPPERS";
const PEPPERS_FILE: &str = "GATEHOUSE_PEPPERS_FILE";
const STALENESS: &str = "GATEHOUSE_MAX_STALENESS_SECONDS";
const USAGE_INTERVAL: &str = "GATEHOUSE_USAGE_INTERVAL_SECONDS";
const LOG: &str = "GATEHOUSE_LOG";
const LOG_FORMAT: &str = "GATEHOUSE_LOG_FORMAT";

/// How the names of variables begin that are for gatehouse alone.
const BEGINNINGS: [&str; 2] = ["GATEHOUSE_", "RATE_LIMIT_"];

/// Every variable that gatehouse reads. Another one of the same beginning is a typing error.
pub const VARIABLES: [&str; 80] = [
    ADDR,
    DATABASE,
    PEPPERS,
    PEPPERS_FILE,
    STALENESS,
    USAGE_INTERVAL,
    PASSWORD_PEPPERS,
    passwords::PASSWORD_PEPPERS_FILE,
    PASSWORD_MEMORY,
    passwords::QUEUE,
    UNPEPPERED_UNTIL,
    BLOCKLIST,
    BREACHED,
    IDLE,
    LIFETIME,
    sessions::LIMIT,
    sessions::STEP_UP,
    COOKIE_NAME,
    COOKIE_DOMAIN,
    sessions::COOKIE_SAME_SITE,
    sessions::TOKENS,
    SESSION_KEYS,
    sessions::SESSION_KEYS_FILE,
    EPOCH_KEYS,
    sessions::EPOCH_KEYS_FILE,
    sessions::ISSUER,
    sessions::EPOCH_AUDIENCE,
    clients::PROXIES,
    clients::CLIENT_ADDRESS,
    egress::LOOPBACK,
    egress::DENY,
    egress::PORTS,
    WEBHOOK_KEYS,
    webhooks::WEBHOOK_KEYS_FILE,
    WEBHOOK_RETRY,
    webhooks::MAX_BODY,
    webhooks::MAX_REPLAYS,
    webhooks::MAX_KEPT,
    SQUARE_URL,
    "GATEHOUSE_INBOUND_GLACIS",
    "GATEHOUSE_INBOUND_GLACIS_FILE",
    "GATEHOUSE_INBOUND_GITHUB",
    "GATEHOUSE_INBOUND_GITHUB_FILE",
    "GATEHOUSE_INBOUND_STANDARD",
    "GATEHOUSE_INBOUND_STANDARD_FILE",
    "GATEHOUSE_INBOUND_SVIX",
    "GATEHOUSE_INBOUND_SVIX_FILE",
    "GATEHOUSE_INBOUND_STRIPE",
    "GATEHOUSE_INBOUND_STRIPE_FILE",
    "GATEHOUSE_INBOUND_SLACK",
    "GATEHOUSE_INBOUND_SLACK_FILE",
    "GATEHOUSE_INBOUND_SHOPIFY",
    "GATEHOUSE_INBOUND_SHOPIFY_FILE",
    "GATEHOUSE_INBOUND_SQUARE",
    "GATEHOUSE_INBOUND_SQUARE_FILE",
    "GATEHOUSE_INBOUND_PADDLE",
    "GATEHOUSE_INBOUND_PADDLE_FILE",
    "GATEHOUSE_INBOUND_LINEAR",
    "GATEHOUSE_INBOUND_LINEAR_FILE",
    "GATEHOUSE_INBOUND_DISCORD",
    "GATEHOUSE_INBOUND_DISCORD_FILE",
    "GATEHOUSE_INBOUND_SENDGRID",
    "GATEHOUSE_INBOUND_SENDGRID_FILE",
    "GATEHOUSE_INBOUND_GITHUB_SECRET_SCANNING",
    "GATEHOUSE_INBOUND_GITHUB_SECRET_SCANNING_FILE",
    limits::REDIS_URL,
    limits::REDIS_NAMESPACE,
    limits::FAILURE,
    limits::DEADLINE,
    limits::PER_IP,
    limits::PER_LOGIN,
    limits::PER_LOGIN_AND_IP,
    limits::PER_ACCOUNT,
    limits::PER_KEY,
    limits::PER_SESSION,
    limits::PER_SIDECAR,
    limits::HEADERS,
    limits::KEYS,
    LOG,
    LOG_FORMAT,
];

/// What gatehouse is told when it starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens. Port 0 takes a free one.
    pub addr: SocketAddr,
    /// Where it keeps its records.
    pub database: Database,
    /// Where the peppers of the key digests come from.
    pub peppers: PepperSource,
    /// How old a cached record may be when it decides.
    pub staleness: MaxStaleness,
    /// The same of an allowlist.
    pub allowlist_staleness: Duration,
    /// The least time between two writes of usage.
    pub usage_interval: Duration,
    /// How passwords are hashed.
    pub passwords: PasswordConfig,
    /// How people stay signed in, and how epoch tokens are signed.
    pub sessions: SessionConfig,
    /// Whom to believe about the address of a client.
    pub clients: TrustPolicy,
    /// Where webhooks may go.
    pub egress: EgressConfig,
    /// What is sent to customers, and received from others.
    pub webhooks: WebhookConfig,
    /// How often one may come.
    pub limits: LimitConfig,
    /// The least severe lines that are logged.
    pub log: LevelFilter,
    /// What the lines look like.
    pub log_format: LogFormat,
}

/// Where the records are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// In memory: everything ends with the process.
    Memory,
    /// In this SQLite file.
    File(PathBuf),
}

/// Where the peppers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PepperSource {
    /// The operator gave them, in the environment or in a file that it names.
    Environment,
    /// Nobody gave any: gatehouse generates one and keeps it beside the database.
    Generated,
}

/// What log lines look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Config {
    /// Reads the configuration from the environment of the process.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], naming the variable.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_vars(std::env::vars_os())
    }

    /// Reads the configuration from these variables.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], naming the variable.
    pub fn from_vars(
        vars: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let vars = Vars::ours(vars)?;
        let whole_seconds = |name, default, allowed: std::ops::RangeInclusive<u64>, rule| {
            vars.read(name, default, rule, |text| {
                text.parse().ok().filter(|n| allowed.contains(n)).map(Duration::from_secs)
            })
        };
        let rule = "a whole number of seconds from 0 to 300";
        let allowed = 0..=MaxStaleness::LIMIT.as_secs();
        let staleness = whole_seconds(STALENESS, Duration::from_secs(5), allowed, rule)?;
        Ok(Self {
            addr: vars.read(
                ADDR,
                SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
                "an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080",
                |text| text.parse().ok(),
            )?,
            database: vars.database()?,
            peppers: vars.pepper_source(PEPPERS, PEPPERS_FILE),
            staleness: MaxStaleness::at_most(staleness)
                .map_err(|_| ConfigError::Value { name: STALENESS, rule })?,
            allowlist_staleness: staleness,
            usage_interval: whole_seconds(
                USAGE_INTERVAL,
                Duration::from_mins(1),
                1..=3600,
                "a whole number of seconds from 1 to 3600",
            )?,
            passwords: PasswordConfig::read(&vars)?,
            sessions: SessionConfig::read(&vars)?,
            clients: clients::read(&vars)?,
            egress: EgressConfig::read(&vars)?,
            webhooks: WebhookConfig::read(&vars)?,
            limits: LimitConfig::read(&vars)?,
            log: vars.read(
                LOG,
                LevelFilter::INFO,
                "one of off, error, warn, info, debug, trace",
                level,
            )?,
            log_format: vars.read(
                LOG_FORMAT,
                LogFormat::Text,
                "text or json",
                |text| match text {
                    "text" => Some(LogFormat::Text),
                    "json" => Some(LogFormat::Json),
                    _ => None,
                },
            )?,
        })
    }
}

impl Database {
    /// The folder of the file; nothing for a database in memory.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Memory => None,
            // The parent of a bare file name is the empty path, which no call of the system takes.
            Self::File(path) => Some(
                path.parent()
                    .filter(|parent| !parent.as_os_str().is_empty())
                    .unwrap_or(Path::new(".")),
            ),
        }
    }
}

/// Only the names: `LevelFilter` itself also takes numbers.
fn level(text: &str) -> Option<LevelFilter> {
    let named = ["off", "error", "warn", "info", "debug", "trace"].contains(&text);
    named.then(|| text.parse().ok()).flatten()
}

/// The variables that are for gatehouse.
struct Vars(BTreeMap<&'static str, OsString>);

impl Vars {
    fn ours(all: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Self, ConfigError> {
        let given: BTreeMap<String, OsString> = all
            .into_iter()
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value))
            .filter(|(name, _)| {
                VARIABLES.contains(&name.as_str())
                    || BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
            })
            .collect();
        // Kubernetes gives each pod such variables for a service that is called `gatehouse`, or `rate-limit`.
        let of_cluster = |name: &str| {
            BEGINNINGS.iter().any(|beginning| {
                given.contains_key(&format!("{beginning}SERVICE_HOST"))
                    && name.strip_prefix(beginning).is_some_and(|rest| {
                        rest.starts_with("SERVICE_") || rest.starts_with("PORT")
                    })
            })
        };

        let mut known = BTreeMap::new();
        for (name, value) in &given {
            match VARIABLES.iter().find(|variable| *variable == name) {
                Some(variable) => drop(known.insert(*variable, value.clone())),
                None if of_cluster(name) => {}
                None => return Err(ConfigError::Unknown { name: name.clone() }),
            }
        }
        Ok(Self(known))
    }

    fn read<T>(
        &self,
        name: &'static str,
        default: T,
        rule: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T, ConfigError> {
        match self.0.get(name) {
            None => Ok(default),
            Some(value) => value.to_str().and_then(parse).ok_or(ConfigError::Value { name, rule }),
        }
    }

    fn text(&self, name: &'static str, rule: &'static str) -> Result<Option<&str>, ConfigError> {
        self.0.get(name).map_or(Ok(None), |value| {
            value.to_str().map(Some).ok_or(ConfigError::Value { name, rule })
        })
    }

    fn database(&self) -> Result<Database, ConfigError> {
        match self.0.get(DATABASE) {
            None => Ok(Database::File("gatehouse-data/gatehouse.db".into())),
            Some(value) if value == ":memory:" => Ok(Database::Memory),
            Some(value) if value.is_empty() => {
                Err(ConfigError::Value { name: DATABASE, rule: "the path of a file, or :memory:" })
            }
            Some(value) => Ok(Database::File(value.into())),
        }
    }

    fn file(&self, name: &'static str) -> Result<Option<PathBuf>, ConfigError> {
        match self.0.get(name) {
            Some(value) if value.is_empty() => {
                Err(ConfigError::Value { name, rule: "the path of a file" })
            }
            value => Ok(value.map(PathBuf::from)),
        }
    }

    fn is_given(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn pepper_source(&self, name: &str, file: &str) -> PepperSource {
        if self.is_given(name) || self.is_given(file) {
            PepperSource::Environment
        } else {
            PepperSource::Generated
        }
    }
}

/// A variable that cannot be followed. Never holds its value.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The value is not one of those allowed.
    #[error("{name}: has to be {rule}")]
    Value {
        /// The variable.
        name: &'static str,
        /// What is allowed.
        rule: &'static str,
    },
    /// The value is understood up to a place.
    #[error("{name}: {problem}")]
    Problem {
        /// The variable.
        name: &'static str,
        /// What is wrong and where. It repeats nothing of the value that is not a network.
        problem: String,
    },
    /// There is no such variable; most likely a typing error.
    #[error("{name}: there is no such variable; there are {}", VARIABLES.join(", "))]
    Unknown {
        /// The variable.
        name: String,
    },
}

impl ConfigError {
    fn problem(name: &'static str, error: &dyn std::error::Error) -> Self {
        Self::Problem { name, problem: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(vars: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from_vars(vars.iter().map(|(name, value)| (name.into(), value.into())))
    }

    #[test]
    fn the_defaults() {
        let config = config(&[("HOME", "/"), ("GATEHOUSE", "not ours")]).unwrap();
        assert_eq!(config.addr.to_string(), "127.0.0.1:8080");
        assert_eq!(config.database, Database::File("gatehouse-data/gatehouse.db".into()));
        assert_eq!(config.peppers, PepperSource::Generated);
        assert_eq!(config.usage_interval, Duration::from_mins(1));
        assert_eq!(config.log, LevelFilter::INFO);
    }

    #[test]
    fn every_variable() {
        let config = config(&[
            (ADDR, "[::1]:0"),
            (DATABASE, ":memory:"),
            (PEPPERS_FILE, "/run/secrets/peppers"),
            (STALENESS, "0"),
            (USAGE_INTERVAL, "3600"),
            (LOG, "debug"),
            (LOG_FORMAT, "json"),
        ])
        .unwrap();
        assert_eq!(config.addr.to_string(), "[::1]:0");
        assert_eq!(config.database, Database::Memory);
        assert_eq!(config.peppers, PepperSource::Environment);
        assert_eq!(config.log_format, LogFormat::Json);
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (name, value) in [
            (ADDR, "localhost"),
            (ADDR, "127.0.0.1"),
            (ADDR, ""),
            (DATABASE, ""),
            (STALENESS, "301"),
            (STALENESS, "-1"),
            (STALENESS, "5s"),
            (STALENESS, "99999999999999999999"),
            (USAGE_INTERVAL, "0"),
            (LOG, "3"),
            (LOG, "verbose"),
            (LOG, "gatehouse=debug"),
            (LOG_FORMAT, "yaml"),
        ] {
            let error = config(&[(name, value)]).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{name}: has to be ")), "{error}");
        }
    }

    #[test]
    fn a_secret_in_the_wrong_variable_is_not_repeated() {
        for name in [ADDR, STALENESS, USAGE_INTERVAL, LOG, LOG_FORMAT, "GATEHOUSE_OTHER"] {
            let error = config(&[(name, "hunter2")]).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_typing_error_is_found() {
        let error = config(&[("GATEHOUSE_PEPPER", "secret")]).unwrap_err();
        assert_eq!(error, ConfigError::Unknown { name: "GATEHOUSE_PEPPER".to_owned() });
        assert!(!error.to_string().contains("secret"));
    }

    #[test]
    fn a_cluster_adds_variables_of_its_own() {
        let host = ("GATEHOUSE_SERVICE_HOST", "10.0.0.1");
        assert!(config(&[host, ("GATEHOUSE_PORT_8080_TCP", "tcp://10.0.0.1:8080")]).is_ok());
        assert!(config(&[("GATEHOUSE_PORT", "8080")]).is_err());
        assert!(config(&[host, ("GATEHOUSE_LOGS", "info")]).is_err());
    }

    #[test]
    fn the_folder_of_a_bare_file_name() {
        let folder = |path: &str| Database::File(path.into()).folder().map(Path::to_owned);
        assert_eq!(folder("a/b.db"), Some("a".into()));
        assert_eq!(folder("b.db"), Some(".".into()));
        assert_eq!(Database::Memory.folder(), None);
    }
}
