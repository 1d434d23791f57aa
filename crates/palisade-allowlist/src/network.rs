//! A network in CIDR notation.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::parse::{self, Parsed};
use crate::table::Key;
use crate::{Family, NetworkError, mend};

/// A network in CIDR notation, `10.0.0.0/8` or `2001:db8::/32`, and always in its one canonical form.
///
/// Bits below the prefix length are zero, and an IPv4 address in IPv6 clothing (`::ffff:10.0.0.0/104`) is the
/// IPv4 network that it means. Two networks are therefore equal exactly when they hold the same addresses.
///
/// Text goes through a strict parser; see [`parse`](Self::parse).
///
/// # Examples
///
/// ```
/// use palisade_allowlist::Network;
///
/// let network: Network = "::ffff:10.0.0.0/104".parse()?;
/// assert_eq!(network.to_string(), "10.0.0.0/8");
/// assert!(network.contains("::ffff:10.1.2.3".parse()?));
///
/// let error = Network::parse("010.0.0.0/8").unwrap_err();
/// assert_eq!(error.column(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network(IpNet);

impl Network {
    /// Reads `address/length`, or a bare address, which is a network of one.
    ///
    /// The address is what the standard library accepts: four decimal octets without leading zeros, or an IPv6
    /// address without zone and brackets. The length is decimal, without sign and leading zero, up to 32 or 128.
    /// No netmask, range, wildcard, white space or short form. An IPv4-mapped address needs a length of at least
    /// 96, since a shorter one would reach beyond IPv4.
    ///
    /// # Errors
    ///
    /// [`NetworkError`] says where and why, and what to write instead where that is clear. Bits below the length
    /// are an error here: `10.0.0.1/8` could mean the network or the one address. Where the network is wanted, see
    /// [`parse_masking`](Self::parse_masking).
    pub fn parse(text: &str) -> Result<Self, NetworkError> {
        let parsed = parse::network(text)?;
        if parsed.host_bits { Err(parse::host_bits(text)) } else { Ok(parsed.network) }
    }

    /// Like [`parse`](Self::parse), with bits below the length set to zero. The second value says whether there
    /// were any, so that the caller can report it.
    ///
    /// # Errors
    ///
    /// As for [`parse`](Self::parse), without the one for host bits.
    ///
    /// # Examples
    ///
    /// ```
    /// use palisade_allowlist::Network;
    ///
    /// let (network, had_host_bits) = Network::parse_masking("10.0.0.1/8")?;
    /// assert_eq!(network.to_string(), "10.0.0.0/8");
    /// assert!(had_host_bits);
    /// # Ok::<(), palisade_allowlist::NetworkError>(())
    /// ```
    pub fn parse_masking(text: &str) -> Result<(Self, bool), NetworkError> {
        parse::network(text).map(|Parsed { network, host_bits }| (network, host_bits))
    }

    /// The network of the one address, `/32` or `/128`.
    #[must_use]
    pub fn host(address: IpAddr) -> Self {
        Self(IpNet::from(address.to_canonical()))
    }

