//! Stops asking a Redis that does not answer, and asks again when it may.

mod pace;
#[cfg(test)]
mod tests;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub(crate) use pace::Pace;

/// A circuit breaker.
///
/// It is *closed* while calls succeed. Some failures in a row *open* it: then no call is let through until a
/// pause is over, and after it one call at a time, the probe. A probe that succeeds closes the breaker; one
/// that fails, or is given up, makes the next pause twice as long.
///
/// It reads no clock: each step is told the time. A lock is held for a few instructions and never across a
/// wait.
#[derive(Debug)]
pub(crate) struct Breaker {
    pace: Pace,
    state: Mutex<State>,
}

/// What a settled call changed. Each change is returned once, to one caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transition {
    /// The breaker opened.
    Opened,
    /// The breaker closed.
    Closed {
        /// How long it was open.
        lasted: Duration,
        /// How many calls failed or were not let through: those that opened it, those that were turned
        /// away, and those that failed meanwhile.
        missed: u64,
    },
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// Grows with each opening, each probe and each closing. A call that was let through in an earlier era
    /// says nothing of this one.
    era: u64,
    /// Where the jitter comes from.
    dice: u64,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Closed {
        /// Failures in a row.
        failures: u32,
    },
    Open(Opening),
}

#[derive(Clone, Copy, Debug)]
struct Opening {
    since: Instant,
    missed: u64,
    /// No probe before this.
    probe_at: Instant,
    /// When the probe that is under way is taken for lost.
    probe_lost_at: Option<Instant>,
    /// The last pause that was drawn. While a probe is under way, the one to come if it fails.
    pause: Duration,
    /// How many pauses were drawn.
    pauses: u32,
}

/// How long a probe may be under way. Far more than the longest deadline of a call: only a call that nobody
/// polls any more takes so long, and it must not keep the breaker open for ever.
const LOST_AFTER: Duration = Duration::from_secs(5);

impl Breaker {
    /// A closed breaker. Those of a fleet have different seeds, so that they do not all knock at once.
    pub(crate) fn new(pace: Pace, seed: u64) -> Self {
        let phase = Phase::Closed { failures: 0 };
        Self { pace, state: Mutex::new(State { phase, era: 0, dice: seed }) }
    }

    /// Lets a call through, or turns it away.
    pub(crate) fn admit(&self, now: Instant) -> Option<Permit<'_>> {
        let mut state = self.state();
        if let Phase::Open(mut opening) = state.phase {
            let under_way = opening.probe_lost_at.is_some_and(|lost_at| now < lost_at);
            if under_way || now < opening.probe_at {
                opening.missed = opening.missed.saturating_add(1);
                state.phase = Phase::Open(opening);
                return None;
            }
            // The next pause begins here, so that nothing is left to do when the probe is given up.
            opening.pause = self.pace.pause(opening.pauses, &mut state.dice);
            opening.pauses = opening.pauses.saturating_add(1);
            opening.probe_at = after(now, opening.pause);
            opening.probe_lost_at = Some(after(now, LOST_AFTER));
            state.enter(Phase::Open(opening));
        }
        Some(Permit { breaker: self, era: state.era, settled: false })
    }

    /// Whether calls are turned away at present.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state().phase, Phase::Open(_))
    }

    fn settle(&self, era: u64, end: End) -> Option<Transition> {
        let mut state = self.state();
        match state.phase {
            Phase::Open(_) if state.era != era => state.settle_late(end),
            Phase::Closed { .. } if state.era != era => None,
            Phase::Closed { failures } => state.settle_call(failures, end, self.pace),
            Phase::Open(opening) => state.settle_probe(opening, end),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics under the lock, and each step leaves a whole state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn settle_call(&mut self, failures: u32, end: End, pace: Pace) -> Option<Transition> {
        let failures = match end {
            End::GivenUp => return None,
            End::Success(_) => 0,
            End::Failure(_) => failures.saturating_add(1),
        };
        self.phase = Phase::Closed { failures };
        let End::Failure(now) = end else { return None };
        if failures < pace.failures() {
            return None;
        }
        let pause = pace.pause(0, &mut self.dice);
        self.enter(Phase::Open(Opening {
            since: now,
            missed: u64::from(failures),
            probe_at: after(now, pause),
            probe_lost_at: None,
            pause,
            pauses: 1,
        }));
        Some(Transition::Opened)
    }

    fn settle_probe(&mut self, mut opening: Opening, end: End) -> Option<Transition> {
        opening.probe_lost_at = None;
        match end {
            End::Success(now) => {
                let Opening { since, missed, .. } = opening;
                self.enter(Phase::Closed { failures: 0 });
                let lasted = now.saturating_duration_since(since);
                return Some(Transition::Closed { lasted, missed });
            }
            End::Failure(now) => {
                opening.missed = opening.missed.saturating_add(1);
                opening.probe_at = after(now, opening.pause);
            }
            End::GivenUp => {}
        }
        self.phase = Phase::Open(opening);
        None
    }

    /// The end of a call that was let through before the breaker opened, or of a probe that was taken for
    /// lost.
    fn settle_late(&mut self, end: End) -> Option<Transition> {
        if let (Phase::Open(opening), End::Failure(_)) = (&mut self.phase, end) {
            opening.missed = opening.missed.saturating_add(1);
        }
        None
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.era = self.era.wrapping_add(1);
    }
}

/// The way for one call. Whoever drops it unsettled says nothing of Redis; a probe is over all the same.
#[derive(Debug)]
#[must_use = "a call is settled with what became of it"]
pub(crate) struct Permit<'b> {
    breaker: &'b Breaker,
    era: u64,
    settled: bool,
}

#[derive(Clone, Copy)]
enum End {
    Success(Instant),
    Failure(Instant),
    GivenUp,
}

impl Permit<'_> {
    /// Redis answered.
    pub(crate) fn succeeded(self, now: Instant) -> Option<Transition> {
        self.settle(End::Success(now))
    }

    /// Redis did not answer, or with what is no answer.
    pub(crate) fn failed(self, now: Instant) -> Option<Transition> {
        self.settle(End::Failure(now))
    }

    fn settle(mut self, end: End) -> Option<Transition> {
        self.settled = true;
        self.breaker.settle(self.era, end)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if !self.settled {
            self.breaker.settle(self.era, End::GivenUp);
        }
    }
}

fn after(now: Instant, pause: Duration) -> Instant {
    now.checked_add(pause).unwrap_or(now)
}
