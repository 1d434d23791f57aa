//! The session store itself.
//!
//! Each call is one statement, or one transaction that locks from its start: a transaction that
//! reads first and asks for the lock later fails when another one wrote in between.

use std::time::SystemTime;

use palisade_session::{
    Ending, Horizon, InsertError, Others, SessionId, SessionLimit, SessionRecord, SessionStore,
    StoreError, Stored, Touch, UserId, Written,
};
use sqlx::{Sqlite, Transaction};

use super::SqliteSessionStore;
use super::row::SessionRow;
use super::steps::{self, column, generation_of};
use crate::column::{edge, nearest_micros};

/// The columns of a whole record.
macro_rules! record {
    () => {
        "id, user_id, generation, digest, created_at, last_seen_at, address, user_agent, device, \
         factors, ended_at, ended_reason"
    };
}

impl SqliteSessionStore {
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.database.writer.begin_with("BEGIN IMMEDIATE").await.map_err(StoreError::new)
    }
}

/// Commits what was done, and takes back what was not.
async fn finish<T, E: From<StoreError>>(
    transaction: Transaction<'static, Sqlite>,
    result: Result<T, E>,
) -> Result<T, E> {
    if result.is_ok() {
        transaction.commit().await.map_err(StoreError::new)?;
    } else {
        // Should it fail, the refusal stands all the same: nothing was committed.
        drop(transaction.rollback().await);
    }
    result
}

impl SessionStore for SqliteSessionStore {
    async fn generation(&self, user: &UserId) -> Result<u64, StoreError> {
        steps::generation(&self.database.reader, user).await
    }

    async fn insert_new(
        &self,
        record: &SessionRecord,
        limit: SessionLimit,
        horizon: &Horizon,
    ) -> Result<Vec<SessionId>, InsertError> {
        let mut transaction = self.begin().await?;
        let ended = steps::insert_new(&mut transaction, record, limit, horizon).await;
        finish(transaction, ended).await
    }

    async fn load(&self, id: &SessionId) -> Result<Option<Stored>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            record!(),
            ", ",
            generation_of!("palisade_sessions.user_id"),
            " AS user_generation FROM palisade_sessions WHERE id = ?1"
        ))
        .bind(id.as_str())
        .fetch_optional(&self.database.reader)
        .await
        .map_err(StoreError::new)?;
        row.map(|row| SessionRow::new(&row).stored().map_err(StoreError::new)).transpose()
    }

    async fn touch_if_live(
        &self,
        id: &SessionId,
        generation: u64,
        touch: Touch,
    ) -> Result<Written, StoreError> {
        let done = sqlx::query(concat!(
            "UPDATE palisade_sessions SET
                last_seen_at = max(last_seen_at, ?3), address = coalesce(?4, address)
            WHERE id = ?1 AND ended_at IS NULL AND generation = ?2 AND generation = ",
            generation_of!("palisade_sessions.user_id")
        ))
        .bind(id.as_str())
        .bind(column(generation))
        .bind(nearest_micros(touch.at))
        .bind(touch.address.map(|address| address.to_string()))
        .execute(&self.database.writer)
        .await
        .map_err(StoreError::new)?;
        Ok(if done.rows_affected() > 0 { Written::Done } else { Written::Gone })
    }

    async fn rotate(
        &self,
        from: &SessionId,
        successor: &SessionRecord,
        others: Others,
        now: SystemTime,
    ) -> Result<Written, InsertError> {
        let mut transaction = self.begin().await?;
        let written = steps::rotate(&mut transaction, from, successor, others, now).await;
        finish(transaction, written).await
    }

    async fn revoke(
        &self,
        user: &UserId,
        id: &SessionId,
        ending: Ending,
    ) -> Result<Option<Ending>, StoreError> {
        // `fetch_all` runs the statement to its end, which is the commit. `fetch_optional` would
        // return at the first row, and acknowledge an ending whose commit may yet fail.
        let rows = sqlx::query(
            "UPDATE palisade_sessions SET
                ended_at = coalesce(ended_at, ?3), ended_reason = coalesce(ended_reason, ?4)
            WHERE id = ?1 AND user_id = ?2
            RETURNING id, ended_at, ended_reason",
        )
        .bind(id.as_str())
        .bind(user.as_str())
        .bind(nearest_micros(ending.at))
        .bind(ending.reason.as_str())
        .fetch_all(&self.database.writer)
        .await
        .map_err(StoreError::new)?;
        let standing = rows.first().map_or(Ok(None), |row| SessionRow::new(row).ending());
        standing.map_err(StoreError::new)
    }

    async fn revoke_others(
        &self,
        user: &UserId,
        keep: &SessionId,
        ending: Ending,
    ) -> Result<Option<u64>, StoreError> {
        let mut transaction = self.begin().await?;
        let ended = steps::revoke_others(&mut transaction, user, keep, ending).await;
        finish(transaction, ended).await
    }

    async fn revoke_user(&self, user: &UserId, ending: Ending) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let ended = steps::revoke_user(&mut transaction, user, ending).await;
        finish(transaction, ended).await
    }

    async fn revoke_everyone(&self, ending: Ending) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let ended = steps::revoke_everyone(&mut transaction, ending).await;
        finish(transaction, ended).await
    }

    async fn list(
        &self,
        user: &UserId,
        horizon: &Horizon,
        limit: u32,
    ) -> Result<Vec<SessionRecord>, StoreError> {
        let rows = sqlx::query(concat!(
            "SELECT ",
            record!(),
            " FROM palisade_sessions
            WHERE user_id = ?1 AND ended_at IS NULL AND created_at > ?2 AND last_seen_at > ?3
                AND generation = ",
            generation_of!("?1"),
            " ORDER BY last_seen_at DESC, id LIMIT ?4"
        ))
        .bind(user.as_str())
        .bind(edge(horizon.created_after))
        .bind(edge(horizon.seen_after))
        .bind(limit)
        .fetch_all(&self.database.reader)
        .await
        .map_err(StoreError::new)?;
        rows.iter().map(|row| SessionRow::new(row).record().map_err(StoreError::new)).collect()
    }

    async fn purge(&self, horizon: &Horizon, limit: u32) -> Result<u64, StoreError> {
        // Each branch is bounded, so that what is found beyond the limit costs nothing.
        let done = sqlx::query(
            "DELETE FROM palisade_sessions WHERE id IN (
                SELECT id FROM (SELECT id FROM palisade_sessions WHERE created_at <= ?1 LIMIT ?3)
                UNION
                SELECT id FROM (SELECT id FROM palisade_sessions WHERE last_seen_at <= ?2 LIMIT ?3)
                UNION
                SELECT id FROM (SELECT id FROM palisade_sessions WHERE ended_at <= ?2 LIMIT ?3)
                LIMIT ?3
            )",
        )
        .bind(edge(horizon.created_after))
        .bind(edge(horizon.seen_after))
        .bind(limit)
        .execute(&self.database.writer)
        .await
        .map_err(StoreError::new)?;
        Ok(done.rows_affected())
    }
}
