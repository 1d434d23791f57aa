//! Connections: accepting them, bounding them, and letting them end.

use std::future::Future;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_io_timeout::TimeoutStream;

use crate::client::Peer;

/// How many connections are served at once. Further ones wait in the queue of the system. Well below
/// the 1024 files that a process may usually have open.
const MAX_CONNECTIONS: usize = 768;

/// How long a client may take to send the head of a request, and how long an idle connection stays.
const HEAD_TIME: Duration = Duration::from_secs(15);

/// How long an answer may wait for a client that takes none of it. Without this, a client that asks and
/// never reads would keep its place for ever.
const WRITE_TIME: Duration = Duration::from_secs(15);

/// How many bytes of a request hyper holds at most; a longer head is answered with a bare 431.
const MAX_HEAD: usize = 32 * 1024;

/// How long requests under way get to finish once the service stops.
const DRAIN_TIME: Duration = Duration::from_secs(10);

/// How long to wait when the system gives out no connection, which is when it has no descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop` is done and the requests that were under way then are answered.
pub(crate) async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let service = TowerToHyperService::new(router);
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let (stream, peer, place) = tokio::select! {
            () = &mut stop => break,
            Some(_) = connections.join_next() => continue,
            Some(accepted) = accept(&listener, &places) => accepted,
        };
        let service = service.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            service.call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME)
            .max_buf_size(MAX_HEAD)
            .serve_connection(TokioIo::new(timed(stream, WRITE_TIME)), service);
        let connection = graceful.watch(connection);
        connections.spawn(async move {
            // Clients go away in the middle of things all the time; there is nobody to tell.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN_TIME, graceful.shutdown()).await.is_err() {
        tracing::warn!(connections = connections.len(), "requests did not finish in time");
    }
    connections.shutdown().await;
}

/// The connection with a limit to how long a write may make no progress.
fn timed(stream: TcpStream, write_time: Duration) -> Pin<Box<TimeoutStream<TcpStream>>> {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(write_time));
    Box::pin(stream)
}

/// A connection, from where it comes, and its place among those that are served at once.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, IpAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // An answer is one small write; waiting to fill a packet only delays it.
                let _ = stream.set_nodelay(true);
                return Some((stream, peer.ip(), place));
            }
            Err(error) => {
                tracing::warn!(cause = %error, "a connection was not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use tokio::io::AsyncWriteExt;

    use super::*;

    #[tokio::test]
    async fn a_client_that_takes_nothing_loses_its_place() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = timed(stream, Duration::from_millis(50));
        // More than the buffers of both ends take.
        let ended = stream.write_all(&vec![0; 64 << 20]).await.unwrap_err();
        assert_eq!(ended.kind(), ErrorKind::TimedOut);
        drop(client);
    }
}
