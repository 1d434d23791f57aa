//! Times as Redis keeps them: microseconds since 1970 in 18 digits, whose order is that of their bytes.

use std::time::{Duration, SystemTime};

use super::Unstorable;

/// The last microsecond of the year 9999, counted from 1970: 18 digits.
const LAST: u64 = 253_402_300_799_999_999;

/// A time that is stored just as it is.
pub(super) fn exact(field: &'static str, time: SystemTime) -> Result<String, Unstorable> {
    let micros = nearest_micros(time);
    if time_of(micros) == Some(time) { Ok(digits(micros)) } else { Err(Unstorable { field }) }
}

/// The last microsecond that is not after this time, within the years 1970 to 9999.
///
/// For what is better kept inexactly than not at all: an ending must not fail over a clock that is wrong.
pub(super) fn nearest(time: SystemTime) -> String {
    digits(nearest_micros(time))
}

/// The edge of a horizon. One before 1970 is empty, which the scripts take for earlier than everything.
pub(super) fn edge(time: SystemTime) -> String {
    if time < SystemTime::UNIX_EPOCH { String::new() } else { nearest(time) }
}

/// A time that was stored; none when it is not 18 digits or lies after the year 9999.
pub(super) fn parse(text: &str) -> Option<SystemTime> {
    if text.len() != 18 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    time_of(text.parse().ok()?)
}

fn nearest_micros(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(LAST).min(LAST)
}

fn time_of(micros: u64) -> Option<SystemTime> {
    if micros > LAST {
        return None;
    }
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_micros(micros))
}

fn digits(micros: u64) -> String {
    format!("{micros:018}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH: SystemTime = SystemTime::UNIX_EPOCH;
    const NANOSECOND: Duration = Duration::from_nanos(1);

    #[test]
    fn whole_microseconds_come_back() {
        for micros in [0, 1, 999_999, 1_790_000_000_123_457, LAST] {
            let time = EPOCH + Duration::from_micros(micros);
            let text = exact("x", time).unwrap();
            assert_eq!(text.len(), 18);
            assert_eq!(parse(&text), Some(time));
            assert_eq!(nearest(time), text);
        }
        for text in ["", "0", "+00000000000000001", "253402300800000000", "00000000000000000１"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn other_times_are_refused_or_brought_near() {
        let cases = [
            (EPOCH + NANOSECOND, 0),
            (EPOCH - NANOSECOND, 0),
            (EPOCH + Duration::from_micros(5) - NANOSECOND, 4),
            (EPOCH + Duration::from_micros(LAST + 1), LAST),
            (EPOCH + Duration::from_micros(u64::MAX), LAST),
        ];
        for (time, micros) in cases {
            assert_eq!(exact("x", time), Err(Unstorable { field: "x" }), "{time:?}");
            assert_eq!(nearest(time), digits(micros), "{time:?}");
        }
    }

    #[test]
    fn the_edge_of_a_horizon_is_exact() {
        let cases = [
            (EPOCH - NANOSECOND, String::new()),
            (EPOCH, digits(0)),
            (EPOCH + Duration::from_micros(7) + NANOSECOND, digits(7)),
            (EPOCH + Duration::from_micros(u64::MAX), digits(LAST)),
        ];
        for (time, expected) in cases {
            assert_eq!(edge(time), expected, "{time:?}");
        }
    }
}
