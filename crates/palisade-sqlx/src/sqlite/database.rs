//! Opening and closing.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::time::Duration;

use sqlx::Connection;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use tokio::time::{Instant, sleep};

use super::error::OpenError;
use super::keys::SqliteKeyStore;
use super::options::SqliteOptions;
use super::schema;
use super::sessions::SqliteSessionStore;

/// An SQLite database and its connections, for the stores that are in it.
///
/// One database has the tables of all stores. A service that keeps keys and sessions in one file opens it
/// once and takes both stores from it; they share the connections, and there is one schema, with one
/// version. Cloning is cheap; the clones share their connections.
///
/// # Examples
///
/// ```
/// use palisade_sqlx::SqliteDatabase;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let database = SqliteDatabase::in_memory().await?;
/// let (keys, sessions) = (database.keys(), database.sessions());
/// # Ok(())
/// # }
/// ```
///
/// One connection writes and several read. SQLite has one writer at a time anyway: behind one
/// connection, callers queue in their order, where several would poll for the lock. The write-ahead
/// log lets readers go on meanwhile.
#[derive(Clone, Debug)]
pub struct SqliteDatabase {
    pub(super) reader: SqlitePool,
    pub(super) writer: SqlitePool,
}

impl SqliteDatabase {
    /// Opens a database file, or creates it, readable by this user alone, and brings its schema to
    /// the newest version.
    ///
    /// It is set to the write-ahead log, and to wait for the disk at each commit
    /// (`synchronous=FULL`): with less, a revocation that was acknowledged could be gone after a
    /// power failure. Keys and sessions are written seldom and uses of keys many at once, so the wait
    /// is worth it.
    ///
    /// # Errors
    ///
    /// [`OpenError`], which says what to do.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::open_with(path, SqliteOptions::default()).await
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
        let path = path.as_ref();
        create(path)?;
        // None lies beyond every clock.
        let deadline = Instant::now().checked_add(options.busy_timeout);
        loop {
            // A change to the write-ahead log does not wait for its lock, so two programs that
            // create a database at once get in each other's way for a moment.
            match Self::connect(path, options).await {
                Err(OpenError::Locked(_)) if deadline.is_none_or(|end| Instant::now() < end) => {
                    sleep(Duration::from_millis(10)).await;
                }
                result => return result,
            }
        }
    }

    async fn connect(path: &Path, options: SqliteOptions) -> Result<Self, OpenError> {
        let connect = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(options.busy_timeout)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            // INSERT OR REPLACE then meets the trigger that forbids DELETE, on our own connections.
            .pragma("recursive_triggers", "ON");
        let pool = SqlitePoolOptions::new()
            .acquire_timeout(options.busy_timeout)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None);

        let writer = pool
            .clone()
            .max_connections(1)
            .after_release(|connection, _| {
                Box::pin(async move {
                    // The ping comes behind the rollback of a dropped transaction. Where SQLite had
                    // rolled back by itself, as it may when a disk fails, sqlx still takes the
                    // transaction for open and could never begin another: drop the connection.
                    connection.ping().await?;
                    Ok(!connection.is_in_transaction())
                })
            })
            .connect_with(connect.clone().journal_mode(SqliteJournalMode::Wal))
            .await?;
        let reader = pool
            .max_connections(options.readers)
            .connect_lazy_with(connect.pragma("query_only", "ON"));
        let database = Self { reader, writer };
        match database.migrate().await {
            Ok(()) => Ok(database),
            Err(error) => {
                database.close().await;
                Err(error)
            }
        }
    }

    /// A new, empty database in memory, for tests and trials. It lives as long as the value and its
    /// clones; each call makes another one.
    ///
    /// # Errors
    ///
    /// [`OpenError`], which says what to do.
    pub async fn in_memory() -> Result<Self, OpenError> {
        let connect =
            SqliteConnectOptions::new().in_memory(true).pragma("recursive_triggers", "ON");
        // The database is the connection's own: there is one, and it never closes.
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(connect)
            .await?;
        let database = Self::from_pool(pool);
        database.migrate().await?;
        Ok(database)
    }

    /// A database that the service has open already. [`migrate`](Self::migrate) makes its
    /// tables, all named `palisade_…`.
    ///
    /// The pool's own settings hold: for a revocation to outlive a power failure, its connections
    /// need `synchronous=FULL`.
    #[must_use]
    pub fn from_pool(pool: SqlitePool) -> Self {
        Self { reader: pool.clone(), writer: pool }
    }

    /// Brings the schema to the newest version. Opening a file does this by itself.
    ///
    /// # Errors
    ///
    /// [`OpenError::NewerSchema`] when the database was made by a newer program; the others when it
    /// cannot be written.
    pub async fn migrate(&self) -> Result<(), OpenError> {
        schema::migrate(&self.writer).await
    }

    /// The key store in this database.
    #[must_use]
    pub fn keys(&self) -> SqliteKeyStore {
        SqliteKeyStore { database: self.clone() }
    }

    /// The session store in this database.
    #[must_use]
    pub fn sessions(&self) -> SqliteSessionStore {
        SqliteSessionStore { database: self.clone() }
    }

    /// Closes the database once the calls that are under way are done, and tidies its log away, for all
    /// stores in it. One that is dropped without this loses nothing.
    pub async fn close(&self) {
        // The last to close writes the log back into the file, which a reader may not.
        self.reader.close().await;
        self.writer.close().await;
    }
}

