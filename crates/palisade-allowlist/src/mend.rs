//! Why a text is no network, and what its author probably meant. Only ever called for a text that was refused.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use crate::label::Torn;
use crate::parse::{self, MAX_TEXT, column_of_length};
use crate::{Family, Network, NetworkError, NetworkProblem as Problem};

/// What to write instead of a text that is no network.
///
/// Never more addresses than the text could mean, and everything only where the text says `0.0.0.0` or `::`.
///
/// # Examples
///
/// ```
/// use palisade_allowlist::{Mend, Network};
///
/// let error = Network::parse("10.0.0.5-10.0.0.7").unwrap_err();
/// let Some(Mend::Networks(networks)) = error.mend() else { panic!("the range is clear") };
/// assert_eq!(**networks, [Network::parse("10.0.0.5")?, Network::parse("10.0.0.6/31")?]);
/// # Ok::<(), palisade_allowlist::NetworkError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mend {
    /// These networks, each as an entry of its own. Together they are what the text means.
    Networks(Box<[Network]>),
    /// The first or the second: `10.0.0.1/8` may mean the network or the one address.
    Either(Network, Network),
}

impl Mend {
    /// All networks that are proposed.
    #[must_use]
    pub fn networks(&self) -> Vec<Network> {
        match self {
            Self::Networks(networks) => networks.to_vec(),
            Self::Either(network, host) => vec![*network, *host],
        }
    }
}

impl fmt::Display for Mend {
    /// In prose, for a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Networks(networks) => {
                let mut separator = "";
                for network in networks {
                    write!(f, "{separator}{network}")?;
                    separator = " and ";
                }
                Ok(())
            }
            Self::Either(network, host) => {
                write!(f, "{network}, or {} for the one address", host.first())
            }
        }
    }
}

/// At most this many networks are listed in place of a range.
const LISTED: usize = 4;

/// The error for a text whose part before the slash is no address.
pub(crate) fn bad_address(text: &str) -> NetworkError {
    if text.is_empty() {
        return NetworkError::new(1, Problem::Empty);
    }
    // Two addresses and a dash are longer than a network.
    if text.len() > 2 * MAX_TEXT {
        return NetworkError::new(MAX_TEXT + 1, Problem::TooLong);
    }
    if let Some(at) = text.find(char::is_whitespace) {
        let mend = read_as(&without_outer_space(text));
        return NetworkError::new(at + 1, Problem::WhiteSpace).write(mend);
    }
    if let Some(at) = text.find(|c: char| !c.is_ascii()) {
        return NetworkError::new(at + 1, Problem::NotAscii);
    }
    if let Some(at) = text.find(',') {
        return NetworkError::new(at + 1, Problem::Several);
    }
    let (address, rest) = text.split_at(text.find('/').unwrap_or(text.len()));
    if let Some(at) = address.find('%') {
        // Without the zone the entry would match on every link, which is for its author to decide.
        return NetworkError::new(at + 1, Problem::Zone);
    }
    if let Some(at) = address.find(['[', ']']) {
        return NetworkError::new(at + 1, Problem::Brackets).write(from_brackets(text));
    }
    if let Some(at) = address.find('*') {
        return NetworkError::new(at + 1, Problem::Wildcard).write(from_wildcard(text));
    }
    if let Some((first, last)) = address.split_once('-')
        && let (Ok(first), Ok(last)) = (first.parse(), last.parse())
        && rest.is_empty()
    {
        return NetworkError::new(text.find('-').unwrap_or(0) + 1, Problem::Range)
            .write(from_range(first, last));
    }
    if text.len() > MAX_TEXT {
        return NetworkError::new(MAX_TEXT + 1, Problem::TooLong);
    }
    not_four_octets(address, rest)
}

/// The error for `address/length` whose length is none.
pub(crate) fn bad_length(text: &str, address: IpAddr) -> NetworkError {
    let column = column_of_length(text);
    let len = text.split_once('/').map_or("", |(_, len)| len);
    if let Ok(mask) = IpAddr::from_str(len) {
        let mend = (mask.is_ipv4() == address.is_ipv4())
            .then(|| parse::length_of_mask(mask))
            .flatten()
            .and_then(|len| read_as(&format!("{address}/{len}")));
        return NetworkError::new(column, Problem::Netmask).write(mend);
    }
    if len.contains(',') {
        return NetworkError::new(column, Problem::Several);
    }
    let white_space = len.find(char::is_whitespace);
    let problem = match parse::length(len) {
        Some(_) => Problem::LengthRange,
        None if white_space.is_some() => Problem::WhiteSpace,
        None if !len.is_ascii() => Problem::NotAscii,
        None => Problem::Length,
    };
    let column = column + white_space.unwrap_or(0);
    let digits = len.trim().trim_start_matches('0');
    let digits = if digits.is_empty() && !len.trim().is_empty() { "0" } else { digits };
    let mend = (problem != Problem::LengthRange && digits.len() < 4)
        .then(|| read_as(&format!("{address}/{digits}")))
        .flatten();
    NetworkError::new(column, problem).write(mend)
}

/// The error for `::ffff:a.b.c.d/len` with a length below 96.
pub(crate) fn mapped_too_short(text: &str) -> NetworkError {
    let (address, len) = text.split_once('/').unwrap_or((text, ""));
    let mend = address.parse().ok().and_then(|address: IpAddr| {
        let len = parse::length(len).filter(|len| *len <= 32)?;
        read_as(&format!("{}/{len}", address.to_canonical()))
    });
    NetworkError::new(column_of_length(text), Problem::MappedTooShort).write(mend)
}

