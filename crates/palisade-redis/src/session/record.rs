//! A record as text: one field a line, `name=value`, in one order, and one spelling of each value.
//!
//! No value holds a line break: names and digests are visible ASCII, and device labels and user agents have
//! no control characters.

use std::iter::Peekable;
use std::net::IpAddr;
use std::str::{FromStr, Split};
use std::time::SystemTime;

use palisade_session::{
    Credential, DeviceLabel, EndReason, Ending, Factors, SecretDigest, SessionId, SessionRecord,
    UserAgent, UserId,
};

use super::{Unstorable, time};

/// The first line: what this is, and in which version of the format.
const FIRST_LINE: &str = "palisade-session 1";

/// A record as it is handed to a script, which puts the first line, the user and the generation in front.
pub(super) struct Draft {
    pub(super) created: String,
    pub(super) seen: String,
    /// Empty while it has not ended.
    pub(super) ended_at: String,
    pub(super) rest: String,
}

impl Draft {
    pub(super) fn of(record: &SessionRecord) -> Result<Self, Unstorable> {
        let created = time::exact("created", record.created)?;
        let seen = time::exact("seen", record.last_seen)?;
        for (_, at) in record.factors.iter() {
            time::exact("factors", at)?;
        }
        let mut lines = vec![
            format!("created={created}"),
            format!("credential={}", credential(&record.credential)),
            format!("factors={}", record.factors),
        ];
        lines.extend(record.device.as_ref().map(|device| format!("device={device}")));
        lines.extend(record.user_agent.as_ref().map(|agent| format!("agent={}", agent.as_str())));
        lines.push(match record.address {
            Some(address) => format!("seen={seen} {address}"),
            None => format!("seen={seen}"),
        });
        let mut ended_at = String::new();
        if let Some(ending) = record.ended {
            ended_at = time::exact("ended", ending.at)?;
            lines.push(format!("ended={ended_at} {}", ending.reason));
        }
        Ok(Self { created, seen, ended_at, rest: lines.join("\n") })
    }
}

/// Reads a record.
///
/// # Errors
///
/// The name of the first field that cannot be right; `record` when it is the text as a whole.
pub(super) fn parse(id: SessionId, text: &[u8]) -> Result<SessionRecord, &'static str> {
    let text = std::str::from_utf8(text).map_err(|_| "record")?;
    let mut lines = Lines(text.split('\n').peekable());
    if lines.0.next() != Some(FIRST_LINE) {
        return Err("record");
    }
    let user: UserId = lines.parsed("user")?;
    let generation = checked("generation", lines.needed("generation")?, generation)?;
    let created = checked("created", lines.needed("created")?, time::parse)?;
    let credential = checked("credential", lines.needed("credential")?, parse_credential)?;
    let factors = checked("factors", lines.needed("factors")?, factors)?;
    let device = lines.if_set("device").map(|text| checked("device", text, label)).transpose()?;
    let agent = lines.if_set("agent").map(|text| checked("agent", text, user_agent)).transpose()?;
    let (last_seen, address) = checked("seen", lines.needed("seen")?, seen)?;
    let ended = lines.if_set("ended").map(|text| checked("ended", text, ending)).transpose()?;
    if lines.0.next().is_some() {
        return Err("record");
    }
    Ok(SessionRecord {
        id,
        user,
        generation,
        credential,
        created,
        last_seen,
        address,
        user_agent: agent,
        device,
        factors,
        ended,
    })
}

/// An ending: when and why.
pub(super) fn ending(text: &str) -> Option<Ending> {
    let (at, reason) = text.split_once(' ')?;
    Some(Ending { at: time::parse(at)?, reason: reason.parse::<EndReason>().ok()? })
}

/// A number that counts generations, in its one spelling.
pub(super) fn count(text: &str) -> Option<u64> {
    let count: u64 = text.parse().ok()?;
    (count.to_string() == text).then_some(count)
}

struct Lines<'t>(Peekable<Split<'t, char>>);

