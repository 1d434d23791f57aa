//! Keeping an epoch token fresh, in the program that uses it.

mod pace;
mod state;

use std::fmt;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::SystemTime;

use pace::Pace;
use state::{Plan, State};

use super::{EpochToken, EpochTokens, SidecarId};

/// Holds the token of a sidecar and has a new one fetched in time.
///
/// The closure `fetch` asks the server for tokens, with whatever HTTP client the program has; nothing
/// here knows of a runtime or of a clock. Give the request in it a time limit of a few seconds: callers
/// without a token wait as long as it does.
///
/// - **Without a token that works now**, a call waits for one. However many wait, one fetches, and
///   when that fails all of them get that error.
/// - **When a new token is due**, one call fetches it and the others go on with the old one, without
///   waiting. When that fails, the old one is used while it lives.
/// - **After a failure** there is a pause before the next fetch, counted from the `now` of the call that
///   failed: a second, then twice as long each time, up to a minute, each shortened by up to half, so
///   that clients do not return in step. A call without a token gets the last error meanwhile. The
///   end of a living token also ends the pause.
/// - **A call that is dropped** in the middle of its fetch leaves the fetch to the next one.
///
/// A new token can be had five minutes before the hour ends. Clients do not ask in the same
/// second: each has its own moment in the first four of these minutes, which follows from its
/// [`SidecarId`] and so stays the same over restarts. The last minute is left for second tries.
///
/// A token is given out up to its end and never after it, and not before its beginning, save for
/// [`CLOCK_SKEW`](Self::CLOCK_SKEW). A clock that steps ahead or back therefore leads to a fetch or to
/// an error, and to nothing worse; once the clock is right, the tokens held work again.
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
pub struct EpochClient<F, E> {
    fetch: F,
    pace: Pace,
    state: std::sync::Mutex<State<E>>,
    /// Held by the one call that fetches.
    flight: async_lock::Mutex<()>,
}

impl<F, E> EpochClient<F, E> {
    /// How far the server's clock may be ahead of this one: a token that the server calls current is used
    /// so long before its beginning by this clock.
    pub const CLOCK_SKEW: std::time::Duration = std::time::Duration::from_secs(30);

    /// Forgets a token that a server refused before its time, so that the next call fetches. A server
    /// does that when it has replaced its keys at once.
    ///
    /// A token that is not held any more changes nothing. Retry a request once, and not for ever: each
    /// refusal costs a fetch.
    pub fn forget(&self, refused: &Arc<EpochToken>) {
        self.state().forget(refused);
    }

    fn state(&self) -> MutexGuard<'_, State<E>> {
        // Nothing is left half done in it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F, Fut, E> EpochClient<F, E>
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
            state: std::sync::Mutex::new(State::default()),
            flight: async_lock::Mutex::new(()),
        }
    }

    /// A token that works at `now`, which is fetched when there is none.
    ///
    /// # Errors
    ///
    /// [`EpochUnavailable`] when there is none and the fetch failed, just now or during the pause
    /// before the next try.
    pub async fn token(&self, now: SystemTime) -> Result<Arc<EpochToken>, EpochUnavailable<E>> {
        let plan = self.state().plan(now, &self.pace);
        match plan {
            Plan::Use(token) => Ok(token),
            Plan::Renew(old) => Ok(self.renew(old, now).await),
            Plan::Pause(error) => Err(error),
            Plan::Wait { flights } => self.wait(flights, now).await,
        }
    }

    /// Fetches a newer token unless someone does already.
    async fn renew(&self, old: Arc<EpochToken>, now: SystemTime) -> Arc<EpochToken> {
        let Some(_flight) = self.flight.try_lock() else { return old };
        // A flight may have landed a moment ago.
        let plan = self.state().plan(now, &self.pace);
        match plan {
            Plan::Use(token) => token,
            Plan::Renew(old) => self.fly(now).await.unwrap_or(old),
            // A token was forgotten; what was asked for is a token that had not ended.
            Plan::Pause(_) | Plan::Wait { .. } => old,
        }
    }

    /// Waits for the flight under way, or makes one.
    async fn wait(
        &self,
        flights: u64,
        now: SystemTime,
    ) -> Result<Arc<EpochToken>, EpochUnavailable<E>> {
        let _flight = self.flight.lock().await;
        let plan = {
            let state = self.state();
            // The error of the flight that was waited for is the answer, pause or not.
            match state.failure_since(flights) {
                Some(error) if state.token_at(now).is_none() => Plan::Pause(error),
                _ => state.plan(now, &self.pace),
            }
        };
        match plan {
            Plan::Use(token) | Plan::Renew(token) => Ok(token),
            Plan::Pause(error) => Err(error),
            Plan::Wait { .. } => self.fly(now).await,
        }
    }

    /// Fetches. When the caller is dropped meanwhile, nothing has changed.
    async fn fly(&self, now: SystemTime) -> Result<Arc<EpochToken>, EpochUnavailable<E>> {
        let answer = (self.fetch)().await;
        self.state().land(answer, now, &self.pace)
    }
}

impl<F, E> fmt::Debug for EpochClient<F, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EpochClient(..)")
    }
}

/// Why there is no token. All calls that waited for one fetch get the same error.
#[derive(Debug)]
#[non_exhaustive]
pub enum EpochUnavailable<E> {
    /// The fetch failed; its error is the source.
    Fetch(Arc<E>),
    /// The server sent a token that does not work now, or two that do not follow each other: a clock is
    /// wrong.
    WrongEpoch,
}

impl<E> Clone for EpochUnavailable<E> {
    fn clone(&self) -> Self {
        match self {
            Self::Fetch(error) => Self::Fetch(Arc::clone(error)),
            Self::WrongEpoch => Self::WrongEpoch,
        }
    }
}

impl<E> EpochUnavailable<E> {
    /// A short, stable word for the log and for metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Fetch(_) => "epoch_fetch",
            Self::WrongEpoch => "epoch_wrong",
        }
    }
}

impl<E> fmt::Display for EpochUnavailable<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fetch(_) => "no epoch token could be fetched",
            Self::WrongEpoch => {
                "the epoch token that was fetched does not work now; is a clock wrong?"
            }
        })
    }
}

impl<E: std::error::Error + 'static> std::error::Error for EpochUnavailable<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Fetch(error) => Some(&**error),
            Self::WrongEpoch => None,
        }
    }
}