/// The error for a network of which white space tore a part off.
pub(crate) fn torn(network: &str, torn: Torn<'_>) -> NetworkError {
    let (problem, mend) = match torn {
        Torn::Length(len) => (Problem::WhiteSpace, read_as(&format!("{network}/{len}"))),
        Torn::RangeEnd(last) => {
            (Problem::Range, network.parse().ok().and_then(|first| from_range(first, last)))
        }
        // Nobody writes netmasks of IPv6.
        Torn::Address(address) => {
            match Some(address).filter(IpAddr::is_ipv4).and_then(parse::length_of_mask) {
                Some(len) => (Problem::Netmask, read_as(&format!("{network}/{len}"))),
                None => (Problem::Several, None),
            }
        }
    };
    NetworkError::new(1, problem).write(mend)
}

/// What stands before the slash has the shape of nothing above.
fn not_four_octets(address: &str, rest: &str) -> NetworkError {
    if let Some((host, port)) = address.rsplit_once(':')
        && host.parse::<Ipv4Addr>().is_ok()
        && is_digits(port)
    {
        let mend = rest.is_empty().then(|| read_as(host)).flatten();
        return NetworkError::new(host.len() + 1, Problem::Port).write(mend);
    }
    if address.is_empty() || address.contains(':') {
        return NetworkError::new(1, Problem::Address);
    }
    let mut column = 1;
    for octet in address.split('.') {
        let digits = octet.bytes().all(|digit| digit.is_ascii_digit());
        if octet.len() > 1 && octet.starts_with('0') && digits {
            return NetworkError::new(column, Problem::Octal);
        }
        if octet.starts_with("0x") || octet.starts_with("0X") {
            return NetworkError::new(column, Problem::Hexadecimal);
        }
        if octet.parse::<u8>().is_err() {
            return NetworkError::new(column, Problem::Address);
        }
        column += octet.len() + 1;
    }
    NetworkError::new(1, Problem::Shorthand).write(from_shorthand(address, rest))
}

/// `10/8` and `192.168/16` are written by people who mean zeros. `10.1` alone is 10.0.0.1 to some programs, and so is
/// what has a longer length than there are octets.
fn from_shorthand(address: &str, rest: &str) -> Option<Mend> {
    let octets = address.split('.').count();
    let missing = 4_usize.checked_sub(octets)?;
    let len = parse::length(rest.strip_prefix('/')?)?;
    let is_clear = usize::from(len) <= 8 * octets;
    let text = format!("{address}{}{rest}", ".0".repeat(missing));
    // Host bits would be those of an address that nobody wrote.
    read_as(&text).filter(|mend| is_clear && matches!(mend, Mend::Networks(_)))
}

/// `10.0.*.*` as `10.0.0.0/16`. Four octets, of which the last ones are wild.
fn from_wildcard(text: &str) -> Option<Mend> {
    let octets: Vec<&str> = text.split('.').collect();
    let fixed: Vec<&str> = octets.iter().copied().take_while(|octet| *octet != "*").collect();
    let rest_is_wild = octets.iter().skip(fixed.len()).all(|octet| *octet == "*");
    if octets.len() != 4 || !rest_is_wild || !(1..=3).contains(&fixed.len()) {
        return None;
    }
    let zeros = ".0".repeat(4 - fixed.len());
    read_as(&format!("{}{zeros}/{}", fixed.join("."), 8 * fixed.len()))
}

/// The networks that make up the range, where they are few.
fn from_range(first: IpAddr, last: IpAddr) -> Option<Mend> {
    if Family::of(first) != Family::of(last) {
        return None;
    }
    let networks: Vec<Network> = Network::spanning(first, last).take(LISTED + 1).collect();
    (1..=LISTED).contains(&networks.len()).then(|| Mend::Networks(networks.into()))
}

/// `[address]`, `[address]:port` and `[address]/length`, and nothing else that has brackets.
fn from_brackets(text: &str) -> Option<Mend> {
    let (address, rest) = text.strip_prefix('[')?.split_once(']')?;
    match rest.strip_prefix(':') {
        Some(port) if is_digits(port) => read_as_address(address),
        Some(_) => None,
        None if rest.is_empty() => read_as_address(address),
        None => rest.starts_with('/').then(|| read_as(&format!("{address}{rest}"))).flatten(),
    }
}

/// Without the white space before, after and around the slash. What stands within may separate two things.
fn without_outer_space(text: &str) -> String {
    match text.split_once('/') {
        Some((address, len)) => format!("{}/{}", address.trim(), len.trim()),
        None => text.trim().to_owned(),
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn read_as_address(text: &str) -> Option<Mend> {
    let address: IpAddr = text.parse().ok()?;
    Some(Mend::Networks([Network::host(address)].into()))
}

/// What the text means if it is a network now. Bits below the length leave two meanings.
pub(crate) fn read_as(text: &str) -> Option<Mend> {
    let parsed = parse::read(text).ok()?;
    let host = Network::host(text.split('/').next()?.parse().ok()?);
    // Whoever names one address and a length of zero does not mean everyone.
    if parsed.network.prefix_len() == 0 && !host.first().is_unspecified() {
        return None;
    }
    Some(if parsed.host_bits {
        Mend::Either(parsed.network, host)
    } else {
        Mend::Networks([parsed.network].into())
    })
}
