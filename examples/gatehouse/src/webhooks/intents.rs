//! Changes of keys and their events.
//!
//! The keys are in a store of their own, which joins no transaction of ours. So it is written down first that a change
//! is about to be made; then it is made; then its event is written and the intent removed, in one transaction. A
//! process that dies at any moment loses nothing: an intent that is old is [settled](super::late) by what the store of keys says.
//! Most of the time there is nothing to write, since nobody in the workspace wants such events.

use std::time::SystemTime;

use palisade::apikey::{ApiKeyId, KeyRecord, Owner};

use super::{Event, EventType, WebhookStore, Webhooks, WebhooksError, event};
use crate::micros::micros;

/// What is about to be done.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change<'a> {
    Create,
    Rotate(&'a ApiKeyId),
    Revoke(&'a ApiKeyId),
}

/// What was done, for each event one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Changed<'a> {
    Created(&'a KeyRecord),
    Rotated(&'a KeyRecord),
    Revoked(&'a KeyRecord),
}

/// A change that is about to be made, which is written down.
#[derive(Debug)]
pub(crate) struct Intent {
    /// Nothing where nobody wants to know.
    id: Option<i64>,
}

impl Intent {
    /// The change is not announced: there was no time to write it down first.
    pub(crate) fn none() -> Self {
        Self { id: None }
    }
}

impl Webhooks {
    /// Writes down what is about to be done.
    pub(crate) async fn intend(
        &self,
        workspace: &Owner,
        change: Change<'_>,
        now: SystemTime,
    ) -> Result<Intent, WebhooksError> {
        // What may come of it: the rotation of a key that leaked revokes it too.
        let (word, key, first, second) = match change {
            Change::Create => ("created", None, EventType::KeyCreated, EventType::KeyCreated),
            Change::Rotate(key) => {
                ("rotated", Some(key), EventType::KeyRotated, EventType::KeyRevoked)
            }
            Change::Revoke(key) => {
                ("revoked", Some(key), EventType::KeyRevoked, EventType::KeyRevoked)
            }
        };
        let wanted: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM webhook_endpoints
                WHERE workspace = ?1 AND disabled_at IS NULL AND (events = '*'
                    OR instr(events, ' ' || ?2 || ' ') > 0 OR instr(events, ' ' || ?3 || ' ') > 0))",
        )
        .bind(workspace.as_str())
        .bind(first.as_str())
        .bind(second.as_str())
        .fetch_one(&self.store.pool)
        .await?;
        if !wanted {
            return Ok(Intent::none());
        }
        // Not `RETURNING` and the first row of it: the row comes before the commit, which may fail still.
        let done = sqlx::query(
            "INSERT INTO webhook_intents (workspace, change, key_id, at) VALUES (?1, ?2, ?3, ?4)",
        )
        .bind(workspace.as_str())
        .bind(word)
        .bind(key.map(ApiKeyId::as_str))
        .bind(micros(now))
        .execute(&self.store.pool)
        .await?;
        Ok(Intent { id: Some(done.last_insert_rowid()) })
    }

    /// The same for a change that is made whoever hears of it: that of a key that has to go.
    pub(crate) async fn intend_at_any_rate(
        &self,
        workspace: &Owner,
        change: Change<'_>,
        now: SystemTime,
    ) -> Intent {
        self.intend(workspace, change, now).await.unwrap_or_else(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            let workspace = workspace.as_str();
            tracing::error!(cause, workspace, ?change, "a change of keys may not be announced");
            Intent::none()
        })
    }

    /// Writes the events of what was done, or none where nothing was. The change stands whatever happens here: if the
    /// events cannot be written now, the intent is found later. So is one that is dropped, since after an error nobody
    /// knows what was done.
    pub(crate) async fn settle(&self, intent: Intent, changed: &[Changed<'_>], now: SystemTime) {
        let Some(id) = intent.id else { return };
        let events: Vec<Event> = changed.iter().map(Changed::event).collect();
        match self.store.settle(id, &events, now).await {
            Ok(()) => self.wake(),
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(cause, "an event is not written yet; it is tried again");
            }
        }
    }
}

impl Changed<'_> {
    fn event(&self) -> Event {
        match self {
            Self::Created(record) => Event::key_created(record),
            Self::Rotated(record) => Event::key_rotated(record),
            Self::Revoked(record) => Event::key_revoked(record),
        }
    }
}

impl WebhookStore {
    /// Removes an intent, and writes its events in the same transaction: also where another process settled it
    /// meanwhile, which could not know yet what was done. Of each event there is one, however often it is written.
    pub(super) async fn settle(
        &self,
        id: i64,
        events: &[Event],
        now: SystemTime,
    ) -> Result<(), WebhooksError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("DELETE FROM webhook_intents WHERE id = ?1")
            .bind(id)
            .execute(&mut *transaction)
            .await?;
        for event in events {
            event::write(&mut transaction, event, now).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}
