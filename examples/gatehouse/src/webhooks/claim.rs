//! Taking what is due.

use std::time::{Duration, SystemTime};

use palisade::webhook::{Delivery, DeliveryState, MessageId};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Row, Sqlite, SqliteConnection};

use super::due::LONGEST_HOLD;
use super::endpoints::endpoint;
use super::{Endpoint, Webhooks, WebhooksError};
use crate::micros::{micros, micros_of, time};

/// How long an attempt is the affair of one process. Longer than any takes; when it is over, the process is taken for
/// dead and another one makes the attempt.
pub(super) const LEASE: Duration = Duration::from_mins(1);

/// How many attempts are made at once for one endpoint and for one workspace, by all processes together: a slow
/// customer holds up no other.
const OF_ENDPOINT: i64 = 2;
const OF_WORKSPACE: i64 = 8;

/// An attempt to be made now, by this process alone.
#[derive(Debug)]
pub(super) struct Claimed {
    pub(super) id: String,
    pub(super) delivery: Delivery,
    pub(super) message: MessageId,
    pub(super) payload: String,
    pub(super) endpoint: Endpoint,
    /// By what it is known whose affair it is.
    pub(super) lease: String,
    /// Until when nobody else makes it.
    pub(super) leased_until: SystemTime,
}

/// The endpoints that something waits for, by one step in the index for each of them, and of each the few attempts that
/// are due next: so what it costs does not grow with what waits. ?1 is now, ?2 and ?3 are beyond what a clock that is
/// right sets as a time and as the end of a lease, ?4 is [`OF_ENDPOINT`], ?9 the ids of the keys that are given.
const DUE: &str = "WITH RECURSIVE waiting (endpoint) AS (
        SELECT min(endpoint) FROM webhook_deliveries WHERE state = 'due'
        UNION ALL
        SELECT (SELECT min(d.endpoint) FROM webhook_deliveries d
                WHERE d.state = 'due' AND d.endpoint > waiting.endpoint)
        FROM waiting WHERE waiting.endpoint IS NOT NULL
    ), busy AS MATERIALIZED (
        SELECT endpoint, workspace FROM webhook_deliveries
        WHERE lease IS NOT NULL AND lease_until > ?1 AND lease_until <= ?3
    ), due AS (
        SELECT d.id, d.at, e.id AS endpoint, e.workspace
        FROM waiting CROSS JOIN webhook_endpoints e ON e.id = waiting.endpoint
            CROSS JOIN webhook_deliveries d ON d.id IN (
                SELECT x.id FROM webhook_deliveries x
                WHERE x.endpoint = e.id AND x.state = 'due' AND x.at <= ?1
                    AND (x.lease_until IS NULL OR x.lease_until <= ?1 OR x.lease_until > ?3)
                ORDER BY x.at, x.id LIMIT ?4)
        WHERE e.disabled_at IS NULL AND (e.hold_until <= ?1 OR e.hold_until > ?2)
            AND e.key_id IN (SELECT value FROM json_each(?9))
    ), ranked AS (
        SELECT id, at, workspace,
            row_number() OVER (PARTITION BY endpoint ORDER BY at, id)
                + (SELECT count(*) FROM busy WHERE busy.endpoint = due.endpoint) AS of_endpoint
        FROM due
    ), fair AS (
        SELECT id, at,
            row_number() OVER (PARTITION BY workspace ORDER BY at, id)
                + (SELECT count(*) FROM busy WHERE busy.workspace = ranked.workspace) AS of_workspace
        FROM ranked WHERE of_endpoint <= ?4
    )";

/// What this process holds under a lease.
const HELD: &str =
    "SELECT d.id AS delivery, d.message, d.created_at AS began_at, d.attempts, d.at, d.lease,
        d.lease_until, m.payload, e.*
    FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint
        JOIN webhook_messages m ON m.id = d.message
    WHERE d.lease = ?1 ORDER BY d.at, d.id";

/// Whether there is anything to take.
fn look() -> String {
    format!("{DUE} SELECT EXISTS (SELECT 1 FROM fair WHERE of_workspace <= ?5)")
}

/// Takes of each workspace one attempt before the second of any. ?5 is [`OF_WORKSPACE`], ?6 the lease, ?7 how many, ?8
/// the end of the lease.
fn take() -> String {
    format!(
        "{DUE} UPDATE webhook_deliveries SET lease = ?6, lease_until = ?8
        WHERE id IN (SELECT id FROM fair WHERE of_workspace <= ?5
            ORDER BY of_workspace, at, id LIMIT ?7)"
    )
}

/// What is asked of the database: the same numbers under a lock and without one.
struct Question<'a> {
    now: SystemTime,
    longest_wait: Duration,
    lease: &'a str,
    most: usize,
    keys: String,
}

