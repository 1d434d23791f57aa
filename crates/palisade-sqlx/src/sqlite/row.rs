//! From a row to a record.

use palisade_apikey::{ApiKeyId, DigestScheme, KeyDigest, KeyRecord, Revocation, StoreError};
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{Decode, Row, Type};

use crate::column::{CorruptRow, time_of};

/// A row whose columns are read and checked one by one. What cannot be right is an error: it is
/// never guessed at.
pub(super) struct Columns<'r>(pub(super) &'r SqliteRow);

impl<'r> Columns<'r> {
    pub(super) fn record(&self) -> Result<KeyRecord, StoreError> {
        Ok(KeyRecord {
            id: self.parsed("id")?,
            owner: self.parsed("owner")?,
            format: self.value("format")?,
            environment: self.value("environment")?,
            name: self.parsed("name")?,
            scopes: self.parsed("scopes")?,
            server: self.parsed_if_set("server")?,
            digest: self.digest()?,
            last_four: self.value("last_four")?,
            created: self.checked("created_at", time_of)?,
            expires: self.time_if_set("expires_at")?,
            last_used: self.time_if_set("last_used_at")?,
            use_count: self.checked("use_count", |count: i64| u64::try_from(count).ok())?,
            revoked: self.revocation()?,
            replaces: self.parsed_if_set("replaces")?,
            replaced_by: self.parsed_if_set("replaced_by")?,
        })
    }

    pub(super) fn id(&self) -> Result<ApiKeyId, StoreError> {
        self.parsed("id")
    }

    pub(super) fn digest(&self) -> Result<KeyDigest, StoreError> {
        let bytes = self.checked("digest", |bytes: &[u8]| bytes.try_into().ok())?;
        Ok(KeyDigest::from_parts(self.scheme()?, bytes))
    }

    pub(super) fn scheme(&self) -> Result<DigestScheme, StoreError> {
        self.parsed("digest_scheme")
    }

    pub(super) fn revocation(&self) -> Result<Option<Revocation>, StoreError> {
        match (self.time_if_set("revoked_at")?, self.parsed_if_set("revoked_reason")?) {
            (None, None) => Ok(None),
            (Some(at), Some(reason)) => Ok(Some(Revocation { at, reason })),
            // Half a revocation: whoever reads on would take the key for a good one.
            (Some(_), None) => Err(self.corrupt("revoked_reason")),
            (None, Some(_)) => Err(self.corrupt("revoked_at")),
        }
    }

    fn time_if_set(
        &self,
        column: &'static str,
    ) -> Result<Option<std::time::SystemTime>, StoreError> {
        let micros: Option<i64> = self.value(column)?;
        micros.map(|micros| time_of(micros).ok_or_else(|| self.corrupt(column))).transpose()
    }

    fn parsed<T: std::str::FromStr>(&self, column: &'static str) -> Result<T, StoreError> {
        self.checked(column, |text: &str| text.parse().ok())
    }

    fn parsed_if_set<T: std::str::FromStr>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, StoreError> {
        let text: Option<&str> = self.value(column)?;
        text.map(|text| text.parse().map_err(|_| self.corrupt(column))).transpose()
    }

    fn checked<C: Decode<'r, Sqlite> + Type<Sqlite>, T>(
        &self,
        column: &'static str,
        check: impl FnOnce(C) -> Option<T>,
    ) -> Result<T, StoreError> {
        check(self.value(column)?).ok_or_else(|| self.corrupt(column))
    }

    /// The value as it is. The error of sqlx is left out: it could quote the value.
    pub(super) fn value<C: Decode<'r, Sqlite> + Type<Sqlite>>(
        &self,
        column: &'static str,
    ) -> Result<C, StoreError> {
        self.0.try_get(column).map_err(|_| self.corrupt(column))
    }

    fn corrupt(&self, column: &'static str) -> StoreError {
        let id = self.0.try_get("id").unwrap_or_default();
        StoreError::new(CorruptRow { id, column })
    }
}
