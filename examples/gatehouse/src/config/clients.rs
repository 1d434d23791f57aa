//! What is configured of the way to the service: which proxies stand before it, and what they say of a client.

use palisade::allowlist::{
    Allowlist, ForwardedHeader, InvalidTrust, MAX_HOPS, TrustPolicy, TrustPolicyBuilder,
};

use super::{ConfigError, Vars, networks};

pub(super) const PROXIES: &str = "GATEHOUSE_TRUSTED_PROXIES";
pub(super) const CLIENT_ADDRESS: &str = "GATEHOUSE_CLIENT_ADDRESS";

/// How many networks of proxies there may be. A provider has some dozens.
const MAX_PROXIES: u32 = 10_000;

/// Whom to believe about the address of a client.
///
/// The two variables belong together: a header without proxies would be anybody's word, and proxies without a
/// header would be taken for the clients.
pub(super) fn read(vars: &Vars) -> Result<TrustPolicy, ConfigError> {
    let source = vars.read(
        CLIENT_ADDRESS,
        Source::Peer,
        "peer, x-forwarded-for, forwarded, hops:N with the number of proxies from 1 to 64, or header:NAME, such as header:CF-Connecting-IP",
        Source::parse,
    )?;
    let given = vars.text(PROXIES, networks::RULE)?;
    let Source::Behind(source) = source else {
        return match given {
            None => Ok(TrustPolicy::direct()),
            Some(_) => Err(ConfigError::Value {
                name: PROXIES,
                rule: "left out, or GATEHOUSE_CLIENT_ADDRESS has to say in which header the proxies name the client",
            }),
        };
    };
    let Some(given) = given else {
        return Err(ConfigError::Value {
            name: PROXIES,
            rule: "given where GATEHOUSE_CLIENT_ADDRESS names a header: the networks of the proxies that write it",
        });
    };
    let proxies = networks::read(given, MAX_PROXIES)
        .map_err(|error| ConfigError::problem(PROXIES, &error))?;
    source.policy(proxies).build().map_err(in_our_words)
}

/// In the words of the variables, since those are what an operator can change.
fn in_our_words(error: InvalidTrust) -> ConfigError {
    let (name, rule) = match error {
        InvalidTrust::Everyone { .. } => (
            PROXIES,
            "the networks of the proxies alone: with all public addresses of IPv4 or IPv6, anybody could claim to be anybody",
        ),
        InvalidTrust::ListAsSingle { .. } => (
            CLIENT_ADDRESS,
            "x-forwarded-for, forwarded or hops:N for a header to which each proxy appends; header:NAME is for one with a single address",
        ),
        InvalidTrust::HeaderName => {
            (CLIENT_ADDRESS, "header: and the name of a header, such as header:CF-Connecting-IP")
        }
        error => return ConfigError::problem(CLIENT_ADDRESS, &error),
    };
    ConfigError::Value { name, rule }
}

/// Where the address of the client stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    /// The other end of the connection is the client.
    Peer,
    Behind(Header),
}

/// The header of trusted proxies that it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Header {
    List(ForwardedHeader),
    /// So many hops from the right of `X-Forwarded-For`.
    Hops(usize),
    /// The one address in a header of this name.
    Single(String),
}

impl Source {
    fn parse(text: &str) -> Option<Self> {
        Some(Self::Behind(match text {
            "peer" => return Some(Self::Peer),
            "x-forwarded-for" => Header::List(ForwardedHeader::XForwardedFor),
            "forwarded" => Header::List(ForwardedHeader::Forwarded),
            _ => match text.split_once(':')? {
                ("hops", count) if count.bytes().all(|byte| byte.is_ascii_digit()) => {
                    Header::Hops(count.parse().ok().filter(|count| (1..=MAX_HOPS).contains(count))?)
                }
                ("header", name) if !name.is_empty() => Header::Single(name.to_owned()),
                _ => return None,
            },
        }))
    }
}

