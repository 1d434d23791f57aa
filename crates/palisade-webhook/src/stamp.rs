//! The time of signing.

use std::time::{Duration, SystemTime};

use crate::Refused;

/// A time of signing, as it was told: whole seconds or milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    count: u64,
    unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Seconds,
    Millis,
}

impl Stamp {
    /// Reads canonical decimal seconds: digits alone, no sign, no leading zero, within 64 bits.
    pub(crate) fn seconds(text: &[u8]) -> Option<Self> {
        let canonical =
            text.iter().all(u8::is_ascii_digit) && (text.len() == 1 || text.first() != Some(&b'0'));
        if !canonical {
            return None;
        }
        // The empty text fails here.
        let count = std::str::from_utf8(text).ok()?.parse().ok()?;
        Some(Self { count, unit: Unit::Seconds })
    }

    pub(crate) fn millis(count: u64) -> Self {
        Self { count, unit: Unit::Millis }
    }

    /// The time, where the system can represent it.
    pub(crate) fn time(self) -> Option<SystemTime> {
        let since = match self.unit {
            Unit::Seconds => Duration::from_secs(self.count),
            Unit::Millis => Duration::from_millis(self.count),
        };
        SystemTime::UNIX_EPOCH.checked_add(since)
    }

    /// Whether it lies within `tolerance` of `now`, the ends included.
    ///
    /// `now` is cut to the unit of the stamp, as the sender cut it: what was signed and sent at once has the
    /// age zero.
    pub(crate) fn check(self, tolerance: Duration, now: SystemTime) -> Result<(), Refused> {
        let now = match (now.duration_since(SystemTime::UNIX_EPOCH), self.unit) {
            (Ok(since), Unit::Seconds) => u128::from(since.as_secs()),
            (Ok(since), Unit::Millis) => since.as_millis(),
            (Err(_), _) => 0,
        };
        let tolerance = match self.unit {
            Unit::Seconds => u128::from(tolerance.as_secs()),
            Unit::Millis => tolerance.as_millis(),
        };
        let told = u128::from(self.count);
        if told + tolerance < now {
            return Err(Refused::TooOld);
        }
        if told > now + tolerance {
            return Err(Refused::TooNew);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs_f64(seconds)
    }

    #[test]
    fn only_canonical_decimal_is_a_time() {
        for text in ["0", "9", "10", "1700000000", "18446744073709551615"] {
            assert_eq!(Stamp::seconds(text.as_bytes()).map(|stamp| stamp.count), text.parse().ok());
        }
        for text in [
            "",
            "00",
            "01700000000",
            "+1700000000",
            "-1",
            "-9223372036854775808",
            " 1700000000",
            "1700000000 ",
            "1700000000.0",
            "1_700",
            "1e9",
            "0x10",
            "18446744073709551616",
            "１７００００００００",
            "abc",
            "1\0",
        ] {
            assert_eq!(Stamp::seconds(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn the_tolerance_holds_both_ways_and_includes_its_ends() {
        let stamp = Stamp::seconds(b"1000").unwrap();
        let tolerance = Duration::from_mins(5);
        for (now, verdict) in [
            (699.0, Err(Refused::TooNew)),
            (699.9, Err(Refused::TooNew)),
            (700.0, Ok(())),
            (1000.0, Ok(())),
            (1300.9, Ok(())),
            (1301.0, Err(Refused::TooOld)),
        ] {
            assert_eq!(stamp.check(tolerance, at(now)), verdict, "{now}");
        }
    }

    #[test]
    fn a_tolerance_of_zero_means_zero() {
        let stamp = Stamp::seconds(b"1000").unwrap();
        assert_eq!(stamp.check(Duration::ZERO, at(1000.5)), Ok(()));
        assert_eq!(stamp.check(Duration::ZERO, at(1001.0)), Err(Refused::TooOld));
        assert_eq!(stamp.check(Duration::ZERO, at(999.0)), Err(Refused::TooNew));
    }

    #[test]
    fn the_ends_of_the_integers_overflow_nothing() {
        for text in ["0", "9223372036854775807", "9223372036854775808", "18446744073709551615"] {
            let stamp = Stamp::seconds(text.as_bytes()).unwrap();
            for tolerance in [Duration::ZERO, Duration::MAX] {
                for now in [SystemTime::UNIX_EPOCH - Duration::from_secs(5), at(0.0), at(1.7e9)] {
                    let _ = stamp.check(tolerance, now);
                    let _ = stamp.time();
                }
            }
        }
        assert_eq!(Stamp::millis(u64::MAX).check(Duration::ZERO, at(1.0)), Err(Refused::TooNew));
    }
}
