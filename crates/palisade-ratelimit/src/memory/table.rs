//! Counters in a table of fixed size.

use crate::State;

use super::hash::Place;

/// Slots of one set. The prints of a set are one cache line, so that a look at a key that is there touches two.
const WAYS: usize = 8;

/// How many slots of its first set must be free for a new key to go there without a look at the other.
const ROOMY: usize = 3;

/// Counters in a table of fixed size: each key has two sets of slots, and lies in either.
///
/// A new key goes to its first set while that is roomy, and then to the emptier of the two. That evens the sets out so
/// well that a table of which two thirds are in use has no room for a few new keys in a million, although a key
/// can lie in 16 slots only and nothing is ever moved (the *power of two choices*); and nine keys in ten lie in the
/// first set, where they are looked for first. So every step takes the same bounded time.
pub(super) struct Table {
    sets: Box<[Set]>,
}

#[derive(Clone)]
#[repr(align(64))]
struct Set {
    prints: [u64; WAYS],
    states: [State; WAYS],
}

/// Where a key lies, or could.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Taken(At),
    Free(At),
    /// Every slot that it may have holds a key that is being counted.
    None,
}

/// A slot of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At {
    set: usize,
    way: usize,
}

const EMPTY: Set = Set { prints: [0; WAYS], states: [State { until: 0, count: 0 }; WAYS] };

impl Table {
    /// With room for this number of keys and half as many more; at least one set.
    pub(super) fn new(keys: usize) -> Self {
        let sets = keys.saturating_add(keys / 2).div_ceil(WAYS).max(1);
        Self { sets: vec![EMPTY; sets].into() }
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.sets)
    }

    /// How many keys are being counted.
    pub(super) fn live(&self, now: u64) -> usize {
        self.sets.iter().map(|set| WAYS - set.free(now).0).sum()
    }

    /// Looks for a key.
    pub(super) fn find(&self, place: Place, now: u64) -> Slot {
        let (first, second) = self.choices(place.pick);
        if let Some(way) = self.way_of(first, place.print) {
            return Slot::Taken(At { set: first, way });
        }
        if let Some(way) = self.way_of(second, place.print) {
            return Slot::Taken(At { set: second, way });
        }
        let free = |set: usize| self.sets.get(set).map_or((0, None), |set| set.free(now));
        let (here, there) = (free(first), free(second));
        match (here, there) {
            ((free, Some(way)), (other, _)) if free >= ROOMY || free >= other => {
                Slot::Free(At { set: first, way })
            }
            (_, (_, Some(way))) => Slot::Free(At { set: second, way }),
            _ => Slot::None,
        }
    }

    pub(super) fn state(&self, at: At) -> State {
        let set = self.sets.get(at.set);
        set.and_then(|set| set.states.get(at.way)).copied().unwrap_or_default()
    }

    pub(super) fn write(&mut self, at: At, print: u64, state: State) {
        let Some(set) = self.sets.get_mut(at.set) else { return };
        if let (Some(held), Some(slot)) = (set.prints.get_mut(at.way), set.states.get_mut(at.way)) {
            (*held, *slot) = (print, state);
        }
    }

    fn way_of(&self, set: usize, print: u64) -> Option<usize> {
        self.sets.get(set)?.prints.iter().position(|held| *held == print)
    }

    /// Two sets, by the two halves of the number; each half is scaled to the number of sets.
    fn choices(&self, pick: u64) -> (usize, usize) {
        let scale = |half: u64| {
            let scaled = (u128::from(half) * self.sets.len() as u128) >> 32;
            usize::try_from(scaled).unwrap_or_default()
        };
        (scale(pick >> 32), scale(pick & 0xffff_ffff))
    }
}

impl Set {
    /// How many slots are free, and one of them. A slot whose time has passed is free.
    fn free(&self, now: u64) -> (usize, Option<usize>) {
        let is_free = |(way, (print, state)): (usize, (&u64, &State))| {
            (*print == 0 || state.until <= now).then_some(way)
        };
        let mut free = self.prints.iter().zip(&self.states).enumerate().filter_map(is_free);
        match free.next() {
            Some(way) => (1 + free.count(), Some(way)),
            None => (0, None),
        }
    }
}