impl Header {
    fn policy(self, proxies: Allowlist) -> TrustPolicyBuilder {
        match self {
            Self::List(header) => TrustPolicy::ranges(proxies).header(header),
            Self::Hops(count) => {
                TrustPolicy::hops(count, proxies).header(ForwardedHeader::XForwardedFor)
            }
            Self::Single(name) => TrustPolicy::single(&name, proxies),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn config(vars: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from_vars(vars.iter().map(|(name, value)| (name.into(), value.into())))
    }

    #[test]
    fn every_way_to_the_service() {
        assert!(config(&[]).is_ok() && config(&[(CLIENT_ADDRESS, "peer")]).is_ok());
        for source in ["x-forwarded-for", "forwarded", "hops:2", "header:CF-Connecting-IP"] {
            let one = [(CLIENT_ADDRESS, source), (PROXIES, "10.0.0.0/8, 2001:db8::/32,192.0.2.1")];
            assert!(config(&one).is_ok(), "{source}");
        }
    }

    #[test]
    fn proxies_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("proxies");
        let at = format!("@{}", file.display());
        let said = || {
            let vars = [(CLIENT_ADDRESS, "x-forwarded-for"), (PROXIES, at.as_str())];
            config(&vars).map(drop).map_err(|error| error.to_string())
        };
        assert!(said().unwrap_err().contains("the list cannot be read: "), "no file");
        std::fs::write(&file, "# ours\n10.0.0.0/8 Balancers\n").unwrap();
        assert_eq!(said(), Ok(()));
        std::fs::write(&file, "10.0.0.0/8\n\n10.0.0/8 hunter2\n").unwrap();
        let error = said().unwrap_err();
        assert!(error.contains("line 3: column 1: ") && !error.contains("hunter2"), "{error}");
        std::fs::write(&file, "# none\n").unwrap();
        assert!(said().unwrap_err().contains("no entry"));
    }

    #[test]
    fn what_contradicts_itself() {
        for (vars, name, expected) in [
            (&[(PROXIES, "10.0.0.0/8")][..], PROXIES, "left out, or GATEHOUSE_CLIENT_ADDRESS"),
            (&[(CLIENT_ADDRESS, "peer"), (PROXIES, "")], PROXIES, "left out"),
            (&[(CLIENT_ADDRESS, "forwarded")], PROXIES, "given where"),
            (&[(CLIENT_ADDRESS, "forwarded"), (PROXIES, "")], PROXIES, "there is nothing"),
            (
                &[(CLIENT_ADDRESS, "forwarded"), (PROXIES, "10.0.0.1/8")],
                PROXIES,
                "write 10.0.0.0/8",
            ),
            (&[(CLIENT_ADDRESS, "forwarded"), (PROXIES, "hunter2")], PROXIES, "not an IP address"),
            (&[(CLIENT_ADDRESS, "forwarded"), (PROXIES, "::/0")], PROXIES, "all public addresses"),
            (
                &[(CLIENT_ADDRESS, "forwarded"), (PROXIES, "0.0.0.0/1,128.0.0.0/1")],
                PROXIES,
                "the networks of the proxies alone",
            ),
            (
                &[(CLIENT_ADDRESS, "header:X-Forwarded-For"), (PROXIES, "10.0.0.0/8")],
                CLIENT_ADDRESS,
                "to which each proxy appends",
            ),
            (
                &[(CLIENT_ADDRESS, "header:hunter2 x"), (PROXIES, "10.0.0.0/8")],
                CLIENT_ADDRESS,
                "the name of a header",
            ),
        ] {
            let error = config(vars).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{name}: ")), "{error}");
            assert!(error.contains(expected) && !error.contains("hunter2"), "{expected}: {error}");
        }
        for odd in
            ["", "hunter2", "hops:", "hops:+1", "hops:0", "hops:65", "header:", "X-Forwarded-For"]
        {
            let error = config(&[(CLIENT_ADDRESS, odd)]).unwrap_err().to_string();
            assert!(error.starts_with("GATEHOUSE_CLIENT_ADDRESS: has to be peer, "), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
