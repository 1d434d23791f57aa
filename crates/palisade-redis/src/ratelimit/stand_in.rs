//! Who decides while Redis is gone.

use std::time::{Duration, SystemTime};

use palisade_ratelimit::{Decision, FailurePolicy, MemoryLimiter, Request};

use super::InvalidLimiter;
use super::script::Mode;

/// The failure policy, and the counters of this process for it.
pub(super) struct StandIn {
    pub(super) failure: FailurePolicy,
    pub(super) local: MemoryLimiter,
}

/// When a client that was refused because Redis is gone should come again: about when Redis is asked again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

impl StandIn {
    pub(super) fn new(failure: FailurePolicy, keys: usize) -> Result<Self, InvalidLimiter> {
        let local = match failure {
            FailurePolicy::Local(share) => MemoryLimiter::builder(keys).share(share),
            // Nothing is counted, but a wrong number is wrong all the same.
            _ => MemoryLimiter::builder(keys.min(1)),
        };
        let too_many = keys > MOST_KEYS;
        let local = local.build().ok().filter(|_| !too_many).ok_or(InvalidLimiter::LocalKeys)?;
        Ok(Self { failure, local })
    }

    /// The decision that the failure policy makes.
    pub(super) fn decide<'p>(
        &self,
        request: &Request<'p, '_>,
        now: SystemTime,
        mode: Mode,
    ) -> Decision<'p> {
        match (self.failure, mode) {
            (FailurePolicy::Open, _) => Decision::failed_open(),
            (FailurePolicy::Local(_), Mode::Check) => self.local.check(request, now),
            (FailurePolicy::Local(_), Mode::Peek) => self.local.peek(request, now),
            // A policy of a later version that this one does not know refuses, too.
            _ => Decision::failed_closed(RETRY_AFTER),
        }
    }
}

/// 3.6 GB.
const MOST_KEYS: usize = 100_000_000;
