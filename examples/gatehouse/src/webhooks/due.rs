//! Recording what came of attempts.

use std::time::{Duration, SystemTime};

use palisade::webhook::{DeliveryState, GiveUp, Next, NotRecorded, Outcome};

use super::claim::Claimed;
use super::{Webhooks, WebhooksError};
use crate::micros::micros;

/// How long nothing at all is sent to an endpoint that is overloaded.
pub(super) const LONGEST_HOLD: Duration = Duration::from_mins(5);

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
    /// Records what came of an attempt, unless it is over by now. A success counts in any case: the receiver has the
    /// message. A failure counts only under the lease that the attempt was made under, since another process may be
    /// making the next attempt already.
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
            "UPDATE webhook_deliveries SET attempts = max(attempts, ?3), state = ?4, at = ?5, why = ?6,
                outcome = ?7, outcome_at = ?8, lease = NULL, lease_until = NULL
            WHERE id = ?1 AND state = 'due' AND (?4 = 'delivered' OR attempts = ?2 AND lease = ?9)",
        )
        .bind(&claimed.id)
        .bind(i64::from(claimed.delivery.attempts))
        .bind(i64::from(delivery.attempts))
        .bind(state)
        .bind(micros(at))
        .bind(why)
        .bind(word)
        .bind(micros(now))
        .bind(&claimed.lease)
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
            WHERE lease IS NOT NULL AND substr(lease, 1, length(?1)) = ?1";
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
            WHERE id = ?1 AND state = 'due' AND attempts = ?2 AND lease = ?5",
        )
        .bind(&claimed.id)
        .bind(i64::from(claimed.delivery.attempts))
        .bind(micros(until))
        .bind(word)
        .bind(&claimed.lease)
        .execute(&self.store.pool)
        .await?;
        Ok(())
    }
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
