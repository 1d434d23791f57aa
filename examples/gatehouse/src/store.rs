//! Where the keys are kept: the one place that names the store.

use palisade_apikey::StoreError;

use crate::config::Database;

/// The store of gatehouse.
pub type Store = palisade_apikey::MemoryStore;

/// Why the store was not opened.
pub type OpenError = std::convert::Infallible;

/// Opens the store.
pub(crate) async fn open(_database: &Database) -> Result<Store, OpenError> {
    Ok(Store::new())
}

/// Whether the store answers.
pub(crate) async fn ping(_store: &Store) -> Result<(), StoreError> {
    Ok(())
}

/// Finishes what is under way and closes the store.
pub(crate) async fn close(_store: &Store) {}
