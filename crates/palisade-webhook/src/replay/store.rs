//! Where a guard remembers.

use std::time::SystemTime;

use super::ReplayKey;

/// Where the keys of admitted messages are kept, for as long as their replays would be accepted.
///
/// Implementations pass the suite of `palisade-testkit`. [`MemoryReplays`](super::MemoryReplays) is the one
/// for a single process.
pub trait ReplayStore: Send + Sync {
    /// Remembers a key until `expires`, if it is not remembered already.
    ///
    /// Looking and writing are one step: of two calls at the same time with the same key, one gets
    /// [`Inserted::New`]. A key whose end has come (`expires <= now`) counts as absent. A key that is present
    /// is kept until the later of both ends: the same message, signed anew, can be replayed for longer. A
    /// store that is full answers [`Inserted::Full`] and drops no key before its end.
    ///
    /// The times are whole seconds.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when nobody knows.
    fn insert_if_absent(
        &self,
        key: &ReplayKey,
        expires: SystemTime,
        now: SystemTime,
    ) -> impl Future<Output = Result<Inserted, StoreError>> + Send;

    /// Forgets a key; does nothing when it is not there.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when nobody knows.
    fn remove(&self, key: &ReplayKey) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// What became of an insertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// The key was not there, and is now.
    New,
    /// The key was there.
    Present,
    /// There is no room for it, and nothing changed.
    Full,
}

/// The store did not answer. Its cause is for the log.
#[derive(Debug, thiserror::Error)]
#[error("the store of replay keys does not answer")]
pub struct StoreError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl StoreError {
    /// An error with its cause.
    pub fn new(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

impl<S: ReplayStore + ?Sized> ReplayStore for std::sync::Arc<S> {
    fn insert_if_absent(
        &self,
        key: &ReplayKey,
        expires: SystemTime,
        now: SystemTime,
    ) -> impl Future<Output = Result<Inserted, StoreError>> + Send {
        (**self).insert_if_absent(key, expires, now)
    }

    fn remove(&self, key: &ReplayKey) -> impl Future<Output = Result<(), StoreError>> + Send {
        (**self).remove(key)
    }
}
