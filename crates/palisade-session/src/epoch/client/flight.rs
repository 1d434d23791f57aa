//! The fetch under way, which no call owns.

use std::pin::Pin;
use std::time::{Duration, SystemTime};

use super::EpochClient;

/// A fetch that was begun so long ago is dropped and made anew: nobody polled it meanwhile, or it hangs.
/// That is longer than any request should take, and than any pause.
const STALE: Duration = Duration::from_mins(2);

/// Where the fetch is.
pub(super) enum Flight<Fut> {
    Ended,
    Resting(Fetch<Fut>),
    /// A call has taken it out to poll it, so that no lock is held meanwhile.
    Polled,
}

pub(super) struct Fetch<Fut> {
    pub(super) future: Pin<Box<Fut>>,
    /// The `now` of the call that began it.
    pub(super) begun: SystemTime,
}

impl<Fut> Fetch<Fut> {
    pub(super) fn is_stale(&self, now: SystemTime) -> bool {
        let apart = now.duration_since(self.begun).unwrap_or_else(|earlier| earlier.duration());
        apart > STALE
    }
}

/// The right of one call to poll the fetch. When it ends, by a panic too, the fetch rests or has ended.
pub(super) struct Turn<'c, F, Fut, E> {
    client: &'c EpochClient<F, Fut, E>,
    /// The count of wakes when it began.
    wakes: u64,
    pub(super) rests: Option<Fetch<Fut>>,
}

impl<'c, F, Fut, E> Turn<'c, F, Fut, E> {
    /// For the call that left [`Flight::Polled`].
    pub(super) fn begin(client: &'c EpochClient<F, Fut, E>) -> Self {
        Self { client, wakes: client.seats.wakes(), rests: None }
    }
}

impl<F, Fut, E> Drop for Turn<'_, F, Fut, E> {
    fn drop(&mut self) {
        let rests = self.rests.take();
        let has_ended = rests.is_none();
        self.client.shared().flight = rests.map_or(Flight::Ended, Flight::Resting);
        // A call that came during this turn was sent away, and has missed a wake before it took its seat.
        if has_ended || self.client.seats.wakes() != self.wakes {
            self.client.seats.wake_all();
        }
    }
}
