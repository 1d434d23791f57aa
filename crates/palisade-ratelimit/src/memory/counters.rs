//! The counters of one request, locked.

use smallvec::SmallVec;

use crate::decision::Seen;
use crate::request::INLINE;
use crate::{Request, Share, State};

use super::hash::{Keyed, Place};
use super::stripe::{Held, Stripes, Which};
use super::table::{At, Slot};

/// The counters of one request, in the order of its tiers, locked until this is dropped.
pub(super) struct Counters<'s> {
    held: Held<'s>,
    found: SmallVec<[Found; INLINE]>,
}

/// Whether new keys take a slot.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// They do, and give it back unless something is written.
    Reserve,
    Nothing,
}

struct Found {
    which: Which,
    print: u64,
    at: Option<At>,
    how: How,
    seen: Seen,
}

/// How a counter was found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// It was there, in this state.
    There(State),
    /// It was not, and there is a slot for it.
    New,
    /// An earlier tier of this request is the same.
    Again,
}

/// A slot that no other key of the same request takes, were it new or its time over.
const RESERVED: State = State { until: u64::MAX, count: 0 };

impl<'s> Counters<'s> {
    pub(super) fn open(
        stripes: &'s Stripes,
        hash: &Keyed,
        share: Share,
        request: &Request<'_, '_>,
        now: u64,
        keep: Keep,
    ) -> Self {
        let places: SmallVec<[Place; INLINE]> =
            request.tiers().iter().map(|tier| hash.place(tier)).collect();
        let mut counters = Self { held: stripes.hold(&places), found: SmallVec::new() };
        for (place, tier) in places.iter().zip(request.tiers()) {
            let number = Which::Stripe(stripes.number(*place));
            let quota = tier.policy().quota().share(share);
            let seen = |state| Seen::new(tier.policy(), quota, state, request.costs(), now);
            let (which, print, slot) = match counters.held.find(number, *place, now) {
                Slot::None => {
                    let shared = Keyed::overflow(tier);
                    let slot = counters.held.find(Which::Overflow, shared, now);
                    (Which::Overflow, shared.print, slot)
                }
                slot => (number, place.print, slot),
            };
            let earlier = counters.found.iter().rev();
            let same = earlier.clone().find(|found| found.which == which && found.print == print);
            let (at, how, state) = match (same, slot) {
                (Some(same), _) => {
                    (same.at, How::Again, quota.charged(same.seen.state, request.costs()))
                }
                (None, Slot::Taken(at)) => {
                    let state = counters.held.state(which, at);
                    (Some(at), How::There(state), state)
                }
                (None, Slot::Free(at)) => (Some(at), How::New, State::default()),
                // Not even the shared buckets have room: all that is known is that this is a flood.
                (None, Slot::None) => {
                    let empty = quota.drained(quota.current(State::default(), now), u32::MAX, now);
                    (None, How::New, empty)
                }
            };
            let at = match (how, keep, at) {
                (How::New, Keep::Nothing, _) => None,
                (How::New | How::There(_), Keep::Reserve, Some(at)) => {
                    counters.held.write(which, at, print, RESERVED);
                    Some(at)
                }
                _ => at,
            };
            let seen = Seen { is_overflow: which == Which::Overflow, ..seen(state) };
            counters.found.push(Found { which, print, at, how, seen });
        }
        counters
    }

    /// What was found, before anything is charged.
    pub(super) fn seen(&self) -> impl Iterator<Item = Seen> + Clone {
        self.found.iter().map(|found| found.seen)
    }

    /// Writes the state that a function gives for each counter; `None` leaves it.
    pub(super) fn write(&mut self, state: impl Fn(&Seen) -> Option<State>) {
        for found in &self.found {
            match (state(&found.seen), found.at) {
                (Some(state), Some(at)) => self.held.write(found.which, at, found.print, state),
                _ => found.leave(&mut self.held),
            }
        }
    }

    /// Writes nothing, but mends what a clock left behind that has stepped back.
    pub(super) fn leave(&mut self) {
        for found in &self.found {
            found.leave(&mut self.held);
        }
    }
}

impl Found {
    fn leave(&self, held: &mut Held<'_>) {
        let Some(at) = self.at else { return };
        match self.how {
            How::New => held.write(self.which, at, 0, State::default()),
            How::There(state) if state.until > self.seen.state.until => {
                held.write(self.which, at, self.print, self.seen.state);
            }
            How::There(state) => held.write(self.which, at, self.print, state),
            How::Again => {}
        }
    }
}
