//! One address of a header.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why a hop is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum HopProblem {
    /// No address in a form that is read, or no element of the header's grammar.
    #[error("malformed")]
    Malformed,
    /// `0.0.0.0` or `::`.
    #[error("the unspecified address")]
    Unspecified,
    /// The word `unknown`: the proxy does not know who called it (RFC 7239, section 6.2).
    #[error("unknown to the proxy")]
    Unknown,
    /// A name such as `_gateway`, which hides the address on purpose (RFC 7239, section 6.3).
    #[error("hidden by the proxy")]
    Obfuscated,
    /// An element of `Forwarded` that is well-formed and has no `for`.
    #[error("without an address")]
    NoFor,
}

impl HopProblem {
    /// A short, stable word for the audit log and for metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unspecified => "unspecified",
            Self::Unknown => "unknown",
            Self::Obfuscated => "obfuscated",
            Self::NoFor => "no_for",
        }
    }
}

/// The longest hop: 45 bytes of address in brackets, and a port of five digits.
pub(super) const MAX_HOP: usize = 53;

/// Reads `ip`, `v4:port`, `[v6]` or `[v6]:port`.
#[inline]
pub(super) fn parse(bytes: &[u8]) -> Result<IpAddr, HopProblem> {
    if let Some(address) = plain_v4(bytes) {
        return specified(address.into());
    }
    parse_as(bytes, |text| node(text).or_else(|| text.parse().ok().map(IpAddr::V6)))
}

/// Like [`parse`], without an IPv6 address that has no brackets.
pub(super) fn parse_node(bytes: &[u8]) -> Result<IpAddr, HopProblem> {
    parse_as(bytes, node)
}

/// The canonical form of an address, unless it is the unspecified one.
pub(super) fn specified(address: IpAddr) -> Result<IpAddr, HopProblem> {
    let address = address.to_canonical();
    if address.is_unspecified() { Err(HopProblem::Unspecified) } else { Ok(address) }
}

/// What the standard library reads as IPv4, and nothing else. Nearly every hop is one, and from bytes it takes a third
/// of the time: there is no text to be checked and no port to be looked for.
#[inline]
fn plain_v4(bytes: &[u8]) -> Option<Ipv4Addr> {
    let (a, rest) = octet(bytes)?;
    let (b, rest) = octet(rest.strip_prefix(b".")?)?;
    let (c, rest) = octet(rest.strip_prefix(b".")?)?;
    let (d, rest) = octet(rest.strip_prefix(b".")?)?;
    if rest.is_empty() { Some(Ipv4Addr::new(a, b, c, d)) } else { None }
}

/// One to three digits, up to 255, and what follows. After a zero no digit is read, so that `010` is none.
#[inline]
fn octet(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let (first, rest) = digit(bytes)?;
    if first == 0 {
        return Some((first, rest));
    }
    let Some((second, rest)) = digit(rest) else { return Some((first, rest)) };
    let two = first * 10 + second;
    let Some((third, rest)) = digit(rest) else { return Some((two, rest)) };
    Some((two.checked_mul(10)?.checked_add(third)?, rest))
}

#[inline]
fn digit(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let digit = first.wrapping_sub(b'0');
    if digit < 10 { Some((digit, rest)) } else { None }
}

fn parse_as(bytes: &[u8], read: impl Fn(&str) -> Option<IpAddr>) -> Result<IpAddr, HopProblem> {
    let text = match str::from_utf8(bytes) {
        Ok(text) if bytes.len() <= MAX_HOP => text,
        _ => return Err(without_address(bytes)),
    };
    match read(text) {
        Some(address) => specified(address),
        None => Err(without_address(bytes)),
    }
}

/// `v4`, `v4:port`, `[v6]` or `[v6]:port`.
#[inline]
fn node(text: &str) -> Option<IpAddr> {
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let readable = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return if readable { address.parse::<Ipv6Addr>().ok().map(IpAddr::V6) } else { None };
    }
    let address = match text.split_once(':') {
        Some((address, port)) if is_port(port) => address,
        Some(_) => return None,
        None => text,
    };
    address.parse::<Ipv4Addr>().ok().map(IpAddr::V4)
}

/// One to five digits, up to 65535.
fn is_port(text: &str) -> bool {
    matches!(text.len(), 1..=5)
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && text.parse::<u16>().is_ok()
}

/// What stands there instead of an address. Both forms may have a port behind them.
#[cold]
fn without_address(bytes: &[u8]) -> HopProblem {
    let mut parts = bytes.splitn(2, |byte| *byte == b':');
    let (name, port) = (parts.next().unwrap_or_default(), parts.next());
    let is_name = |text: &[u8]| {
        matches!(text, [b'_', rest @ ..] if !rest.is_empty()
            && rest.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte)))
    };
    let port_fits =
        port.is_none_or(|port| is_name(port) || str::from_utf8(port).is_ok_and(is_port));
    if port_fits && name.eq_ignore_ascii_case(b"unknown") {
        HopProblem::Unknown
    } else if port_fits && is_name(name) {
        HopProblem::Obfuscated
    } else {
        HopProblem::Malformed
    }
}

/// Without spaces and tabs at either end, which is all the white space there is in a header.
#[inline]
pub(super) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}
