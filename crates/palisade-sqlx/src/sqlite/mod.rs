//! The key store on SQLite.

mod error;
mod open;
mod options;
mod row;
mod schema;
mod store;

pub use error::OpenError;
pub use open::SqliteKeyStore;
pub use options::SqliteOptions;
