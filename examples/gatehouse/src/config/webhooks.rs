//! What is configured of webhooks: those to customers, and those from others.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use palisade::webhook::{RetryPolicy, Scheme};
use zeroize::Zeroizing;

use super::{ConfigError, PepperSource, VARIABLES, Vars};
use crate::inbound::KeptLimits;

/// The variable of the keys that the secrets of endpoints are derived from; its twin `GATEHOUSE_WEBHOOK_KEYS_FILE`
/// names a file.
pub(crate) const WEBHOOK_KEYS: &str = "GATEHOUSE_WEBHOOK_KEYS";
pub(super) const WEBHOOK_KEYS_FILE: &str = "GATEHOUSE_WEBHOOK_KEYS_FILE";
pub(crate) const RETRY: &str = "GATEHOUSE_WEBHOOK_RETRY_SECONDS";
pub(super) const MAX_BODY: &str = "GATEHOUSE_INBOUND_MAX_BODY_BYTES";
pub(super) const MAX_REPLAYS: &str = "GATEHOUSE_INBOUND_MAX_REPLAYS";
pub(super) const MAX_KEPT: &str = "GATEHOUSE_INBOUND_MAX_KEPT_BYTES";
pub(crate) const SQUARE_URL: &str = "GATEHOUSE_INBOUND_SQUARE_URL";

/// The largest body that can be configured, in bytes.
const LARGEST_BODY: usize = 32 * 1024 * 1024;

/// The most replay keys of one sender that can be configured: some 10 GiB.
const MOST_REPLAYS: i64 = 100_000_000;

/// What is sent to customers, and received from others.
#[derive(Clone, Debug)]
pub struct WebhookConfig {
    /// Where the keys come from that the secrets of endpoints are derived from.
    pub keys: PepperSource,
    /// The wait after each failed attempt; empty for the schedule of Standard Webhooks.
    pub retry: Vec<Duration>,
    /// The largest body that is received, in bytes.
    pub max_body: usize,
    /// How much is kept of each sender.
    pub(crate) kept: KeptLimits,
    /// The senders that are received from.
    pub inbound: Vec<InboundSecrets>,
    /// The URL under which Square knows this service, which it signs.
    pub square_url: Option<String>,
}

/// The secrets or public keys of one sender.
#[derive(Clone, Debug)]
pub struct InboundSecrets {
    /// How it signs.
    pub scheme: Scheme,
    /// The variable that names them.
    pub variable: &'static str,
    /// Where they are.
    pub source: InboundSource,
}

/// Where the secrets of a sender are. `Debug` does not show them.
#[derive(Clone)]
pub enum InboundSource {
    /// In the variable.
    Given(Zeroizing<String>),
    /// In this file.
    File(PathBuf),
}

impl WebhookConfig {
    pub(super) fn read(vars: &Vars) -> Result<Self, ConfigError> {
        let rule = "waits in whole seconds from 1 to 2592000 between commas, such as 1,5,60";
        let inbound = inbound(vars)?;
        let rule_of_url = "a URL such as https://example.com/webhooks/in/square";
        let square_url =
            vars.read(SQUARE_URL, None, rule_of_url, |text| square_url(text).map(Some))?;
        let signs_url = inbound.iter().any(|secrets| secrets.scheme.signs_url());
        if signs_url != square_url.is_some() {
            let rule = "given together with GATEHOUSE_INBOUND_SQUARE: the URL as Square knows it";
            return Err(ConfigError::Value { name: SQUARE_URL, rule });
        }
        let max_body = vars.read(
            MAX_BODY,
            1024 * 1024,
            "a whole number of bytes from 1 to 33554432",
            |text| text.parse().ok().filter(|bytes| (1..=LARGEST_BODY).contains(bytes)),
        )?;
        Ok(Self {
            keys: vars.pepper_source(WEBHOOK_KEYS, WEBHOOK_KEYS_FILE),
            retry: vars.read(RETRY, Vec::new(), rule, waits)?,
            max_body,
            kept: KeptLimits {
                replays: vars.read(
                    MAX_REPLAYS,
                    1_000_000,
                    "a whole number from 1 to 100000000",
                    |text| text.parse().ok().filter(|n| (1..=MOST_REPLAYS).contains(n)),
                )?,
                bytes: kept_bytes(vars, max_body)?,
            },
            inbound,
            square_url,
        })
    }
}

/// The URL as it was written, since that is what is signed, without what a copy leaves at its ends.
fn square_url(text: &str) -> Option<String> {
    let text = text.trim();
    let url = url::Url::parse(text).ok()?;
    let is_clean = !text.contains(|c: char| c.is_whitespace() || c.is_control());
    (matches!(url.scheme(), "http" | "https") && is_clean).then(|| text.to_owned())
}

/// How much is kept of the bodies of each sender: one body at least, or none would ever be taken.
fn kept_bytes(vars: &Vars, max_body: usize) -> Result<i64, ConfigError> {
    let rule = "a whole number of bytes, at least GATEHOUSE_INBOUND_MAX_BODY_BYTES";
    let least = i64::try_from(max_body).unwrap_or(i64::MAX);
    let bytes = vars.read(MAX_KEPT, 256 * 1024 * 1024, rule, |text| text.parse().ok())?;
    if bytes < least { Err(ConfigError::Value { name: MAX_KEPT, rule }) } else { Ok(bytes) }
}

fn waits(text: &str) -> Option<Vec<Duration>> {
    let allowed = 1..=RetryPolicy::MAX_DELAY.as_secs();
    let wait = |text: &str| text.parse().ok().filter(|n| allowed.contains(n));
    text.split(',').map(|text| wait(text).map(Duration::from_secs)).collect()
}

