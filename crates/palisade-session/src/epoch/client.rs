//! Keeping an epoch token fresh, in the program that uses it.

mod error;
mod flight;
mod pace;
mod seats;
mod state;

use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::SystemTime;

pub use error::EpochUnavailable;
use flight::{Fetch, Flight, Turn};
use pace::Pace;
use seats::{Seat, Seats};
use state::{Asked, Plan, State};

use super::{EpochToken, EpochTokens, SidecarId};

/// Holds the token of a sidecar and has a new one fetched in time.
///
/// The closure `fetch` asks the server for tokens, with whatever HTTP client the program has; nothing
/// here knows of a runtime or of a clock. Give the request in it a time limit of a few seconds: callers
/// without a token wait as long as it does.
///
/// - **Without a token that works now**, a call waits for one. However many wait, one fetch serves
///   them, and when that fails all of them get that error.
/// - **When a new token is due**, one call waits for it and the others go on with the old one. When
///   the fetch fails, the old one is used while it lives.
/// - **After a failure** there is a pause before the next fetch, counted from the `now` of the call that
///   saw it: a second, then twice as long each time, up to a minute, each shortened by up to half, so
///   that clients do not return in step. A call without a token gets the last error meanwhile. The
///   end of a living token also ends the pause.
/// - **A call that is dropped**, or held and not polled, stops nothing: the fetch belongs to the client,
///   and the next call that is polled goes on with it. So a caller may have a shorter deadline than the
///   fetch. Between calls nobody polls it; one that is two minutes old by then is made anew.
///
/// A new token can be had five minutes before the hour ends. Clients do not ask in the same
/// second: each has its own moment in the first four of these minutes, which follows from its
/// [`SidecarId`] and so stays the same over restarts. The last minute is left for second tries.
///
/// A token is given out up to its end and never after it, and not before its beginning, save for
/// [`CLOCK_SKEW`](Self::CLOCK_SKEW); all this by the `now` of the call. A call that waits grows older
/// than its `now`, and the hour may change meanwhile: it is also given a token that begins half a
/// minute later than that. A clock that steps ahead or back leads to a fetch or to an error, and to
/// nothing worse; once the clock is right, the tokens held work again.
///
/// # Examples
///
/// ```
/// use palisade_session::{EpochClient, EpochToken, EpochTokens, TokenRefused};
/// use std::time::SystemTime;
///
/// # async fn post(_: &str) -> Answer { Answer { token: String::new(), next_token: None } }
/// # struct Answer { token: String, next_token: Option<String> }
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let client = EpochClient::new(&"sc_7f3a".parse()?, || async {
///     let answer = post("/api/v1/s3p/heartbeat").await; // with the API key
///     Ok::<_, TokenRefused>(EpochTokens {
///         current: EpochToken::received(answer.token)?,
///         next: answer.next_token.map(EpochToken::received).transpose()?,
///     })
/// });
/// let token = client.token(SystemTime::now()).await?;
/// let header = format!("Bearer {}", token.expose_secret());
/// # Ok(())
/// # }
/// ```
pub struct EpochClient<F, Fut, E> {
    fetch: F,
    pace: Pace,
    shared: Mutex<Shared<Fut, E>>,
    seats: Arc<Seats>,
}

/// What is held, and the fetch for more. One lock, so that what landed is seen before another flight.
struct Shared<Fut, E> {
    state: State<E>,
    flight: Flight<Fut>,
}

impl<F, Fut, E> EpochClient<F, Fut, E> {
    /// How far the server's clock may be ahead of this one: a token that the server calls current is used
    /// so long before its beginning by this clock.
    pub const CLOCK_SKEW: std::time::Duration = std::time::Duration::from_secs(30);

    /// Forgets a token that a server refused before its time, so that the next call fetches, even in the
    /// pause after a failed renewal. A server does that when it has replaced its keys at once.
    ///
    /// A token that is not held any more changes nothing. Where the new token is forgotten at once as
    /// well, the next fetch has to wait, as after a failure; a call meanwhile gets
    /// [`EpochUnavailable::Refused`].
    pub fn forget(&self, refused: &Arc<EpochToken>) {
        self.shared().state.forget(refused);
    }

    fn shared(&self) -> MutexGuard<'_, Shared<Fut, E>> {
        // Nothing is left half done in it.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F, Fut, E> EpochClient<F, Fut, E>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<EpochTokens, E>>,
{
    /// A client that holds no token yet. Nothing is fetched before the first call.
    #[must_use]
    pub fn new(sidecar: &SidecarId, fetch: F) -> Self {
        Self {
            fetch,
            pace: Pace::of(sidecar),
            shared: Mutex::new(Shared { state: State::default(), flight: Flight::Ended }),
            seats: Arc::default(),
        }
    }

    /// A token that works at `now`, which is fetched when there is none.
    ///
    /// # Errors
    ///
    /// [`EpochUnavailable`] when there is none and the fetch failed, just now or during the pause
    /// before the next try.
    pub async fn token(&self, now: SystemTime) -> Result<Arc<EpochToken>, EpochUnavailable<E>> {
        let mut asked = self.shared().state.ask(now);
        let mut seat = None;
        poll_fn(|context| self.poll(&mut asked, &mut seat, context)).await
    }

    fn poll<'c>(
        &'c self,
        asked: &mut Asked,
        seat: &mut Option<Seat<'c>>,
        context: &Context<'_>,
    ) -> Poll<Result<Arc<EpochToken>, EpochUnavailable<E>>> {
        loop {
            let plan = self.shared().state.plan(asked, &self.pace);
            let old = match plan {
                Plan::Use(token) => return Poll::Ready(Ok(token)),
                Plan::GiveUp(error) => return Poll::Ready(Err(error)),
                Plan::Renew(old) => Some(old),
                Plan::Wait => None,
            };
            if seat.is_none() {
                // Who has a token need not wait if someone does.
                *seat = if old.is_some() { self.seats.sit_alone() } else { Some(self.seats.sit()) };
            }
            // Before the fetch is looked at, so that no wake is missed.
            if let Some(seat) = seat {
                seat.wait_with(context.waker());
            }
            match (self.go_on(asked), old) {
                (Poll::Ready(()), _) => {}
                (Poll::Pending, Some(old)) if seat.is_none() => return Poll::Ready(Ok(old)),
                (Poll::Pending, _) => {
                    asked.has_waited = true;
                    return Poll::Pending;
                }
            }
        }
    }

    /// Goes on with the fetch, or begins one. Ready when there is cause to look again at what is held.
    fn go_on(&self, asked: &Asked) -> Poll<()> {
        let taken = {
            let mut shared = self.shared();
            // Another call may have landed it a moment ago.
            if let Plan::Use(_) | Plan::GiveUp(_) = shared.state.plan(asked, &self.pace) {
                return Poll::Ready(());
            }
            std::mem::replace(&mut shared.flight, Flight::Polled)
        };
        if let Flight::Polled = taken {
            return Poll::Pending;
        }
        let mut turn = Turn::begin(self);
        let mut fetch = match taken {
            // Who has waited does not know how late it is.
            Flight::Resting(fetch) if asked.has_waited || !fetch.is_stale(asked.now) => fetch,
            _ => Fetch { future: Box::pin((self.fetch)()), begun: asked.now },
        };
        let waker = Waker::from(Arc::clone(&self.seats));
        match fetch.future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Pending => {
                turn.rests = Some(fetch);
                Poll::Pending
            }
            Poll::Ready(answer) => {
                self.shared().state.land(answer, asked.now, &self.pace);
                Poll::Ready(())
            }
        }
    }
}

impl<F, Fut, E> fmt::Debug for EpochClient<F, Fut, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EpochClient(..)")
    }
}
