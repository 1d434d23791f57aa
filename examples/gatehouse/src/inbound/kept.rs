//! What is kept of what was received: to be listed, and to be forgotten.

use std::time::{Duration, SystemTime};

use sqlx::{Row, SqliteExecutor};

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

/// How many rows one transaction forgets. Nobody else writes in the meantime, so it has to be over soon. A body fills up
/// to thousands of pages.
const REPLAYS_AT_ONCE: u32 = 500;
const BODIES_AT_ONCE: u32 = 20;

/// Forgets replay keys of a sender whose end has come, [`REPLAYS_AT_ONCE`] of them at most.
pub(super) async fn forget_replays(
    executor: impl SqliteExecutor<'_>,
    scheme: &str,
    now: SystemTime,
) -> Result<u64, sqlx::Error> {
    let statement = "DELETE FROM webhook_replays WHERE key IN (
        SELECT key FROM webhook_replays WHERE scheme = ?1 AND expires <= ?2 LIMIT ?3)";
    let query = sqlx::query(statement).bind(scheme).bind(seconds(now)).bind(REPLAYS_AT_ONCE);
    Ok(query.execute(executor).await?.rows_affected())
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
        // Each portion is a transaction of its own, so others have their turn in between.
        let pool = self.pool();
        let mut forgotten = 0;
        loop {
            let bodies = forget_bodies(pool, now).await?;
            forgotten += bodies;
            if bodies < u64::from(BODIES_AT_ONCE) {
                break;
            }
        }
        for (scheme, _) in senders(pool).await? {
            while forget_replays(pool, &scheme, now).await? > 0 {}
        }
        for (scheme, usage) in senders(pool).await? {
            limits.warn_if_near(&scheme, usage);
        }
        Ok(forgotten)
    }
}

/// Forgets bodies that are old or more than there may be, [`BODIES_AT_ONCE`] of them at most.
async fn forget_bodies(
    executor: impl SqliteExecutor<'_>,
    now: SystemTime,
) -> Result<u64, sqlx::Error> {
    let old = now.checked_sub(BODIES_RETENTION).unwrap_or(SystemTime::UNIX_EPOCH);
    let statement = "DELETE FROM webhook_received WHERE id IN (
        SELECT id FROM webhook_received WHERE received_at <= ?1
            OR id <= (SELECT max(id) FROM webhook_received) - ?2 LIMIT ?3)";
    let query = sqlx::query(statement).bind(micros(old)).bind(MAX_BODIES).bind(BODIES_AT_ONCE);
    Ok(query.execute(executor).await?.rows_affected())
}

async fn senders(executor: impl SqliteExecutor<'_>) -> Result<Vec<(String, Usage)>, sqlx::Error> {
    let statement = "SELECT scheme, replays, bytes FROM webhook_senders";
    let rows = sqlx::query(statement).fetch_all(executor).await?;
    let sender = |row: &sqlx::sqlite::SqliteRow| -> Result<_, sqlx::Error> {
        let usage = Usage { replays: row.try_get("replays")?, bytes: row.try_get("bytes")? };
        Ok((row.try_get("scheme")?, usage))
    };
    rows.iter().map(sender).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::users::Users;

    /// So many rows of each kind that are long over, and one of each that is not.
    async fn store(rows: i64, now: SystemTime) -> WebhookStore {
        let store = Users::in_memory().await.unwrap().webhooks();
        let fill = "INSERT INTO webhook_senders (scheme) VALUES ('github');
            WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < ROWS)
            INSERT INTO webhook_replays (key, scheme, expires)
                SELECT CAST(printf('%032d', n) AS BLOB), 'github', n FROM n;
            WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < ROWS)
            INSERT INTO webhook_received (scheme, key_id, received_at, body)
                SELECT 'github', 'k', n, x'616263' FROM n;
            INSERT INTO webhook_replays VALUES (zeroblob(32), 'github', 9999999999);
            INSERT INTO webhook_received (scheme, key_id, received_at, body) VALUES ('github', 'k', NOW, x'61');";
        let fill = fill.replace("ROWS", &rows.to_string()).replace("NOW", &micros(now).to_string());
        sqlx::raw_sql(sqlx::AssertSqlSafe(fill)).execute(store.pool()).await.unwrap();
        store
    }

    async fn usage(store: &WebhookStore) -> Usage {
        senders(store.pool()).await.unwrap().first().unwrap().1
    }

    #[tokio::test]
    async fn no_transaction_forgets_more_than_a_portion() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000_000);
        let store = store(1201, now).await;
        assert_eq!(usage(&store).await, Usage { replays: 1202, bytes: 3604 });
        assert_eq!(forget_replays(store.pool(), "github", now).await.unwrap(), 500);
        assert_eq!(forget_bodies(store.pool(), now).await.unwrap(), 20);
        assert_eq!(usage(&store).await, Usage { replays: 702, bytes: 3544 });

        let limits = KeptLimits { replays: 1000, bytes: 1000 };
        assert_eq!(store.prune_received(limits, now).await.unwrap(), 1181);
        assert_eq!(usage(&store).await, Usage { replays: 1, bytes: 1 }, "what is not over stays");
        assert_eq!(store.prune_received(limits, now).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn of_ten_thousand_bodies_the_latest_stay() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
        let store = store(10_010, now).await;
        let limits = KeptLimits { replays: 1, bytes: 1 };
        // Before anything is old.
        assert_eq!(store.prune_received(limits, now).await.unwrap(), 11);
    }
}
