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
        let mut rest = format!("created={created}\ncredential={}", credential(&record.credential));
        for (_, at) in record.factors.iter() {
            time::exact("factors", at)?;
        }
        rest += &format!("\nfactors={}", record.factors);
        if let Some(device) = &record.device {
            rest += &format!("\ndevice={device}");
        }
        if let Some(agent) = &record.user_agent {
            rest += &format!("\nagent={}", agent.as_str());
        }
        rest += &format!("\nseen={seen}");
        if let Some(address) = record.address {
            rest += &format!(" {address}");
        }
        let mut ended_at = String::new();
        if let Some(ending) = record.ended {
            ended_at = time::exact("ended", ending.at)?;
            rest += &format!("\nended={ended_at} {}", ending.reason);
        }
        Ok(Self { created, seen, ended_at, rest })
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
