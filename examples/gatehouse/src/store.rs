//! Where keys and sessions are kept: the one place that names the stores.

use palisade_sqlx::{SqliteDatabase, SqliteKeyStore, SqliteSessionStore};

use crate::config::Database;
use crate::peppers;
use crate::start::StartError;
use crate::users::Users;

pub use palisade_sqlx::OpenError;

/// The store of the keys.
pub type Store = SqliteKeyStore;

/// The store of the sessions.
pub type SessionStore = SqliteSessionStore;

/// Opens the database of the keys and the sessions, creating it where there is none.
pub(crate) async fn open(database: &Database) -> Result<SqliteDatabase, OpenError> {
    match database {
        Database::Memory => SqliteDatabase::in_memory().await,
        Database::File(path) => SqliteDatabase::open(path).await,
    }
}

/// Opens the users in the database.
pub(crate) async fn open_users(database: &Database) -> Result<Users, StartError> {
    let Database::File(path) = database else { return Ok(Users::in_memory().await?) };
    peppers::make_folder(database).map_err(StartError::Folder)?;
    // Where there is no file yet, that of the keys makes it, for its owner alone and with its log.
    open(database).await?.close().await;
    Ok(Users::open(path).await?)
}
