//! The key store itself.
//!
//! Each call is one statement, or one transaction that locks from its start: a transaction that
//! reads first and asks for the lock later fails when another one wrote in between.

use std::time::SystemTime;

use palisade_apikey::{
    ApiKeyId, DigestScheme, InsertError, KeyDigest, KeyName, KeyRecord, KeyStore, Owner,
    Retirement, Revocation, Rotation, SchemeTally, ServerId, StoreError, Usage,
};
use sqlx::SqliteConnection;

use super::SqliteKeyStore;
use super::row::KeyRow;
use crate::column::{CorruptRow, count, micros, nearest_micros, scopes};

/// A query for whole records.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, owner, format, environment, name, scopes, server, digest, digest_scheme, ",
            "last_four, created_at, expires_at, last_used_at, use_count, revoked_at, ",
            "revoked_reason, replaces, replaced_by FROM palisade_api_keys ",
            $rest
        )
    };
}

impl KeyStore for SqliteKeyStore {
    async fn insert_new(&self, record: &KeyRecord) -> Result<(), InsertError> {
        let mut connection = self.database.writer.acquire().await.map_err(StoreError::new)?;
        if insert(&mut connection, record).await? { Ok(()) } else { Err(InsertError::Duplicate) }
    }

    async fn find(&self, candidates: &[KeyDigest]) -> Result<Option<KeyRecord>, StoreError> {
        // All in one statement, so that a digest that is replaced by another candidate meanwhile is not
        // missed. The bytes go in as one blob, cut by SQLite.
        let row = match candidates {
            [] => None,
            [only] => sqlx::query(select!("WHERE digest = ?1"))
                .bind(only.as_bytes().as_slice())
                .fetch_optional(&self.database.reader)
                .await
                .map_err(StoreError::new)?,
            _ => {
                let bytes: Vec<u8> =
                    candidates.iter().flat_map(KeyDigest::as_bytes).copied().collect();
                sqlx::query(select!(
                    "WHERE digest IN (
                        WITH RECURSIVE candidate (start) AS (
                            SELECT 1 UNION ALL
                            SELECT start + 32 FROM candidate WHERE start + 32 < length(?1)
                        )
                        SELECT substr(?1, start, 32) FROM candidate
                    ) ORDER BY revoked_at IS NULL LIMIT 1"
                ))
                .bind(bytes)
                .fetch_optional(&self.database.reader)
                .await
                .map_err(StoreError::new)?
            }
        };
        row.map(|row| KeyRow::new(&row).record().map_err(StoreError::new)).transpose()
    }

    async fn load(&self, id: &ApiKeyId) -> Result<Option<KeyRecord>, StoreError> {
        let row = sqlx::query(select!("WHERE id = ?1"))
            .bind(id.as_str())
            .fetch_optional(&self.database.reader)
            .await
            .map_err(StoreError::new)?;
        row.map(|row| KeyRow::new(&row).record().map_err(StoreError::new)).transpose()
    }

    async fn list(
        &self,
        owner: &Owner,
        after: Option<&ApiKeyId>,
        limit: usize,
    ) -> Result<Vec<KeyRecord>, StoreError> {
        let query = match after {
            None => sqlx::query(select!("WHERE owner = ?1 ORDER BY created_at, id LIMIT ?2")),
            // For a key that the owner does not have the comparison is with NULL, and nothing comes after that.
            Some(_) => sqlx::query(select!(
                "WHERE owner = ?1 AND (created_at, id) >
                    (SELECT created_at, id FROM palisade_api_keys WHERE id = ?3 AND owner = ?1)
                ORDER BY created_at, id LIMIT ?2"
            )),
        };
        let mut query = query.bind(owner.as_str()).bind(limit_of(limit));
        if let Some(after) = after {
            query = query.bind(after.as_str());
        }
        let rows = query.fetch_all(&self.database.reader).await.map_err(StoreError::new)?;
        rows.iter().map(|row| KeyRow::new(row).record().map_err(StoreError::new)).collect()
    }

    async fn rotate(
        &self,
        successor: &KeyRecord,
        retire: Retirement,
        now: SystemTime,
    ) -> Result<Rotation, InsertError> {
        let Some(replaces) = &successor.replaces else {
            return Ok(Rotation::Refused);
        };
        let (end, revocation) = match retire {
            Retirement::ExpireBy(end) => (Some(nearest_micros(end)), None),
            Retirement::Revoke(revocation) => (None, Some(revocation)),
        };
        let mut transaction =
            self.database.writer.begin_with("BEGIN IMMEDIATE").await.map_err(StoreError::new)?;
        let retired = sqlx::query(
            "UPDATE palisade_api_keys SET
                replaced_by = ?2,
                expires_at = iif(?3 IS NULL, expires_at, min(coalesce(expires_at, ?3), ?3)),
                revoked_at = ?4,
                revoked_reason = ?5
            WHERE id = ?1 AND replaced_by IS NULL AND revoked_at IS NULL
                AND (expires_at IS NULL OR expires_at > ?6)",
        )
        .bind(replaces.as_str())
        .bind(successor.id.as_str())
        .bind(end)
        .bind(revocation.map(|revocation| nearest_micros(revocation.at)))
        .bind(revocation.map(|revocation| revocation.reason.as_str()))
        .bind(nearest_micros(now))
        .execute(&mut *transaction)
        .await
        .map_err(StoreError::new)?;
        if retired.rows_affected() == 0 {
            transaction.rollback().await.map_err(StoreError::new)?;
            return Ok(Rotation::Refused);
        }
        if !insert(&mut transaction, successor).await? {
            transaction.rollback().await.map_err(StoreError::new)?;
            return Err(InsertError::Duplicate);
        }
        transaction.commit().await.map_err(StoreError::new)?;
        Ok(Rotation::Done)
    }

    async fn revoke(
        &self,
        id: &ApiKeyId,
        revocation: Revocation,
    ) -> Result<Option<Revocation>, StoreError> {
        // `fetch_all` runs the statement to its end, which is the commit. `fetch_optional` would
        // return at the first row, and acknowledge a revocation whose commit may yet fail.
        let rows = sqlx::query(
            "UPDATE palisade_api_keys SET
                revoked_at = coalesce(revoked_at, ?2),
                revoked_reason = coalesce(revoked_reason, ?3)
            WHERE id = ?1
            RETURNING id, revoked_at, revoked_reason",
        )
        .bind(id.as_str())
        .bind(nearest_micros(revocation.at))
        .bind(revocation.reason.as_str())
        .fetch_all(&self.database.writer)
        .await
        .map_err(StoreError::new)?;
        let revocation = rows.first().map_or(Ok(None), |row| KeyRow::new(row).revocation());
        revocation.map_err(StoreError::new)
    }

    async fn rename(&self, id: &ApiKeyId, name: &KeyName) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE palisade_api_keys SET name = ?2 WHERE id = ?1")
            .bind(id.as_str())
            .bind(name.as_str())
            .execute(&self.database.writer)
            .await
            .map_err(StoreError::new)?;
        Ok(done.rows_affected() > 0)
    }

    async fn add_usage(&self, batch: &[Usage]) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let mut transaction =
            self.database.writer.begin_with("BEGIN IMMEDIATE").await.map_err(StoreError::new)?;
        for usage in batch {
            sqlx::query(
                "UPDATE palisade_api_keys SET
                    use_count = use_count + min(?2, 9223372036854775807 - use_count),
                    last_used_at = max(coalesce(last_used_at, ?3), ?3)
                WHERE id = ?1",
            )
            .bind(usage.id.as_str())
            .bind(count(usage.count))
            .bind(nearest_micros(usage.last_used))
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::new)?;
        }
        transaction.commit().await.map_err(StoreError::new)
    }

    async fn replace_digest(
        &self,
        id: &ApiKeyId,
        from: &KeyDigest,
        to: &KeyDigest,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "UPDATE palisade_api_keys SET digest = ?4, digest_scheme = ?5
            WHERE id = ?1 AND digest = ?2 AND digest_scheme = ?3",
        )
        .bind(id.as_str())
        .bind(from.as_bytes().as_slice())
        .bind(from.scheme().to_string())
        .bind(to.as_bytes().as_slice())
        .bind(to.scheme().to_string())
        .execute(&self.database.writer)
        .await
        .map_err(StoreError::new)?;
        Ok(done.rows_affected() > 0)
    }

    async fn count_schemes(&self, now: SystemTime) -> Result<Vec<SchemeTally>, StoreError> {
        let rows = sqlx::query(
            "SELECT min(id) AS id, digest_scheme, count(*) AS total,
                count(*) FILTER (WHERE revoked_at IS NULL
                    AND (expires_at IS NULL OR expires_at > ?1)) AS live
            FROM palisade_api_keys GROUP BY digest_scheme",
        )
        .bind(nearest_micros(now))
        .fetch_all(&self.database.reader)
        .await
        .map_err(StoreError::new)?;
        rows.iter()
            .map(|row| {
                let row = KeyRow::new(row);
                let [total, live] = [row.0.value::<i64>("total")?, row.0.value::<i64>("live")?];
                let dead = (total - live).unsigned_abs();
                Ok(SchemeTally { scheme: row.scheme()?, live: live.unsigned_abs(), dead })
            })
            .collect::<Result<_, CorruptRow>>()
            .map_err(StoreError::new)
    }

    async fn digests_of(
        &self,
        scheme: &DigestScheme,
        after: Option<&ApiKeyId>,
        limit: usize,
        now: SystemTime,
    ) -> Result<Vec<(ApiKeyId, KeyDigest)>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, digest, digest_scheme FROM palisade_api_keys
            WHERE digest_scheme = ?1 AND id > ?2
                AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?4)
            ORDER BY id LIMIT ?3",
        )
        .bind(scheme.to_string())
        // No id is empty.
        .bind(after.map_or("", ApiKeyId::as_str))
        .bind(limit_of(limit))
        .bind(nearest_micros(now))
        .fetch_all(&self.database.reader)
        .await
        .map_err(StoreError::new)?;
        rows.iter()
            .map(|row| Ok((KeyRow::new(row).id()?, KeyRow::new(row).digest()?)))
            .collect::<Result<_, CorruptRow>>()
            .map_err(StoreError::new)
    }
}

