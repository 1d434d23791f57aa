//! Times as the database keeps them: microseconds since 1970.

use std::time::{Duration, SystemTime};

/// The number for a time. One before 1970 is 0, and one that no column takes is the last that there is.
pub(crate) fn micros(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    micros_of(since)
}

/// The number for a span of time.
pub(crate) fn micros_of(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

/// The time for a number.
pub(crate) fn time(micros: i64) -> SystemTime {
    let since = Duration::from_micros(u64::try_from(micros).unwrap_or(0));
    SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for number in [0, 1, 1_700_000_000_123_456] {
            assert_eq!(micros(time(number)), number);
        }
        assert_eq!(micros(SystemTime::UNIX_EPOCH - Duration::from_secs(1)), 0);
        assert_eq!(time(-1), SystemTime::UNIX_EPOCH);
    }
}
