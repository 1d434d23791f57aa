//! What is kept of what was received: to be listed, and to be forgotten.

use std::time::{Duration, SystemTime};

use sqlx::{Row, SqliteConnection};

use super::limits::{KeptLimits, Usage};
use crate::micros::{micros, time};
use crate::webhooks::{WebhookStore, WebhooksError};

/// How long bodies are kept, and how many.
const BODIES_RETENTION: Duration = Duration::from_hours(7 * 24);
const MAX_BODIES: i64 = 10_000;

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

/// Forgets replay keys of a sender whose end has come.
pub(super) async fn forget_replays(
    connection: &mut SqliteConnection,
    scheme: &str,
    now: SystemTime,
) -> Result<u64, sqlx::Error> {
    let statement = "DELETE FROM webhook_replays WHERE scheme = ?1 AND expires <= ?2";
    let query = sqlx::query(statement).bind(scheme).bind(seconds(now));
    Ok(query.execute(connection).await?.rows_affected())
}

/// Whole seconds since 1970.
pub(super) fn seconds(time: SystemTime) -> i64 {
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

    /// Forgets what is old, and says which senders are near their limits.
    pub(super) async fn prune_received(
        &self,
        limits: KeptLimits,
        now: SystemTime,
    ) -> Result<u64, WebhooksError> {
        let old = now.checked_sub(BODIES_RETENTION).unwrap_or(SystemTime::UNIX_EPOCH);
        let mut transaction = self.pool().begin_with("BEGIN IMMEDIATE").await?;
        let removed = sqlx::query(
            "DELETE FROM webhook_received WHERE received_at <= ?1
                OR id <= (SELECT max(id) FROM webhook_received) - ?2",
        )
        .bind(micros(old))
        .bind(MAX_BODIES)
        .execute(&mut *transaction)
        .await?;
        for scheme in senders(&mut transaction).await?.into_iter().map(|(scheme, _)| scheme) {
            forget_replays(&mut transaction, &scheme, now).await?;
        }
        let left = senders(&mut transaction).await?;
        transaction.commit().await?;
        for (scheme, usage) in left {
            limits.warn_if_near(&scheme, usage);
        }
        Ok(removed.rows_affected())
    }
}

async fn senders(connection: &mut SqliteConnection) -> Result<Vec<(String, Usage)>, sqlx::Error> {
    let statement = "SELECT scheme, replays, bytes FROM webhook_senders";
    let rows = sqlx::query(statement).fetch_all(connection).await?;
    let sender = |row: &sqlx::sqlite::SqliteRow| -> Result<_, sqlx::Error> {
        let usage = Usage { replays: row.try_get("replays")?, bytes: row.try_get("bytes")? };
        Ok((row.try_get("scheme")?, usage))
    };
    rows.iter().map(sender).collect()
}
