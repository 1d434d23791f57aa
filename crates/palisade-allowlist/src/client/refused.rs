//! Why the address of the client is not known.

use std::net::IpAddr;

use super::{HopProblem, MAX_HOPS};

/// Why the address of the client is not known. Whoever decides by the address refuses the request.
///
/// None of these is the fault of an honest client: a proxy is not set up as the policy says, or somebody tries. The
/// fields are for the log; the text repeats nothing of the request and is safe to show a stranger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressRefused {
    /// A hop of the header is no address. The hops left of it are not looked at, since anybody may have written them.
    #[error("the address of the client cannot be read")]
    InvalidHop {
        /// Which one, counted from the right, from 0.
        index: usize,
        /// What is wrong with it.
        problem: HopProblem,
        /// Who wrote it: the last address that was trusted, which is the hop right of it or else the peer. Nothing
        /// where that is a Unix socket.
        last_trusted: Option<IpAddr>,
    },
    /// The header has fewer hops than there are proxies, so the request did not come through all of them.
    #[error("the request did not come by the usual way")]
    ChainTooShort {
        /// How many hops there are.
        found: usize,
        /// How many the policy counts.
        wanted: usize,
    },
    /// A trusted proxy sent no such header, or one with nothing in it.
    ///
    /// This must not mean that the proxy is the client: a client that can make the proxy drop the header, as by
    /// naming it in `Connection`, would then have the proxy's rights.
    #[error("the address of the client is not known")]
    MissingHeader {
        /// The proxy; nothing where that is a Unix socket.
        peer: Option<IpAddr>,
    },
    /// The header that should hold the one address holds something else.
    #[error("the address of the client cannot be read")]
    InvalidHeader {
        /// What is wrong with it.
        problem: HopProblem,
    },
    /// The header that should hold the one address is there more than once.
    #[error("the address of the client is given more than once")]
    RepeatedHeader,
    /// The peer has no address, being unspecified or a Unix socket that the policy does not trust, so no header is to
    /// be read.
    #[error("the address of the connection is not known")]
    NoPeerAddress,
    /// The request came through more than [`MAX_HOPS`] trusted proxies.
    #[error("the request came through more than {MAX_HOPS} proxies")]
    TooManyHops,
}

impl AddressRefused {
    /// A short, stable word for the audit log and for metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::InvalidHop { .. } => "client_hop_invalid",
            Self::ChainTooShort { .. } => "client_chain_too_short",
            Self::MissingHeader { .. } => "client_header_missing",
            Self::InvalidHeader { .. } => "client_header_invalid",
            Self::RepeatedHeader => "client_header_repeated",
            Self::NoPeerAddress => "client_peer_unknown",
            Self::TooManyHops => "client_too_many_hops",
        }
    }
}
