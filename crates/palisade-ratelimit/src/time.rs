//! Instants and spans as whole microseconds.

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
    fn seconds_round_up() {
        assert_eq!(seconds_up(Duration::ZERO), 0);
        assert_eq!(seconds_up(Duration::from_nanos(1)), 1);
        assert_eq!(seconds_up(Duration::from_secs(1)), 1);
        assert_eq!(seconds_up(Duration::MAX), u64::MAX);
    }
}
