//! By what to count requests.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::Network;

/// The network that a client counts for in a rate limit: an IPv4 address, or the /64 of an IPv6 address.
///
/// Whoever has one IPv6 address has the 2⁶⁴ of its /64, so a limit for each address would be none. IPv4-mapped
/// addresses count as IPv4; otherwise all of them would share one /64. Addresses that carry an IPv4 address in other
/// ways (NAT64, 6to4) are IPv6 addresses like any other.
///
/// # Examples
///
/// ```
/// use palisade_allowlist::RateKey;
///
/// let key = RateKey::of("2001:db8:1:2:3:4:5:6".parse()?);
/// assert_eq!(key, RateKey::of("2001:db8:1:2::1".parse()?));
/// assert_eq!(key.to_string(), "2001:db8:1:2::/64");
/// assert_eq!(RateKey::of("::ffff:192.0.2.1".parse()?).to_string(), "192.0.2.1/32");
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RateKey([u8; 17]);

impl RateKey {
    /// The key of an address with the usual lengths, 32 and 64; see [`RateKeys`] for others.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        RateKeys::default().of(address)
    }

    /// The bytes, for a store: sixteen of the network's first address, IPv4 as IPv4-mapped, then the prefix length,
    /// for IPv4 with 96 added. Different keys have different bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 17] {
        &self.0
    }

    /// The network.
    #[must_use]
    pub fn network(&self) -> Network {
        let [address @ .., len] = self.0;
        let address = Ipv6Addr::from(address);
        match address.to_ipv4_mapped() {
            Some(address) => Network::masked_v4(u32::from(address), len.saturating_sub(96)),
            None => Network::masked_v6(u128::from(address), len),
        }
    }
}

impl fmt::Display for RateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.network().fmt(f)
    }
}

impl fmt::Debug for RateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RateKey({})", self.network())
    }
}

/// How long the prefix of a [`RateKey`] is in each family.
///
/// # Examples
///
/// ```
/// use palisade_allowlist::RateKeys;
///
/// // Providers that hand out a /56 to each customer.
/// let keys = RateKeys::new(32, 56)?;
/// assert_eq!(keys.of("2001:db8:1:2ff::1".parse()?).to_string(), "2001:db8:1:200::/56");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RateKeys {
    ipv4: u8,
    ipv6: u8,
}

impl RateKeys {
    /// Keys of `ipv4` and `ipv6` bits.
    ///
    /// # Errors
    ///
    /// [`InvalidRateKeys`] for lengths beyond 1 to 32 and 1 to 128. With 0 one client could use up the limit of all.
    ///
    /// # Security
    ///
    /// Above 64, whoever has a /64 has as many keys as they like.
    pub fn new(ipv4: u8, ipv6: u8) -> Result<Self, InvalidRateKeys> {
        match (ipv4, ipv6) {
            (1..=32, 1..=128) => Ok(Self { ipv4, ipv6 }),
            (1..=32, _) => Err(InvalidRateKeys::Ipv6),
            _ => Err(InvalidRateKeys::Ipv4),
        }
    }

    /// The key of an address.
    #[must_use]
    pub fn of(&self, address: IpAddr) -> RateKey {
        let (bits, len) = match address.to_canonical() {
            IpAddr::V4(address) => {
                let kept = u32::MAX.checked_shl(32 - u32::from(self.ipv4)).unwrap_or(0);
                let network = Ipv4Addr::from(u32::from(address) & kept);
                (u128::from(network.to_ipv6_mapped()), self.ipv4 + 96)
            }
            IpAddr::V6(address) => {
                let kept = u128::MAX.checked_shl(128 - u32::from(self.ipv6)).unwrap_or(0);
                (u128::from(address) & kept, self.ipv6)
            }
        };
        let mut bytes = [len; 17];
        if let Some(first) = bytes.first_chunk_mut() {
            *first = bits.to_be_bytes();
        }
        RateKey(bytes)
    }
}

impl Default for RateKeys {
    /// 32 and 64.
    fn default() -> Self {
        Self { ipv4: 32, ipv6: 64 }
    }
}

/// Why a policy for rate keys was not built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRateKeys {
    /// The length for IPv4.
    #[error("the prefix length for IPv4 is from 1 to 32")]
    Ipv4,
    /// The length for IPv6.
    #[error("the prefix length for IPv6 is from 1 to 128")]
    Ipv6,
}
