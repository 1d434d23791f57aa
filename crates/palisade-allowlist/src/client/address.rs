//! The address of the client, found.

use std::fmt;
use std::net::IpAddr;

/// The address of the client, and how it is known.
///
/// There is no public constructor: who holds one has it from [`TrustPolicy::resolve`](crate::TrustPolicy::resolve).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientIp {
    address: IpAddr,
    provenance: Provenance,
}

/// How the address of the client is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Provenance {
    /// It is the other end of the connection, and no header was read: the peer is no trusted proxy, or the policy
    /// reads none.
    Peer,
    /// A trusted proxy named it in the header.
    Header,
    /// Every hop of the header is a trusted proxy, and this is the leftmost of them. A proxy's own request looks like
    /// this, a health check for one. So does a list of proxies that holds the addresses of clients.
    AllTrusted,
}

impl ClientIp {
    pub(super) fn new(address: IpAddr, provenance: Provenance) -> Self {
        Self { address, provenance }
    }

    /// The address, in canonical form: an IPv4-mapped one is IPv4.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// How it is known.
    #[must_use]
    pub fn provenance(&self) -> Provenance {
        self.provenance
    }
}

impl fmt::Display for ClientIp {
    /// The address alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

impl Provenance {
    /// A short, stable word for the audit log and for metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Peer => "peer",
            Self::Header => "header",
            Self::AllTrusted => "all_trusted",
        }
    }
}
