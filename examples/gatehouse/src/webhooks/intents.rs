//! Changes of keys and their events.
//!
//! The keys are in a store of their own, which joins no transaction of ours. So it is written down first that a change
//! is about to be made; then it is made; then its event is written and the intent removed, in one transaction. A
//! process that dies at any moment loses nothing: an intent that is old is settled by what the store of keys says.
//! Most of the time there is nothing to write, since nobody in the workspace wants such events.

use std::time::{Duration, SystemTime};

use palisade::apikey::{ApiKeyId, ApiKeys, KeyRecord, ManageError, Owner};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{Event, WebhookStore, Webhooks, WebhooksError, event};
use crate::app::App;
use crate::error::ApiError;
use crate::micros::{micros, time};
use crate::store::Store;

/// How old an intent is when its request is taken for dead. A request takes 30 seconds at most, unless the store makes
/// it wait.
const DEAD: Duration = Duration::from_mins(2);

/// How many keys are looked at in one call to the store.
const PAGE: usize = 200;

/// What is about to be done.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change<'a> {
    Create,
    Rotate(&'a ApiKeyId),
    Revoke(&'a ApiKeyId),
}

/// What was done, for each event one.
#[derive(Debug)]
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
        let (word, key) = match change {
            Change::Create => ("created", None),
            Change::Rotate(key) => ("rotated", Some(key)),
            Change::Revoke(key) => ("revoked", Some(key)),
        };
        let wanted: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM webhook_endpoints
                WHERE workspace = ?1 AND disabled_at IS NULL)",
        )
        .bind(workspace.as_str())
        .fetch_one(&self.store.pool)
        .await?;
        if !wanted {
            return Ok(Intent::none());
        }
        let id = sqlx::query_scalar(
            "INSERT INTO webhook_intents (workspace, change, key_id, at) VALUES (?1, ?2, ?3, ?4)
            RETURNING id",
        )
        .bind(workspace.as_str())
        .bind(word)
        .bind(key.map(ApiKeyId::as_str))
        .bind(micros(now))
        .fetch_one(&self.store.pool)
        .await?;
        Ok(Intent { id: Some(id) })
    }

    /// Writes the event of what was done, or none where nothing was. The change stands whatever happens here: if the
    /// event cannot be written now, the intent is found later. So is one that is dropped, since after an error nobody
    /// knows what was done.
    pub(crate) async fn settle(
        &self,
        intent: Intent,
        changed: Option<Changed<'_>>,
        now: SystemTime,
    ) {
        let Some(id) = intent.id else { return };
        let event = changed.map(|changed| match changed {
            Changed::Created(record) => Event::key_created(record),
            Changed::Rotated(record) => Event::key_rotated(record),
            Changed::Revoked(record) => Event::key_revoked(record),
        });
        match self.store.settle(id, event.as_ref(), now).await {
            Ok(()) => self.wake(),
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(cause, "an event is not written yet; it is tried again");
            }
        }
    }

    /// Settles the intents of processes that died, by what the store of keys says.
    pub(crate) async fn settle_old(&self, app: &App) -> Result<(), ApiError> {
        let now = app.now();
        for old in self.store.old_intents(now).await? {
            let events = match old.events(&app.keys).await {
                Ok(events) => events,
                Err(ManageError::NotFound) => Vec::new(),
                Err(error) => return Err(error.into()),
            };
            tracing::warn!(events = events.len(), "a change of keys is announced late");
            for event in &events {
                self.store.write_late(event, now).await?;
            }
            self.store.settle(old.id, None, now).await?;
            self.wake();
        }
        Ok(())
    }
}

struct OldIntent {
    id: i64,
    workspace: String,
    change: String,
    key: Option<ApiKeyId>,
    at: SystemTime,
}

impl OldIntent {
    /// What became of it.
    async fn events(&self, keys: &ApiKeys<Store>) -> Result<Vec<Event>, ManageError> {
        let Ok(owner) = self.workspace.parse::<Owner>() else { return Ok(Vec::new()) };
        let Some(id) = &self.key else { return self.created(keys, &owner).await };
        let record = keys.load(&owner, id).await?;
        let mut events = Vec::new();
        if self.change == "rotated"
            && let Some(new) = &record.replaced_by
        {
            let new = keys.load(&owner, new).await?;
            if new.created >= self.at {
                return Ok(vec![Event::key_rotated(&new)]);
            }
        }
        if record.revoked.is_some_and(|revocation| revocation.at >= self.at) {
            events.push(Event::key_revoked(&record));
        }
        Ok(events)
    }

    /// The keys that were made at that very moment. Those of them that were announced are known by their ids.
    async fn created(
        &self,
        keys: &ApiKeys<Store>,
        owner: &Owner,
    ) -> Result<Vec<Event>, ManageError> {
        let mut events = Vec::new();
        let mut after = None;
        loop {
            let page = keys.list(owner, after.as_ref(), PAGE).await?;
            let made = page.iter().filter(|record| {
                micros(record.created) == micros(self.at) && record.replaces.is_none()
            });
            events.extend(made.map(Event::key_created));
            match page.last() {
                Some(last) if page.len() == PAGE => after = Some(last.id.clone()),
                _ => return Ok(events),
            }
        }
    }
}

impl WebhookStore {
    /// Removes an intent, and writes the event in the same transaction; nothing where somebody else did.
    async fn settle(
        &self,
        id: i64,
        event: Option<&Event>,
        now: SystemTime,
    ) -> Result<(), WebhooksError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let removed = sqlx::query("DELETE FROM webhook_intents WHERE id = ?1")
            .bind(id)
            .execute(&mut *transaction)
            .await?;
        if let (Some(event), 1) = (event, removed.rows_affected()) {
            event::write(&mut transaction, event, now).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    async fn write_late(&self, event: &Event, now: SystemTime) -> Result<(), WebhooksError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        event::write(&mut transaction, event, now).await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn old_intents(&self, now: SystemTime) -> Result<Vec<OldIntent>, WebhooksError> {
        let old = now.checked_sub(DEAD).unwrap_or(SystemTime::UNIX_EPOCH);
        let rows = sqlx::query(
            "SELECT id, workspace, change, key_id, at FROM webhook_intents WHERE at <= ?1
            ORDER BY id LIMIT 100",
        )
        .bind(micros(old))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| Ok(old_intent(row)?)).collect()
    }
}

fn old_intent(row: &SqliteRow) -> Result<OldIntent, sqlx::Error> {
    let key: Option<String> = row.try_get("key_id")?;
    let key = key.map(|id| id.parse::<ApiKeyId>()).transpose();
    Ok(OldIntent {
        id: row.try_get("id")?,
        workspace: row.try_get("workspace")?,
        change: row.try_get("change")?,
        key: key.map_err(|error| sqlx::Error::Decode(error.into()))?,
        at: time(row.try_get("at")?),
    })
}
