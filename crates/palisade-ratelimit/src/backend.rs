//! For authors of a limiter whose counters live elsewhere.
//!
//! Such a limiter reads the [`State`] of every tier, charges those of an allowed request in one atomic step there,
//! and hands over what it read: [`decide`] says what it means.

use std::time::SystemTime;

pub use crate::state::{SKEW, State};
pub use crate::time::Newest;

use crate::decision::{Charges, Seen};
use crate::{Decision, Policy, Request, Source, time};

/// What the counters say about a request that was checked, given the states before it was charged, in the order of
/// its tiers, and the time in microseconds at which they were read.
///
/// The store must have charged the request when the answer allows it, and only then. `None` unless there is a state for
/// each tier.
#[must_use]
pub fn decide<'p>(request: &Request<'p, '_>, states: &[State], now: u64) -> Option<Decision<'p>> {
    of(request, states, now, Charges::Yes)
}

/// What the counters say about a request that was only looked at; as [`decide`].
#[must_use]
pub fn describe<'p>(request: &Request<'p, '_>, states: &[State], now: u64) -> Option<Decision<'p>> {
    of(request, states, now, Charges::No)
}

/// The microseconds since 1970 by which limiters count: 0 before that, and clamped in the year 2246.
#[must_use]
pub fn micros(time: SystemTime) -> u64 {
    time::instant(time)
}

/// The time of a policy's quota that one token takes, or the length of its window, in microseconds.
#[must_use]
pub fn interval_micros(policy: &Policy) -> u64 {
    policy.quota().interval_micros()
}

fn of<'p>(
    request: &Request<'p, '_>,
    states: &[State],
    now: u64,
    charges: Charges,
) -> Option<Decision<'p>> {
    if states.len() != request.tiers().len() {
        return None;
    }
    let now = time::clamped(now);
    let seen = request.tiers().iter().zip(states).map(|(tier, state)| {
        Seen::new(tier.policy(), tier.policy().quota(), *state, request.costs(), now)
    });
    Some(Decision::of(request, seen, now, charges, Source::Shared))
}
