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
/// that fails makes the next pause twice as long. One that is given up says nothing, and the next call is the
/// probe. Where the breaker opens again soon after it closed, its pauses go on where they were.
///
/// A server may go on answering what needs no write and refuse every write, as a full one does. So once a
/// write was *refused*, by a fault that does not heal, only a write that succeeds closes the breaker, or ends a row of
/// failures.
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
    /// Since a write was refused, until one succeeds.
    needs_write: bool,
    /// Where the jitter comes from.
    dice: u64,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Closed {
        /// Failures in a row.
        failures: u32,
        /// When it was last closed, and how many pauses were drawn until then.
        closed: Option<(Instant, u32)>,
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
    /// How many pauses were drawn.
    pauses: u32,
}

/// How long a probe may be under way. Far more than the longest deadline of a call: only a call that nobody
/// polls any more takes so long, and it must not keep the breaker open for ever.
const LOST_AFTER: Duration = Duration::from_secs(5);

impl Breaker {
    /// A closed breaker. Those of a fleet have different seeds, so that they do not all knock at once.
    pub(crate) fn new(pace: Pace, seed: u64) -> Self {
        let phase = Phase::Closed { failures: 0, closed: None };
        let state = State { phase, era: 0, needs_write: false, dice: seed };
        Self { pace, state: Mutex::new(state) }
    }

    /// Lets a call through that may write, or turns it away.
    pub(crate) fn admit(&self, now: Instant) -> Option<Permit<'_>> {
        self.admit_any(now, true)
    }

    /// Lets a call through that never writes, or turns it away. It is no probe where only a write can be one.
    pub(crate) fn admit_look(&self, now: Instant) -> Option<Permit<'_>> {
        self.admit_any(now, false)
    }

    fn admit_any(&self, now: Instant, may_write: bool) -> Option<Permit<'_>> {
        let mut state = self.state();
        if let Phase::Open(mut opening) = state.phase {
            let under_way = opening.probe_lost_at.is_some_and(|lost_at| now < lost_at);
            let is_no_probe = state.needs_write && !may_write;
            if under_way || is_no_probe || now < opening.probe_at {
                opening.missed = opening.missed.saturating_add(1);
                state.phase = Phase::Open(opening);
                return None;
            }
            opening.probe_lost_at = Some(after(now, LOST_AFTER));
            state.enter(Phase::Open(opening));
        }
        Some(Permit { breaker: self, era: state.era, may_write, settled: false })
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
            Phase::Closed { failures, closed } => {
                let end = state.note(end);
                state.settle_call(failures, closed, end, self.pace)
            }
            Phase::Open(opening) => {
                let end = state.note(end);
                state.settle_probe(opening, end, self.pace)
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics under the lock, and each step leaves a whole state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes note of refused writes. An answer without a write says nothing where one is needed.
    fn note(&mut self, end: End) -> End {
        match end {
            End::Written(_) => self.needs_write = false,
            End::Refused(_) => self.needs_write = true,
            End::Answered(_) if self.needs_write => return End::GivenUp,
            End::Answered(_) | End::Failed(_) | End::GivenUp => {}
        }
        end
    }

    fn settle_call(
        &mut self,
        failures: u32,
        closed: Option<(Instant, u32)>,
        end: End,
        pace: Pace,
    ) -> Option<Transition> {
        let now = match end {
            End::GivenUp => return None,
            End::Written(_) | End::Answered(_) => {
                self.phase = Phase::Closed { failures: 0, closed };
                return None;
            }
            End::Failed(now) | End::Refused(now) => now,
        };
        let failures = failures.saturating_add(1);
        self.phase = Phase::Closed { failures, closed };
        if failures < pace.failures() {
            return None;
        }
        let soon = |at: &(Instant, u32)| now.saturating_duration_since(at.0) <= pace.longest();
        let before = closed.filter(soon).map_or(0, |(_, pauses)| pauses);
        let pause = pace.pause(before, &mut self.dice);
        self.enter(Phase::Open(Opening {
            since: now,
            missed: u64::from(failures),
            probe_at: after(now, pause),
            probe_lost_at: None,
            pauses: before.saturating_add(1),
        }));
        Some(Transition::Opened)
    }

    fn settle_probe(&mut self, mut opening: Opening, end: End, pace: Pace) -> Option<Transition> {
        opening.probe_lost_at = None;
        match end {
            End::Written(now) | End::Answered(now) => {
                let Opening { since, missed, pauses, .. } = opening;
                self.enter(Phase::Closed { failures: 0, closed: Some((now, pauses)) });
                let lasted = now.saturating_duration_since(since);
                return Some(Transition::Closed { lasted, missed });
            }
            End::Failed(now) | End::Refused(now) => {
                opening.missed = opening.missed.saturating_add(1);
                opening.probe_at = after(now, pace.pause(opening.pauses, &mut self.dice));
                opening.pauses = opening.pauses.saturating_add(1);
            }
            // A client that goes away must not keep Redis from being asked.
            End::GivenUp => {}
        }
        self.phase = Phase::Open(opening);
        None
    }

    /// The end of a call that was let through before the breaker opened, or of a probe that was taken for
    /// lost.
    fn settle_late(&mut self, end: End) -> Option<Transition> {
        if let (Phase::Open(opening), End::Failed(_) | End::Refused(_)) = (&mut self.phase, end) {
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
    may_write: bool,
    settled: bool,
}

#[derive(Clone, Copy)]
enum End {
    Written(Instant),
    Answered(Instant),
    Failed(Instant),
    Refused(Instant),
    GivenUp,
}

impl Permit<'_> {
    /// Redis answered, and wrote.
    pub(crate) fn succeeded(self, now: Instant) -> Option<Transition> {
        self.settle(End::Written(now))
    }

    /// Redis answered, and had nothing to write.
    pub(crate) fn answered(self, now: Instant) -> Option<Transition> {
        self.settle(End::Answered(now))
    }

    /// Redis did not answer, or not yet.
    pub(crate) fn failed(self, now: Instant) -> Option<Transition> {
        self.settle(End::Failed(now))
    }

    /// Redis refused, and will until somebody mends it.
    pub(crate) fn refused(self, now: Instant) -> Option<Transition> {
        // Where only looks are refused, a look shows that it is mended.
        let end = if self.may_write { End::Refused(now) } else { End::Failed(now) };
        self.settle(end)
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
