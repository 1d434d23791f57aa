//! What is configured of sessions and of epoch tokens.

use std::time::Duration;

pub use palisade::session::cookie::SameSite;
use palisade::session::{SessionPolicy, TokenProfile};

use super::{ConfigError, Vars};

pub(crate) const IDLE: &str = "GATEHOUSE_SESSION_IDLE_SECONDS";
pub(crate) const LIFETIME: &str = "GATEHOUSE_SESSION_LIFETIME_SECONDS";
pub(super) const LIMIT: &str = "GATEHOUSE_SESSION_LIMIT";
pub(super) const STEP_UP: &str = "GATEHOUSE_STEP_UP_SECONDS";
pub(crate) const COOKIE_NAME: &str = "GATEHOUSE_SESSION_COOKIE";
pub(crate) const COOKIE_DOMAIN: &str = "GATEHOUSE_SESSION_COOKIE_DOMAIN";
pub(super) const COOKIE_SAME_SITE: &str = "GATEHOUSE_SESSION_COOKIE_SAME_SITE";
pub(super) const TOKENS: &str = "GATEHOUSE_SESSION_TOKENS";
pub(crate) const SESSION_KEYS: &str = "GATEHOUSE_SESSION_KEYS";
pub(super) const SESSION_KEYS_FILE: &str = "GATEHOUSE_SESSION_KEYS_FILE";
pub(crate) const EPOCH_KEYS: &str = "GATEHOUSE_EPOCH_KEYS";
pub(super) const EPOCH_KEYS_FILE: &str = "GATEHOUSE_EPOCH_KEYS_FILE";
pub(super) const ISSUER: &str = "GATEHOUSE_TOKEN_ISSUER";
pub(super) const EPOCH_AUDIENCE: &str = "GATEHOUSE_EPOCH_AUDIENCE";

/// How people stay signed in, and how epoch tokens are signed.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// After how long without use a session is over.
    pub idle: Duration,
    /// How long after the sign-in a session is over, however much it is used.
    pub lifetime: Duration,
    /// How many sessions a user may have.
    pub limit: u32,
    /// How long a password that was proved is enough to be shown a new key.
    pub step_up: Duration,
    /// The name of the cookie, without the prefix that a cookie for one host gets.
    pub cookie_name: String,
    /// The domain of the cookie; without one it is for the host alone.
    pub cookie_domain: Option<String>,
    /// With which requests of other sites the cookie is sent.
    pub cookie_same_site: SameSite,
    /// What a session token is.
    pub tokens: SessionTokenKind,
    /// Whether keys for epoch tokens are given; otherwise they are made at the start and end with the
    /// process.
    pub epoch_keys_given: bool,
    /// Who issues tokens: their `iss`.
    pub issuer: String,
    /// For whom epoch tokens are: their `aud`.
    pub epoch_audience: String,
}

/// What a session token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionTokenKind {
    /// An id and a secret.
    Opaque,
    /// A signed statement, which is worth nothing without the store all the same.
    Signed {
        /// Whether its keys are given; otherwise they end with the process.
        keys_given: bool,
    },
}

