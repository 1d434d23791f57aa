//! From a name to addresses.

use std::future::Future;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::pin::Pin;

use super::Place;

/// How many addresses of a name are looked at. Further ones are left out.
pub(super) const MAX_ADDRESSES: usize = 64;

/// Finds the addresses of names.
///
/// It need not be trusted: whatever it answers is judged, and then connected to without asking again.
pub trait Resolve: Send + Sync {
    /// The addresses of a name, in the order in which they are to be tried. The place is given back when it is dropped:
    /// not before the lookup is over, even if nobody waits for it any more.
    fn resolve<'a>(&'a self, name: &'a str, place: Place) -> Addresses<'a>;
}

/// What [`Resolve::resolve`] gives back.
pub type Addresses<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;

/// The resolver of the system. Names are complete: no search domain is added to them.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, name: &'a str, place: Place) -> Addresses<'a> {
        let name = complete(name);
        Box::pin(async move {
            let lookup = tokio::task::spawn_blocking(move || {
                let found = (name.as_str(), 0).to_socket_addrs();
                drop(place);
                Ok(found?.map(|address| address.ip()).take(MAX_ADDRESSES).collect())
            });
            lookup.await?
        })
    }
}

/// The name with the dot that says that nothing is to be added to it. A name of one label, which is `localhost`, is
/// looked for in the file of hosts, where it has none.
fn complete(name: &str) -> String {
    if name.contains('.') { format!("{name}.") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_search_domain_completes_a_name() {
        assert_eq!(complete("hooks.example.com"), "hooks.example.com.");
        assert_eq!(complete("localhost"), "localhost");
    }
}
