//! What is configured of the way out.

use super::{ConfigError, Vars};
use crate::egress::Loopback;

pub(super) const LOOPBACK: &str = "GATEHOUSE_WEBHOOK_LOOPBACK";

/// Whether webhooks may go to the own machine.
pub(super) fn loopback(vars: &Vars) -> Result<Loopback, ConfigError> {
    vars.read(LOOPBACK, Loopback::Refuse, "refuse or allow", |text| match text {
        "refuse" => Some(Loopback::Refuse),
        "allow" => Some(Loopback::Allow),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn loopback(value: &str) -> Result<Loopback, ConfigError> {
        Config::from_vars([(LOOPBACK.into(), value.into())]).map(|config| config.webhook_loopback)
    }

    #[test]
    fn egress_is_closed_unless_it_is_opened() {
        assert_eq!(Config::from_vars([]).unwrap().webhook_loopback, Loopback::Refuse);
        assert_eq!(loopback("refuse"), Ok(Loopback::Refuse));
        assert_eq!(loopback("allow"), Ok(Loopback::Allow));
        for odd in ["", "true", "Allow", "1"] {
            assert!(loopback(odd).is_err(), "{odd}");
        }
    }
}
