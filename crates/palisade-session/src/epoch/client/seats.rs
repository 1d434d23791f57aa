//! Those who wait for a fetch.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

/// The calls that wait. It is the waker of the fetch itself, and wakes them all: whichever is polled
/// first goes on with the fetch, so it does not matter that one of them never is.
///
/// No waker is called, cloned or dropped under the lock: what it does is not known here.
#[derive(Default)]
pub(super) struct Seats(Mutex<Taken>);

#[derive(Default)]
struct Taken {
    /// The waker is taken out when it is called, and the seat stays.
    seats: BTreeMap<u64, Option<Waker>>,
    next: u64,
    wakes: u64,
}

impl Seats {
    /// A seat beside all the others.
    pub(super) fn sit(&self) -> Seat<'_> {
        self.lock().seat(self)
    }

    /// A seat if nobody has one.
    pub(super) fn sit_alone(&self) -> Option<Seat<'_>> {
        let mut taken = self.lock();
        taken.seats.is_empty().then(|| taken.seat(self))
    }

    /// How often there was cause to wake.
    pub(super) fn wakes(&self) -> u64 {
        self.lock().wakes
    }

    pub(super) fn wake_all(&self) {
        let wakers: Vec<Waker> = {
            let mut taken = self.lock();
            taken.wakes = taken.wakes.wrapping_add(1);
            taken.seats.values_mut().filter_map(Option::take).collect()
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        // Nothing is left half done in it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn seat<'s>(&mut self, seats: &'s Seats) -> Seat<'s> {
        let number = self.next;
        self.next += 1;
        self.seats.insert(number, None);
        Seat { seats, number }
    }
}

impl Wake for Seats {
    fn wake(self: Arc<Self>) {
        self.wake_all();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wake_all();
    }
}

/// The place of one call, free again when it ends or is dropped.
pub(super) struct Seat<'s> {
    seats: &'s Seats,
    number: u64,
}

impl Seat<'_> {
    /// Has this waker called at the next cause.
    pub(super) fn wait_with(&self, waker: &Waker) {
        let waker = waker.clone();
        let _earlier = self.seats.lock().seats.insert(self.number, Some(waker));
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let _waker = self.seats.lock().seats.remove(&self.number);
    }
}
