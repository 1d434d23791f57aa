//! Databases of an earlier version, and one database for keys and sessions.

use palisade_apikey::KeyStore;
use palisade_session::SessionStore;
use palisade_sqlx::{SqliteDatabase, SqliteKeyStore};
use palisade_testkit::{key_store, session_store};
use sqlx::SqliteConnection;

use super::{begin, ended, open, run, signed_out};

/// A database as the first version of the schema left it, with a key in it.
async fn of_the_first_version(path: &std::path::Path) {
    std::fs::write(path, "").unwrap();
    let mut stranger = crate::stranger(path).await;
    for sql in [
        "PRAGMA journal_mode = WAL",
        "CREATE TABLE palisade_migrations (
            version INTEGER PRIMARY KEY,
            applied_at INTEGER NOT NULL DEFAULT (unixepoch())
        ) STRICT",
        include_str!("../../../migrations/sqlite/0001_api_keys.sql"),
        "INSERT INTO palisade_migrations (version) VALUES (1)",
        "INSERT INTO palisade_api_keys (id, digest, digest_scheme, owner, format, name, scopes,
            last_four, created_at, use_count, revoked_at, revoked_reason)
        VALUES ('key_old', randomblob(32), 'sha256', 'org_1', 'gmk', 'old', '', 'k4Qm', 5, 7, 9,
            'leaked')",
    ] {
        run(&mut stranger, sql).await.unwrap();
    }
}

async fn versions(connection: &mut SqliteConnection) -> Vec<i64> {
    sqlx::query_scalar("SELECT version FROM palisade_migrations ORDER BY version")
        .fetch_all(connection)
        .await
        .unwrap()
}

#[tokio::test]
async fn an_older_database_is_brought_up_to_date() {
    for through_keys in [true, false] {
        let (_folder, path) = crate::new_path();
        of_the_first_version(&path).await;
        let database = if through_keys {
            SqliteKeyStore::open(&path).await.unwrap().database().clone()
        } else {
            open(&path).await.database().clone()
        };
        let key = database.keys().load(&"key_old".parse().unwrap()).await.unwrap().unwrap();
        assert_eq!((key.name.as_str(), key.use_count), ("old", 7));
        assert!(key.revoked.is_some());
        let record = begin(&database.sessions(), 1).await;
        assert_eq!(record.generation, 0);
        let mut stranger = crate::stranger(&path).await;
        assert_eq!(versions(&mut stranger).await, [1, 2]);

        database.close().await;
        crate::open(&path).await.ping().await.unwrap();
        assert_eq!(versions(&mut stranger).await, [1, 2], "opened again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_programs_bring_it_up_to_date_at_once() {
    for _ in 0..10 {
        let (_folder, path) = crate::new_path();
        of_the_first_version(&path).await;
        let (keys, sessions) = tokio::join!(
            tokio::spawn(SqliteKeyStore::open(path.clone())),
            tokio::spawn(palisade_sqlx::SqliteSessionStore::open(path.clone())),
        );
        keys.unwrap().unwrap().insert_new(&key_store::sample(1)).await.unwrap();
        begin(&sessions.unwrap().unwrap(), 1).await;
        assert_eq!(versions(&mut crate::stranger(&path).await).await, [1, 2]);
    }
}

#[tokio::test]
async fn both_stores_share_one_database() {
    let (_folder, path) = crate::new_path();
    for database in
        [SqliteDatabase::in_memory().await.unwrap(), SqliteDatabase::open(&path).await.unwrap()]
    {
        let (keys, sessions) = (database.keys(), database.sessions());
        keys.insert_new(&key_store::sample(1)).await.unwrap();
        begin(&sessions, 1).await;
        // One store leads to the other.
        let again = keys.database().sessions();
        assert!(again.load(&session_store::sample(1).id).await.unwrap().is_some());
        database.migrate().await.unwrap();
        keys.ping().await.unwrap();
        sessions.ping().await.unwrap();
        database.close().await;
        assert!(keys.ping().await.is_err() && sessions.ping().await.is_err());
    }
}

#[tokio::test]
async fn reopening_keeps_everything() {
    let (_folder, path) = crate::new_path();
    let (first, last) = {
        let store = open(&path).await;
        store.revoke_everyone(signed_out()).await.unwrap();
        let first = begin(&store, 1).await;
        store.revoke_user(&first.user, signed_out()).await.unwrap();
        (first, begin(&store, 2).await)
        // Dropped without being closed.
    };
    for _ in 0..2 {
        let store = open(&path).await;
        assert_eq!(ended(&store, &first.id).await, Some(signed_out()));
        let stored = store.load(&last.id).await.unwrap().unwrap();
        assert_eq!(session_store::same_session(&stored.record, &last), Ok(()));
        assert_eq!(stored.user_generation, 2);
        store.close().await;
    }
}
