//! Instants and spans as whole microseconds.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// Microseconds in a second.
pub(crate) const SECOND: u64 = 1_000_000;

/// The longest time that a quota may look back: 400 days.
pub(crate) const MAX_SPAN: u64 = 400 * 24 * 60 * 60 * SECOND;

/// The last instant that is told apart, in the year 2246.
///
/// With the longest span and the dearest request on top, every sum stays below 2⁵³: a Lua script on a Redis
/// server, whose numbers are doubles, computes the same digits.
const LAST: u64 = (1 << 53) - (1 << 48);

const _: () = assert!(LAST + 2 * MAX_SPAN + 2 * SECOND < 1 << 53, "sums are exact in a double");

/// Microseconds since 1970: 0 before it, and never beyond [`LAST`].
pub(crate) fn instant(time: SystemTime) -> u64 {
    let Ok(since) = time.duration_since(SystemTime::UNIX_EPOCH) else { return 0 };
    since
        .as_secs()
        .saturating_mul(SECOND)
        .saturating_add(u64::from(since.subsec_micros()))
        .min(LAST)
}

/// The instant, clamped as [`instant`] does it.
pub(crate) fn clamped(micros: u64) -> u64 {
    micros.min(LAST)
}

/// How far a caller's time may lie behind the newest one that was seen, in microseconds, before the clock is taken to
/// have stepped back.
const LATE: u64 = 60 * SECOND;

/// How much newer a time must be to be remembered, so that the threads of a busy process seldom write what all of them
/// read. It is far below [`SKEW`](crate::backend::SKEW), within which counters put up with an older time.
const NEWER: u64 = SECOND / 1_000;

/// The newest time that a limiter was told.
///
/// Requests read the clock and come to the limiter later, some of them much later: after a wait for a database, say. To
/// take an old time for the present would be to give back what was taken meanwhile. So a time that lies up to a minute
/// behind counts as the newest one. What lies further behind comes from a clock that was set back.
#[derive(Debug, Default)]
pub struct Newest {
    micros: AtomicU64,
}

impl Newest {
    /// The time that counts, in microseconds since 1970, for a request that is checked.
    pub fn of(&self, now: SystemTime) -> u64 {
        let (newest, now) = (self.micros.load(Ordering::Relaxed), self.seen(now));
        if now > newest.saturating_add(NEWER) {
            self.micros.fetch_max(now, Ordering::Relaxed);
        } else if now < newest {
            // Whoever comes at the same time with another time finds out by itself.
            let _ = self.micros.compare_exchange(newest, now, Ordering::Relaxed, Ordering::Relaxed);
        }
        now
    }

    /// The same for one that only looks, which is not remembered.
    pub fn seen(&self, now: SystemTime) -> u64 {
        let (newest, now) = (self.micros.load(Ordering::Relaxed), instant(now));
        if now < newest && newest - now <= LATE { newest } else { now }
    }
}

/// Whole seconds, rounded up.
pub(crate) fn seconds_up(span: Duration) -> u64 {
    span.as_secs().saturating_add(u64::from(span.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn instants_are_clamped() {
        let epoch = SystemTime::UNIX_EPOCH;
        assert_eq!(instant(epoch), 0);
        assert_eq!(instant(epoch - Duration::from_hours(1)), 0);
        assert_eq!(instant(epoch + Duration::new(3, 4_999)), 3_000_004);
        assert_eq!(instant(epoch + Duration::from_secs(1 << 60)), LAST);
        assert_eq!(clamped(u64::MAX), LAST);
    }

    #[test]
    fn a_late_time_is_the_newest_one() {
        let (newest, noon) = (Newest::default(), 1_000_000 * SECOND);
        let of = |micros| newest.of(SystemTime::UNIX_EPOCH + Duration::from_micros(micros));
        assert_eq!(of(noon), noon);
        assert_eq!(of(noon - 1), noon);
        assert_eq!(of(noon - LATE), noon);
        assert_eq!(of(noon + 5), noon + 5);
        assert_eq!(of(noon + SECOND), noon + SECOND);
        assert_eq!(of(noon + SECOND - LATE - 1), noon + SECOND - LATE - 1, "it was set back");
        assert_eq!(of(noon + SECOND - LATE - 2), noon + SECOND - LATE - 1);
    }

    #[test]
    fn seconds_round_up() {
        assert_eq!(seconds_up(Duration::ZERO), 0);
        assert_eq!(seconds_up(Duration::from_nanos(1)), 1);
        assert_eq!(seconds_up(Duration::from_secs(1)), 1);
        assert_eq!(seconds_up(Duration::MAX), u64::MAX);
    }
}
