#![cfg_attr(feature = "sqlite", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "sqlite"), doc = "Stores on SQL databases, each behind a feature.")]

#[cfg(feature = "sqlite")]
mod column;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(feature = "sqlite")]
pub use column::{CorruptRow, Unstorable};
#[cfg(feature = "sqlite")]
pub use sqlite::{OpenError, SqliteDatabase, SqliteKeyStore, SqliteOptions, SqliteSessionStore};