impl<'t> Lines<'t> {
    fn if_set(&mut self, name: &'static str) -> Option<&'t str> {
        let value = |line: &&'t str| line.strip_prefix(name)?.strip_prefix('=');
        let found = self.0.peek().and_then(value);
        if found.is_some() {
            self.0.next();
        }
        found
    }

    fn needed(&mut self, name: &'static str) -> Result<&'t str, &'static str> {
        self.if_set(name).ok_or(name)
    }

    fn parsed<T: FromStr>(&mut self, name: &'static str) -> Result<T, &'static str> {
        self.needed(name)?.parse().map_err(|_| name)
    }
}

fn checked<T>(
    name: &'static str,
    text: &str,
    check: impl FnOnce(&str) -> Option<T>,
) -> Result<T, &'static str> {
    check(text).ok_or(name)
}

/// The sum of how often the sessions of everyone were ended and how often the user's were.
fn generation(text: &str) -> Option<u64> {
    let (everyone, own) = text.split_once('+')?;
    count(everyone)?.checked_add(count(own)?)
}

fn credential(credential: &Credential) -> String {
    match credential {
        Credential::Opaque(digest) => format!("sha256:{}", String::from(digest.clone())),
        Credential::Signed => "signed".to_owned(),
    }
}

fn parse_credential(text: &str) -> Option<Credential> {
    if text == "signed" {
        return Some(Credential::Signed);
    }
    let digest = SecretDigest::try_from(text.strip_prefix("sha256:")?.to_owned()).ok()?;
    Some(Credential::Opaque(digest))
}

fn factors(text: &str) -> Option<Factors> {
    let factors: Factors = text.parse().ok()?;
    let storable = factors.iter().all(|(_, at)| time::exact("factors", at).is_ok());
    (storable && factors.to_string() == text).then_some(factors)
}

fn label(text: &str) -> Option<DeviceLabel> {
    text.parse().ok()
}

/// What was kept was cut already.
fn user_agent(text: &str) -> Option<UserAgent> {
    let agent = UserAgent::cut(text);
    (agent.as_str() == text).then_some(agent)
}

fn seen(text: &str) -> Option<(SystemTime, Option<IpAddr>)> {
    let Some((at, address)) = text.split_once(' ') else { return Some((time::parse(text)?, None)) };
    let parsed: IpAddr = address.parse().ok()?;
    (parsed.to_string() == address).then_some((time::parse(at)?, Some(parsed)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "palisade-session 1
user=usr_01
generation=1795343994398606+3
created=001795343994398606
credential=sha256:6ipmh1d-Tji6v6gSfL6aQJ0_H5OgD_FIj_c1_PkXr_8
factors=password:1795343994398606 totp:1795343999000000
device=Firefox on Linux
agent=Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0
seen=001795344000000000 192.0.2.7
ended=001795344060000000 signed_out_elsewhere";

    /// The page shows this very record.
    #[test]
    fn the_page_of_the_format_is_true() {
        let page = include_str!("../../../../docs/formats/redis-keys.md");
        assert!(page.contains(TEXT));
    }

    fn id() -> SessionId {
        "ses_1".parse().unwrap()
    }

    /// The text that the scripts would put together.
    fn text(record: &SessionRecord, generation: &str) -> String {
        let rest = Draft::of(record).unwrap().rest;
        format!("{FIRST_LINE}\nuser={}\ngeneration={generation}\n{rest}", record.user)
    }

    #[test]
    fn a_record_is_read_and_written() {
        let record = parse(id(), TEXT.as_bytes()).unwrap();
        assert_eq!(record.generation, 1_795_343_994_398_609);
        assert_eq!(record.ended.unwrap().reason, EndReason::SignedOutElsewhere);
        assert_eq!(text(&record, "1795343994398606+3"), TEXT);
    }

    #[test]
    fn no_line_may_be_missing_or_stand_twice_or_elsewhere() {
        let lines: Vec<&str> = TEXT.split('\n').collect();
        let is_optional =
            |line: &&str| ["device=", "agent=", "ended="].iter().any(|name| line.starts_with(name));
        for (n, line) in lines.iter().enumerate() {
            let mut without = lines.clone();
            without.remove(n);
            let result = parse(id(), without.join("\n").as_bytes());
            assert_eq!(result.is_ok(), is_optional(line), "without {line}");
            for other in 0..=lines.len() {
                let mut twice = lines.clone();
                twice.insert(other, line);
                let result = parse(id(), twice.join("\n").as_bytes());
                assert!(result.is_err(), "{line} twice");
                if other != n && other != n + 1 {
                    let mut moved = twice;
                    moved.remove(if other < n { n + 1 } else { n });
                    let result = parse(id(), moved.join("\n").as_bytes());
                    assert!(result.is_err(), "{line} at {other}");
                }
            }
        }
    }

    proptest! {
        /// Whatever stands in a record, reading it does not panic, and what is read is written the same.
        #[test]
        fn a_record_has_one_spelling(
            cut in 0..TEXT.len(),
            length in 0..4_usize,
            put in "\\PC{0,3}|[\n+ =0-9]{1,3}",
        ) {
            let mut bytes = TEXT.as_bytes().to_vec();
            let end = (cut + length).min(bytes.len());
            bytes.splice(cut..end, put.bytes());
            if let Ok(record) = parse(id(), &bytes) {
                let read = String::from_utf8(bytes).unwrap();
                let generation = read.lines().find_map(|line| line.strip_prefix("generation="));
                prop_assert_eq!(&text(&record, generation.unwrap()), &read);
            }
        }
    }
}
