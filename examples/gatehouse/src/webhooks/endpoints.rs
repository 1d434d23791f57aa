//! The endpoints in the database.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use palisade::allowlist::Denied;
use palisade::secret::KeyId;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};

use super::secret::SecretRef;
use super::{EventType, MAX_ENDPOINTS, WebhookStore, WebhooksError};
use crate::allowlists::AllowlistStore;
use crate::micros::{micros, time};

/// Where a workspace wants its events sent.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) id: String,
    pub(crate) workspace: String,
    pub(crate) url: String,
    pub(crate) description: String,
    /// As it is stored: `*`, or types between spaces.
    pub(crate) events: String,
    pub(crate) secret: SecretRef,
    pub(crate) old_secret: Option<(SecretRef, SystemTime)>,
    pub(crate) created: SystemTime,
    pub(crate) disabled: Option<(SystemTime, String)>,
}

/// An endpoint to be.
#[derive(Debug)]
pub(crate) struct NewEndpoint {
    pub(crate) url: String,
    pub(crate) description: String,
    /// Empty for all of them.
    pub(crate) events: Vec<EventType>,
}

/// What became of a change to the endpoints of a workspace.
#[derive(Debug)]
pub(crate) enum Added<T> {
    /// It is done.
    Done(T),
    /// There is no such endpoint in the workspace.
    Missing,
    /// The workspace has as many as it may.
    TooMany,
    /// Too much was sent there by hand a moment ago.
    TooOften,
    /// The endpoint is disabled.
    Disabled,
    /// The allowlist that is stored by now denies whoever asks.
    Denied(Denied),
}

/// The endpoints of a workspace that are not removed.
const OF_WORKSPACE: &str =
    "webhook_endpoints WHERE workspace = ?1 AND disabled_reason IS NOT 'removed'";

const COLUMNS: &str =
    "id, workspace, url, description, events, key_id, version, old_key_id, old_version, old_until,
    created_at, disabled_at, disabled_reason";

type Change = Transaction<'static, Sqlite>;

impl WebhookStore {
    /// Begins a change in a workspace, if its allowlist, read in the same transaction, still lets this address make
    /// it: the request may have begun long ago.
    pub(super) async fn begin(
        &self,
        workspace: &str,
        address: IpAddr,
    ) -> Result<Result<Change, Denied>, WebhooksError> {
        let mut change = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        match AllowlistStore::decide_in(&mut change, workspace, address).await? {
            Ok(()) => Ok(Ok(change)),
            Err(denied) => {
                change.rollback().await?;
                Ok(Err(denied))
            }
        }
    }

    /// Adds an endpoint, whose first secret is under this master key.
    pub(crate) async fn add(
        &self,
        workspace: &str,
        address: IpAddr,
        new: &NewEndpoint,
        key: &KeyId,
        now: SystemTime,
    ) -> Result<Added<Endpoint>, WebhooksError> {
        let mut change = match self.begin(workspace, address).await? {
            Ok(change) => change,
            Err(denied) => return Ok(Added::Denied(denied)),
        };
        let count: i64 =
            sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {OF_WORKSPACE}")))
                .bind(workspace)
                .fetch_one(&mut *change)
                .await?;
        if count >= i64::from(MAX_ENDPOINTS) {
            change.rollback().await?;
            return Ok(Added::TooMany);
        }
        let statement = format!(
            "INSERT INTO webhook_endpoints
                (workspace, url, description, events, key_id, version, created_at, enabled_at)
            VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?6) RETURNING {COLUMNS}"
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(workspace)
            .bind(&new.url)
            .bind(&new.description)
            .bind(stored_events(&new.events))
            .bind(key.as_str())
            .bind(micros(now))
            .fetch_one(&mut *change)
            .await?;
        let endpoint = endpoint(&row)?;
        change.commit().await?;
        Ok(Added::Done(endpoint))
    }

    /// Gives an endpoint a new secret under this master key. The one before signs beside it until the overlap ends, and
    /// without an overlap no more; nor does one that was before that one.
    pub(crate) async fn rotate(
        &self,
        workspace: &str,
        address: IpAddr,
        id: &str,
        key: &KeyId,
        overlap: Option<Duration>,
        now: SystemTime,
    ) -> Result<Added<Endpoint>, WebhooksError> {
        let until = overlap.map(|overlap| micros(now.checked_add(overlap).unwrap_or(now)));
        let statement = format!(
            "UPDATE webhook_endpoints SET old_key_id = iif(?4 IS NULL, NULL, key_id),
                old_version = iif(?4 IS NULL, NULL, version), old_until = ?4,
                key_id = ?3, version = version + 1
            WHERE workspace = ?1 AND id = ?2 AND disabled_reason IS NOT 'removed'
            RETURNING {COLUMNS}"
        );
        let mut change = match self.begin(workspace, address).await? {
            Ok(change) => change,
            Err(denied) => return Ok(Added::Denied(denied)),
        };
        let row = sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(workspace)
            .bind(id)
            .bind(key.as_str())
            .bind(until)
            .fetch_optional(&mut *change)
            .await?;
        let Some(endpoint) = row.as_ref().map(endpoint).transpose()? else {
            change.rollback().await?;
            return Ok(Added::Missing);
        };
        change.commit().await?;
        Ok(Added::Done(endpoint))
    }

