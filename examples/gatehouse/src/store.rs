//! Where the keys are kept: the one place that names the store.

use palisade_sqlx::SqliteKeyStore;

use crate::config::Database;

pub use palisade_sqlx::OpenError;

/// The store of gatehouse.
pub type Store = SqliteKeyStore;

/// Opens the database, creating it where there is none.
pub(crate) async fn open(database: &Database) -> Result<Store, OpenError> {
    match database {
        Database::Memory => SqliteKeyStore::in_memory().await,
        Database::File(path) => SqliteKeyStore::open(path).await,
    }
}
