//! What a service needs of the place where sessions are kept.

use std::future::Future;
use std::net::IpAddr;
use std::time::SystemTime;

use crate::{EndReason, Ending, Horizon, SessionId, SessionLimit, SessionRecord, UserId};

/// A place that keeps session records.
///
/// # For authors of a store
///
/// Each method is one atomic step: two calls at once end as if one had come before the other. No method
/// writes a whole record over another, and every write looks at what is there first, so that a late one
/// never brings a session back; a good store refuses that in its own schema as well.
///
/// Each user has a generation, a number that only grows. A record is *live* while it has not
/// [ended](SessionRecord::ended) and its generation is that of its user; where a [`Horizon`] is given, it
/// must [hold](Horizon::holds) too. Times are whole microseconds, of the years 1970 to 9999. The suite in
/// `palisade-testkit` tells whether all of this holds.
pub trait SessionStore: Send + Sync {
    /// The generation of a user; the same for all users who were never heard of.
    fn generation(&self, user: &UserId) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Keeps a new record, if its generation is that of its user, and ends as many live sessions of the
    /// user as the limit asks for, those least recently seen first, all or nothing. Returns those that
    /// ended, for [`EndReason::TooManySessions`] at the time at which the new record was created.
    fn insert_new(
        &self,
        record: &SessionRecord,
        limit: SessionLimit,
        horizon: &Horizon,
    ) -> impl Future<Output = Result<Vec<SessionId>, InsertError>> + Send;

    /// The record with this id, and the generation of its user at the same moment.
    fn load(
        &self,
        id: &SessionId,
    ) -> impl Future<Output = Result<Option<Stored>, StoreError>> + Send;

    /// Moves the time of last use forward, never back, and notes the address where there is one, if the
    /// session is live and of this generation.
    fn touch_if_live(
        &self,
        id: &SessionId,
        generation: u64,
        touch: Touch,
    ) -> impl Future<Output = Result<Written, StoreError>> + Send;

    /// Ends a live session for [`EndReason::Replaced`] at `now` and keeps its successor, both or neither.
    ///
    /// With [`Others::Keep`] the successor is of the user's generation. With [`Others::End`] it is of the
    /// next one, which becomes the user's, and all other live sessions of the user end.
    ///
    /// [`Written::Gone`] when the session is not live, belongs to another user than the successor, or the
    /// successor is of another generation than that: of two rotations at once, one is done.
    fn rotate(
        &self,
        from: &SessionId,
        successor: &SessionRecord,
        others: Others,
        now: SystemTime,
    ) -> impl Future<Output = Result<Written, InsertError>> + Send;

    /// Ends a session of this user, unless it has ended already, and returns the ending that now stands;
    /// `None` when this user has no such session.
    fn revoke(
        &self,
        user: &UserId,
        id: &SessionId,
        ending: Ending,
    ) -> impl Future<Output = Result<Option<Ending>, StoreError>> + Send;

    /// Ends the live sessions of this user but the one to keep, and returns how many; `None`, and no
    /// change, when that one is not a live session of this user.
    fn revoke_others(
        &self,
        user: &UserId,
        keep: &SessionId,
        ending: Ending,
    ) -> impl Future<Output = Result<Option<u64>, StoreError>> + Send;

    /// Ends the live sessions of this user, returns how many, and moves the user to the next generation:
    /// a sign-in that has begun and is stored after this is refused.
    fn revoke_user(
        &self,
        user: &UserId,
        ending: Ending,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Does to all users what [`revoke_user`](Self::revoke_user) does to one, users who were never heard
    /// of included.
    fn revoke_everyone(
        &self,
        ending: Ending,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// At most `limit` live sessions of a user, the most recently seen first, by id where they are equal.
    fn list(
        &self,
        user: &UserId,
        horizon: &Horizon,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<SessionRecord>, StoreError>> + Send;

    /// Forgets at most `limit` records that the horizon does not hold, or that ended no later than its
    /// [`seen_after`](Horizon::seen_after), and returns how many. Generations are never forgotten.
    fn purge(
        &self,
        horizon: &Horizon,
        limit: u32,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

/// A record as it was read.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The record.
    pub record: SessionRecord,
    /// The generation of its user.
    pub user_generation: u64,
}

/// What is noted when a session is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// When.
    pub at: SystemTime,
    /// From where; `None` leaves the address that is there.
    pub address: Option<IpAddr>,
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is done.
    Done,
    /// Nothing changed: the session is no longer what the writer took it for.
    Gone,
}

/// What becomes of the other sessions of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// They live on.
    Keep,
    /// They end.
    End(EndReason),
}

/// Why a record was not kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InsertError {
    /// A record with the same id is there already. It was not touched.
    #[error("a session with the same id exists")]
    Duplicate,
    /// The user is of another generation: all sessions were ended while this one began.
    #[error("the sessions of the user were ended meanwhile")]
    Stale,
    /// The user has as many sessions as the limit allows, and the limit refuses more.
    #[error("the user has too many sessions")]
    Full,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The store did not answer, or answered with what cannot be right.
///
/// Its text is safe to show a stranger. The cause, for the operator's log, is its
/// [`source`](std::error::Error::source).
#[derive(Debug, thiserror::Error)]
#[error("the session store is not available")]
pub struct StoreError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl StoreError {
    /// An error with its cause.
    pub fn new(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}
