//! The stores on SQLite.

mod database;
mod error;
mod keys;
mod options;
mod row;
mod schema;
mod sessions;

pub use database::SqliteDatabase;
pub use error::OpenError;
pub use keys::SqliteKeyStore;
pub use options::SqliteOptions;
pub use sessions::SqliteSessionStore;
