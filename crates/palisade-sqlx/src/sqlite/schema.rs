//! The schema and its versions.

use sqlx::SqlitePool;

use super::error::OpenError;

/// The migrations, the first being version 1. Each is run once, in this order, and never changed
/// after a release.
///
/// They are those of all stores in one list: a database has one version, whichever stores are used.
const MIGRATIONS: [&str; 2] = [
    include_str!("../../migrations/sqlite/0001_api_keys.sql"),
    include_str!("../../migrations/sqlite/0002_sessions.sql"),
];

/// A table of our own, so that a service can keep its own migrations in the same database.
const VERSIONS: &str = "CREATE TABLE IF NOT EXISTS palisade_migrations (
    version INTEGER PRIMARY KEY,
    applied_at INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT";

/// Changes nothing, but needs to be allowed to: SQLite opens a file that it may not write for reading,
/// even begins to write it, and fails at the first change. That should not be a revocation.
const PROBE: &str = "UPDATE palisade_migrations SET version = version WHERE FALSE";

/// Brings the schema to the newest version that is known here.
///
/// The version is read and changed in one transaction that locks from its start, so of two programs
/// that start at once, one migrates and the other finds it done. (The migrator of sqlx takes no lock
/// on SQLite.)
pub(super) async fn migrate(pool: &SqlitePool) -> Result<(), OpenError> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::query(VERSIONS).execute(&mut *transaction).await?;
    sqlx::query(PROBE).execute(&mut *transaction).await?;
    let found: i64 =
        sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM palisade_migrations")
            .fetch_one(&mut *transaction)
            .await?;
    if found > known {
        transaction.rollback().await?;
        return Err(OpenError::NewerSchema { found, known });
    }
    for (migration, version) in MIGRATIONS.into_iter().zip(1_i64..) {
        if version > found {
            sqlx::raw_sql(migration).execute(&mut *transaction).await?;
            sqlx::query("INSERT INTO palisade_migrations (version) VALUES (?1)")
                .bind(version)
                .execute(&mut *transaction)
                .await?;
        }
    }
    transaction.commit().await?;
    Ok(())
}