/// The senders of which secrets are given. The variable of a scheme is its name in upper case with `_` for `-`.
fn inbound(vars: &Vars) -> Result<Vec<InboundSecrets>, ConfigError> {
    let mut all = Vec::new();
    for scheme in Scheme::ALL {
        let name = variable_of(&scheme);
        let file = format!("{name}_FILE");
        let known = |name: &str| VARIABLES.into_iter().find(|known| *known == name);
        // Both are in the list: a test says so.
        let (Some(name), Some(file)) = (known(&name), known(&file)) else { continue };
        let given = vars.text(name, "text in UTF-8: a line `id:secret` for each key")?;
        let (variable, source) = match (given, vars.file(file)?) {
            (None, None) => continue,
            (Some(_), Some(_)) => {
                let rule = "left out, since its twin that ends in _FILE is set";
                return Err(ConfigError::Value { name, rule });
            }
            (Some(text), None) => (name, InboundSource::Given(Zeroizing::new(text.to_owned()))),
            (None, Some(path)) => (file, InboundSource::File(path)),
        };
        all.push(InboundSecrets { scheme, variable, source });
    }
    Ok(all)
}

fn variable_of(scheme: &Scheme) -> String {
    let name = scheme.name().to_ascii_uppercase().replace('-', "_");
    format!("GATEHOUSE_INBOUND_{name}")
}

impl fmt::Debug for InboundSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(_) => f.write_str("Given(<redacted>)"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn config(vars: &[(&str, &str)]) -> Result<WebhookConfig, ConfigError> {
        let vars = vars.iter().map(|(name, value)| (name.into(), value.into()));
        Config::from_vars(vars).map(|config| config.webhooks)
    }

    #[test]
    fn every_scheme_has_its_variables() {
        for scheme in Scheme::ALL {
            let name = variable_of(&scheme);
            assert!(VARIABLES.contains(&name.as_str()), "{name}");
            assert!(VARIABLES.contains(&format!("{name}_FILE").as_str()), "{name}_FILE");
        }
    }

    #[test]
    fn the_defaults() {
        let config = config(&[]).unwrap();
        assert_eq!(config.keys, PepperSource::Generated);
        assert_eq!((config.retry, config.max_body), (Vec::new(), 1 << 20));
        assert_eq!(config.kept.replays, 1_000_000);
        assert!(config.inbound.is_empty() && config.square_url.is_none());
    }

    #[test]
    fn what_is_given() {
        let config = config(&[
            (RETRY, "1,5,60"),
            (MAX_BODY, "1000"),
            ("GATEHOUSE_INBOUND_SQUARE", "a:hunter2"),
            (SQUARE_URL, "https://example.com/webhooks/in/square"),
            ("GATEHOUSE_INBOUND_GITHUB_SECRET_SCANNING_FILE", "/run/keys"),
        ])
        .unwrap();
        assert_eq!(config.retry, [1, 5, 60].map(Duration::from_secs));
        let names = config.inbound.iter().map(|secrets| secrets.scheme.name());
        assert_eq!(names.collect::<Vec<_>>(), ["square", "github-secret-scanning"]);
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    fn square(url: &str) -> Vec<(&str, &str)> {
        vec![("GATEHOUSE_INBOUND_SQUARE", "a:b"), (SQUARE_URL, url)]
    }

    #[test]
    fn the_url_of_square_is_taken_as_it_stands() {
        let url = |url| config(&square(url)).unwrap().square_url;
        let plain = Some("https://EXAMPLE.com/in/%7esquare".to_owned());
        assert_eq!(url("https://EXAMPLE.com/in/%7esquare"), plain);
        assert_eq!(url(" https://EXAMPLE.com/in/%7esquare\n"), plain);
    }

    #[test]
    fn what_is_not_understood_is_named_and_not_repeated() {
        for (name, vars) in [
            (RETRY, vec![(RETRY, "hunter2")]),
            (RETRY, vec![(RETRY, "1,,2")]),
            (RETRY, vec![(RETRY, "0")]),
            (RETRY, vec![(RETRY, "")]),
            (MAX_BODY, vec![(MAX_BODY, "0")]),
            (MAX_BODY, vec![(MAX_BODY, "33554433")]),
            (MAX_REPLAYS, vec![(MAX_REPLAYS, "0")]),
            (MAX_KEPT, vec![(MAX_KEPT, "hunter2")]),
            (MAX_KEPT, vec![(MAX_KEPT, "999"), (MAX_BODY, "1000")]),
            (MAX_KEPT, vec![(MAX_KEPT, "-1")]),
            (MAX_REPLAYS, vec![(MAX_REPLAYS, "100000001")]),
            (SQUARE_URL, vec![("GATEHOUSE_INBOUND_SQUARE", "a:hunter2")]),
            (SQUARE_URL, vec![(SQUARE_URL, "https://example.com/")]),
            (SQUARE_URL, square("hunter2")),
            (SQUARE_URL, square("example.com/hunter2")),
            (SQUARE_URL, square("ftp://example.com/")),
            (SQUARE_URL, square("https://example.com/ hunter2")),
            (SQUARE_URL, square("")),
            ("GATEHOUSE_INBOUND_SLACK_FILE", vec![("GATEHOUSE_INBOUND_SLACK_FILE", "")]),
            (
                "GATEHOUSE_INBOUND_SLACK",
                vec![
                    ("GATEHOUSE_INBOUND_SLACK", "a:hunter2"),
                    ("GATEHOUSE_INBOUND_SLACK_FILE", "f"),
                ],
            ),
        ] {
            let error = config(&vars).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{name}: has to be ")), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    /// The table of the README names every variable.
    #[test]
    fn the_readme_has_them_all() {
        let readme = include_str!("../../README.md");
        for name in VARIABLES {
            assert!(readme.contains(&format!("| `{name}` |")), "{name}");
        }
    }
}
