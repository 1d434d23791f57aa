//! Refusals and failures of the service.

use palisade_secret::NoRandomness;

use crate::{ApiKeyId, Malformed, StoreError};

/// Why a presented key was not accepted.
///
/// Its text is safe to show a stranger: that a key has expired or was revoked is told only to
/// someone who presented that very key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The text is no key of this service; the store was not asked.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// Well formed, and not one of ours.
    #[error("the API key is not valid")]
    Unknown,
    /// Its time has run out.
    #[error("the API key has expired")]
    Expired(ApiKeyId),
    /// Another key replaced it, and the overlap has run out.
    #[error("the API key was replaced by a newer one")]
    Replaced(ApiKeyId),
    /// It was revoked.
    #[error("the API key was revoked")]
    Revoked(ApiKeyId),
    /// It works from one server only, and the request named none.
    #[error(
        "the API key works from one server only, and the request does not say which it is from"
    )]
    ServerRequired(ApiKeyId),
    /// It works from another server only.
    #[error("the API key does not work from this server")]
    WrongServer(ApiKeyId),
    /// Nobody knows: the store did not answer. An HTTP service answers 503, never 401.
    #[error("API keys cannot be checked at the moment")]
    Unavailable(#[from] StoreError),
}

impl Refused {
    /// Which key it was, for the log, where one was found.
    #[must_use]
    pub fn key_id(&self) -> Option<&ApiKeyId> {
        match self {
            Self::Expired(id)
            | Self::Replaced(id)
            | Self::Revoked(id)
            | Self::ServerRequired(id)
            | Self::WrongServer(id) => Some(id),
            Self::Malformed(_) | Self::Unknown | Self::Unavailable(_) => None,
        }
    }

    /// A short, stable word for the audit log and for metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Malformed(malformed) => malformed.reason(),
            Self::Unknown => "key_unknown",
            Self::Expired(_) => "key_expired",
            Self::Replaced(_) => "key_replaced",
            Self::Revoked(_) => "key_revoked",
            Self::ServerRequired(_) => "key_server_required",
            Self::WrongServer(_) => "key_wrong_server",
            Self::Unavailable(_) => "key_store_unavailable",
        }
    }
}

/// Why a presented key was not accepted where the service has a rule of its own; see
/// [`ApiKeys::authenticate_if`](crate::ApiKeys::authenticate_if).
///
/// The two are told apart because they are answered apart: the one is an HTTP 401 for whoever has no good
/// key, or a 503 where nobody knows; the other is mostly a 403 for somebody who has one. There is no third.
#[derive(Debug, thiserror::Error)]
pub enum RefusedOr<E> {
    /// The key was not accepted, and the rule was not asked.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The key is good, and the rule says no.
    #[error(transparent)]
    Denied(E),
}

/// Why no key was issued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The service has no format with this prefix.
    #[error("there is no key format with that prefix")]
    UnknownFormat,
    /// Keys of this format work from one server, and none was given.
    #[error("keys of this format are bound to a server; name it")]
    ServerRequired,
    /// The expiry is in the past, or the clock or the expiry is not within the years 1970 to 9999.
    #[error("the expiry has to lie in the future, and before the year 10000")]
    Expiry,
    /// There are more scopes than text may list, so the record could not be read back.
    #[error("a key has at most {} scopes", crate::Scopes::MAX)]
    TooManyScopes,
    /// The generator of the operating system failed.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The digest of a key to be imported is of a scheme that the ring cannot verify.
    #[error("the digest needs a pepper or a scheme that is not in use")]
    UnusableDigest,
    /// What may be shown of a key to be imported is more than four characters, or none of its own.
    #[error("what may be shown of a key is up to four of 0-9 A-Z a-z")]
    LastFour,
    /// The new key is there already, which cannot be chance.
    #[error("a key with the same id or digest exists; is the random generator sound?")]
    Duplicate,
    /// The store failed.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

/// Why a key was not rotated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RotateError {
    /// The owner has no such key.
    #[error("there is no such key")]
    NotFound,
    /// The key is expired, revoked or replaced: only a working key is rotated.
    #[error("the key is {}, and only an active key is rotated", .0.as_str())]
    NotActive(crate::KeyState),
    /// The key already has a successor, or lost its standing while this call ran. An HTTP service
    /// answers 409.
    #[error("the key was rotated or revoked already")]
    Conflict,
    /// The key was replaced before, so it got no second successor. Since it was to stop at once, it is
    /// revoked now. An HTTP service answers 409 and says so.
    #[error("the key was replaced before; it is revoked now and got no second successor")]
    StoppedOnly,
    /// The successor could not be issued.
    #[error(transparent)]
    Issue(#[from] IssueError),
}

/// Why a key was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManageError {
    /// The owner has no such key.
    #[error("there is no such key")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}
