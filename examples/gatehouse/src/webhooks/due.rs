//! What is due: taking it, and recording what came of it.

use std::time::{Duration, SystemTime};

use palisade::webhook::{Delivery, DeliveryState, GiveUp, MessageId, Next, NotRecorded, Outcome};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::endpoints::endpoint;
use super::{Endpoint, RETENTION, Webhooks, WebhooksError};
use crate::micros::{micros, micros_of, time};

/// How long an attempt is the affair of one process. Longer than any takes; when it is over, the process is taken for
/// dead and another one makes the attempt.
pub(super) const LEASE: Duration = Duration::from_mins(1);

/// How many attempts are made at once for one endpoint and for one workspace, by all processes together: a slow
/// customer holds up no other.
const OF_ENDPOINT: i64 = 2;
const OF_WORKSPACE: i64 = 8;

/// How long nothing at all is sent to an endpoint that is overloaded.
const LONGEST_HOLD: Duration = Duration::from_mins(5);

/// An attempt to be made now, by this process alone.
#[derive(Debug)]
pub(super) struct Claimed {
    pub(super) id: String,
    pub(super) delivery: Delivery,
    pub(super) message: MessageId,
    pub(super) payload: String,
    pub(super) endpoint: Endpoint,
    /// Until when nobody else makes it.
    pub(super) leased_until: SystemTime,
}

