//! The suites of the testkit, in a file, in memory, and on a pool of the service.

mod keys {
    mod file {
        use palisade_sqlx::SqliteKeyStore;
        use tempfile::TempDir;

        async fn fresh() -> (SqliteKeyStore, TempDir) {
            let (folder, path) = crate::new_path();
            (crate::open(&path).await, folder)
        }

        palisade_testkit::key_store_suite!(fresh());
    }

    mod memory {
        use palisade_sqlx::SqliteKeyStore;

        palisade_testkit::key_store_suite!(async {
            (SqliteKeyStore::in_memory().await.unwrap(), ())
        });
    }

    /// Several connections that read and write, with none of our settings but the log.
    mod pool {
        use palisade_sqlx::SqliteKeyStore;
        use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
        use tempfile::TempDir;

        async fn fresh() -> (SqliteKeyStore, TempDir) {
            let (folder, path) = crate::new_path();
            let options = SqliteConnectOptions::new()
                .filename(&path)
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal);
            let pool =
                SqlitePoolOptions::new().max_connections(4).connect_with(options).await.unwrap();
            let store = SqliteKeyStore::from_pool(pool);
            store.migrate().await.unwrap();
            (store, folder)
        }

        palisade_testkit::key_store_suite!(fresh());
    }
}

mod sessions {
    /// Two stores with connections of their own on one file, as two processes have.
    mod file {
        use palisade_sqlx::SqliteSessionStore;

        palisade_testkit::session_store_suite!(async {
            let (folder, path) = crate::new_path();
            (async move || SqliteSessionStore::open(&path).await.unwrap(), folder)
        });
    }

    mod memory {
        use palisade_sqlx::SqliteSessionStore;

        palisade_testkit::session_store_suite!(async {
            let store = SqliteSessionStore::in_memory().await.unwrap();
            (async move || store.clone(), ())
        });
    }

    /// Several connections that read and write, with none of our settings but the log.
    mod pool {
        use palisade_sqlx::SqliteSessionStore;
        use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};

        palisade_testkit::session_store_suite!(async {
            let (folder, path) = crate::new_path();
            let options = SqliteConnectOptions::new()
                .filename(&path)
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal);
            let pool = SqlitePoolOptions::new().max_connections(4);
            let pool = pool.connect_with(options).await.unwrap();
            let store = SqliteSessionStore::from_pool(pool);
            store.migrate().await.unwrap();
            (async move || store.clone(), folder)
        });
    }
}