impl SessionConfig {
    pub(super) fn read(vars: &Vars) -> Result<Self, ConfigError> {
        let seconds = |name, default| {
            let allowed = 1..=SessionPolicy::MAX_LIFETIME.as_secs();
            vars.read(name, default, "a whole number of seconds from 1 to 34560000", |text| {
                text.parse().ok().filter(|n| allowed.contains(n)).map(Duration::from_secs)
            })
        };
        let token_name = |name, default: &str| {
            vars.read(name, default.to_owned(), "1 to 256 visible ASCII characters", |text| {
                // Whether it is one, the profile of the tokens knows.
                TokenProfile::new(text, text).ok().map(|_| text.to_owned())
            })
        };
        let tokens = token_kind(vars)?;
        let idle = seconds(IDLE, Duration::from_hours(12))?;
        let lifetime = seconds(LIFETIME, Duration::from_hours(7 * 24))?;
        if idle > lifetime {
            let rule =
                "at most GATEHOUSE_SESSION_LIFETIME_SECONDS, and it is 43200 where it is left out";
            return Err(ConfigError::Value { name: IDLE, rule });
        }
        if tokens != SessionTokenKind::Opaque && lifetime > TokenProfile::MAX_LIFETIME {
            let rule = "at most 604800 (7 days) where GATEHOUSE_SESSION_TOKENS is signed";
            return Err(ConfigError::Value { name: LIFETIME, rule });
        }
        Ok(Self {
            idle,
            lifetime,
            limit: vars.read(LIMIT, 50, "a whole number from 1 to 1000", |text| {
                text.parse().ok().filter(|n| (1..=1000).contains(n))
            })?,
            step_up: vars.read(
                STEP_UP,
                Duration::from_mins(5),
                "a whole number of seconds from 1 to 3600",
                |text| {
                    text.parse().ok().filter(|n| (1..=3600).contains(n)).map(Duration::from_secs)
                },
            )?,
            cookie_name: vars.read(
                COOKIE_NAME,
                "gatehouse_session".to_owned(),
                "a name without a prefix, since __Host- is put before it where there is no domain",
                |text| {
                    let is_ready = vars.is_given(COOKIE_DOMAIN) || !has_prefix(text);
                    is_ready.then(|| text.to_owned())
                },
            )?,
            cookie_domain: vars
                .read(COOKIE_DOMAIN, None, "a domain", |text| Some(Some(text.to_owned())))?,
            cookie_same_site: vars.read(
                COOKIE_SAME_SITE,
                SameSite::Strict,
                "strict or lax",
                |text| match text {
                    "strict" => Some(SameSite::Strict),
                    "lax" => Some(SameSite::Lax),
                    _ => None,
                },
            )?,
            tokens,
            epoch_keys_given: vars.is_given(EPOCH_KEYS) || vars.is_given(EPOCH_KEYS_FILE),
            issuer: token_name(ISSUER, "gatehouse")?,
            epoch_audience: token_name(EPOCH_AUDIENCE, "gatehouse-attestations")?,
        })
    }
}

/// Whether browsers take the beginning of the name for a promise, which they do in upper and lower case.
fn has_prefix(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["__host-", "__secure-", "__http-"].iter().any(|prefix| name.starts_with(prefix))
}

