//! Times as clients read them.

use std::time::SystemTime;

const DAY: u64 = 24 * 60 * 60;

/// RFC 3339 in UTC with microseconds, such as `2026-03-01T12:00:00.250000Z`.
///
/// Right for the years 1970 to 9999, which are those that a record can hold. A year is counted off
/// after the other: there are few, and it leaves nothing to get wrong.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let (mut days, second) = (since.as_secs() / DAY, since.as_secs() % DAY);

    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let (day, micros) = (days + 1, since.subsec_micros());
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// The expected dates are those of `date -u -d @<seconds>`.
    #[test]
    fn dates() {
        for (seconds, micros, expected) in [
            (0, 0, "1970-01-01T00:00:00.000000Z"),
            (951_782_399, 1, "2000-02-28T23:59:59.000001Z"),
            (951_782_400, 0, "2000-02-29T00:00:00.000000Z"),
            (1_772_366_400, 250_000, "2026-03-01T12:00:00.250000Z"),
            (1_798_761_599, 999_999, "2026-12-31T23:59:59.999999Z"),
            (4_107_542_400, 0, "2100-03-01T00:00:00.000000Z"),
            (253_402_300_799, 999_999, "9999-12-31T23:59:59.999999Z"),
        ] {
            let time = SystemTime::UNIX_EPOCH + Duration::new(seconds, micros * 1000);
            assert_eq!(rfc3339(time), expected);
        }
    }
}
