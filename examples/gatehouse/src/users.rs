//! The users and their stored password hashes, in the database that the keys are in.

mod change;
mod login;
mod schema;

use std::fmt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use palisade::session::InvalidName;
use palisade_sqlx::OpenError;
use sqlx::Row;
use sqlx::sqlite::{
    SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};

use crate::allowlists::AllowlistStore;
use crate::webhooks::WebhookStore;

pub use login::{InvalidLogin, LoginName};
/// What sessions and the log name a user by: random, and no secret.
pub use palisade::session::UserId;

/// How long a call waits for another one that writes.
const BUSY_TIME: Duration = Duration::from_secs(5);

/// How many calls are in the database at once. Each is short; one of them writes at a time.
const CONNECTIONS: u32 = 4;

/// The users. Each call is one statement, or one transaction that locks from its start. Clones share
/// their connections.
#[derive(Clone, Debug)]
pub struct Users {
    pool: SqlitePool,
    /// Those of the webhooks: what is sent takes none away from people who log in.
    webhooks: SqlitePool,
}

/// A user, as far as a login needs one.
#[derive(Clone)]
pub struct User {
    /// Who it is, for as long as the row exists.
    pub id: UserId,
    /// What the user logs in with.
    pub login: LoginName,
    /// What the password is compared with.
    pub password_hash: String,
}

/// What became of a new user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "the login name may have been taken"]
pub enum Insertion {
    /// There is a new user.
    Done(UserId),
    /// Someone has that login name. Nothing was changed.
    Taken,
}

/// What became of a new hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "another hash may have come first"]
pub enum Swap {
    /// It is stored.
    Done,
    /// The old hash is no longer stored. Nothing was changed.
    Overtaken,
}

impl Users {
    /// Opens the tables of the users in a database file that is there, and brings them to the newest
    /// version.
    ///
    /// It waits for the disk at each commit (`synchronous=FULL`): with less, a change of a password that
    /// was acknowledged could be gone after a power failure.
    ///
    /// # Errors
    ///
    /// [`OpenError`], which says what to do.
    pub async fn open(path: &Path) -> Result<Self, OpenError> {
        let connect = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(BUSY_TIME)
            .synchronous(SqliteSynchronous::Full);
        Self::connect(connect, CONNECTIONS).await
    }

