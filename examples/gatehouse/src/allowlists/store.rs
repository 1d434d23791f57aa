//! The allowlists in the database.

use std::net::IpAddr;
use std::time::SystemTime;

use palisade::allowlist::{Denied, Entry};
use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{Row, SqliteConnection};

use crate::webhooks::{Event, WebhooksError, write_event};

/// The allowlists of all workspaces. Each call is one statement, or one transaction that locks from its start.
#[derive(Clone, Debug)]
pub struct AllowlistStore {
    pool: SqlitePool,
}

/// The list of one workspace, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredList {
    /// Whose list it is.
    pub workspace: String,
    /// How often it was changed: 0 where nobody ever put one.
    pub version: i64,
    /// The entries in the order in which they were put.
    pub entries: Vec<StoredEntry>,
    /// The number of its last change among those of all lists.
    pub(super) change: i64,
    /// How many entries it had when it was stored.
    count: i64,
}

impl StoredList {
    /// A list that was just stored as this version.
    pub(crate) fn new(workspace: &str, version: i64, entries: &[Entry]) -> Self {
        let entries = entries.iter().map(|entry| StoredEntry {
            network: entry.network().to_string(),
            label: entry.label().to_owned(),
        });
        let entries: Vec<StoredEntry> = entries.collect();
        let count = i64::try_from(entries.len()).unwrap_or(i64::MAX);
        Self { workspace: workspace.to_owned(), version, entries, change: 0, count }
    }

    /// Whether all the entries are there that were stored.
    pub(super) fn is_whole(&self) -> bool {
        i64::try_from(self.entries.len()) == Ok(self.count)
    }
}

/// One entry, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// The network in canonical form.
    pub network: String,
    /// What its owner calls it, which may be nothing.
    pub label: String,
}

/// What became of a new list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "another change may have come first"]
pub enum Replacement {
    /// It is stored, as this version.
    Done {
        /// The new version.
        version: i64,
    },
    /// The list is no longer of a version that the change was meant for. Nothing was changed.
    Overtaken,
    /// The list that is stored by now denies whoever wants to change it. Nothing was changed.
    Denied(Denied),
}

impl AllowlistStore {
    pub(crate) fn new(pool: SqlitePool) -> Self {
        Self { pool }
    }

    /// The list of a workspace; an empty one of version 0 where nobody ever put one.
    ///
    /// # Errors
    ///
    /// [`AllowlistsError`].
    pub async fn load(&self, workspace: &str) -> Result<StoredList, AllowlistsError> {
        Self::load_from(&self.pool, workspace).await
    }

    async fn load_from(
        connection: impl sqlx::SqliteExecutor<'_>,
        workspace: &str,
    ) -> Result<StoredList, AllowlistsError> {
        let rows = sqlx::query(
            "SELECT l.workspace, l.version, l.change, l.entries, e.network, e.label
            FROM allowlists l LEFT JOIN allowlist_entries e ON e.workspace = l.workspace
            WHERE l.workspace = ?1 ORDER BY e.position",
        )
        .bind(workspace)
        .fetch_all(connection)
        .await?;
        Ok(lists(&rows)?.pop().unwrap_or_else(|| StoredList::new(workspace, 0, &[])))
    }

    /// Asks the list that is stored, in the transaction of a change that outlasts the request.
    pub(crate) async fn decide_in(
        connection: &mut SqliteConnection,
        workspace: &str,
        address: IpAddr,
    ) -> Result<Result<(), Denied>, AllowlistsError> {
        super::decided(&Self::load_from(connection, workspace).await?, address)
    }

    /// The lists that were changed after this change, whoever changed them.
    pub(super) async fn changed_after(
        &self,
        change: i64,
    ) -> Result<Vec<StoredList>, AllowlistsError> {
        // One statement, so that it sees each list whole.
        let rows = sqlx::query(
            "SELECT l.workspace, l.version, l.change, l.entries, e.network, e.label
            FROM allowlists l LEFT JOIN allowlist_entries e ON e.workspace = l.workspace
            WHERE l.change > ?1 ORDER BY l.change, e.position",
        )
        .bind(change)
        .fetch_all(&self.pool)
        .await?;
        lists(&rows)
    }

    /// Replaces the list of a workspace, unless there is an objection to that from the list that is stored now. Whoever
    /// wants to know of it by webhook is told in the same transaction.
    ///
    /// # Errors
    ///
    /// [`AllowlistsError`]; nothing was changed then.
    pub async fn replace(
        &self,
        workspace: &str,
        entries: &[Entry],
        objection: impl Fn(&StoredList) -> Option<Replacement> + Send,
        now: SystemTime,
    ) -> Result<Replacement, AllowlistsError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let stored = Self::load_from(&mut *transaction, workspace).await?;
        if let Some(objection) = objection(&stored) {
            transaction.rollback().await?;
            return Ok(objection);
        }
        let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let version: i64 = sqlx::query_scalar(
            "INSERT INTO allowlists (workspace, version, change, entries, changed_at)
            VALUES (?1, 1, (SELECT coalesce(max(change), 0) + 1 FROM allowlists), ?2, ?3)
            ON CONFLICT (workspace) DO UPDATE SET
                version = version + 1, change = excluded.change, entries = excluded.entries,
                changed_at = excluded.changed_at
            RETURNING version",
        )
        .bind(workspace)
        .bind(i64::try_from(entries.len()).unwrap_or(i64::MAX))
        .bind(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
        .fetch_one(&mut *transaction)
        .await?;
        sqlx::query("DELETE FROM allowlist_entries WHERE workspace = ?1")
            .bind(workspace)
            .execute(&mut *transaction)
            .await?;
        for (entry, position) in entries.iter().zip(1_i64..) {
            sqlx::query(
                "INSERT INTO allowlist_entries (workspace, position, network, label)
                VALUES (?1, ?2, ?3, ?4)",
            )
            .bind(workspace)
            .bind(position)
            .bind(entry.network().to_string())
            .bind(entry.label())
            .execute(&mut *transaction)
            .await?;
        }
        let event = Event::allowlist_changed(workspace, version, entries.len(), now);
        write_event(&mut transaction, &event, now).await?;
        transaction.commit().await?;
        Ok(Replacement::Done { version })
    }
}

/// The rows of one list stand together, and a list without entries has one row.
fn lists(rows: &[SqliteRow]) -> Result<Vec<StoredList>, AllowlistsError> {
    let mut lists: Vec<StoredList> = Vec::new();
    for row in rows {
        let workspace: String = row.try_get("workspace")?;
        if lists.last().is_none_or(|list| list.workspace != workspace) {
            lists.push(StoredList {
                workspace,
                version: row.try_get("version")?,
                entries: Vec::new(),
                change: row.try_get("change")?,
                count: row.try_get("entries")?,
            });
        }
        let network: Option<String> = row.try_get("network")?;
        if let (Some(network), Some(list)) = (network, lists.last_mut()) {
            list.entries.push(StoredEntry { network, label: row.try_get("label")? });
        }
    }
    Ok(lists)
}

/// The allowlists cannot be read or written at the moment.
///
/// Its text is safe to show a stranger. The cause, for the operator's log, is its
/// [`source`](std::error::Error::source).
#[derive(Debug, thiserror::Error)]
#[error("the store of allowlists is not available")]
pub struct AllowlistsError(#[from] sqlx::Error);

impl From<AllowlistsError> for WebhooksError {
    fn from(error: AllowlistsError) -> Self {
        error.0.into()
    }
}
