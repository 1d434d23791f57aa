//! IPv4 addresses that IPv6 addresses carry.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{Allowlist, Match};

/// An IPv4 address that an IPv6 address carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Embedded<'a> {
    address: Ipv4Addr,
    form: EmbeddedForm,
    entry: Option<Match<'a>>,
}

impl<'a> Embedded<'a> {
    pub(crate) fn within(address: IpAddr, list: &'a Allowlist) -> Option<Self> {
        let IpAddr::V6(address) = address else { return None };
        let (form, address) = EmbeddedForm::read(address)?;
        Some(Self { address, form, entry: list.most_specific(address.into()) })
    }

    /// The IPv4 address.
    #[must_use]
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// How it is carried.
    #[must_use]
    pub fn form(&self) -> EmbeddedForm {
        self.form
    }

    /// The most specific entry that would match the IPv4 address if that were the caller's.
    #[must_use]
    pub fn entry(&self) -> Option<Match<'a>> {
        self.entry
    }
}

/// How an IPv6 address carries one of IPv4. The IPv4-mapped form is not among them: there the address is IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EmbeddedForm {
    /// `64:ff9b::a.b.c.d`, the well-known prefix of translators (RFC 6052 section 2.1).
    Nat64,
    /// `2002:aabb:ccdd::`, a site that is reached through IPv4 (RFC 3056 section 2).
    SixToFour,
    /// `::a.b.c.d`, the IPv4-compatible form, which is deprecated (RFC 4291 section 2.5.5.1).
    Compatible,
}

impl EmbeddedForm {
    /// A short, stable word for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Nat64 => "nat64",
            Self::SixToFour => "6to4",
            Self::Compatible => "ipv4_compatible",
        }
    }

    fn read(address: Ipv6Addr) -> Option<(Self, Ipv4Addr)> {
        match address.segments() {
            // The unspecified address and loopback are no IPv4 addresses.
            [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
            [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some((Self::Nat64, joined(high, low))),
            [0x2002, high, low, ..] => Some((Self::SixToFour, joined(high, low))),
            [0, 0, 0, 0, 0, 0, high, low] => Some((Self::Compatible, joined(high, low))),
            _ => None,
        }
    }
}

fn joined(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))
}

impl fmt::Display for EmbeddedForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nat64 => "NAT64",
            Self::SixToFour => "6to4",
            Self::Compatible => "IPv4-compatible",
        })
    }
}
