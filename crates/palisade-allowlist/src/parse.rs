//! The strict parser of networks. Addresses are read by the standard library, lengths here.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use crate::{Family, Network, NetworkError, NetworkProblem, mend};

/// The longest network has 49 bytes: eight groups, the last two as IPv4, and a length of three digits.
pub(crate) const MAX_TEXT: usize = 49;

#[derive(Clone, Copy)]
pub(crate) struct Parsed {
    pub(crate) network: Network,
    /// Whether bits below the length were set, and masked.
    pub(crate) host_bits: bool,
}

/// Why a text was not read.
pub(crate) enum Unread {
    Address,
    Length(IpAddr),
    MappedTooShort,
}

/// Reads a network, and explains what is wrong with one that cannot be read.
pub(crate) fn network(text: &str) -> Result<Parsed, NetworkError> {
    read(text).map_err(|unread| match unread {
        Unread::Address => mend::bad_address(text),
        Unread::Length(address) => mend::bad_length(text, address),
        Unread::MappedTooShort => mend::mapped_too_short(text),
    })
}

/// Reads a network and explains nothing: this is how an explanation tries what it is about to propose.
pub(crate) fn read(text: &str) -> Result<Parsed, Unread> {
    let (address, len) = match text.split_once('/') {
        Some((address, len)) => (address, Some(len)),
        None => (text, None),
    };
    let Ok(address) = IpAddr::from_str(address) else {
        return Err(Unread::Address);
    };
    let Some(len) = len else {
        return Ok(Parsed { network: Network::host(address), host_bits: false });
    };
    let longest = if address.is_ipv4() { Family::V4.bits() } else { Family::V6.bits() };
    let Some(len) = length(len).filter(|len| *len <= u16::from(longest)) else {
        return Err(Unread::Length(address));
    };
    // At most 128, as was just checked.
    masked(address, u8::try_from(len).unwrap_or(longest)).ok_or(Unread::MappedTooShort)
}

/// The error for a network that was read and has bits below its length.
pub(crate) fn host_bits(text: &str) -> NetworkError {
    NetworkError::new(column_of_length(text), NetworkProblem::HostBits).write(mend::read_as(text))
}

/// `0`, or up to three digits of which the first is no zero.
pub(crate) fn length(text: &str) -> Option<u16> {
    let digits = text.as_bytes();
    let well_formed = matches!(digits.len(), 1..=3)
        && digits.iter().all(u8::is_ascii_digit)
        && (digits.len() == 1 || digits.first() != Some(&b'0'));
    well_formed.then(|| digits.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0')))
}

/// Columns count bytes from 1; this one is the byte after the slash, or the first one where there is none.
pub(crate) fn column_of_length(text: &str) -> usize {
    text.find('/').map_or(1, |slash| slash + 2)
}

/// The network, or nothing for an IPv4-mapped address whose length reaches beyond IPv4.
pub(crate) fn masked(address: IpAddr, len: u8) -> Option<Parsed> {
    let (network, given) = match address {
        IpAddr::V4(address) => (Network::masked_v4(u32::from(address), len), address.into()),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => {
                let len = len.checked_sub(96)?;
                (Network::masked_v4(u32::from(mapped), len), mapped.into())
            }
            None => (Network::masked_v6(u128::from(address), len), IpAddr::V6(address)),
        },
    };
    Some(Parsed { network, host_bits: network.first() != given })
}

/// How many leading ones a netmask has, where ones are all it begins with.
pub(crate) fn length_of_mask(mask: IpAddr) -> Option<u8> {
    let (ones, rest) = match mask {
        IpAddr::V4(mask) => {
            let bits = u32::from(mask);
            (bits.leading_ones(), bits.checked_shl(bits.leading_ones()).unwrap_or(0) != 0)
        }
        IpAddr::V6(mask) => ones_v6(mask),
    };
    if rest { None } else { u8::try_from(ones).ok() }
}

fn ones_v6(mask: Ipv6Addr) -> (u32, bool) {
    let bits = u128::from(mask);
    (bits.leading_ones(), bits.checked_shl(bits.leading_ones()).unwrap_or(0) != 0)
}
