//! From a name to addresses.

use std::future::Future;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::Semaphore;

/// How many addresses of a name are looked at. Further ones are left out.
pub(super) const MAX_ADDRESSES: usize = 64;

/// How many lookups of the system run at once. A lookup cannot be called off and keeps a thread until it ends, so slow
/// servers of names could otherwise use up all threads.
const MAX_LOOKUPS: usize = 32;

/// Finds the addresses of names.
///
/// It need not be trusted: whatever it answers is judged, and then connected to without asking again.
pub trait Resolve: Send + Sync {
    /// The addresses of a name, in the order in which they are to be tried.
    fn resolve<'a>(&'a self, name: &'a str) -> Addresses<'a>;
}

/// What [`Resolve::resolve`] gives back.
pub type Addresses<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;

/// The resolver of the system, with its file of hosts.
#[derive(Debug)]
pub struct SystemResolver {
    lookups: Arc<Semaphore>,
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self { lookups: Arc::new(Semaphore::new(MAX_LOOKUPS)) }
    }
}

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, name: &'a str) -> Addresses<'a> {
        let lookups = Arc::clone(&self.lookups);
        let name = name.to_owned();
        Box::pin(async move {
            let place = lookups.acquire_owned().await.map_err(io::Error::other)?;
            let lookup = tokio::task::spawn_blocking(move || {
                let found = (name.as_str(), 0).to_socket_addrs();
                drop(place);
                Ok(found?.map(|address| address.ip()).take(MAX_ADDRESSES).collect())
            });
            lookup.await?
        })
    }
}
