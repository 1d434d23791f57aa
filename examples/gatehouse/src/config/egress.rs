//! What is configured of the way out.

use std::num::NonZeroU16;

use palisade::allowlist::Allowlist;

use super::{ConfigError, Vars, networks};
use crate::egress::{Egress, InvalidEgress, Loopback};

pub(super) const LOOPBACK: &str = "GATEHOUSE_WEBHOOK_LOOPBACK";
pub(super) const DENY: &str = "GATEHOUSE_WEBHOOK_DENY";
pub(super) const PORTS: &str = "GATEHOUSE_WEBHOOK_PORTS";

/// How many networks there may be that nothing is sent to.
const MAX_NETWORKS: u32 = 10_000;

/// Where webhooks may go.
#[derive(Clone, Debug)]
pub struct EgressConfig {
    /// Whether they may go to the own machine.
    pub loopback: Loopback,
    /// What they go to in no case: the operator's own public addresses, for one.
    pub deny: Option<Allowlist>,
    /// The ports besides those of HTTPS.
    pub ports: Vec<NonZeroU16>,
}

impl EgressConfig {
    pub(super) fn read(vars: &Vars) -> Result<Self, ConfigError> {
        let loopback =
            vars.read(LOOPBACK, Loopback::Refuse, "refuse or allow", |text| match text {
                "refuse" => Some(Loopback::Refuse),
                "allow" => Some(Loopback::Allow),
                _ => None,
            })?;
        let deny = match vars.text(DENY, networks::RULE)? {
            None => None,
            Some(text) => Some(
                networks::read(text, MAX_NETWORKS)
                    .map_err(|error| ConfigError::problem(DENY, &error))?,
            ),
        };
        let rule = "ports from 1 to 65535 between commas, such as 8444,9443";
        let ports = vars.read(PORTS, Vec::new(), rule, |text| {
            text.split(',').map(|port| port.trim().parse().ok()).collect()
        })?;
        Ok(Self { loopback, deny, ports })
    }

    /// The way out. That loopback is open is said aloud, since it is for development alone.
    pub(crate) fn open(&self) -> Result<Egress, InvalidEgress> {
        if self.loopback == Loopback::Allow {
            tracing::warn!(
                "{LOOPBACK}=allow: customers can have webhooks sent to this machine, whatever listens on it; leave it out where there are any"
            );
        }
        let builder = Egress::builder()
            .loopback(self.loopback)
            .ports(self.ports.iter().map(|port| port.get()));
        match &self.deny {
            None => builder.build(),
            Some(networks) => builder.deny(networks.clone()).build(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::egress::InvalidTarget;

    fn config(name: &str, value: &str) -> Result<EgressConfig, ConfigError> {
        Config::from_vars([(name.into(), value.into())]).map(|config| config.egress)
    }

    #[test]
    fn egress_is_closed_unless_it_is_opened() {
        let default = Config::from_vars([]).unwrap().egress;
        assert_eq!((default.loopback, default.deny.is_none()), (Loopback::Refuse, true));
        assert!(default.ports.is_empty());
        assert_eq!(config(LOOPBACK, "refuse").unwrap().loopback, Loopback::Refuse);
        assert_eq!(config(LOOPBACK, "allow").unwrap().loopback, Loopback::Allow);
        for odd in ["", "true", "Allow", "1"] {
            assert!(config(LOOPBACK, odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn what_the_operator_denies() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("own");
        std::fs::write(&file, "# ours\n198.41.0.0/24\n2606:4700::/32\n").unwrap();
        let named = format!("@{}", file.display());
        for value in ["198.41.0.0/24, 2606:4700::/32", &named] {
            let egress = config(DENY, value).unwrap().open().unwrap();
            for host in ["198.41.0.4", "[2606:4700::1]", "0xc6290004"] {
                let refused = egress.target(&format!("https://{host}/")).unwrap_err();
                assert_eq!(refused, InvalidTarget::Address, "{host}");
            }
            assert!(egress.target("https://1.1.1.1/").is_ok());
        }
        for odd in ["", "hunter2", "198.41.0.4/24", "@/no/such/file", "10.0.0.0/8,,"] {
            let error = config(DENY, odd).unwrap_err().to_string();
            assert!(error.starts_with(DENY) && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn ports_that_the_operator_opens() {
        let egress = config(PORTS, "8444, 80").unwrap().open().unwrap();
        for port in [443, 8443, 8444, 80] {
            assert!(egress.target(&format!("https://example.com:{port}/")).is_ok(), "{port}");
        }
        let refused = egress.target("https://example.com:22/").unwrap_err();
        assert_eq!((refused, refused.reason()), (InvalidTarget::ClosedPort, "url_port_closed"));
        for odd in ["", "0", "65536", "1,,2", "all", "-1", "1-9"] {
            assert!(config(PORTS, odd).is_err(), "{odd}");
        }
    }
}
