//! What a limiter tells its operator.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use palisade_ratelimit::Source;

use super::Fault;

/// Something that belongs in the log. Nothing of it comes with every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Redis is not asked any more, but for one request at a time that finds out whether it is back. The
    /// failure policy answers.
    Opened {
        /// The last of the failures.
        fault: Fault,
    },
    /// Redis answers again.
    Closed {
        /// How long it was not asked.
        lasted: Duration,
        /// How many decisions were made without it.
        decisions: u64,
    },
    /// A fault that does not [heal](Fault::heals) by itself, whether or not the breaker is open. Each is told
    /// at most once a minute.
    Persistent {
        /// Which.
        fault: Fault,
    },
}

/// How often each thing happened since the limiter was built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Decisions of Redis.
    pub shared: u64,
    /// Decisions of this process: while Redis was gone, and those that need no counter.
    pub local: u64,
    /// Requests that passed because Redis was gone.
    pub failed_open: u64,
    /// Requests that were refused because Redis was gone.
    pub failed_closed: u64,
    /// How often the breaker opened.
    pub opened: u64,
    /// Counters on the server that made no sense, and counted as used up.
    pub garbled: u64,
    /// Requests that this process counted in a bucket that unknown keys share, since it has no place for more
    /// keys. See [`RedisLimiterBuilder::local_keys`](super::RedisLimiterBuilder::local_keys).
    pub overflowed: u64,
    faults: [u64; Fault::ALL.len()],
}

impl Counters {
    /// How often a question to Redis ended with this fault.
    #[must_use]
    pub fn faults(&self, fault: Fault) -> u64 {
        self.faults.get(fault.place()).copied().unwrap_or_default()
    }

    /// Decisions that were made without Redis.
    #[must_use]
    pub fn without_redis(&self) -> u64 {
        self.local.saturating_add(self.failed_open).saturating_add(self.failed_closed)
    }
}

/// How often a fault that does not heal is told.
const TOLD_EVERY: Duration = Duration::from_mins(1);

/// Counts.
#[derive(Debug, Default)]
pub(super) struct Tally {
    shared: AtomicU64,
    local: AtomicU64,
    failed_open: AtomicU64,
    failed_closed: AtomicU64,
    opened: AtomicU64,
    garbled: AtomicU64,
    faults: [AtomicU64; Fault::ALL.len()],
    told: Mutex<[Option<Instant>; Fault::ALL.len()]>,
}

impl Tally {
    pub(super) fn decision(&self, source: Source) {
        add(
            match source {
                Source::Shared => &self.shared,
                Source::FailedOpen => &self.failed_open,
                Source::FailedClosed => &self.failed_closed,
                _ => &self.local,
            },
            1,
        );
    }

    pub(super) fn opened(&self) {
        add(&self.opened, 1);
    }

    pub(super) fn garbled(&self, counters: u64) {
        if counters > 0 {
            add(&self.garbled, counters);
        }
    }

    /// Counts a fault. Yes when it is one to tell the operator now.
    pub(super) fn fault(&self, fault: Fault, now: Instant) -> bool {
        if let Some(count) = self.faults.get(fault.place()) {
            add(count, 1);
        }
        if fault.heals() {
            return false;
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(told) = told.get_mut(fault.place()) else { return false };
        let due = told.is_none_or(|told| now.saturating_duration_since(told) >= TOLD_EVERY);
        if due {
            *told = Some(now);
        }
        due
    }

    /// With what the local counters count themselves.
    pub(super) fn read(&self, overflowed: u64) -> Counters {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counters {
            shared: read(&self.shared),
            local: read(&self.local),
            failed_open: read(&self.failed_open),
            failed_closed: read(&self.failed_closed),
            opened: read(&self.opened),
            garbled: read(&self.garbled),
            overflowed,
            faults: self.faults.each_ref().map(read),
        }
    }
}

fn add(count: &AtomicU64, more: u64) {
    count.fetch_add(more, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_that_does_not_heal_is_told_once_a_minute() {
        let (tally, now) = (Tally::default(), Instant::now());
        assert!(tally.fault(Fault::OutOfMemory, now));
        assert!(!tally.fault(Fault::OutOfMemory, now + Duration::from_secs(59)));
        assert!(tally.fault(Fault::ReadOnly, now));
        assert!(tally.fault(Fault::OutOfMemory, now + TOLD_EVERY));
        assert!(!tally.fault(Fault::OutOfMemory, now + Duration::from_secs(61)));
        assert!(!tally.fault(Fault::Timeout, now));
        let counters = tally.read(0);
        assert_eq!(counters.faults(Fault::OutOfMemory), 4);
        assert_eq!(counters.faults(Fault::Timeout), 1);
        assert_eq!(counters.faults(Fault::Other), 0);
    }
}
