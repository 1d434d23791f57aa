//! What is wrong with a record: the causes of a `StoreError` that no network has to do with.

/// A record on the server that cannot be right: the cause of a `StoreError`.
///
/// It names the place and never a value: a digest does not belong in a log. `docs/formats/redis-keys.md`
/// says what stands where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{id:?} in the {key} of the session store holds what cannot be right in `{field}`")]
#[non_exhaustive]
pub struct CorruptRecord {
    /// The last part of the name of the key: `records` or `generations`.
    pub key: &'static str,
    /// The id of the session, or the user; empty when the server does not say which.
    pub id: String,
    /// The line of the record; `record` for its text as a whole, `order` when the entries of the record
    /// beside it are not those that they should be.
    pub field: &'static str,
}

/// A record that cannot be stored exactly: the cause of a `StoreError`.
///
/// Times have to be whole microseconds of the years 1970 to 9999. `Sessions` sees to that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the record has a `{field}` that cannot be stored exactly")]
#[non_exhaustive]
pub struct Unstorable {
    /// The line of the record.
    pub field: &'static str,
}

/// An answer of the server that no script of the store gives: the cause of a `StoreError`.
///
/// Something between the two answers in the server's place, or the keys are another program's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server answered a script of the session store with what that script never answers")]
pub struct UnknownReply;
