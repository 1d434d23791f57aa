//! Why there was no answer.

use tokio_rustls::rustls;

/// Why a request has no answer. Text and [`reason`](Self::reason) may be shown to the customer whose URL it was.
///
/// They say nothing of addresses. All but the first two happen only at addresses that requests may go to, so nobody
/// learns from them, or from the time that they take, what listens in the internal network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EgressError {
    /// There was no place to look up the name: nothing was tried, and it is not the receiver's fault.
    #[error("too many names are being looked up at the moment; it is tried again")]
    Busy,
    /// The host was not found, not in time, or is at no address that requests may go to. Which of them it was is in the
    /// log alone: whoever learnt it could try which names there are in the internal network.
    #[error(
        "the host of the URL was not found at a public address; check its name and its DNS records"
    )]
    NoPublicAddress,
    /// No connection was made.
    #[error("the host did not take the connection; check that it listens at this port")]
    ConnectFailed,
    /// There was a connection, and no TLS.
    #[error("{0}")]
    TlsFailed(TlsProblem),
    /// A limit of time was reached before the head of an answer was there.
    #[error("the host did not answer in time; answer first, and work afterwards")]
    TimedOut,
    /// The connection ended before an answer began.
    #[error("the host closed the connection without an answer")]
    NoAnswer,
    /// What came is no head of an answer of HTTP/1, or a larger one than there may be.
    #[error("the answer is not HTTP, or has too many headers")]
    BadAnswer,
}

impl EgressError {
    /// A short, stable word for the customer, for logs and metrics.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::NoPublicAddress => "no_public_address",
            Self::ConnectFailed => "connect_failed",
            Self::TlsFailed(_) => "tls_failed",
            Self::TimedOut => "timed_out",
            Self::NoAnswer => "no_answer",
            Self::BadAnswer => "bad_answer",
        }
    }
}

/// Why there was no TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsProblem {
    /// The certificate is not for this host, not valid at this time, or of an authority that is not known.
    #[error(
        "the certificate of the host is not valid for it; check its names, its dates and its chain"
    )]
    Certificate,
    /// The two found no common way.
    #[error("the host does not speak TLS 1.2 or 1.3 at this port")]
    Handshake,
}

impl TlsProblem {
    pub(super) fn of(error: &std::io::Error) -> Self {
        match error.get_ref().and_then(|source| source.downcast_ref()) {
            Some(rustls::Error::InvalidCertificate(_)) => Self::Certificate,
            _ => Self::Handshake,
        }
    }
}
