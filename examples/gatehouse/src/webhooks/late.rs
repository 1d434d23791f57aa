//! Intents of processes that died, settled by what the store of keys says.

use std::time::{Duration, SystemTime};

use palisade::apikey::{ApiKeyId, ApiKeys, ManageError, Owner};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{Event, WebhookStore, Webhooks, WebhooksError};
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

impl Webhooks {
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
