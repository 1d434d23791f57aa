//! From a row to a key record.

use palisade_apikey::{ApiKeyId, DigestScheme, KeyDigest, KeyRecord, Revocation};
use sqlx::sqlite::SqliteRow;

use super::super::row::Columns;
use crate::column::CorruptRow;

/// A row of `palisade_api_keys`.
pub(super) struct KeyRow<'r>(pub(super) Columns<'r>);

impl<'r> KeyRow<'r> {
    pub(super) fn new(row: &'r SqliteRow) -> Self {
        Self(Columns { row, table: "palisade_api_keys", key: "id" })
    }

    pub(super) fn record(&self) -> Result<KeyRecord, CorruptRow> {
        let columns = &self.0;
        Ok(KeyRecord {
            id: self.id()?,
            owner: columns.parsed("owner")?,
            format: columns.value("format")?,
            environment: columns.value("environment")?,
            name: columns.parsed("name")?,
            scopes: columns.parsed("scopes")?,
            server: columns.parsed_if_set("server")?,
            digest: self.digest()?,
            last_four: columns.value("last_four")?,
            created: columns.time("created_at")?,
            expires: columns.time_if_set("expires_at")?,
            last_used: columns.time_if_set("last_used_at")?,
            use_count: columns.number("use_count")?,
            revoked: self.revocation()?,
            replaces: columns.parsed_if_set("replaces")?,
            replaced_by: columns.parsed_if_set("replaced_by")?,
        })
    }

    pub(super) fn id(&self) -> Result<ApiKeyId, CorruptRow> {
        self.0.parsed("id")
    }

    pub(super) fn digest(&self) -> Result<KeyDigest, CorruptRow> {
        let bytes = self.0.checked("digest", |bytes: &[u8]| bytes.try_into().ok())?;
        Ok(KeyDigest::from_parts(self.scheme()?, bytes))
    }

    pub(super) fn scheme(&self) -> Result<DigestScheme, CorruptRow> {
        self.0.parsed("digest_scheme")
    }

    pub(super) fn revocation(&self) -> Result<Option<Revocation>, CorruptRow> {
        let revoked = self.0.ending("revoked_at", "revoked_reason")?;
        Ok(revoked.map(|(at, reason)| Revocation { at, reason }))
    }
}
