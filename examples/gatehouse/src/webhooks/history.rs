//! What a customer sees of deliveries, and what he has sent: a test, or a message again.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::{Added, Event, WebhookStore, WebhooksError, event};
use crate::micros::{micros, time};

/// How many deliveries of an endpoint are shown.
const SHOWN: u32 = 50;

/// How many messages are sent to an endpoint by hand within a while: nobody is made to send more by a click.
pub(crate) const BY_HAND: i64 = 100;
const BY_HAND_WITHIN: Duration = Duration::from_mins(1);

/// One message on its way to one endpoint, as far as its owner is told.
#[derive(Debug)]
pub(crate) struct DeliveryRow {
    pub(crate) id: String,
    pub(crate) message: String,
    pub(crate) kind: String,
    pub(crate) created: SystemTime,
    pub(crate) attempts: i64,
    pub(crate) state: String,
    /// When the next attempt is due, or when it was over.
    pub(crate) at: SystemTime,
    pub(crate) why: Option<String>,
    pub(crate) outcome: Option<String>,
    pub(crate) outcome_at: Option<SystemTime>,
}

/// What became of a wish to send a message again.
#[derive(Debug)]
pub(crate) enum Retried {
    /// It is due at once, as this delivery.
    Due(String),
    /// The receiver has the message already.
    Delivered,
}

impl WebhookStore {
    /// The latest deliveries of an endpoint, the newest first.
    pub(crate) async fn deliveries(
        &self,
        workspace: &str,
        endpoint: &str,
    ) -> Result<Vec<DeliveryRow>, WebhooksError> {
        let rows = sqlx::query(
            "SELECT d.id, d.message, m.type, d.created_at, d.attempts, d.state, d.at, d.why, d.outcome,
                d.outcome_at
            FROM webhook_deliveries d JOIN webhook_messages m ON m.id = d.message
            WHERE d.workspace = ?1 AND d.endpoint = ?2
            ORDER BY d.created_at DESC, d.id DESC LIMIT ?3",
        )
        .bind(workspace)
        .bind(endpoint)
        .bind(SHOWN)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| Ok(delivery(row)?)).collect()
    }

    /// Writes a test event for one endpoint, whatever it asked for.
    pub(crate) async fn test(
        &self,
        workspace: &str,
        address: IpAddr,
        id: &str,
        now: SystemTime,
    ) -> Result<Added<String>, WebhooksError> {
        let mut change = match self.begin(workspace, address).await? {
            Ok(change) => change,
            Err(denied) => return Ok(Added::Denied(denied)),
        };
        if let Some(refused) = refusal(&mut change, workspace, id, now).await? {
            change.rollback().await?;
            return Ok(refused);
        }
        let message = event::insert(&mut change, &Event::test(workspace, id, now), now).await?;
        let delivery: String = sqlx::query_scalar(
            "INSERT INTO webhook_deliveries (message, endpoint, workspace, created_at, at, state, by_hand)
            VALUES (?1, ?2, ?3, ?4, ?4, 'due', 1) RETURNING id",
        )
        // A test has no subject, so there is none before it.
        .bind(message.as_ref().map_or("", |id| id.as_str()))
        .bind(id)
        .bind(workspace)
        .bind(micros(now))
        .fetch_one(&mut *change)
        .await?;
        change.commit().await?;
        Ok(Added::Done(delivery))
    }

    /// Has a message sent again, at once: one that waits is not waited for, and one that was given up gets a new
    /// delivery under the same message id.
    pub(crate) async fn retry(
        &self,
        workspace: &str,
        address: IpAddr,
        id: &str,
        now: SystemTime,
    ) -> Result<Added<Retried>, WebhooksError> {
        let mut change = match self.begin(workspace, address).await? {
            Ok(change) => change,
            Err(denied) => return Ok(Added::Denied(denied)),
        };
        let found: Option<(String, String)> = sqlx::query_as(
            "SELECT message, endpoint FROM webhook_deliveries WHERE workspace = ?1 AND id = ?2",
        )
        .bind(workspace)
        .bind(id)
        .fetch_optional(&mut *change)
        .await?;
        let Some((message, endpoint)) = found else {
            change.rollback().await?;
            return Ok(Added::Missing);
        };
        match refusal(&mut change, workspace, &endpoint, now).await? {
            None => {}
            // One that waits already is none more.
            Some(Added::TooMany) if waits(&mut change, &message, &endpoint).await? => {}
            Some(refused) => {
                change.rollback().await?;
                return Ok(refused);
            }
        }
        let delivered: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM webhook_deliveries
                WHERE message = ?1 AND endpoint = ?2 AND state = 'delivered')",
        )
        .bind(&message)
        .bind(&endpoint)
        .fetch_one(&mut *change)
        .await?;
        if delivered {
            change.rollback().await?;
            return Ok(Added::Done(Retried::Delivered));
        }
        // An attempt that is under way is left alone: what comes of it decides.
        let due: String = sqlx::query_scalar(
            "INSERT INTO webhook_deliveries (message, endpoint, workspace, created_at, at, state, by_hand)
            VALUES (?1, ?2, ?3, ?4, ?4, 'due', 1)
            ON CONFLICT (message, endpoint) WHERE state = 'due'
                DO UPDATE SET at = iif(lease IS NULL, excluded.at, at)
            RETURNING id",
        )
        .bind(&message)
        .bind(&endpoint)
        .bind(workspace)
        .bind(micros(now))
        .fetch_one(&mut *change)
        .await?;
        change.commit().await?;
        Ok(Added::Done(Retried::Due(due)))
    }
}

