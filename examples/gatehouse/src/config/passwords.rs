//! What is configured of the passwords.

use std::path::PathBuf;
use std::time::SystemTime;

use super::{ConfigError, PepperSource, Vars};

/// The variable of the password peppers; its twin `GATEHOUSE_PASSWORD_PEPPERS_FILE` names a file.
pub const PASSWORD_PEPPERS: &str = "GATEHOUSE_PASSWORD_PEPPERS";
pub(super) const PASSWORD_PEPPERS_FILE: &str = "GATEHOUSE_PASSWORD_PEPPERS_FILE";
pub(crate) const MEMORY: &str = "GATEHOUSE_PASSWORD_MEMORY_MIB";
pub(super) const QUEUE: &str = "GATEHOUSE_PASSWORD_QUEUE";
pub(crate) const UNPEPPERED_UNTIL: &str = "GATEHOUSE_PASSWORD_UNPEPPERED_UNTIL";
pub(crate) const BLOCKLIST: &str = "GATEHOUSE_PASSWORD_BLOCKLIST";
pub(crate) const BREACHED: &str = "GATEHOUSE_BREACHED_FILTER";

/// How passwords are hashed.
#[derive(Clone, Debug)]
pub struct PasswordConfig {
    /// Where the peppers of the password hashes come from.
    pub peppers: PepperSource,
    /// The memory that hashing may take, in MiB.
    pub memory_mib: u32,
    /// How many passwords may wait to be hashed.
    pub queue: usize,
    /// Until when stored hashes without a pepper are accepted.
    pub unpeppered_until: Option<SystemTime>,
    /// The file of passwords that nobody may choose.
    pub blocklist: Option<PathBuf>,
    /// The file that tells breached passwords.
    pub breached_filter: Option<PathBuf>,
}

impl PasswordConfig {
    pub(super) fn read(vars: &Vars) -> Result<Self, ConfigError> {
        Ok(Self {
            peppers: vars.pepper_source(PASSWORD_PEPPERS, PASSWORD_PEPPERS_FILE),
            memory_mib: vars.read(
                MEMORY,
                64,
                "a whole number of MiB from 1 to 1048576",
                |text| text.parse().ok().filter(|mib| (1..=1 << 20).contains(mib)),
            )?,
            queue: vars.read(QUEUE, 64, "a whole number from 1 to 100000", |text| {
                text.parse().ok().filter(|jobs| (1..=100_000).contains(jobs))
            })?,
            unpeppered_until: vars.read(
                UNPEPPERED_UNTIL,
                None,
                "a time in UTC such as 2027-01-31T00:00:00Z",
                |text| humantime::parse_rfc3339(text).ok().map(Some),
            )?,
            blocklist: vars.file(BLOCKLIST)?,
            breached_filter: vars.file(BREACHED)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn config(vars: &[(&str, &str)]) -> Result<PasswordConfig, ConfigError> {
        let vars = vars.iter().map(|(name, value)| (name.into(), value.into()));
        Config::from_vars(vars).map(|config| config.passwords)
    }

    #[test]
    fn the_defaults() {
        let config = config(&[]).unwrap();
        assert_eq!(config.peppers, PepperSource::Generated);
        assert_eq!((config.memory_mib, config.queue), (64, 64));
        assert_eq!(config.unpeppered_until, None);
        assert_eq!((config.blocklist, config.breached_filter), (None, None));
    }

    #[test]
    fn every_variable() {
        let config = config(&[
            (PASSWORD_PEPPERS_FILE, "/run/secrets/peppers"),
            (MEMORY, "256"),
            (QUEUE, "1"),
            (UNPEPPERED_UNTIL, "1970-01-01T00:00:10Z"),
            (BLOCKLIST, "blocklist.txt"),
            (BREACHED, "breached.filter"),
        ])
        .unwrap();
        assert_eq!(config.peppers, PepperSource::Environment);
        assert_eq!((config.memory_mib, config.queue), (256, 1));
        let end = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(10);
        assert_eq!(config.unpeppered_until, Some(end));
        assert_eq!(config.blocklist, Some("blocklist.txt".into()));
        assert_eq!(config.breached_filter, Some("breached.filter".into()));
    }

    #[test]
    fn what_is_not_understood_is_named_and_not_repeated() {
        for (name, value) in [
            (MEMORY, "0"),
            (MEMORY, "64M"),
            (MEMORY, "hunter2"),
            (QUEUE, "0"),
            (QUEUE, "hunter2"),
            (UNPEPPERED_UNTIL, ""),
            (UNPEPPERED_UNTIL, "2027-01-31"),
            (UNPEPPERED_UNTIL, "hunter2"),
            (BLOCKLIST, ""),
            (BREACHED, ""),
        ] {
            let error = config(&[(name, value)]).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{name}: has to be ")), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