/// What followed from an attempt.
#[derive(Debug)]
pub(super) enum Recorded {
    Next(Next),
    /// Somebody else recorded it, or the endpoint is gone. Nothing was changed.
    Overtaken,
    /// The endpoint was disabled by it, for this reason.
    Disabled(&'static str),
}

impl Webhooks {
    /// Takes at most so many attempts that are due.
    pub(super) async fn claim(
        &self,
        lease: &str,
        most: usize,
        now: SystemTime,
    ) -> Result<Vec<Claimed>, WebhooksError> {
        // A time that lies further ahead than any that is set here is of a clock that was wrong. Another process may
        // have set one a moment after `now` was read here, so there is some room.
        let room = LEASE;
        let horizon = micros(now)
            .saturating_add(micros_of(self.policy.longest_wait().max(LONGEST_HOLD)))
            .saturating_add(micros_of(room));
        let lease_end = micros(now).saturating_add(micros_of(LEASE));
        let lease_horizon = lease_end.saturating_add(micros_of(room));
        let due = "d.state = 'due' AND (d.at <= ?1 OR d.at > ?2)
            AND (d.lease_until IS NULL OR d.lease_until <= ?1 OR d.lease_until > ?3)
            AND e.disabled_at IS NULL AND (e.hold_until <= ?1 OR e.hold_until > ?2)";
        let pool = &self.store.pool;
        // Most of the time there is nothing, and to find that out nobody is kept from writing.
        let look = format!(
            "SELECT EXISTS (SELECT 1 FROM webhook_deliveries d
                JOIN webhook_endpoints e ON e.id = d.endpoint WHERE {due})"
        );
        let any: bool = sqlx::query_scalar(sqlx::AssertSqlSafe(look))
            .bind(micros(now))
            .bind(horizon)
            .bind(lease_horizon)
            .fetch_one(pool)
            .await?;
        if !any {
            return Ok(Vec::new());
        }
        let take = format!(
            "WITH busy AS (
                SELECT endpoint, workspace FROM webhook_deliveries
                WHERE state = 'due' AND lease_until > ?1 AND lease_until <= ?3
            ), ranked AS (
                SELECT d.id, d.at,
                    row_number() OVER (PARTITION BY d.endpoint ORDER BY d.at, d.id)
                        + (SELECT count(*) FROM busy WHERE busy.endpoint = d.endpoint) AS of_endpoint,
                    d.workspace
                FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint WHERE {due}
            ), fair AS (
                SELECT id, at,
                    row_number() OVER (PARTITION BY workspace ORDER BY at, id)
                        + (SELECT count(*) FROM busy WHERE busy.workspace = ranked.workspace) AS of_workspace
                FROM ranked WHERE of_endpoint <= ?4
            )
            UPDATE webhook_deliveries SET lease = ?6, lease_until = ?8
            WHERE id IN (SELECT id FROM fair WHERE of_workspace <= ?5 ORDER BY at, id LIMIT ?7)"
        );
        let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(sqlx::AssertSqlSafe(take))
            .bind(micros(now))
            .bind(horizon)
            .bind(lease_horizon)
            .bind(OF_ENDPOINT)
            .bind(OF_WORKSPACE)
            .bind(lease)
            .bind(i64::try_from(most).unwrap_or(i64::MAX))
            .bind(lease_end)
            .execute(&mut *transaction)
            .await?;
        let rows = sqlx::query(
            "SELECT d.id AS delivery, d.message, d.created_at AS began_at, d.attempts, d.at, d.lease_until, m.payload, e.*
            FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint
                JOIN webhook_messages m ON m.id = d.message
            WHERE d.lease = ?1 ORDER BY d.at, d.id",
        )
        .bind(lease)
        .fetch_all(&mut *transaction)
        .await?;
        let claimed = rows.iter().map(claimed).collect::<Result<_, _>>()?;
        transaction.commit().await?;
        Ok(claimed)
    }

    /// Records what came of an attempt, unless it was recorded before. A success counts also when the lease ran out
    /// meanwhile, as long as nobody has recorded anything since.
    pub(super) async fn record(
        &self,
        claimed: &Claimed,
        outcome: Outcome,
        word: &str,
        now: SystemTime,
    ) -> Result<Recorded, RecordError> {
        let mut delivery = claimed.delivery.clone();
        let Some(attempt) = delivery.next_attempt() else { return Ok(Recorded::Overtaken) };
        let next = delivery.record(&self.policy, attempt, outcome, now)?;
        let (state, at, why) = stored(delivery.state)?;
        let mut transaction = self.store.pool.begin_with("BEGIN IMMEDIATE").await?;
        let done = sqlx::query(
            "UPDATE webhook_deliveries SET attempts = ?3, state = ?4, at = ?5, why = ?6, outcome = ?7,
                outcome_at = ?8, lease = NULL, lease_until = NULL
            WHERE id = ?1 AND state = 'due' AND attempts = ?2",
        )
        .bind(&claimed.id)
        .bind(i64::from(claimed.delivery.attempts))
        .bind(i64::from(delivery.attempts))
        .bind(state)
        .bind(micros(at))
        .bind(why)
        .bind(word)
        .bind(micros(now))
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 0 {
            transaction.rollback().await?;
            return Ok(Recorded::Overtaken);
        }
        let endpoint = claimed.endpoint.id.as_str();
        // One message that failed through the whole schedule, and nothing else that arrived since it began.
        let statement = match next {
            Next::Delivered => Some(
                "UPDATE webhook_endpoints SET last_success_at = ?2, hold_until = 0 WHERE id = ?1",
            ),
            Next::EndpointGone => Some(
                "UPDATE webhook_endpoints SET disabled_at = ?2, disabled_reason = 'gone'
                WHERE id = ?1 AND disabled_at IS NULL",
            ),
            Next::GiveUp { .. } => Some(
                "UPDATE webhook_endpoints SET disabled_at = ?2, disabled_reason = 'failing'
                WHERE id = ?1 AND disabled_at IS NULL AND enabled_at <= ?3
                    AND coalesce(last_success_at, 0) < ?3",
            ),
            _ if outcome.is_overload() => {
                Some("UPDATE webhook_endpoints SET hold_until = ?4 WHERE id = ?1")
            }
            _ => None,
        };
        let mut changed = false;
        if let Some(statement) = statement {
            let hold = at.min(now.checked_add(LONGEST_HOLD).unwrap_or(now));
            let done = sqlx::query(statement)
                .bind(endpoint)
                .bind(micros(now))
                .bind(micros(claimed.delivery.created))
                .bind(micros(hold))
                .execute(&mut *transaction)
                .await?;
            changed = done.rows_affected() > 0;
        }
        transaction.commit().await?;
        Ok(match next {
            Next::EndpointGone if changed => Recorded::Disabled("gone"),
            Next::GiveUp { .. } if changed => Recorded::Disabled("failing"),
            next => Recorded::Next(next),
        })
    }

    /// Gives back what was taken under leases that begin so and not recorded.
    pub(super) async fn give_back(&self, process: &str) -> Result<u64, WebhooksError> {
        let statement = "UPDATE webhook_deliveries SET lease = NULL, lease_until = NULL
            WHERE state = 'due' AND substr(lease, 1, length(?1)) = ?1";
        let done = sqlx::query(statement).bind(process).execute(&self.store.pool).await?;
        Ok(done.rows_affected())
    }

    /// Lets an attempt wait that cannot be made for a reason on this side. It counts for nothing.
    pub(super) async fn postpone(
        &self,
        claimed: &Claimed,
        until: SystemTime,
        word: &str,
    ) -> Result<(), WebhooksError> {
        sqlx::query(
            "UPDATE webhook_deliveries SET at = ?3, outcome = ?4, lease = NULL, lease_until = NULL
            WHERE id = ?1 AND state = 'due' AND attempts = ?2",
        )
        .bind(&claimed.id)
        .bind(i64::from(claimed.delivery.attempts))
        .bind(micros(until))
        .bind(word)
        .execute(&self.store.pool)
        .await?;
        Ok(())
    }

    /// Forgets deliveries that have been over for long, those that wait at disabled endpoints for as long, and the
    /// messages that none is left of.
    pub(crate) async fn prune(&self, now: SystemTime) -> Result<u64, WebhooksError> {
        let before = micros(now.checked_sub(RETENTION).unwrap_or(SystemTime::UNIX_EPOCH));
        let mut transaction = self.store.pool.begin_with("BEGIN IMMEDIATE").await?;
        let over = sqlx::query(
            "DELETE FROM webhook_deliveries WHERE state <> 'due' AND at <= ?1
                OR state = 'due' AND at <= ?1 AND endpoint IN
                    (SELECT id FROM webhook_endpoints WHERE disabled_at <= ?1)",
        )
        .bind(before)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "DELETE FROM webhook_messages WHERE created_at <= ?1
                AND NOT EXISTS (SELECT 1 FROM webhook_deliveries WHERE message = webhook_messages.id)",
        )
        .bind(before)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(over.rows_affected())
    }
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
        leased_until: time(row.try_get("lease_until")?),
    })
}

fn stored(
    state: DeliveryState,
) -> Result<(&'static str, SystemTime, Option<&'static str>), sqlx::Error> {
    match state {
        DeliveryState::Due { at } => Ok(("due", at, None)),
        DeliveryState::Delivered { at } => Ok(("delivered", at, None)),
        DeliveryState::GaveUp { at, why: GiveUp::Horizon } => {
            Ok(("gave_up", at, Some("horizon_passed")))
        }
        DeliveryState::GaveUp { at, .. } => Ok(("gave_up", at, Some("attempts_exhausted"))),
        DeliveryState::EndpointGone { at } => Ok(("gone", at, None)),
        _ => Err(sqlx::Error::Encode("a state of deliveries that is not known here".into())),
    }
}

/// An attempt could not be recorded.
#[derive(Debug, thiserror::Error)]
pub(super) enum RecordError {
    #[error(transparent)]
    NotRecorded(#[from] NotRecorded),
    #[error(transparent)]
    Store(#[from] WebhooksError),
}

impl From<sqlx::Error> for RecordError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
