//! From a row to checked values.

use std::str::FromStr;
use std::time::SystemTime;

use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{Decode, Row, Type};

use crate::column::{CorruptRow, time_of};

/// A row whose columns are read and checked one by one. What cannot be right is an error: it is
/// never guessed at.
pub(super) struct Columns<'r> {
    pub(super) row: &'r SqliteRow,
    /// The table, for the error.
    pub(super) table: &'static str,
    /// The column that names the row, for the error.
    pub(super) key: &'static str,
}

impl<'r> Columns<'r> {
    pub(super) fn time(&self, column: &'static str) -> Result<SystemTime, CorruptRow> {
        self.checked(column, time_of)
    }

    pub(super) fn time_if_set(
        &self,
        column: &'static str,
    ) -> Result<Option<SystemTime>, CorruptRow> {
        let micros: Option<i64> = self.value(column)?;
        micros.map(|micros| time_of(micros).ok_or_else(|| self.corrupt(column))).transpose()
    }

    /// A time and a reason that are both set or both unset. Half of them is an error: whoever reads on
    /// would take for good what was ended.
    pub(super) fn ending<T: FromStr>(
        &self,
        at: &'static str,
        reason: &'static str,
    ) -> Result<Option<(SystemTime, T)>, CorruptRow> {
        match (self.time_if_set(at)?, self.parsed_if_set(reason)?) {
            (None, None) => Ok(None),
            (Some(at), Some(reason)) => Ok(Some((at, reason))),
            (Some(_), None) => Err(self.corrupt(reason)),
            (None, Some(_)) => Err(self.corrupt(at)),
        }
    }

    pub(super) fn number(&self, column: &'static str) -> Result<u64, CorruptRow> {
        self.checked(column, |number: i64| u64::try_from(number).ok())
    }

    pub(super) fn parsed<T: FromStr>(&self, column: &'static str) -> Result<T, CorruptRow> {
        self.checked(column, |text: &str| text.parse().ok())
    }

    pub(super) fn parsed_if_set<T: FromStr>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, CorruptRow> {
        self.checked_if_set(column, |text: &str| text.parse().ok())
    }

    pub(super) fn checked<C: Decode<'r, Sqlite> + Type<Sqlite>, T>(
        &self,
        column: &'static str,
        check: impl FnOnce(C) -> Option<T>,
    ) -> Result<T, CorruptRow> {
        check(self.value(column)?).ok_or_else(|| self.corrupt(column))
    }

    pub(super) fn checked_if_set<C: Decode<'r, Sqlite> + Type<Sqlite>, T>(
        &self,
        column: &'static str,
        check: impl FnOnce(C) -> Option<T>,
    ) -> Result<Option<T>, CorruptRow> {
        let value: Option<C> = self.value(column)?;
        value.map(|value| check(value).ok_or_else(|| self.corrupt(column))).transpose()
    }

    /// The value as it is. The error of sqlx is left out: it could quote the value.
    pub(super) fn value<C: Decode<'r, Sqlite> + Type<Sqlite>>(
        &self,
        column: &'static str,
    ) -> Result<C, CorruptRow> {
        self.row.try_get(column).map_err(|_| self.corrupt(column))
    }

    pub(super) fn corrupt(&self, column: &'static str) -> CorruptRow {
        let id = self.row.try_get(self.key).unwrap_or_default();
        CorruptRow { table: self.table, id, column }
    }
}
