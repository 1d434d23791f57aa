//! Why a text is no network, and what its author probably meant. Only ever called for a text that was refused.

use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use crate::parse::{self, MAX_TEXT, column_of_length};
use crate::{Network, NetworkError, NetworkProblem as Problem};

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
        let mend = again(&text.split_whitespace().collect::<String>());
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
        let mend = again(&format!("{}{rest}", bare_of_brackets(address)));
        return NetworkError::new(at + 1, Problem::Brackets).write(mend);
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
            .and_then(|len| masked(&format!("{address}/{len}")));
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
        .then(|| masked(&format!("{address}/{digits}")))
        .flatten();
    NetworkError::new(column, problem).write(mend)
}

/// The error for `::ffff:a.b.c.d/len` with a length below 96.
pub(crate) fn mapped_too_short(text: &str) -> NetworkError {
    let (address, len) = text.split_once('/').unwrap_or((text, ""));
    let mend = address.parse().ok().and_then(|address: IpAddr| {
        let len = parse::length(len).filter(|len| *len <= 32)?;
        masked(&format!("{}/{len}", address.to_canonical()))
    });
    NetworkError::new(column_of_length(text), Problem::MappedTooShort).write(mend)
}

/// `10.0.0.0/8, or 10.0.0.1 for the one address`.
pub(crate) fn network_or_host(text: &str, network: Network) -> Option<String> {
    let address = text.split('/').next()?.parse().ok()?;
    Some(format!("{network}, or {} for the one address", Network::host(address).first()))
}

/// What stands before the slash has the shape of nothing above.
fn not_four_octets(address: &str, rest: &str) -> NetworkError {
    if let Some((host, port)) = address.rsplit_once(':')
        && host.parse::<Ipv4Addr>().is_ok()
        && port.bytes().all(|digit| digit.is_ascii_digit())
    {
        return NetworkError::new(host.len() + 1, Problem::Port)
            .write(again(&format!("{host}{rest}")));
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
    // `10/8` and `192.168/16` are written by people who mean zeros; `10.1` alone is 10.0.0.1 to some programs.
    let missing = 4_usize.saturating_sub(address.split('.').count());
    let mend = (!rest.is_empty())
        .then(|| masked(&format!("{address}{}{rest}", ".0".repeat(missing))))
        .flatten();
    NetworkError::new(1, Problem::Shorthand).write(mend)
}

/// `10.0.*.*` as `10.0.0.0/16`.
fn from_wildcard(text: &str) -> Option<String> {
    let fixed: Vec<&str> = text.split('.').take_while(|octet| *octet != "*").collect();
    let rest_is_wild = text.split('.').skip(fixed.len()).all(|octet| octet == "*");
    if !rest_is_wild || !(1..=3).contains(&fixed.len()) {
        return None;
    }
    let zeros = ".0".repeat(4 - fixed.len());
    again(&format!("{}{zeros}/{}", fixed.join("."), 8 * fixed.len()))
}

/// The networks that make up the range, where they are few.
fn from_range(first: IpAddr, last: IpAddr) -> Option<String> {
    let networks: Vec<String> = Network::spanning(first, last)
        .take(LISTED + 1)
        .map(|network| network.to_string())
        .collect();
    (1..=LISTED).contains(&networks.len()).then(|| networks.join(" and "))
}

fn bare_of_brackets(address: &str) -> String {
    let inner = address.trim_start_matches('[');
    inner.split(']').next().unwrap_or(inner).to_owned()
}

/// The text in canonical form, if it is a network now.
fn again(text: &str) -> Option<String> {
    let parsed = parse::read(text).ok().filter(|parsed| !parsed.host_bits)?;
    Some(parsed.network.to_string())
}

/// The same, with bits below the length masked.
fn masked(text: &str) -> Option<String> {
    parse::read(text).ok().map(|parsed| parsed.network.to_string())
}