impl Question<'_> {
    fn ask<'q>(&'q self, statement: &'q str) -> sqlx::query::Query<'q, Sqlite, SqliteArguments> {
        let now = micros(self.now);
        // A time that lies further ahead than any that is set here is of a clock that was wrong. Another process may
        // have set one a moment after `now` was read here, so there is some room.
        let room = micros_of(LEASE);
        let lease_end = now.saturating_add(room);
        sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(now)
            .bind(now.saturating_add(micros_of(self.longest_wait)).saturating_add(room))
            .bind(lease_end.saturating_add(room))
            .bind(OF_ENDPOINT)
            .bind(OF_WORKSPACE)
            .bind(self.lease)
            .bind(i64::try_from(self.most).unwrap_or(i64::MAX))
            .bind(lease_end)
            .bind(&self.keys)
    }
}

impl Webhooks {
    /// Takes at most so many attempts that are due, of each workspace one before the second of any.
    ///
    /// What is signed by a key that is not given here is left alone: another process may have it.
    pub(super) async fn claim(
        &self,
        lease: &str,
        most: usize,
        clock: impl Fn() -> SystemTime,
    ) -> Result<Vec<Claimed>, WebhooksError> {
        let pool = &self.store.pool;
        let longest_wait = self.longest_wait();
        let keys = self.secrets.ids();
        let mut question = Question { now: clock(), longest_wait, lease, most, keys };
        // Most of the time there is nothing, and to find that out nobody is kept from writing.
        if !question.ask(&look()).fetch_one(pool).await?.try_get::<bool, _>(0)? {
            return Ok(Vec::new());
        }
        let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
        // To wait for the lock may have taken a part of the lease.
        question.now = clock();
        question.ask(&take()).execute(&mut *transaction).await?;
        let rows = sqlx::query(HELD).bind(lease).fetch_all(&mut *transaction).await?;
        let mut taken = Vec::new();
        for row in &rows {
            match claimed(row) {
                Ok(claimed) => taken.push(claimed),
                Err(error) => give_up(&mut transaction, row, &error, question.now).await?,
            }
        }
        transaction.commit().await?;
        Ok(taken)
    }

    /// The longest that anything waits here.
    pub(super) fn longest_wait(&self) -> Duration {
        self.policy.longest_wait().max(LONGEST_HOLD)
    }
}

/// Ends a delivery that cannot be read, which would be taken again and again in the place of others.
async fn give_up(
    connection: &mut SqliteConnection,
    row: &SqliteRow,
    error: &sqlx::Error,
    now: SystemTime,
) -> Result<(), sqlx::Error> {
    let delivery_id: String = row.try_get("delivery")?;
    tracing::error!(delivery_id, cause = %error, "a delivery cannot be read, and is given up");
    sqlx::query(
        "UPDATE webhook_deliveries SET state = 'gave_up', at = ?2, why = 'unreadable', lease = NULL,
            lease_until = NULL
        WHERE id = ?1",
    )
    .bind(delivery_id)
    .bind(micros(now))
    .execute(connection)
    .await?;
    Ok(())
}

fn claimed(row: &SqliteRow) -> Result<Claimed, sqlx::Error> {
    let message: String = row.try_get("message")?;
    let attempts: i64 = row.try_get("attempts")?;
    let decode = |error: Box<dyn std::error::Error + Send + Sync>| sqlx::Error::Decode(error);
    Ok(Claimed {
        id: row.try_get("delivery")?,
        delivery: Delivery {
            created: time(row.try_get("began_at")?),
            attempts: u32::try_from(attempts).map_err(|error| decode(error.into()))?,
            state: DeliveryState::Due { at: time(row.try_get("at")?) },
        },
        message: message
            .parse()
            .map_err(|error: palisade::webhook::InvalidMessageId| decode(error.into()))?,
        payload: row.try_get("payload")?,
        endpoint: endpoint(row)?,
        lease: row.try_get("lease")?,
        leased_until: time(row.try_get("lease_until")?),
    })
}

#[cfg(test)]
mod tests {
    use sqlx::SqlitePool;

    use super::*;

    /// What waits may be a million rows, and to take some of it nobody else can write meanwhile.
    #[tokio::test]
    async fn no_table_is_read_from_end_to_end() {
        let pool = SqlitePool::connect(":memory:").await.unwrap();
        let schema = include_str!("../../migrations/0004_webhooks.sql");
        sqlx::raw_sql(schema).execute(&pool).await.unwrap();
        let question = Question {
            now: SystemTime::now(),
            longest_wait: Duration::ZERO,
            lease: "l",
            most: 1,
            keys: "[]".to_owned(),
        };
        for statement in [look(), take(), HELD.to_owned()] {
            let plan = format!("EXPLAIN QUERY PLAN {statement}");
            let rows = if statement == HELD {
                sqlx::query(sqlx::AssertSqlSafe(plan)).bind("l").fetch_all(&pool).await
            } else {
                question.ask(&plan).fetch_all(&pool).await
            };
            let steps: Vec<String> =
                rows.unwrap().iter().map(|row| row.try_get("detail").unwrap()).collect();
            assert!(steps.iter().any(|step| step.starts_with("SEARCH")));
            for table in ["webhook_", "d", "e", "m", "x"] {
                let scan = format!("SCAN {table}");
                let scans = |step: &String| {
                    step == &scan
                        || step.starts_with(&format!("{scan} "))
                        || table == "webhook_" && step.starts_with(&scan)
                };
                assert!(!steps.iter().any(scans), "{statement}: {steps:#?}");
            }
        }
    }
}
