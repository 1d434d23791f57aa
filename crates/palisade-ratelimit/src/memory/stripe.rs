//! Many small tables, each behind a lock of its own.

use std::sync::{Mutex, MutexGuard, PoisonError};

use smallvec::SmallVec;

use super::hash::Place;
use super::table::{At, Slot, Table};
use crate::State;
use crate::request::INLINE;

/// Keys of one stripe, below which more stripes gain nothing.
const SMALL: usize = 64;

/// So that two cores seldom wait for one lock.
const MOST: usize = 256;

/// How many policies have a bucket that unknown keys share.
const OVERFLOWS: usize = 1_024;

/// Many small tables, each behind a lock of its own, and one for the buckets that unknown keys share.
pub(super) struct Stripes {
    stripes: Box<[Stripe]>,
    overflow: Stripe,
}

/// Two stripes share no cache line, nor the pair of them that some processors load at once.
#[repr(align(128))]
struct Stripe {
    table: Mutex<Table>,
}

/// A table by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Which {
    Stripe(usize),
    Overflow,
}

/// The tables of one request, locked.
///
/// They are locked in the order of their numbers, the shared buckets last, so that two requests never wait for each
/// other.
pub(super) struct Held<'s> {
    stripes: &'s Stripes,
    tables: SmallVec<[(usize, MutexGuard<'s, Table>); INLINE]>,
    overflow: Option<MutexGuard<'s, Table>>,
}

impl Stripes {
    pub(super) fn new(keys: usize) -> Self {
        let count = (keys / SMALL).clamp(1, MOST);
        let each = keys.div_ceil(count);
        let stripe = |keys| Stripe { table: Mutex::new(Table::new(keys)) };
        Self { stripes: (0..count).map(|_| stripe(each)).collect(), overflow: stripe(OVERFLOWS) }
    }

    /// Locks the table of one place.
    pub(super) fn lock(&self, place: Place) -> MutexGuard<'_, Table> {
        self.stripes.get(self.number(place)).unwrap_or(&self.overflow).lock()
    }

    /// Locks the tables of these places.
    pub(super) fn hold(&self, places: &[Place]) -> Held<'_> {
        let mut numbers: SmallVec<[usize; INLINE]> =
            places.iter().map(|place| self.number(*place)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let lock = |number: usize| Some((number, self.stripes.get(number)?.lock()));
        Held {
            stripes: self,
            tables: numbers.into_iter().filter_map(lock).collect(),
            overflow: None,
        }
    }

    /// Calls a function with every table but the shared one, one after another.
    pub(super) fn each<T>(&self, look: impl Fn(&Table) -> T) -> impl Iterator<Item = T> {
        self.stripes.iter().map(move |stripe| look(&stripe.lock()))
    }

    pub(super) fn number(&self, place: Place) -> usize {
        let scaled = (u128::from(place.print) * self.stripes.len() as u128) >> 64;
        usize::try_from(scaled).unwrap_or_default()
    }
}

impl Stripe {
    /// Nothing in here runs foreign code or panics half-way, so a poisoned lock holds sound data.
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held<'_> {
    /// Looks for a key in one of the tables.
    pub(super) fn find(&mut self, which: Which, place: Place, now: u64) -> Slot {
        self.table(which).map_or(Slot::None, |table| table.find(place, now))
    }

    pub(super) fn state(&mut self, which: Which, at: At) -> State {
        self.table(which).map_or_else(State::default, |table| table.state(at))
    }

    pub(super) fn write(&mut self, which: Which, at: At, print: u64, state: State) {
        if let Some(table) = self.table(which) {
            table.write(at, print, state);
        }
    }

    /// One of the tables; `None` for a stripe that is not held, which does not happen.
    fn table(&mut self, which: Which) -> Option<&mut Table> {
        match which {
            Which::Stripe(number) => {
                let held = self.tables.iter_mut().find(|(held, _)| *held == number)?;
                Some(&mut held.1)
            }
            Which::Overflow => {
                Some(self.overflow.get_or_insert_with(|| self.stripes.overflow.lock()))
            }
        }
    }
}
