//! What a service needs of the place where records are kept.

use std::future::Future;
use std::time::SystemTime;

use crate::{ApiKeyId, DigestScheme, KeyDigest, KeyName, KeyRecord, Owner, Revocation};

/// A place that keeps key records.
///
/// # For authors of a store
///
/// Each method is one atomic step: two calls at once end as if one had come before the other. No
/// method writes a whole record over another, so nothing is lost between a read and a write, and
/// there is no method that lifts a revocation; a good store refuses it in its own schema as well.
/// Times are whole microseconds, of the years 1970 to 9999. The suite in `palisade-testkit` tells
/// whether all of this holds.
pub trait KeyStore: Send + Sync {
    /// Keeps a new record.
    fn insert_new(
        &self,
        record: &KeyRecord,
    ) -> impl Future<Output = Result<(), InsertError>> + Send;

    /// The record whose digest has the same bytes as one of the candidates. They are digests of one key,
    /// so at most one of them should be stored; where more are, a revoked one is returned. All are looked up in one moment: looked up one
    /// after the other, a digest that is replaced meanwhile could be missed.
    fn find(
        &self,
        candidates: &[KeyDigest],
    ) -> impl Future<Output = Result<Option<KeyRecord>, StoreError>> + Send;

    /// The record with this id.
    fn load(
        &self,
        id: &ApiKeyId,
    ) -> impl Future<Output = Result<Option<KeyRecord>, StoreError>> + Send;

    /// At most `limit` records of an owner, in the order of `(created, id)`, those after the record
    /// `after` where it is given. An `after` that the owner does not have yields none.
    fn list(
        &self,
        owner: &Owner,
        after: Option<&ApiKeyId>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<KeyRecord>, StoreError>> + Send;

    /// Retires the record that `successor.replaces` names and keeps the successor, both or neither.
    ///
    /// Only a key that is active at `now` and has not been replaced is rotated: of two rotations at
    /// once, one gets [`Rotation::Refused`].
    fn rotate(
        &self,
        successor: &KeyRecord,
        retire: Retirement,
        now: SystemTime,
    ) -> impl Future<Output = Result<Rotation, InsertError>> + Send;

    /// Marks a record as revoked, unless it is already, and returns the revocation that now stands;
    /// `None` when there is no such record.
    fn revoke(
        &self,
        id: &ApiKeyId,
        revocation: Revocation,
    ) -> impl Future<Output = Result<Option<Revocation>, StoreError>> + Send;

    /// Changes the name alone. `false` when there is no such record.
    fn rename(
        &self,
        id: &ApiKeyId,
        name: &KeyName,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Adds to the use counts and moves the times of last use forward, never back; all or none of
    /// the batch. Unknown ids are passed over. A count that can grow no further stays at its most,
    /// which is at least 2^63 - 1.
    fn add_usage(&self, batch: &[Usage]) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Replaces the digest, if it still has the bytes and the scheme of `from`. `false` when it has
    /// not. An error, and no change, when another record has the digest `to`.
    fn replace_digest(
        &self,
        id: &ApiKeyId,
        from: &KeyDigest,
        to: &KeyDigest,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// How many records have digests of each scheme, those that are active at `now` apart from those
    /// that are revoked or expired. A scheme without records is not there.
    fn count_schemes(
        &self,
        now: SystemTime,
    ) -> impl Future<Output = Result<Vec<SchemeTally>, StoreError>> + Send;

    /// At most `limit` digests of this scheme, of records that are active at `now`, in the order of
    /// their ids, those after `after` where it is given.
    fn digests_of(
        &self,
        scheme: &DigestScheme,
        after: Option<&ApiKeyId>,
        limit: usize,
        now: SystemTime,
    ) -> impl Future<Output = Result<Vec<(ApiKeyId, KeyDigest)>, StoreError>> + Send;
}

/// What becomes of a key that another one replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retirement {
    /// It works until then, or until its own expiry if that comes sooner.
    ExpireBy(SystemTime),
    /// It stops at once, for good.
    Revoke(Revocation),
}

/// What became of a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The old key is retired and the new one is kept.
    Done,
    /// Nothing changed: the old key is unknown, not active, or already replaced.
    Refused,
}

/// How many records have digests of one scheme.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SchemeTally {
    /// The scheme.
    pub scheme: DigestScheme,
    /// How many of them are active.
    pub live: u64,
    /// How many are revoked or expired, for good.
    pub dead: u64,
}

/// How often a key was used since the last flush, and when last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Which key.
    pub id: ApiKeyId,
    /// How often.
    pub count: u64,
    /// When last.
    pub last_used: SystemTime,
}

/// Why a record was not kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InsertError {
    /// A record with the same id or the same digest is there already.
    #[error("a key with the same id or digest exists")]
    Duplicate,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The store did not answer, or answered with what cannot be right.
///
/// Its text is safe to show a stranger. The cause, for the operator's log, is its
/// [`source`](std::error::Error::source).
#[derive(Debug, thiserror::Error)]
#[error("the key store is not available")]
pub struct StoreError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl StoreError {
    /// An error with its cause.
    pub fn new(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}
