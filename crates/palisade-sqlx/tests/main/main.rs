//! The stores on SQLite, from outside.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail as the test does")]

mod conformance;
mod failures;
mod handles;
mod opening;
mod schema;
mod service;
mod sessions;

use std::path::PathBuf;

use palisade_sqlx::SqliteKeyStore;
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;

/// A folder for one test, and the path of a database in it that is not there yet.
fn new_path() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.db");
    (folder, path)
}

/// A connection as any other program would open it: with no pragma of ours.
async fn stranger(path: &std::path::Path) -> SqliteConnection {
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(false)
        .pragma("recursive_triggers", "OFF");
    SqliteConnection::connect_with(&options).await.unwrap()
}

async fn open(path: &std::path::Path) -> SqliteKeyStore {
    SqliteKeyStore::open(path).await.unwrap()
}
