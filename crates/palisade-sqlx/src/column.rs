//! How values are kept in columns, the same on every database.

use std::time::{Duration, SystemTime};

use palisade_apikey::Scopes;

/// The last microsecond of the year 9999, counted from 1970.
const LAST: u64 = 253_402_300_799_999_999;

/// A time as a column keeps it.
pub(crate) fn micros(column: &'static str, time: SystemTime) -> Result<i64, Unstorable> {
    let micros = nearest_micros(time);
    if time_of(micros) == Some(time) { Ok(micros) } else { Err(Unstorable { column }) }
}

/// The last microsecond that is not after this time, within the years 1970 to 9999.
///
/// For what is better kept inexactly than not at all: a revocation must not fail over a clock that
/// is wrong.
pub(crate) fn nearest_micros(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let micros = u64::try_from(since.as_micros()).unwrap_or(LAST).min(LAST);
    i64::try_from(micros).unwrap_or(i64::MAX)
}

/// The time of a column; none when it lies outside the years 1970 to 9999.
pub(crate) fn time_of(micros: i64) -> Option<SystemTime> {
    let micros = u64::try_from(micros).ok().filter(|micros| *micros <= LAST)?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_micros(micros))
}

/// A count as a column keeps it: counts stay at 2^63 - 1 rather than wrap.
pub(crate) fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Scopes as a column keeps them, if they can be read back: a set can be made of more scopes than
/// its text may list.
pub(crate) fn scopes(scopes: &Scopes) -> Result<String, Unstorable> {
    let text = scopes.to_string();
    match text.parse::<Scopes>() {
        Ok(same) if same == *scopes => Ok(text),
        _ => Err(Unstorable { column: "scopes" }),
    }
}

/// The last microsecond that is not after the edge of a horizon. What lies before 1970 becomes the
/// microsecond before it, so that everything stored is later.
pub(crate) fn edge(time: SystemTime) -> i64 {
    if time < SystemTime::UNIX_EPOCH { -1 } else { nearest_micros(time) }
}

/// A row that cannot be right: the cause of the `StoreError` of a store.
///
/// It names the row and the column, and never a value: a digest does not belong in a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the row {id:?} of {table} holds what cannot be right in `{column}`")]
#[non_exhaustive]
pub struct CorruptRow {
    /// The table.
    pub table: &'static str,
    /// The id of the key, of the session or of the user, as it stands in the row; empty when that
    /// cannot be read.
    pub id: String,
    /// The column.
    pub column: &'static str,
}

/// A record that the schema cannot hold: the cause of the `StoreError` of a store.
///
/// Times have to be whole microseconds of the years 1970 to 9999, and scopes no more than their text
/// may list. `ApiKeys` and `Sessions` see to the times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the record has a `{column}` that cannot be stored exactly")]
#[non_exhaustive]
pub struct Unstorable {
    /// The column.
    pub column: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH: SystemTime = SystemTime::UNIX_EPOCH;

    #[test]
    fn whole_microseconds_come_back() {
        for stored in [0, 1, 999_999, 1_790_000_000_123_457, 253_402_300_799_999_999] {
            let time = time_of(stored).unwrap();
            assert_eq!(micros("created_at", time), Ok(stored));
            assert_eq!(nearest_micros(time), stored);
        }
        assert_eq!(time_of(-1), None);
        assert_eq!(time_of(253_402_300_800_000_000), None);
    }

    #[test]
    fn other_times_are_refused_or_brought_near() {
        let nanosecond = Duration::from_nanos(1);
        let cases = [
            (EPOCH + nanosecond, 0),
            (EPOCH - nanosecond, 0),
            (EPOCH + Duration::from_micros(5) - nanosecond, 4),
            (EPOCH + Duration::from_micros(LAST + 1), 253_402_300_799_999_999),
            (EPOCH + Duration::from_micros(u64::MAX), 253_402_300_799_999_999),
        ];
        for (time, nearest) in cases {
            assert_eq!(micros("x", time), Err(Unstorable { column: "x" }), "{time:?}");
            assert_eq!(nearest_micros(time), nearest, "{time:?}");
        }
    }

    #[test]
    fn the_edge_of_a_horizon_is_exact() {
        let nanosecond = Duration::from_nanos(1);
        let cases = [
            (EPOCH - Duration::from_hours(9), -1),
            (EPOCH - nanosecond, -1),
            (EPOCH, 0),
            (EPOCH + nanosecond, 0),
            (EPOCH + Duration::from_micros(7) + nanosecond, 7),
            (EPOCH + Duration::from_micros(u64::MAX), 253_402_300_799_999_999),
        ];
        for (time, expected) in cases {
            assert_eq!(edge(time), expected, "{time:?}");
        }
    }

    #[test]
    fn scopes_that_could_not_be_read_back_are_refused() {
        let many = |count: usize| -> Scopes {
            (0..count).map(|n| format!("read:{n}").parse().unwrap()).collect()
        };
        assert!(scopes(&many(Scopes::MAX)).is_ok());
        assert_eq!(scopes(&many(Scopes::MAX + 1)), Err(Unstorable { column: "scopes" }));
    }
}
