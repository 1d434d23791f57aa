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
use super::{sql, steps};
use crate::column::{edge, nearest_micros};

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
        let row = sqlx::query(sql::LOAD)
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
        let done = sqlx::query(sql::TOUCH)
            .bind(id.as_str())
            .bind(steps::column(generation))
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
        let rows = sqlx::query(sql::REVOKE)
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
        let rows = sqlx::query(sql::LIST)
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
        let done = sqlx::query(sql::PURGE)
            .bind(edge(horizon.created_after))
            .bind(edge(horizon.seen_after))
            .bind(limit)
            .execute(&self.database.writer)
            .await
            .map_err(StoreError::new)?;
        Ok(done.rows_affected())
    }
}
