//! What was received, and by what it is known when it comes again: two tables, one transaction.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use palisade::webhook::{Inserted, ReplayKey, ReplayStore, StoreError};
use sqlx::{Row, SqliteConnection};

use crate::micros::{micros, time};
use crate::webhooks::{WebhookStore, WebhooksError};

/// The most replay keys. When there are as many, what is no longer needed makes room; else nothing more is taken.
const MAX_REPLAYS: i64 = 1_000_000;

/// How long bodies are kept, and how many.
const BODIES_RETENTION: Duration = Duration::from_hours(7 * 24);
const MAX_BODIES: i64 = 10_000;

/// A message that was verified.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Received<'a> {
    pub(crate) scheme: &'static str,
    pub(crate) key_id: &'a str,
    pub(crate) message_id: Option<&'a str>,
    pub(crate) signed: Option<SystemTime>,
    pub(crate) body: &'a [u8],
}

/// A message that was kept, without its body.
#[derive(Debug)]
pub(crate) struct ReceivedRow {
    pub(crate) id: i64,
    pub(crate) scheme: String,
    pub(crate) key_id: String,
    pub(crate) message_id: Option<String>,
    pub(crate) received: SystemTime,
    pub(crate) bytes: i64,
}

/// Where one message goes together with its replay key.
pub(super) struct Inbox<'a> {
    store: &'a WebhookStore,
    message: Received<'a>,
    budget: &'a AtomicI64,
}

impl<'a> Inbox<'a> {
    /// `budget` is how many keys may be added before they are counted again; it begins with 0.
    pub(super) fn new(
        store: &'a WebhookStore,
        message: Received<'a>,
        budget: &'a AtomicI64,
    ) -> Self {
        Self { store, message, budget }
    }

    async fn insert(
        &self,
        key: &ReplayKey,
        expires: SystemTime,
        now: SystemTime,
    ) -> Result<Inserted, sqlx::Error> {
        let key = key.to_bytes();
        let mut transaction = self.store.pool().begin_with("BEGIN IMMEDIATE").await?;
        let known: Option<i64> =
            sqlx::query_scalar("SELECT expires FROM webhook_replays WHERE key = ?1")
                .bind(key.as_slice())
                .fetch_optional(&mut *transaction)
                .await?;
        let is_present = known.is_some_and(|end| end > seconds(now));
        if known.is_none() && !self.make_room(&mut transaction, now).await? {
            transaction.rollback().await?;
            return Ok(Inserted::Full);
        }
        // One that is present is kept until the later of both ends.
        sqlx::query(
            "INSERT INTO webhook_replays (key, expires) VALUES (?1, ?2)
            ON CONFLICT (key) DO UPDATE SET expires = max(?2, iif(?3, expires, 0))",
        )
        .bind(key.as_slice())
        .bind(seconds(expires))
        .bind(is_present)
        .execute(&mut *transaction)
        .await?;
        if !is_present {
            let Received { scheme, key_id, message_id, signed, body } = self.message;
            sqlx::query(
                "INSERT INTO webhook_received (scheme, key_id, message_id, signed_at, received_at, body)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )
            .bind(scheme)
            .bind(key_id)
            .bind(message_id)
            .bind(signed.map(micros))
            .bind(micros(now))
            .bind(body)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(if is_present { Inserted::Present } else { Inserted::New })
    }

    /// Whether there is room for one key more. To count a million rows takes a while, so it is done seldom: after a
    /// quarter of what was free was used. With several processes the limit is therefore not exact.
    async fn make_room(
        &self,
        connection: &mut SqliteConnection,
        now: SystemTime,
    ) -> Result<bool, sqlx::Error> {
        if self.budget.fetch_sub(1, Ordering::Relaxed) > 0 {
            return Ok(true);
        }
        let mut count = count_replays(connection).await?;
        if count >= MAX_REPLAYS {
            sqlx::query("DELETE FROM webhook_replays WHERE expires <= ?1")
                .bind(seconds(now))
                .execute(&mut *connection)
                .await?;
            count = count_replays(connection).await?;
        }
        self.budget.store((MAX_REPLAYS - count) / 4, Ordering::Relaxed);
        Ok(count < MAX_REPLAYS)
    }
}

async fn count_replays(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT count(*) FROM webhook_replays").fetch_one(connection).await
}

impl ReplayStore for Inbox<'_> {
    async fn insert_if_absent(
        &self,
        key: &ReplayKey,
        expires: SystemTime,
        now: SystemTime,
    ) -> Result<Inserted, StoreError> {
        self.insert(key, expires, now).await.map_err(StoreError::new)
    }

    async fn remove(&self, key: &ReplayKey) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM webhook_replays WHERE key = ?1")
            .bind(key.to_bytes().as_slice())
            .execute(self.store.pool())
            .await
            .map_err(StoreError::new)?;
        Ok(())
    }
}

fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

impl WebhookStore {
    /// The messages that were received, the newest first.
    pub(crate) async fn received(&self, most: u32) -> Result<Vec<ReceivedRow>, WebhooksError> {
        let rows = sqlx::query(
            "SELECT id, scheme, key_id, message_id, received_at, length(body) AS bytes
            FROM webhook_received ORDER BY id DESC LIMIT ?1",
        )
        .bind(most)
        .fetch_all(self.pool())
        .await?;
        let row = |row: &sqlx::sqlite::SqliteRow| -> Result<_, sqlx::Error> {
            Ok(ReceivedRow {
                id: row.try_get("id")?,
                scheme: row.try_get("scheme")?,
                key_id: row.try_get("key_id")?,
                message_id: row.try_get("message_id")?,
                received: time(row.try_get("received_at")?),
                bytes: row.try_get("bytes")?,
            })
        };
        rows.iter().map(|found| Ok(row(found)?)).collect()
    }

    /// The body of one of them.
    pub(crate) async fn received_body(&self, id: i64) -> Result<Option<Vec<u8>>, WebhooksError> {
        let statement = "SELECT body FROM webhook_received WHERE id = ?1";
        Ok(sqlx::query_scalar(statement).bind(id).fetch_optional(self.pool()).await?)
    }

    pub(super) async fn prune_received(&self, now: SystemTime) -> Result<u64, WebhooksError> {
        let old = now.checked_sub(BODIES_RETENTION).unwrap_or(SystemTime::UNIX_EPOCH);
        let mut transaction = self.pool().begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("DELETE FROM webhook_replays WHERE expires <= ?1")
            .bind(seconds(now))
            .execute(&mut *transaction)
            .await?;
        let removed = sqlx::query(
            "DELETE FROM webhook_received WHERE received_at <= ?1
                OR id <= (SELECT max(id) FROM webhook_received) - ?2",
        )
        .bind(micros(old))
        .bind(MAX_BODIES)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(removed.rows_affected())
    }
}