/// Keys that would sign nothing are a mistake of whoever gave them.
fn token_kind(vars: &Vars) -> Result<SessionTokenKind, ConfigError> {
    let given = [SESSION_KEYS, SESSION_KEYS_FILE].into_iter().find(|name| vars.is_given(name));
    let signed = vars.read(TOKENS, false, "opaque or signed", |text| match text {
        "opaque" => Some(false),
        "signed" => Some(true),
        _ => None,
    })?;
    match (signed, given) {
        (true, given) => Ok(SessionTokenKind::Signed { keys_given: given.is_some() }),
        (false, None) => Ok(SessionTokenKind::Opaque),
        (false, Some(name)) => Err(ConfigError::Value {
            name,
            rule: "left out, or GATEHOUSE_SESSION_TOKENS has to be signed",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn config(vars: &[(&str, &str)]) -> Result<SessionConfig, ConfigError> {
        let vars = vars.iter().map(|(name, value)| (name.into(), value.into()));
        Config::from_vars(vars).map(|config| config.sessions)
    }

    #[test]
    fn the_defaults() {
        let config = config(&[]).unwrap();
        assert_eq!(config.idle, Duration::from_hours(12));
        assert_eq!(config.lifetime, Duration::from_hours(168));
        assert_eq!((config.limit, config.cookie_name.as_str()), (50, "gatehouse_session"));
        assert_eq!((config.cookie_domain, config.cookie_same_site), (None, SameSite::Strict));
        assert_eq!(config.tokens, SessionTokenKind::Opaque);
        assert!(!config.epoch_keys_given);
    }

    #[test]
    fn every_variable() {
        let config = config(&[
            (IDLE, "60"),
            (LIFETIME, "3600"),
            (LIMIT, "3"),
            (STEP_UP, "60"),
            (COOKIE_NAME, "guardian_token"),
            (COOKIE_DOMAIN, "glassmkr.com"),
            (COOKIE_SAME_SITE, "lax"),
            (TOKENS, "signed"),
            (SESSION_KEYS, "k1:f1w9BKZzgNoEVpRAYoUNZfAKkc_eOcMd9NHDhOBqSHY"),
            (EPOCH_KEYS_FILE, "/run/secrets/epoch-keys"),
            (ISSUER, "https://auth.glassmkr.com"),
            (EPOCH_AUDIENCE, "s3p"),
        ])
        .unwrap();
        assert_eq!((config.idle.as_secs(), config.lifetime.as_secs(), config.limit), (60, 3600, 3));
        assert_eq!(config.step_up.as_secs(), 60);
        assert_eq!(config.cookie_domain.as_deref(), Some("glassmkr.com"));
        assert_eq!(config.tokens, SessionTokenKind::Signed { keys_given: true });
        assert!(config.epoch_keys_given);
        assert_eq!(
            (config.issuer.as_str(), config.epoch_audience.as_str()),
            ("https://auth.glassmkr.com", "s3p")
        );
    }

    #[test]
    fn what_is_not_understood_is_named_and_not_repeated() {
        for (name, value) in [
            (IDLE, "0"),
            (IDLE, "hunter2"),
            (LIFETIME, "34560001"),
            (COOKIE_NAME, "__Host-hunter2"),
            (COOKIE_NAME, "__secure-hunter2"),
            (LIMIT, "0"),
            (LIMIT, "1001"),
            (STEP_UP, "0"),
            (STEP_UP, "hunter2"),
            (COOKIE_SAME_SITE, "none"),
            (COOKIE_SAME_SITE, "hunter2"),
            (TOKENS, "hunter2"),
            (ISSUER, ""),
            (ISSUER, "hunter2 hunter2"),
            (EPOCH_AUDIENCE, "hunter2\t"),
            (SESSION_KEYS, "k1:hunter2"),
            (SESSION_KEYS_FILE, "hunter2"),
        ] {
            let error = config(&[(name, value)]).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{name}: has to be ")), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_cookie_for_a_domain_may_have_a_prefix_of_its_own() {
        let name = |vars: &[(&str, &str)]| config(vars).unwrap().cookie_name;
        assert_eq!(name(&[(COOKIE_NAME, "__session")]), "__session");
        let vars = [(COOKIE_NAME, "__Secure-x"), (COOKIE_DOMAIN, "glassmkr.com")];
        assert_eq!(name(&vars), "__Secure-x");
    }

    /// In the words of the variables, since those are what an operator can change.
    #[test]
    fn lifetimes_that_contradict_each_other() {
        let said = |vars: &[(&str, &str)]| config(vars).unwrap_err().to_string();
        let idle =
            "GATEHOUSE_SESSION_IDLE_SECONDS: has to be at most GATEHOUSE_SESSION_LIFETIME_SECONDS";
        assert!(said(&[(IDLE, "604801")]).starts_with(idle));
        assert!(said(&[(LIFETIME, "3600")]).starts_with(idle));
        assert!(said(&[(LIFETIME, "3600")]).contains("43200"));
        let long = [(TOKENS, "signed"), (LIFETIME, "604801")];
        let lifetime = "GATEHOUSE_SESSION_LIFETIME_SECONDS: has to be at most 604800";
        assert!(said(&long).starts_with(lifetime));
        assert_eq!(TokenProfile::MAX_LIFETIME.as_secs(), 604_800);
        assert!(config(&[(IDLE, "604800")]).is_ok());
        assert!(config(&[(TOKENS, "signed"), (LIFETIME, "604800")]).is_ok());
        assert!(config(&[(LIFETIME, "34560000")]).is_ok());
    }
}
