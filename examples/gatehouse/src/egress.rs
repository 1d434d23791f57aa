//! Requests to a URL that a customer chose.
//!
//! Whoever may name a URL for the service to call could make it call its own machine, its neighbours, or the
//! metadata service of its cloud (server-side request forgery). So the address that is really connected to is judged,
//! after resolution and before a byte is sent; what was judged is what is connected to, so a name that resolves to
//! something else a moment later gains nothing. Redirects are not followed, proxies of the environment are not asked,
//! and every size and every time has a limit.

mod answer;
mod builder;
mod connect;
mod destinations;
mod error;
mod exchange;
mod message;
mod networks;
mod places;
mod resolve;
mod target;

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use hyper_util::rt::TokioIo;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

pub use answer::{Answer, RetryAfter};
pub use builder::{EgressBuilder, InvalidEgress, Limits};
pub use destinations::{Loopback, PORTS};
pub use error::{EgressError, TlsProblem};
pub use message::{InvalidMessage, MAX_HEADERS, Message};
pub use places::Place;
pub use resolve::{Addresses, Resolve, SystemResolver};
pub use target::{InvalidTarget, MAX_URL, Target};

use destinations::Destinations;
use places::Places;
use target::Scheme;

/// The way out: where requests may go, whom to trust, and how long all of it may take.
///
/// Built once, and shared. Each request has a connection of its own, which is closed when its answer is there, when
/// a limit is reached, or when the future is dropped.
///
/// # Examples
///
/// ```no_run
/// use gatehouse::egress::{Egress, Message};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let egress = Egress::builder().build()?;
/// let target = egress.target("https://hooks.example.com/in")?;
/// let message = Message::new("{}").header("content-type", "application/json")?;
/// let answer = egress.post("workspace", &target, &message).await?;
/// println!("{}", answer.status());
///
/// // The metadata service of a cloud, in whatever way it is written.
/// assert!(egress.target("https://0xa9fea9fe/latest/meta-data").is_err());
/// # Ok(())
/// # }
/// ```
pub struct Egress {
    destinations: Destinations,
    resolver: Arc<dyn Resolve>,
    places: Places,
    tls: TlsConnector,
    limits: Limits,
}

impl Egress {
    /// Begins one that reaches public addresses with TLS, and nothing else.
    pub fn builder() -> EgressBuilder {
        EgressBuilder::new()
    }

    /// Checks a URL, when a customer stores it and again when it is used.
    ///
    /// A host that is an address is judged here. A name is judged when it is used, by the addresses that it has then;
    /// for plain HTTP it has to be `localhost` or end in `.localhost`.
    ///
    /// # Errors
    ///
    /// [`InvalidTarget`]: what is wrong with it and what to write instead.
    pub fn target(&self, url: &str) -> Result<Target, InvalidTarget> {
        let target = Target::parse(url, self.destinations.loopback())?;
        let (port, scheme) = (target.port(), target.scheme());
        match target.address() {
            // Whether plain HTTP is all that is wrong with it is seen where it is judged as though it had TLS.
            Some(address) if self.destinations.judge(address, Scheme::Https).is_err() => {
                Err(InvalidTarget::Address)
            }
            Some(address) if self.destinations.judge(address, scheme).is_err() => {
                Err(InvalidTarget::PlainHttp)
            }
            None if scheme == Scheme::Http && !target.has_local_name() => {
                Err(InvalidTarget::PlainHttp)
            }
            _ if !self.destinations.has_port(port, scheme) => Err(InvalidTarget::ClosedPort),
            _ => Ok(target),
        }
    }

    /// The ports that requests with TLS may go to, the lowest first.
    pub fn ports(&self) -> impl Iterator<Item = u16> {
        self.destinations.ports()
    }

    /// What was said of the addresses of the own machine.
    pub fn loopback(&self) -> Loopback {
        self.destinations.loopback()
    }

    /// Sends a `POST` for a customer and waits for the answer, whatever its status is.
    ///
    /// The customer is whoever chose the URL. Names that are never resolved cost his other messages time, and nobody
    /// else's.
    ///
    /// # Errors
    ///
    /// [`EgressError::Busy`]: it was not tried, for no fault of the receiver. Any other [`EgressError`]: there was no
    /// answer. After [`EgressError::TimedOut`], [`EgressError::NoAnswer`] and
    /// [`EgressError::BadAnswer`] the receiver may have seen the message; after the others it has not.
    pub async fn post(
        &self,
        customer: &str,
        target: &Target,
        message: &Message,
    ) -> Result<Answer, EgressError> {
        let place = match target.name() {
            Some(_) => Some(self.place(customer).await?),
            None => None,
        };
        // Of the whole, since an answer that began goes on counting when the time is over.
        let end = Instant::now() + self.limits.total;
        let stream = in_time(end, connect::tcp(self, target, place)).await?;
        match target.tls_name() {
            None => exchange::post(TokioIo::new(stream), target, message, &self.limits, end).await,
            Some(name) => {
                let stream = in_time(end, connect::tls(self, name, stream)).await?;
                exchange::post(TokioIo::new(stream), target, message, &self.limits, end).await
            }
        }
    }

    async fn place(&self, customer: &str) -> Result<Place, EgressError> {
        let place = tokio::time::timeout(self.limits.resolve, self.places.take(customer)).await;
        place.ok().flatten().ok_or(EgressError::Busy)
    }
}

/// The same within the time that there is.
async fn in_time<T>(
    end: Instant,
    step: impl Future<Output = Result<T, EgressError>>,
) -> Result<T, EgressError> {
    tokio::time::timeout_at(end, step).await.unwrap_or(Err(EgressError::TimedOut))
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Egress")
            .field("destinations", &self.destinations)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
