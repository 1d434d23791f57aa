//! The oracle of the client's address: all hops are found first, with regular expressions, and judged afterwards.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::LazyLock;

use palisade_allowlist::{AddressRefused, ClientIp, ForwardedHeader, HopProblem, Provenance};
use regex::bytes::Regex;

/// What becomes of a request that a trusted peer sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    Client(IpAddr),
    AllTrusted(IpAddr),
    Missing,
    Invalid(usize, HopProblem),
    TooMany,
}

impl From<Result<ClientIp, AddressRefused>> for Expected {
    fn from(resolved: Result<ClientIp, AddressRefused>) -> Self {
        match resolved {
            Ok(client) if client.provenance() == Provenance::AllTrusted => {
                Self::AllTrusted(client.address())
            }
            Ok(client) => Self::Client(client.address()),
            Err(AddressRefused::InvalidHop { index, problem, .. }) => Self::Invalid(index, problem),
            Err(AddressRefused::MissingHeader { .. }) => Self::Missing,
            Err(_) => Self::TooMany,
        }
    }
}

/// Judges the hops of the lines.
pub(crate) fn expected(
    header: ForwardedHeader,
    lines: &[&[u8]],
    is_trusted: impl Fn(IpAddr) -> bool,
) -> Expected {
    let blank = |line: &&[u8]| line.iter().all(|byte| b" \t".contains(byte));
    if lines.iter().all(blank) {
        return Expected::Missing;
    }
    let mut hops = match header {
        ForwardedHeader::XForwardedFor => x_forwarded_for(lines),
        ForwardedHeader::Forwarded => forwarded(lines),
    };
    hops.reverse();
    for (index, hop) in hops.iter().take(64).enumerate() {
        match hop {
            Err(problem) => return Expected::Invalid(index, *problem),
            Ok(address) if !is_trusted(*address) => return Expected::Client(*address),
            Ok(_) => {}
        }
    }
    match hops.last() {
        _ if hops.len() > 64 => Expected::TooMany,
        Some(Ok(leftmost)) => Expected::AllTrusted(*leftmost),
        _ => Expected::Missing,
    }
}

type Hop = Result<IpAddr, HopProblem>;

/// From the left.
fn x_forwarded_for(lines: &[&[u8]]) -> Vec<Hop> {
    static BLANKS: LazyLock<Regex> = LazyLock::new(|| regex(r"\A[ \t]*(.*?)[ \t]*\z"));
    let whole = lines.join(&b',');
    let hop = |part| {
        let text = BLANKS
            .captures(part)
            .and_then(|parts| parts.get(1))
            .map_or(part, |text| text.as_bytes());
        let bare = str::from_utf8(text).ok().and_then(|text| text.parse::<Ipv6Addr>().ok());
        bare.map_or_else(|| node(text), |address| specified(address.into()))
    };
    whole.split(|byte| *byte == b',').map(hop).collect()
}

/// From the left, beginning with the last hop that cannot be told from what stands left of it.
fn forwarded(lines: &[&[u8]]) -> Vec<Hop> {
    let mut hops = Vec::new();
    'lines: for line in lines.iter().rev() {
        let mut rest = Some(*line);
        while let Some(text) = rest {
            let Some((before, hop)) = last_element(text) else {
                hops.push(Err(HopProblem::Malformed));
                break 'lines;
            };
            hops.push(hop);
            rest = before;
        }
    }
    hops.reverse();
    hops
}

/// The element is the text after some comma that is well-formed. There is never more than one such text.
fn last_element(text: &[u8]) -> Option<(Option<&[u8]>, Hop)> {
    let commas = (0..text.len()).filter(|at| text.get(*at) == Some(&b','));
    let splits = commas.map(|at| (text.get(..at), text.get(at + 1..).unwrap_or_default()));
    let mut elements = splits
        .chain([(None, text)])
        .filter_map(|(before, element)| Some((before, read_element(element)?)));
    let element = elements.next()?;
    assert_eq!(elements.next(), None, "two ways to read {}", text.escape_ascii());
    Some(element)
}

/// Nothing for what is no element of the grammar.
fn read_element(text: &[u8]) -> Option<Hop> {
    static PAIR: LazyLock<Regex> = LazyLock::new(|| regex(&pair()));
    static ELEMENT: LazyLock<Regex> = LazyLock::new(|| {
        let pair = pair();
        regex(&format!(r"\A[ \t]*(?:{pair})?(?:[ \t]*;[ \t]*(?:{pair})?)*[ \t]*\z"))
    });
    static ESCAPED: LazyLock<Regex> = LazyLock::new(|| regex(r"\\(.)"));
    if !ELEMENT.is_match(text) {
        return None;
    }
    let mut named = PAIR
        .captures_iter(text)
        .map(|pair| pair.extract::<2>().1)
        .filter(|[name, _]| name.eq_ignore_ascii_case(b"for"));
    let Some([_, value]) = named.next() else { return Some(Err(HopProblem::NoFor)) };
    if named.next().is_some() {
        return Some(Err(HopProblem::Malformed));
    }
    let quoted = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
    Some(node(&ESCAPED.replace_all(quoted.unwrap_or(value), b"$1")))
}

/// Two groups: the name and the value.
fn pair() -> String {
    let token = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+";
    let string = r#""(?:[\t !\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t -~\x80-\xff])*""#;
    format!("({token})=({token}|{string})")
}

/// An address that stands alone or with a port, and IPv6 in brackets.
fn node(text: &[u8]) -> Hop {
    static ADDRESS: LazyLock<Regex> =
        LazyLock::new(|| regex(r"\A(?:([0-9.]+)|\[([0-9A-Fa-f:.]+)\])(?::([0-9]{1,5}))?\z"));
    static NAME: LazyLock<Regex> = LazyLock::new(|| {
        regex(r"\A(?:((?i)unknown)|_[0-9A-Za-z._-]+)(?::([0-9]{1,5})|:_[0-9A-Za-z._-]+)?\z")
    });
    let part = |found: &regex::bytes::Captures<'_>, group| {
        found.get(group).and_then(|part| String::from_utf8(part.as_bytes().to_vec()).ok())
    };
    let port_fits = |port: Option<String>| port.is_none_or(|port| port.parse::<u16>().is_ok());
    if let Some(found) = ADDRESS.captures(text) {
        let v4 = part(&found, 1).and_then(|text| text.parse().ok().map(IpAddr::V4));
        let v6 = part(&found, 2).and_then(|text| text.parse().ok().map(IpAddr::V6));
        let address = v4.or(v6).filter(|_| port_fits(part(&found, 3)));
        return address.map_or(Err(HopProblem::Malformed), specified);
    }
    match NAME.captures(text) {
        Some(found) if !port_fits(part(&found, 2)) => Err(HopProblem::Malformed),
        Some(found) if found.get(1).is_some() => Err(HopProblem::Unknown),
        Some(_) => Err(HopProblem::Obfuscated),
        None => Err(HopProblem::Malformed),
    }
}

fn specified(address: IpAddr) -> Hop {
    let address = address.to_canonical();
    if address.is_unspecified() { Err(HopProblem::Unspecified) } else { Ok(address) }
}

/// Of bytes: `.` is any of them.
#[expect(clippy::expect_used, reason = "the patterns are written here")]
fn regex(pattern: &str) -> Regex {
    Regex::new(&format!("(?s-u){pattern}")).expect("a pattern")
}