/// Creates the file if there is none, readable by this user alone. SQLite gives its other files the
/// same mode.
fn create(path: &Path) -> Result<(), OpenError> {
    if path.is_dir() {
        return Err(OpenError::Folder(path.to_owned()));
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(source) if source.kind() != io::ErrorKind::AlreadyExists => {
            Err(OpenError::Create { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use palisade_apikey::{InsertError, KeyRecord, KeyStore, Retirement};
    use palisade_testkit::key_store::sample;

    use super::*;

    #[tokio::test]
    async fn its_connections_have_the_settings_that_are_promised() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteKeyStore::open(folder.path().join("keys.db")).await.unwrap();
        let log: String = sqlx::query_scalar("PRAGMA journal_mode")
            .fetch_one(&store.database.reader)
            .await
            .unwrap();
        assert_eq!(log, "wal");
        for (pragma, on_writer, on_reader) in [
            ("PRAGMA synchronous", 2, 2), // FULL
            ("PRAGMA foreign_keys", 1, 1),
            ("PRAGMA recursive_triggers", 1, 1),
            ("PRAGMA busy_timeout", 5000, 5000),
            ("PRAGMA query_only", 0, 1),
        ] {
            for (pool, expected) in
                [(&store.database.writer, on_writer), (&store.database.reader, on_reader)]
            {
                let value: i64 = sqlx::query_scalar(pragma).fetch_one(pool).await.unwrap();
                assert_eq!(value, expected, "{pragma}");
            }
        }
    }

    #[tokio::test]
    async fn after_a_full_disk_writing_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteKeyStore::open(folder.path().join("keys.db")).await.unwrap();
        let limit = "PRAGMA max_page_count = 1"; // which is then the present size
        sqlx::query(limit).execute(&store.database.writer).await.unwrap();

        let mut n = 0;
        let error = loop {
            n += 1;
            let (old, new) = (sample(n), sample(100_000 + n));
            let new = KeyRecord { replaces: Some(old.id.clone()), ..new };
            if let Err(error) = store.insert_new(&old).await {
                break error;
            }
            let retire = Retirement::ExpireBy(old.created);
            if let Err(error) = store.rotate(&new, retire, old.created).await {
                assert!(store.load(&new.id).await.unwrap().is_none(), "half a rotation");
                break error;
            }
        };
        assert!(matches!(error, InsertError::Store(_)), "{error:?}");
        for n in 1..n {
            assert!(store.load(&sample(100_000 + n).id).await.unwrap().is_some(), "{n}");
        }
        let limit = "PRAGMA max_page_count = 100000";
        sqlx::query(limit).execute(&store.database.writer).await.unwrap();
        store.insert_new(&sample(500_000)).await.unwrap();
        let usage = palisade_apikey::Usage {
            id: sample(500_000).id,
            count: 1,
            last_used: sample(500_000).created,
        };
        store.add_usage(&[usage]).await.unwrap();
    }

    #[tokio::test]
    async fn after_a_rollback_by_the_database_writing_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteKeyStore::open(folder.path().join("keys.db")).await.unwrap();
        let old = sample(1);
        let new = KeyRecord { replaces: Some(old.id.clone()), ..sample(2) };
        store.insert_new(&old).await.unwrap();
        // What the database does by itself on some errors; it ends with the connection.
        let trigger = "CREATE TEMP TRIGGER fails BEFORE UPDATE ON main.palisade_api_keys
            BEGIN SELECT RAISE(ROLLBACK, 'as on a broken disk'); END";
        sqlx::query(trigger).execute(&store.database.writer).await.unwrap();

        let retire = Retirement::ExpireBy(old.created);
        let failed = store.rotate(&new, retire, old.created).await;
        assert!(matches!(failed, Err(InsertError::Store(_))), "{failed:?}");
        let done = store.rotate(&new, retire, old.created).await;
        assert!(matches!(done, Ok(palisade_apikey::Rotation::Done)), "{done:?}");
    }
}
