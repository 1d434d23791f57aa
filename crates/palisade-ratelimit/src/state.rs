//! The arithmetic of both kinds of quota: the one place that says what is allowed.
//!
//! The script of the limiter on Redis does the same with the same numbers, and a test holds it to this file.

use crate::Quota;
use crate::quota::Kind;
use crate::time::SECOND;

/// The counter of one key under one policy.
///
/// The state of a key that was never seen is zero in both. A state whose `until` has passed says no more than that,
/// and may be forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Microseconds since 1970. For a bucket, when it will be full: the *theoretical arrival time* of GCRA. For a
    /// window, when it ends.
    pub until: u64,
    /// What was taken in the window; 0 for a bucket.
    pub count: u64,
}

/// How far the clocks of two callers may lie apart, in microseconds, before the later state is taken for that of a
/// clock which has stepped back.
///
/// Threads read the clock before they come to the counter, so some come with a slightly older time than the one
/// before them. Were their states cut down to their time, each would give tokens back.
pub const SKEW: u64 = SECOND;

/// Whether a charge fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fits {
    Yes,
    /// After so many microseconds.
    Later(u64),
    Never,
}

impl Quota {
    /// The state as it counts now: what is over is zero, and what lies so far ahead that the clock must have
    /// stepped back is cut down to a bucket that is empty, or to the window of now.
    pub(crate) fn current(&self, state: State, now: u64) -> State {
        if state.until <= now {
            return match self.kind() {
                Kind::Bucket => State { until: now, count: 0 },
                Kind::Window => State { until: self.window_end(now), count: 0 },
            };
        }
        let span = self.span_micros();
        if state.until <= now.saturating_add(span).saturating_add(SKEW) {
            return state;
        }
        match self.kind() {
            Kind::Bucket => State { until: now.saturating_add(span), count: 0 },
            Kind::Window => State { until: self.window_end(now), count: state.count },
        }
    }

    /// Whether a cost fits into a current state.
    pub(crate) fn fits(&self, state: State, cost: u32, now: u64) -> Fits {
        if cost == 0 {
            return Fits::Yes;
        }
        if cost > self.capacity() {
            return Fits::Never;
        }
        let charged = self.charged(state, cost);
        match self.kind() {
            Kind::Bucket => {
                match charged.until.saturating_sub(self.span_micros()).saturating_sub(now) {
                    0 => Fits::Yes,
                    wait => Fits::Later(wait),
                }
            }
            Kind::Window if charged.count <= u64::from(self.capacity()) => Fits::Yes,
            Kind::Window => Fits::Later(state.until.saturating_sub(now)),
        }
    }

    /// A current state after a cost that fits.
    pub(crate) fn charged(&self, state: State, cost: u32) -> State {
        let cost = u64::from(cost);
        match self.kind() {
            Kind::Bucket => {
                let taken = cost.saturating_mul(self.interval_micros());
                State { until: state.until.saturating_add(taken), count: 0 }
            }
            Kind::Window => State { until: state.until, count: state.count.saturating_add(cost) },
        }
    }

    /// A current state after a cost that may not fit: then nothing is left.
    pub(crate) fn drained(&self, state: State, cost: u32, now: u64) -> State {
        let charged = self.charged(state, cost);
        match self.kind() {
            Kind::Bucket => {
                let empty = now.saturating_add(self.span_micros()).max(state.until);
                State { until: charged.until.min(empty), count: 0 }
            }
            Kind::Window => {
                let full = u64::from(self.capacity()).max(state.count);
                State { until: charged.until, count: charged.count.min(full) }
            }
        }
    }

    /// What is left of a current state.
    pub(crate) fn remaining(&self, state: State, now: u64) -> u32 {
        let left = match self.kind() {
            Kind::Bucket => {
                let full = now.saturating_add(self.span_micros());
                full.saturating_sub(state.until) / self.interval_micros().max(1)
            }
            Kind::Window => u64::from(self.capacity()).saturating_sub(state.count),
        };
        u32::try_from(left).unwrap_or(u32::MAX).min(self.capacity())
    }

    /// When the window of an instant ends.
    fn window_end(&self, now: u64) -> u64 {
        let length = self.interval_micros().max(1);
        (now - now % length).saturating_add(length)
    }
}