    /// The fewest networks that hold every address from `first` up to and with `last`, in order.
    ///
    /// Nothing where `last` is below `first` or of the other family. At most 62 networks for IPv4 and 254 for IPv6.
    /// IPv4-mapped addresses within a range of IPv6 are left out, since they are IPv4.
    ///
    /// # Examples
    ///
    /// ```
    /// use palisade_allowlist::Network;
    ///
    /// let networks: Vec<_> = Network::spanning("::".parse()?, "::2".parse()?).collect();
    /// assert_eq!(networks, [Network::parse("::/127")?, Network::parse("::2")?]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn spanning(first: IpAddr, last: IpAddr) -> impl Iterator<Item = Self> {
        let subnets: Box<dyn Iterator<Item = Self>> = match ends(first, last) {
            (IpAddr::V4(first), IpAddr::V4(last)) if first <= last => {
                Box::new(ipnet::Ipv4Subnets::new(first, last, 0).map(Self::from))
            }
            (IpAddr::V6(first), IpAddr::V6(last)) if first <= last => {
                let subnets = ipnet::Ipv6Subnets::new(first, last, 0);
                let networks = subnets.filter_map(|subnet| Self::try_from(subnet).ok());
                Box::new(networks.filter(|network| network.family() == Family::V6))
            }
            _ => Box::new(std::iter::empty()),
        };
        subnets
    }

    /// The lowest address.
    #[must_use]
    pub fn first(&self) -> IpAddr {
        self.0.network()
    }

    /// The highest address.
    #[must_use]
    pub fn last(&self) -> IpAddr {
        self.0.broadcast()
    }

    /// How many bits of the address are given: 0 to 32 for IPv4, 0 to 128 for IPv6.
    #[must_use]
    pub fn prefix_len(&self) -> u8 {
        self.0.prefix_len()
    }

    /// Whether the network is of IPv4 or of IPv6.
    #[must_use]
    pub fn family(&self) -> Family {
        match self.0 {
            IpNet::V4(_) => Family::V4,
            IpNet::V6(_) => Family::V6,
        }
    }

    /// Whether the address is in the network. An IPv4-mapped address is the IPv4 address that it means.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }

    /// Whether every address of `other` is in this network.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.0.contains(&other.0)
    }

    /// The same network as a type of `ipnet`.
    #[must_use]
    pub fn ipnet(&self) -> IpNet {
        self.0
    }

    /// The network of the first `len` bits; `len` is at most 32.
    #[inline]
    pub(crate) fn masked_v4(bits: u32, len: u8) -> Self {
        let address = Ipv4Addr::from(bits.masked(len));
        Self(IpNet::V4(Ipv4Net::new(address, len).unwrap_or_else(|_| address.into())))
    }

    /// The network of the first `len` bits; `len` is at most 128.
    #[inline]
    pub(crate) fn masked_v6(bits: u128, len: u8) -> Self {
        let address = Ipv6Addr::from(bits.masked(len));
        Self(IpNet::V6(Ipv6Net::new(address, len).unwrap_or_else(|_| address.into())))
    }
}

/// Two IPv4-mapped addresses are a range of IPv4. One alone is an end of a range of IPv6.
fn ends(first: IpAddr, last: IpAddr) -> (IpAddr, IpAddr) {
    match (first.to_canonical(), last.to_canonical()) {
        canonical @ (IpAddr::V4(_), IpAddr::V4(_)) => canonical,
        _ => (first, last),
    }
}

impl From<Ipv4Net> for Network {
    /// Bits below the length are set to zero.
    fn from(network: Ipv4Net) -> Self {
        Self(IpNet::V4(network.trunc()))
    }
}

impl TryFrom<Ipv6Net> for Network {
    /// Columns are those of the network as `ipnet` writes it.
    type Error = NetworkError;

    /// Bits below the length are set to zero. A network inside of `::ffff:0:0/96` becomes the IPv4 network that it
    /// means.
    ///
    /// # Errors
    ///
    /// [`NetworkError`] for an IPv4-mapped address with a length below 96, which would reach beyond IPv4.
    fn try_from(network: Ipv6Net) -> Result<Self, NetworkError> {
        match parse::masked(network.addr().into(), network.prefix_len()) {
            Some(parsed) => Ok(parsed.network),
            None => Err(mend::mapped_too_short(&network.to_string())),
        }
    }
}

impl TryFrom<IpNet> for Network {
    /// Columns are those of the network as `ipnet` writes it.
    type Error = NetworkError;

    /// Bits below the length are set to zero.
    ///
    /// # Errors
    ///
    /// As for an [`Ipv6Net`].
    fn try_from(network: IpNet) -> Result<Self, NetworkError> {
        match network {
            IpNet::V4(network) => Ok(network.into()),
            IpNet::V6(network) => network.try_into(),
        }
    }
}

impl From<Network> for IpNet {
    fn from(network: Network) -> Self {
        network.0
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        Self::parse(text)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
