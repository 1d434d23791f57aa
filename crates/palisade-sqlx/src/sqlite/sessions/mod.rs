//! The session store on SQLite.

mod row;
mod sql;
mod steps;
mod store;

use std::path::Path;

use palisade_session::StoreError;
use sqlx::sqlite::SqlitePool;

use super::{OpenError, SqliteDatabase, SqliteOptions};

/// Keeps session records in an SQLite database.
///
/// Cloning is cheap; the clones share their connections, as do all stores of one [`SqliteDatabase`].
#[derive(Clone, Debug)]
pub struct SqliteSessionStore {
    pub(super) database: SqliteDatabase,
}

impl SqliteSessionStore {
    /// Opens a database file, or creates it; see [`SqliteDatabase::open`].
    ///
    /// # Errors
    ///
    /// [`OpenError`], which says what to do.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Ok(SqliteDatabase::open(path).await?.sessions())
    }

    /// Opens a database file as [`open`](Self::open) does, with other choices.
    ///
    /// # Errors
    ///
    /// [`OpenError`], which says what to do.
    pub async fn open_with(
        path: impl AsRef<Path>,
        options: SqliteOptions,
    ) -> Result<Self, OpenError> {
        Ok(SqliteDatabase::open_with(path, options).await?.sessions())
    }

    /// A new, empty database in memory, for tests and trials. It lives as long as the store and its
    /// clones; each call makes another one.
    ///
    /// # Errors
    ///
    /// [`OpenError`], which says what to do.
    pub async fn in_memory() -> Result<Self, OpenError> {
        Ok(SqliteDatabase::in_memory().await?.sessions())
    }

    /// A store in a database that the service has open already; see [`SqliteDatabase::from_pool`].
    #[must_use]
    pub fn from_pool(pool: SqlitePool) -> Self {
        SqliteDatabase::from_pool(pool).sessions()
    }

    /// The database, from which the other stores in it are taken.
    #[must_use]
    pub fn database(&self) -> &SqliteDatabase {
        &self.database
    }

    /// Brings the schema to the newest version. Opening a file does this by itself.
    ///
    /// # Errors
    ///
    /// As [`SqliteDatabase::migrate`].
    pub async fn migrate(&self) -> Result<(), OpenError> {
        self.database.migrate().await
    }

    /// Whether sessions can be read at the moment: for a health check.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when they cannot.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1 FROM palisade_sessions LIMIT 1")
            .fetch_optional(&self.database.reader)
            .await
            .map_err(StoreError::new)?;
        Ok(())
    }

    /// Closes the database, for all stores in it; see [`SqliteDatabase::close`].
    pub async fn close(&self) {
        self.database.close().await;
    }
}