/// Why nothing is sent to an endpoint by hand now; nothing where it is.
async fn refusal<T>(
    connection: &mut SqliteConnection,
    workspace: &str,
    endpoint: &str,
    now: SystemTime,
) -> Result<Option<Added<T>>, sqlx::Error> {
    let moment_ago = micros(now.checked_sub(BY_HAND_WITHIN).unwrap_or(SystemTime::UNIX_EPOCH));
    let found: Option<(bool, i64, i64)> = sqlx::query_as(
        "SELECT disabled_at IS NULL,
            (SELECT count(*) FROM webhook_deliveries d WHERE d.endpoint = e.id AND d.state = 'due'),
            (SELECT count(*) FROM webhook_deliveries d
                WHERE d.endpoint = e.id AND d.by_hand = 1 AND d.created_at > ?3)
        FROM webhook_endpoints e
        WHERE workspace = ?1 AND id = ?2 AND disabled_reason IS NOT 'removed'",
    )
    .bind(workspace)
    .bind(endpoint)
    .bind(moment_ago)
    .fetch_optional(connection)
    .await?;
    Ok(match found {
        None => Some(Added::Missing),
        Some((false, ..)) => Some(Added::Disabled),
        Some((_, _, by_hand)) if by_hand >= BY_HAND => Some(Added::TooOften),
        Some((_, waiting, _)) if waiting >= event::MAX_WAITING => Some(Added::TooMany),
        Some(_) => None,
    })
}

/// Whether a message waits for an endpoint.
async fn waits(
    connection: &mut SqliteConnection,
    message: &str,
    endpoint: &str,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM webhook_deliveries
            WHERE message = ?1 AND endpoint = ?2 AND state = 'due')",
    )
    .bind(message)
    .bind(endpoint)
    .fetch_one(connection)
    .await
}

fn delivery(row: &SqliteRow) -> Result<DeliveryRow, sqlx::Error> {
    let outcome_at: Option<i64> = row.try_get("outcome_at")?;
    Ok(DeliveryRow {
        id: row.try_get("id")?,
        message: row.try_get("message")?,
        kind: row.try_get("type")?,
        created: time(row.try_get("created_at")?),
        attempts: row.try_get("attempts")?,
        state: row.try_get("state")?,
        at: time(row.try_get("at")?),
        why: row.try_get("why")?,
        outcome: row.try_get("outcome")?,
        outcome_at: outcome_at.map(time),
    })
}