    /// No users, in memory. Each call makes another database.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub async fn in_memory() -> Result<Self, OpenError> {
        // The database is the connection's own: there is one, and it never closes.
        Self::connect(SqliteConnectOptions::new().in_memory(true), 1).await
    }

    async fn connect(connect: SqliteConnectOptions, connections: u32) -> Result<Self, OpenError> {
        let options = SqlitePoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(BUSY_TIME)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None);
        let pool = options.clone().connect_with(connect.clone()).await?;
        match schema::migrate(&pool).await {
            // A second connection to a database in memory would be one to another database.
            Ok(()) if connections == 1 => Ok(Self { webhooks: pool.clone(), pool }),
            Ok(()) => Ok(Self { webhooks: options.connect_lazy_with(connect), pool }),
            Err(error) => {
                pool.close().await;
                Err(error)
            }
        }
    }

    /// Adds a user, unless someone has that login name.
    ///
    /// # Errors
    ///
    /// [`UsersError`].
    pub async fn insert_new(
        &self,
        login: &LoginName,
        password_hash: &str,
        now: SystemTime,
    ) -> Result<Insertion, UsersError> {
        // To the end, since the row is kept when the statement is done and not when it has an id.
        let id = insert(login, password_hash, now).fetch_all(&self.pool).await?.pop();
        id.map_or(Ok(Insertion::Taken), |row| Ok(Insertion::Done(user_id(&row)?)))
    }

    /// Adds all of these users or none of them. An index is that of the first whose login name is taken,
    /// by another one of them or before.
    ///
    /// # Errors
    ///
    /// [`UsersError`].
    pub async fn insert_all_new(
        &self,
        users: &[(LoginName, String)],
        now: SystemTime,
    ) -> Result<Result<(), usize>, UsersError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        for (index, (login, password_hash)) in users.iter().enumerate() {
            let inserted = insert(login, password_hash, now).fetch_optional(&mut *transaction);
            if inserted.await?.is_none() {
                transaction.rollback().await?;
                return Ok(Err(index));
            }
        }
        transaction.commit().await?;
        Ok(Ok(()))
    }

    /// The user of a login name.
    ///
    /// # Errors
    ///
    /// [`UsersError`].
    pub async fn find(&self, login: &LoginName) -> Result<Option<User>, UsersError> {
        let row = sqlx::query("SELECT id, login, password_hash FROM users WHERE login = ?1")
            .bind(login.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(user).transpose()
    }

    /// The user of an id.
    ///
    /// # Errors
    ///
    /// [`UsersError`].
    pub async fn load(&self, id: &UserId) -> Result<Option<User>, UsersError> {
        let row = sqlx::query("SELECT id, login, password_hash FROM users WHERE id = ?1")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(user).transpose()
    }

    /// Replaces the hash of a user, if it still is the old one: a password that was changed meanwhile
    /// must not come back.
    ///
    /// # Errors
    ///
    /// [`UsersError`].
    pub async fn swap_hash(&self, id: &UserId, old: &str, new: &str) -> Result<Swap, UsersError> {
        let statement = "UPDATE users SET password_hash = ?3 WHERE id = ?1 AND password_hash = ?2";
        let done = sqlx::query(statement)
            .bind(id.as_str())
            .bind(old)
            .bind(new)
            .execute(&self.pool)
            .await?;
        Ok(if done.rows_affected() == 0 { Swap::Overtaken } else { Swap::Done })
    }

    /// At most so many users after this one, or from the first one on. Their order is random and does
    /// not change, so the first are a fair sample.
    ///
    /// # Errors
    ///
    /// [`UsersError`].
    pub async fn page(&self, after: Option<&UserId>, limit: u32) -> Result<Vec<User>, UsersError> {
        let statement =
            "SELECT id, login, password_hash FROM users WHERE id > ?1 ORDER BY id LIMIT ?2";
        let rows = sqlx::query(statement)
            .bind(after.map_or("", UserId::as_str))
            .bind(limit)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(user).collect()
    }

    /// How many there are.
    ///
    /// # Errors
    ///
    /// [`UsersError`].
    pub async fn count(&self) -> Result<u64, UsersError> {
        let count: i64 =
            sqlx::query_scalar("SELECT count(*) FROM users").fetch_one(&self.pool).await?;
        Ok(count.unsigned_abs())
    }

    /// The allowlists, which are in the same database behind the same connections.
    #[must_use]
    pub fn allowlists(&self) -> AllowlistStore {
        AllowlistStore::new(self.pool.clone())
    }

    /// The webhooks, in the same database behind connections of their own.
    #[must_use]
    pub fn webhooks(&self) -> WebhookStore {
        WebhookStore::new(self.webhooks.clone())
    }

    /// Closes the connections once the calls under way are done.
    pub async fn close(&self) {
        self.webhooks.close().await;
        self.pool.close().await;
    }
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

/// Returns the id of the new user, or nothing where the login name is taken.
fn insert<'q>(login: &'q LoginName, password_hash: &'q str, now: SystemTime) -> Query<'q> {
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    sqlx::query(
        "INSERT INTO users (login, password_hash, created_at) VALUES (?1, ?2, ?3)
        ON CONFLICT (login) DO NOTHING RETURNING id",
    )
    .bind(login.as_str())
    .bind(password_hash)
    .bind(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

fn user(row: &SqliteRow) -> Result<User, UsersError> {
    let login: Result<LoginName, InvalidLogin> = row.try_get::<String, _>("login")?.parse();
    Ok(User {
        id: user_id(row)?,
        login: login.map_err(|error| sqlx::Error::Decode(error.into()))?,
        password_hash: row.try_get("password_hash")?,
    })
}

fn user_id(row: &SqliteRow) -> Result<UserId, UsersError> {
    let id: Result<UserId, InvalidName> = row.try_get::<String, _>("id")?.parse();
    Ok(id.map_err(|error| sqlx::Error::Decode(error.into()))?)
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The users cannot be read or written at the moment.
///
/// Its text is safe to show a stranger. The cause, for the operator's log, is its
/// [`source`](std::error::Error::source).
#[derive(Debug, thiserror::Error)]
#[error("the store of users is not available")]
pub struct UsersError(#[from] sqlx::Error);
