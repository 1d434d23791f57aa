//! Refusals and failures of the service.

use palisade_secret::NoRandomness;

use crate::{Ending, SessionId, StepUp, StoreError, TokenRefused};

/// Why a presented token was not accepted.
///
/// Its text is safe to show a stranger: that a session has ended is told only to someone who presented
/// its very token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The token was refused by itself, and the store was not asked: malformed, forged, of another kind or
    /// key, or out of its time. After [`TokenRefused::NotYetValid`] the user may well be signed in: a clock
    /// is wrong, so the cookie stays.
    #[error("you are not signed in")]
    Token(#[from] TokenRefused),
    /// Well formed, and of no session that is known.
    #[error("you are not signed in")]
    Unknown,
    /// It was not used for longer than the idle timeout.
    #[error("you were signed out because you were away for long")]
    Idle(SessionId),
    /// The absolute timeout has run out.
    #[error("you were signed out because you signed in long ago")]
    Expired(SessionId),
    /// It was ended, and why.
    #[error("you were signed out")]
    Ended(SessionId, Ending),
    /// All sessions of the user were ended, and this one began just before.
    #[error("you were signed out")]
    Superseded(SessionId),
    /// Nobody knows: the store did not answer. An HTTP service answers 503, never 401, and does not
    /// remove the cookie.
    #[error("sessions cannot be checked at the moment")]
    Unavailable(#[from] StoreError),
}

impl Refused {
    /// Which session it was, for the log, where one was found.
    #[must_use]
    pub fn session(&self) -> Option<&SessionId> {
        match self {
            Self::Idle(id) | Self::Expired(id) | Self::Ended(id, _) | Self::Superseded(id) => {
                Some(id)
            }
            Self::Token(_) | Self::Unknown | Self::Unavailable(_) => None,
        }
    }

    /// A short, stable word for the audit log and for metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Token(refused) => refused.reason(),
            Self::Unknown => "session_unknown",
            Self::Idle(_) => "session_idle",
            Self::Expired(_) => "session_expired",
            Self::Ended(_, ending) => ending.reason.as_str(),
            Self::Superseded(_) => "session_superseded",
            Self::Unavailable(_) => "session_store_unavailable",
        }
    }
}

/// Why a presented token was not accepted where the service has a rule of its own; see
/// [`Sessions::validate_if`](crate::Sessions::validate_if).
///
/// The two are told apart because they are answered apart: the one is an HTTP 401 for whoever is not signed
/// in, or a 503 where nobody knows; the other is mostly a 403 for somebody who is. There is no third.
#[derive(Debug, thiserror::Error)]
pub enum RefusedOr<E> {
    /// The token was not accepted. The rule may have let it pass before: what watches comes after it, and so
    /// does the note of the use.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The user is signed in, and the rule says no.
    #[error(transparent)]
    Denied(E),
}

/// Why no session began.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// All sessions of the user were ended while he signed in, as by a change of password: he signs in
    /// again.
    #[error("sign in again: your sessions were ended meanwhile")]
    Stale,
    /// The user has as many sessions as the policy allows.
    #[error("you are signed in on too many devices; sign out on one of them first")]
    Full,
    /// The time is not one that can be stored: the clock of the server is wrong.
    #[error("the server's clock is wrong")]
    Clock,
    /// No token could be made.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The store failed.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

/// Why a session was not changed. It lives on as it was, unless it had ended before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// The session is over, or it goes on under a new id: another request changed it at the same time.
    /// The client sends the request once more, with the token that it then has.
    #[error("the session was changed by another request; try again")]
    Gone,
    /// Somebody else than the user of the session proved who he is.
    #[error("that is another user's proof")]
    WrongUser,
    /// The user has no such session.
    #[error("there is no such session")]
    NotFound,
    /// The time is not one that can be stored: the clock of the server is wrong.
    #[error("the server's clock is wrong")]
    Clock,
    /// No token could be made.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The store failed.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

/// Why an action that needs a recent proof is not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecentError {
    /// The session lives, and the user must prove once more who he is.
    #[error(transparent)]
    StepUp(#[from] StepUp),
    /// The session does not live any more, or nobody knows.
    #[error(transparent)]
    Refused(#[from] Refused),
}
