//! The other end of the connection.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use super::hop::{self, HopProblem};

/// The other end of the connection, as the operating system tells it.
///
/// Take it from the socket. From a header it would be anybody's word.
///
/// # Examples
///
/// ```
/// use std::net::SocketAddr;
/// use palisade_allowlist::Peer;
///
/// let address: SocketAddr = "192.0.2.7:50123".parse()?;
/// assert_eq!(Peer::from(address), Peer::Ip(address.ip()));
///
/// // Where a framework gives only text.
/// assert_eq!("[2001:db8::1]:443".parse(), Ok(Peer::Ip("2001:db8::1".parse()?)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Peer {
    /// An address. An IPv4-mapped one is the IPv4 address that it means.
    Ip(IpAddr),
    /// A process of the same machine. It has no address, and [`TrustPolicy`](crate::TrustPolicy) says which policies
    /// trust it as a proxy: the permissions of the socket's file say who may connect.
    ///
    /// No text is read as this one. Say it where the code knows that it listens on such a socket.
    ///
    /// # Security
    ///
    /// An abstract socket of Linux has no file, and so no permissions: any process of the same network namespace
    /// connects to it. It is none of these.
    UnixSocket,
}

impl Peer {
    /// The address in canonical form, nothing for a Unix socket, and an error for the unspecified address, which is
    /// nobody's.
    pub(super) fn address(self) -> Result<Option<IpAddr>, HopProblem> {
        match self {
            Self::Ip(address) => hop::specified(address).map(Some),
            Self::UnixSocket => Ok(None),
        }
    }
}

impl From<IpAddr> for Peer {
    fn from(address: IpAddr) -> Self {
        Self::Ip(address)
    }
}

impl From<SocketAddr> for Peer {
    fn from(address: SocketAddr) -> Self {
        Self::Ip(address.ip())
    }
}

impl FromStr for Peer {
    type Err = InvalidPeer;

    /// Reads `ip`, `v4:port`, `[v6]` or `[v6]:port`. A text that stands for a Unix socket, such as `@` or `unix:`, is
    /// no peer: nobody may come to be trusted by a text.
    fn from_str(text: &str) -> Result<Self, InvalidPeer> {
        match text {
            "" => Err(InvalidPeer::Empty),
            _ => match hop::parse(text.as_bytes()) {
                Ok(address) => Ok(Self::Ip(address)),
                Err(HopProblem::Unspecified) => Err(InvalidPeer::Unspecified),
                Err(_) => Err(InvalidPeer::Malformed),
            },
        }
    }
}

/// Why a text is no peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPeer {
    /// There is no text. Some servers give none for a Unix socket; say [`Peer::UnixSocket`] if that is meant.
    #[error("the address of the connection is not known")]
    Empty,
    /// No address, with or without a port, in a form that is read. A zone such as `%eth0` is in none of them, and a
    /// Unix socket has no address.
    #[error("the address of the connection cannot be read")]
    Malformed,
    /// `0.0.0.0` or `::`, from which nobody connects.
    #[error("the address of the connection is unspecified")]
    Unspecified,
}

impl InvalidPeer {
    /// A short, stable word for the audit log and for metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Empty => "peer_empty",
            Self::Malformed => "peer_malformed",
            Self::Unspecified => "peer_unspecified",
        }
    }
}