    /// Removes an endpoint: nothing is sent there any more. Its row and its deliveries may be many, and
    /// [go later](super::Webhooks::sweep).
    pub(crate) async fn remove(
        &self,
        workspace: &str,
        address: IpAddr,
        id: &str,
        now: SystemTime,
    ) -> Result<Added<()>, WebhooksError> {
        let statement = "UPDATE webhook_endpoints SET disabled_at = ?3, disabled_reason = 'removed'
            WHERE workspace = ?1 AND id = ?2 AND disabled_reason IS NOT 'removed'";
        let query = sqlx::query(statement).bind(workspace).bind(id).bind(micros(now));
        self.change_one(workspace, address, query).await
    }

    /// Goes on with an endpoint that was disabled. What waited meanwhile is sent.
    pub(crate) async fn enable(
        &self,
        workspace: &str,
        address: IpAddr,
        id: &str,
        now: SystemTime,
    ) -> Result<Added<()>, WebhooksError> {
        let statement = "UPDATE webhook_endpoints SET hold_until = 0, disabled_at = NULL, disabled_reason = NULL,
                enabled_at = iif(disabled_at IS NULL, enabled_at, ?3)
            WHERE workspace = ?1 AND id = ?2 AND disabled_reason IS NOT 'removed'";
        let query = sqlx::query(statement).bind(workspace).bind(id).bind(micros(now));
        self.change_one(workspace, address, query).await
    }

    async fn change_one(
        &self,
        workspace: &str,
        address: IpAddr,
        query: sqlx::query::Query<'_, Sqlite, sqlx::sqlite::SqliteArguments>,
    ) -> Result<Added<()>, WebhooksError> {
        let mut change = match self.begin(workspace, address).await? {
            Ok(change) => change,
            Err(denied) => return Ok(Added::Denied(denied)),
        };
        let done = query.execute(&mut *change).await?.rows_affected();
        change.commit().await?;
        Ok(if done == 0 { Added::Missing } else { Added::Done(()) })
    }

    /// The endpoints of a workspace, the oldest first.
    pub(crate) async fn endpoints(&self, workspace: &str) -> Result<Vec<Endpoint>, WebhooksError> {
        let statement = format!("SELECT {COLUMNS} FROM {OF_WORKSPACE} ORDER BY created_at, id");
        let rows = sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(workspace)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(|row| Ok(endpoint(row)?)).collect()
    }

    /// One endpoint of a workspace.
    pub(crate) async fn endpoint(
        &self,
        workspace: &str,
        id: &str,
    ) -> Result<Option<Endpoint>, WebhooksError> {
        let statement = format!("SELECT {COLUMNS} FROM {OF_WORKSPACE} AND id = ?2");
        let row = sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(workspace)
            .bind(id)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.as_ref().map(endpoint).transpose()?)
    }
}

fn stored_events(events: &[EventType]) -> String {
    if events.is_empty() {
        return "*".to_owned();
    }
    let mut text = String::from(" ");
    for event in events {
        text.push_str(event.as_str());
        text.push(' ');
    }
    text
}

/// Reads the columns of an endpoint, which may stand among others.
pub(super) fn endpoint(row: &SqliteRow) -> Result<Endpoint, sqlx::Error> {
    let old: Option<(String, i64, i64)> = match row.try_get("old_key_id")? {
        None => None,
        Some(key_id) => Some((key_id, row.try_get("old_version")?, row.try_get("old_until")?)),
    };
    let disabled: Option<i64> = row.try_get("disabled_at")?;
    let reason: Option<String> = row.try_get("disabled_reason")?;
    Ok(Endpoint {
        id: row.try_get("id")?,
        workspace: row.try_get("workspace")?,
        url: row.try_get("url")?,
        description: row.try_get("description")?,
        events: row.try_get("events")?,
        secret: SecretRef { key_id: row.try_get("key_id")?, version: row.try_get("version")? },
        old_secret: old
            .map(|(key_id, version, until)| (SecretRef { key_id, version }, time(until))),
        created: time(row.try_get("created_at")?),
        disabled: disabled.map(time).zip(reason),
    })
}
