//! How the way out is built.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use palisade::allowlist::Allowlist;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

#[cfg(doc)]
use super::PORTS;
use super::destinations::Destinations;
use super::places::Places;
use super::{Egress, Loopback, Resolve, SystemResolver};

/// The longest time that any limit may give.
const MAX_TIME: Duration = Duration::from_mins(5);

/// The most that may be read of a body.
const MAX_BODY: usize = 1024 * 1024;

/// Builds an [`Egress`], once.
#[must_use = "a builder builds nothing until `build`"]
pub struct EgressBuilder {
    loopback: Loopback,
    denied: Option<Allowlist>,
    ports: Vec<u16>,
    roots: Vec<CertificateDer<'static>>,
    resolver: Arc<dyn Resolve>,
    limits: Limits,
}

/// How much of everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long a name may take to be resolved, and how long a request waits before for a place to do so; 3 s. Less
    /// than `total`.
    pub resolve: Duration,
    /// How long a connection may take, for each address that is tried; 3 s.
    pub connect: Duration,
    /// How long the handshake of TLS may take; 5 s.
    pub tls: Duration,
    /// How long all of it may take, from the place to the end of the answer; 15 s.
    pub total: Duration,
    /// How many bytes of the answer's body are kept; 4 KiB. At most `body_read`.
    pub body_kept: usize,
    /// How many bytes of the answer's body are read before the connection is closed; 64 KiB.
    pub body_read: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            resolve: Duration::from_secs(3),
            connect: Duration::from_secs(3),
            tls: Duration::from_secs(5),
            total: Duration::from_secs(15),
            body_kept: 4 * 1024,
            body_read: 64 * 1024,
        }
    }
}

impl EgressBuilder {
    pub(super) fn new() -> Self {
        Self {
            loopback: Loopback::Refuse,
            denied: None,
            ports: Vec::new(),
            roots: Vec::new(),
            resolver: Arc::new(SystemResolver),
            limits: Limits::default(),
        }
    }

    /// Says what to do with the addresses of the own machine. Without this they are refused.
    pub fn loopback(mut self, loopback: Loopback) -> Self {
        self.loopback = loopback;
        self
    }

    /// Denies these networks too: public addresses of one's own, and the prefix of a translator (NAT64) where it is not
    /// the well-known one. They are denied whatever else is said; of two such lists the last one counts.
    pub fn deny(mut self, networks: Allowlist) -> Self {
        self.denied = Some(networks);
        self
    }

    /// Opens these ports besides those of HTTPS, [`PORTS`]: who may name any port for the service to call can have it
    /// knock on every door of a stranger. Plain HTTP, which reaches this machine alone, goes to every port.
    pub fn ports(mut self, ports: impl IntoIterator<Item = u16>) -> Self {
        self.ports.extend(ports);
        self
    }

    /// Trusts a certificate authority besides those of Mozilla's programme. The certificate is in DER.
    pub fn root(mut self, certificate: &[u8]) -> Self {
        self.roots.push(CertificateDer::from(certificate.to_vec()));
        self
    }

    /// Resolves names by something else than the system.
    pub fn resolver(mut self, resolver: impl Resolve + 'static) -> Self {
        self.resolver = Arc::new(resolver);
        self
    }

    /// Sets the limits.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Builds it.
    ///
    /// # Errors
    ///
    /// [`InvalidEgress`]: what contradicts itself.
    pub fn build(self) -> Result<Egress, InvalidEgress> {
        let Limits { resolve, connect, tls, total, body_kept, body_read } = self.limits;
        if [resolve, connect, tls, total].iter().any(|time| time.is_zero() || *time > MAX_TIME) {
            return Err(InvalidEgress::Time);
        }
        if resolve >= total {
            return Err(InvalidEgress::ResolveTime);
        }
        if body_kept > body_read || body_read > MAX_BODY {
            return Err(InvalidEgress::Body);
        }
        Ok(Egress {
            destinations: Destinations::new(self.loopback, self.denied)
                .map_err(|_| InvalidEgress::List)?
                .open_ports(self.ports),
            resolver: self.resolver,
            places: Places::default(),
            tls: tls_connector(self.roots)?,
            limits: self.limits,
        })
    }
}

fn tls_connector(own: Vec<CertificateDer<'static>>) -> Result<TlsConnector, InvalidEgress> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for certificate in own {
        roots.add(certificate).map_err(|_| InvalidEgress::Root)?;
    }
    // Named, since another crate may switch on a second provider, and a default would then be none.
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(rustls::DEFAULT_VERSIONS)
        .map_err(|_| InvalidEgress::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // Each request sees the certificate itself. Tickets would also link the customers of one receiver.
    config.resumption = Resumption::disabled();
    Ok(TlsConnector::from(Arc::new(config)))
}

impl fmt::Debug for EgressBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EgressBuilder")
            .field("loopback", &self.loopback)
            .field("denied", &self.denied)
            .field("ports", &self.ports.len())
            .field("roots", &self.roots.len())
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Why there is no way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidEgress {
    /// A limit of time is zero, or longer than five minutes.
    #[error("each limit of time has to be longer than zero and at most five minutes")]
    Time,
    /// The limit of the whole would end the resolution of a name.
    #[error("the limit of time for names has to be shorter than that of the whole request")]
    ResolveTime,
    /// More would be kept of a body than is read, or more than 1 MiB is read.
    #[error("as much of a body has to be read as is kept, and at most {MAX_BODY} bytes")]
    Body,
    /// A certificate is no authority's.
    #[error("a root certificate is not a certificate in DER")]
    Root,
    /// The built-in list of networks is damaged: an error in the program.
    #[error("the built-in list of networks is damaged")]
    List,
    /// TLS has no version to speak: an error in the program.
    #[error("TLS cannot be set up")]
    Tls,
}
