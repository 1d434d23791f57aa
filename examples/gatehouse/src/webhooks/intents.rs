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

use super::{Event, EventType, WebhookStore, Webhooks, WebhooksError, event};
use crate::app::App;
use crate::micros::{micros, time};
use crate::store::Store;

/// How old an intent is when its request is taken for dead. A request takes 30 seconds at most, unless the store makes
/// it wait.
const DEAD: Duration = Duration::from_mins(2);

/// How many keys are looked at in one call to the store. It gives no more than this in any case, so a larger number
/// would take the first page for the last.
const PAGE: usize = ApiKeys::<Store>::MAX_PAGE;

/// How many intents are read in one call.
const INTENTS: i64 = 100;

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

    /// Settles the intents of processes that died, by what the store of keys says. One that cannot be settled holds up
    /// no other.
    pub(crate) async fn settle_old(&self, app: &App) -> Result<(), WebhooksError> {
        let now = app.now();
        let mut after = 0;
        loop {
            let (read, last, old) = self.store.old_intents(after, now).await?;
            let mut failed = 0;
            for old in &old {
                match old.events(&app.keys).await {
                    Ok(events) => {
                        tracing::warn!(events = events.len(), "a change of keys is announced late");
                        self.store.settle(old.id, &events, now).await?;
                        self.wake();
                    }
                    Err(error) => {
                        failed += 1;
                        let (intent, cause) = (old.id, error.to_string());
                        tracing::error!(
                            intent,
                            cause,
                            "a change of keys is not announced yet; it is tried again"
                        );
                    }
                }
            }
            // A store that answers nothing is asked again in the next round.
            if read < INTENTS || failed == old.len() && failed > 0 {
                return Ok(());
            }
            after = last;
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
        let found = match &self.key {
            None => self.created(keys, &owner).await,
            Some(id) => self.changed(keys, &owner, id).await,
        };
        match found {
            Err(ManageError::NotFound) => Ok(Vec::new()),
            found => found,
        }
    }

    async fn changed(
        &self,
        keys: &ApiKeys<Store>,
        owner: &Owner,
        id: &ApiKeyId,
    ) -> Result<Vec<Event>, ManageError> {
        let record = keys.load(owner, id).await?;
        let mut events = Vec::new();
        if self.change == "rotated"
            && let Some(new) = &record.replaced_by
        {
            let new = keys.load(owner, new).await?;
            if new.created >= self.at {
                events.push(Event::key_rotated(&new));
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
    /// Removes an intent, and writes its events in the same transaction: also where another process settled it
    /// meanwhile, which could not know yet what was done. Of each event there is one, however often it is written.
    async fn settle(
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

    /// The intents after this one that are old, or of a clock that was wrong: how many rows there were, the id of the
    /// last of them, and those that can be read. One that cannot be read is removed: it never will be.
    async fn old_intents(
        &self,
        after: i64,
        now: SystemTime,
    ) -> Result<(i64, i64, Vec<OldIntent>), WebhooksError> {
        let old = now.checked_sub(DEAD).unwrap_or(SystemTime::UNIX_EPOCH);
        let horizon = now.checked_add(DEAD).unwrap_or(now);
        let rows = sqlx::query(
            "SELECT id, workspace, change, key_id, at FROM webhook_intents
            WHERE id > ?1 AND (at <= ?2 OR at > ?3) ORDER BY id LIMIT ?4",
        )
        .bind(after)
        .bind(micros(old))
        .bind(micros(horizon))
        .bind(INTENTS)
        .fetch_all(&self.pool)
        .await?;
        let (mut last, mut readable) = (after, Vec::new());
        for row in &rows {
            let id: i64 = row.try_get("id")?;
            last = id;
            match old_intent(row) {
                Ok(intent) => readable.push(intent),
                Err(error) => {
                    let cause = error.to_string();
                    tracing::error!(intent = id, cause, "a change of keys cannot be announced");
                    self.settle(id, &[], now).await?;
                }
            }
        }
        Ok((i64::try_from(rows.len()).unwrap_or(i64::MAX), last, readable))
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
