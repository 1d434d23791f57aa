//! What is done from time to time beside sending: old rows are forgotten, and times of a wrong clock mended.
//!
//! Never much of it in one transaction: nobody else writes meanwhile, and a change that somebody waits for gives up after
//! a few seconds.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use super::{RETENTION, WebhookStore, Webhooks, WebhooksError};
use crate::micros::{micros, micros_of};

/// The most rows of one transaction.
const PORTION: usize = 500;

/// How long the others have the database for themselves between two of them.
const PAUSE: Duration = Duration::from_millis(20);

/// How many deliveries of an endpoint are kept that are over. With those that wait this bounds what a workspace takes.
pub(super) const KEPT: i64 = 2000;

/// How long the message of a key stays when its deliveries are gone: by its row it is known that the event was written.
const SETTLED: Duration = Duration::from_hours(24);

impl Webhooks {
    /// Forgets deliveries that have been over for long, or are not among the newest of their endpoint; those that wait
    /// at endpoints that have been disabled for long; and the messages that none is left of.
    pub(crate) async fn prune(&self, now: SystemTime) -> Result<u64, WebhooksError> {
        let store = &self.store;
        let before = micros(now.checked_sub(RETENTION).unwrap_or(SystemTime::UNIX_EPOCH));
        let over = "SELECT id FROM webhook_deliveries WHERE state <> 'due' AND at <= ?1 LIMIT ?2";
        let mut forgotten = store.forget_all(over, Given::Time(before), now).await?;
        let waiting =
            "SELECT id FROM webhook_deliveries WHERE state = 'due' AND at <= ?1 AND endpoint IN
            (SELECT id FROM webhook_endpoints WHERE disabled_at <= ?1) LIMIT ?2";
        forgotten += store.forget_all(waiting, Given::Time(before), now).await?;
        let crowded = format!(
            "SELECT id FROM webhook_deliveries WHERE endpoint = ?1 AND state <> 'due'
            ORDER BY created_at DESC, id DESC LIMIT ?2 OFFSET {KEPT}"
        );
        // Nobody is kept from writing to find out that there are not so many.
        let with_many = format!(
            "SELECT id FROM webhook_endpoints e WHERE (SELECT 1 FROM webhook_deliveries d
                WHERE d.endpoint = e.id LIMIT 1 OFFSET {KEPT}) IS NOT NULL"
        );
        let endpoints = sqlx::query_scalar::<_, String>(sqlx::AssertSqlSafe(with_many));
        for id in endpoints.fetch_all(&store.pool).await? {
            forgotten += store.forget_all(&crowded, Given::Endpoint(&id), now).await?;
        }
        store.forget_messages(before).await?;
        Ok(forgotten)
    }

    /// Forgets endpoints that were removed, after all that was on its way to them.
    pub(crate) async fn sweep(&self, now: SystemTime) -> Result<(), WebhooksError> {
        let store = &self.store;
        let removed = "SELECT id FROM webhook_endpoints WHERE disabled_reason = 'removed'";
        let of_endpoint = "SELECT id FROM webhook_deliveries WHERE endpoint = ?1 LIMIT ?2";
        for id in sqlx::query_scalar::<_, String>(removed).fetch_all(&store.pool).await? {
            store.forget_all(of_endpoint, Given::Endpoint(&id), now).await?;
            sqlx::query(
                "DELETE FROM webhook_endpoints WHERE id = ?1
                    AND NOT EXISTS (SELECT 1 FROM webhook_deliveries WHERE endpoint = ?1)",
            )
            .bind(&id)
            .execute(&store.pool)
            .await?;
        }
        Ok(())
    }

    /// Makes due what waits for a time that lies further ahead than any that is set here: a clock was wrong.
    pub(crate) async fn mend_times(&self, now: SystemTime) -> Result<(), WebhooksError> {
        let horizon = micros(now).saturating_add(micros_of(self.longest_wait().saturating_mul(2)));
        loop {
            let mended = sqlx::query(
                "UPDATE webhook_deliveries SET at = ?2 WHERE id IN (SELECT id FROM webhook_deliveries
                    WHERE state = 'due' AND at > ?1 LIMIT ?3)",
            )
            .bind(horizon)
            .bind(micros(now))
            .bind(portion())
            .execute(&self.store.pool)
            .await?;
            if mended.rows_affected() == 0 {
                return Ok(());
            }
            tracing::warn!(messages = mended.rows_affected(), "messages waited by a wrong clock");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// What the rows are looked up by.
#[derive(Clone, Copy)]
enum Given<'a> {
    Time(i64),
    Endpoint(&'a str),
}

impl WebhookStore {
    /// Removes the deliveries that a statement finds, a portion at a time.
    async fn forget_all(
        &self,
        which: &str,
        given: Given<'_>,
        now: SystemTime,
    ) -> Result<u64, WebhooksError> {
        let mut forgotten = 0;
        loop {
            let portion = self.forget(which, given, now).await?;
            forgotten += u64::try_from(portion).unwrap_or(u64::MAX);
            if portion < PORTION {
                return Ok(forgotten);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn forget(
        &self,
        which: &str,
        given: Given<'_>,
        now: SystemTime,
    ) -> Result<usize, WebhooksError> {
        let statement =
            format!("DELETE FROM webhook_deliveries WHERE id IN ({which}) RETURNING message");
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let query = sqlx::query_scalar::<_, String>(sqlx::AssertSqlSafe(statement));
        let query = match given {
            Given::Time(time) => query.bind(time),
            Given::Endpoint(id) => query.bind(id),
        };
        let messages = query.bind(portion()).fetch_all(&mut *transaction).await?;
        let settled = micros(now.checked_sub(SETTLED).unwrap_or(SystemTime::UNIX_EPOCH));
        for message in messages.iter().collect::<BTreeSet<_>>() {
            sqlx::query(
                "DELETE FROM webhook_messages WHERE id = ?1 AND (subject IS NULL OR created_at <= ?2)
                    AND NOT EXISTS (SELECT 1 FROM webhook_deliveries WHERE message = ?1)",
            )
            .bind(message)
            .bind(settled)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(messages.len())
    }

    /// Removes the messages of before this time that no delivery is left of.
    async fn forget_messages(&self, before: i64) -> Result<(), WebhooksError> {
        loop {
            let done = sqlx::query(
                "DELETE FROM webhook_messages WHERE id IN (SELECT m.id FROM webhook_messages m
                    WHERE m.created_at <= ?1
                        AND NOT EXISTS (SELECT 1 FROM webhook_deliveries WHERE message = m.id)
                    LIMIT ?2)",
            )
            .bind(before)
            .bind(portion())
            .execute(&self.pool)
            .await?;
            if done.rows_affected() == 0 {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

fn portion() -> i64 {
    i64::try_from(PORTION).unwrap_or(i64::MAX)
}