/// Inserts a record; `false` when its id or its digest is taken.
///
/// The check is part of the statement. The schema would refuse as well, but with an error that only
/// its text tells from others.
async fn insert(connection: &mut SqliteConnection, record: &KeyRecord) -> Result<bool, StoreError> {
    let time = |column, time: Option<SystemTime>| {
        time.map(|time| micros(column, time)).transpose().map_err(StoreError::new)
    };
    let revoked = record.revoked;
    let done = sqlx::query(
        "INSERT INTO palisade_api_keys (id, digest, digest_scheme, owner, format, environment,
            name, scopes, server, last_four, created_at, expires_at, last_used_at, use_count,
            revoked_at, revoked_reason, replaces, replaced_by)
        SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18
        WHERE NOT EXISTS (SELECT 1 FROM palisade_api_keys WHERE id = ?1 OR digest = ?2)",
    )
    .bind(record.id.as_str())
    .bind(record.digest.as_bytes().as_slice())
    .bind(record.digest.scheme().to_string())
    .bind(record.owner.as_str())
    .bind(&record.format)
    .bind(&record.environment)
    .bind(record.name.as_str())
    .bind(scopes(&record.scopes).map_err(StoreError::new)?)
    .bind(record.server.as_ref().map(ServerId::as_str))
    .bind(&record.last_four)
    .bind(micros("created_at", record.created).map_err(StoreError::new)?)
    .bind(time("expires_at", record.expires)?)
    .bind(time("last_used_at", record.last_used)?)
    .bind(count(record.use_count))
    .bind(time("revoked_at", revoked.map(|revoked| revoked.at))?)
    .bind(revoked.map(|revoked| revoked.reason.as_str()))
    .bind(record.replaces.as_ref().map(ApiKeyId::as_str))
    .bind(record.replaced_by.as_ref().map(ApiKeyId::as_str))
    .execute(connection)
    .await
    .map_err(StoreError::new)?;
    Ok(done.rows_affected() > 0)
}

fn limit_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
