//! The tables of gatehouse's own and their versions.

use palisade_sqlx::OpenError;
use sqlx::SqlitePool;

/// The migrations, the first being version 1. Each is run once, in this order, and never changed after
/// a release.
const MIGRATIONS: [&str; 4] = [
    include_str!("../../migrations/0001_users.sql"),
    include_str!("../../migrations/0002_sessions_due.sql"),
    include_str!("../../migrations/0003_allowlists.sql"),
    include_str!("../../migrations/0004_webhooks.sql"),
];

/// Brings the schema to the newest version. The key store counts its own in a table of its own, so the
/// version of the file (`PRAGMA user_version`) is ours.
///
/// The version is read and changed in one transaction that locks from its start: of two programs that
/// start at once, one migrates and the other finds it done.
pub(super) async fn migrate(pool: &SqlitePool) -> Result<(), OpenError> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    let found: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *transaction).await?;
    if found > known {
        transaction.rollback().await?;
        return Err(OpenError::NewerSchema { found, known });
    }
    for (migration, version) in MIGRATIONS.into_iter().zip(1_i64..) {
        if version > found {
            sqlx::raw_sql(migration).execute(&mut *transaction).await?;
            // A pragma takes no parameters.
            let set = sqlx::AssertSqlSafe(format!("PRAGMA user_version = {version}"));
            sqlx::raw_sql(set).execute(&mut *transaction).await?;
        }
    }
    transaction.commit().await?;
    Ok(())
}
