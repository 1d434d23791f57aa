//! From a target to a connection with an address that was judged.

use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;

use super::resolve::MAX_ADDRESSES;
use super::{Egress, EgressError, Place, Target, TlsProblem};

/// How many addresses of a name are tried, one after another.
const MAX_TRIES: usize = 4;

/// Connects to the first address that may be reached and answers.
///
/// Addresses that are denied are dropped from an answer of the resolver, and the others are tried. To refuse the whole
/// answer would guard nothing more, since only what was judged is connected to.
pub(super) async fn tcp(
    egress: &Egress,
    target: &Target,
    place: Option<Place>,
) -> Result<TcpStream, EgressError> {
    let mut last = EgressError::NoPublicAddress;
    if !egress.destinations.has_port(target.port(), target.scheme()) {
        return Err(EgressError::ConnectFailed);
    }
    for address in allowed(egress, target, place).await?.into_iter().take(MAX_TRIES) {
        match open(egress, target, SocketAddr::new(address, target.port())).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Speaks TLS, with the name of the URL.
pub(super) async fn tls(
    egress: &Egress,
    name: &ServerName<'static>,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, EgressError> {
    timeout(egress.limits.tls, egress.tls.connect(name.clone(), stream))
        .await
        .map_err(|_| EgressError::TimedOut)?
        .map_err(|error| EgressError::TlsFailed(TlsProblem::of(&error)))
}

/// The addresses of the target that requests may go to, of which there is at least one.
async fn allowed(
    egress: &Egress,
    target: &Target,
    place: Option<Place>,
) -> Result<Vec<IpAddr>, EgressError> {
    let mut found = resolved(egress, target, place).await?;
    found.truncate(MAX_ADDRESSES);
    let mut denied = None;
    found.retain(|address| match egress.destinations.judge(*address, target.scheme()) {
        Ok(()) => true,
        Err(reason) => {
            denied = Some((*address, reason.why));
            false
        }
    });
    if let Some((address, why)) = denied {
        let left = found.len();
        tracing::warn!(%target, %address, why, left, "an address was refused");
    }
    if found.is_empty() { Err(EgressError::NoPublicAddress) } else { Ok(found) }
}

/// A time limit that is reached here is no [`EgressError::TimedOut`], which is for addresses that may be reached.
async fn resolved(
    egress: &Egress,
    target: &Target,
    place: Option<Place>,
) -> Result<Vec<IpAddr>, EgressError> {
    let (Some(name), Some(place)) = (target.name(), place) else {
        return Ok(target.address().into_iter().collect());
    };
    match timeout(egress.limits.resolve, egress.resolver.resolve(name, place)).await {
        Ok(Ok(found)) => Ok(found.into_iter().map(|address| address.to_canonical()).collect()),
        Ok(Err(error)) => {
            tracing::warn!(%target, cause = %error, "a name was not resolved");
            Err(EgressError::NoPublicAddress)
        }
        Err(_) => {
            tracing::warn!(%target, "a name was not resolved in time");
            Err(EgressError::NoPublicAddress)
        }
    }
}

async fn open(
    egress: &Egress,
    target: &Target,
    address: SocketAddr,
) -> Result<TcpStream, EgressError> {
    let stream = timeout(egress.limits.connect, TcpStream::connect(address))
        .await
        .map_err(|_| EgressError::TimedOut)?
        .map_err(|_| EgressError::ConnectFailed)?;
    // The system's word for where the connection goes, whatever was asked of it.
    let peer = stream.peer_addr().map_err(|_| EgressError::ConnectFailed)?;
    egress
        .destinations
        .judge(peer.ip(), target.scheme())
        .map_err(|_| EgressError::NoPublicAddress)?;
    // The request is one small write; waiting to fill a packet only delays it.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}
