//! The session store on SQLite, beyond the suite.

mod durability;
mod failures;
mod opening;
mod schema;

use palisade_session::{
    EndReason, Ending, Horizon, SessionId, SessionLimit, SessionRecord, SessionStore,
};
use palisade_sqlx::SqliteSessionStore;
use palisade_testkit::session_store::sample;
use sqlx::{AssertSqlSafe, SqliteConnection};

async fn open(path: &std::path::Path) -> SqliteSessionStore {
    SqliteSessionStore::open(path).await.unwrap()
}

fn always() -> Horizon {
    let before = std::time::UNIX_EPOCH - std::time::Duration::from_secs(1);
    Horizon { created_after: before, seen_after: before }
}

fn signed_out() -> Ending {
    Ending { at: sample(1).created, reason: EndReason::SignedOut }
}

/// Stores a sample, of the generation that its user has now.
async fn begin(store: &SqliteSessionStore, n: u64) -> SessionRecord {
    let generation = store.generation(&sample(n).user).await.unwrap();
    let record = SessionRecord { generation, ..sample(n) };
    store
        .insert_new(&record, SessionLimit::end_least_recently_used(1000), &always())
        .await
        .unwrap();
    record
}

async fn ended(store: &SqliteSessionStore, id: &SessionId) -> Option<Ending> {
    store.load(id).await.unwrap().unwrap().record.ended
}

async fn run(connection: &mut SqliteConnection, sql: &str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await.map(drop)
}
