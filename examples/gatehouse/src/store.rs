//! Where keys and sessions are kept: the one place that names the stores.

use palisade::session::MemoryStore;
use palisade_sqlx::SqliteKeyStore;

use crate::config::Database;
use crate::peppers;
use crate::start::StartError;
use crate::users::Users;

pub use palisade_sqlx::OpenError;

/// The store of the keys.
pub type Store = SqliteKeyStore;

/// The store of the sessions.
pub type SessionStore = MemoryStore;

/// Opens the database, creating it where there is none.
pub(crate) async fn open(database: &Database) -> Result<Store, OpenError> {
    match database {
        Database::Memory => SqliteKeyStore::in_memory().await,
        Database::File(path) => SqliteKeyStore::open(path).await,
    }
}

/// Opens the sessions in the database.
#[expect(clippy::unused_async, reason = "seam: the SQLite store comes from another branch")]
pub(crate) async fn open_sessions(_database: &Database) -> Result<SessionStore, OpenError> {
    Ok(MemoryStore::new())
}

/// Opens the users in the database.
pub(crate) async fn open_users(database: &Database) -> Result<Users, StartError> {
    let Database::File(path) = database else { return Ok(Users::in_memory().await?) };
    peppers::make_folder(database).map_err(StartError::Folder)?;
    // Where there is no file yet, the key store makes it, for its owner alone and with its log.
    open(database).await?.close().await;
    Ok(Users::open(path).await?)
}
