//! How the refusals of the crates below become responses.

use axum::http::StatusCode;
use palisade::apikey::{
    IssueError, KeyState, ManageError, MissingScope, Refused, RotateError, StoreError, TooLong,
};

use super::{ApiError, Challenge};
use crate::bearer::NoBearer;

/// What a route takes as a bearer token.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted {
    /// An API key.
    ApiKey,
    /// An epoch token.
    EpochToken,
}

impl Wanted {
    fn name(self) -> &'static str {
        match self {
            Self::ApiKey => "API key",
            Self::EpochToken => "epoch token",
        }
    }
}

impl ApiError {
    /// The answer to a request without the bearer token that its route takes.
    pub(crate) fn no_bearer(refused: NoBearer, wanted: Wanted) -> Self {
        let wanted = wanted.name();
        let hint = format!("send the header Authorization: Bearer <{wanted}>");
        let unauthenticated = |message: String, reason, challenge| {
            Self::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", message, hint, reason)
                .challenge(challenge)
        };
        match refused {
            NoBearer::Missing => unauthenticated(
                format!("this route needs an {wanted}"),
                "authorization_missing",
                Challenge::Plain,
            ),
            NoBearer::OtherScheme => unauthenticated(
                "the Authorization header is not of the Bearer scheme".to_owned(),
                "authorization_scheme",
                Challenge::Plain,
            ),
            NoBearer::Malformed => unauthenticated(
                format!("the Authorization header is not `Bearer`, a space, and one {wanted}"),
                "authorization_malformed",
                Challenge::Error("invalid_token"),
            ),
            // RFC 6750 section 3.1: repeated credentials are a bad request.
            NoBearer::Repeated => Self::new(
                StatusCode::BAD_REQUEST,
                "INVALID_REQUEST",
                "there is more than one Authorization header",
                "send one; does a proxy add its own?",
                "authorization_repeated",
            )
            .challenge(Challenge::Error("invalid_request")),
        }
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        let reason = refused.reason();
        let hint = match &refused {
            Refused::Unavailable(error) => return Self::store(error, refused.to_string(), reason),
            Refused::Malformed(_) => "compare it with the key that was shown when it was issued",
            Refused::ServerRequired(_) => "name the server in the X-Server-Id header",
            Refused::WrongServer(_) => "use the key on the server that it was issued for",
            _ => "ask whoever manages the keys of your organisation for a new one",
        };
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", refused.to_string(), hint, reason)
            .challenge(Challenge::Error("invalid_token"))
    }
}

impl From<MissingScope> for ApiError {
    fn from(refused: MissingScope) -> Self {
        let mut error = Self::new(
            StatusCode::FORBIDDEN,
            "INSUFFICIENT_SCOPE",
            refused.to_string(),
            "use a key that has the scope, or ask an admin to mint one",
            "insufficient_scope",
        )
        .challenge(Challenge::Error("insufficient_scope"));
        error.0.missing = Some(refused.missing().clone());
        error
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        Self::store(&error, message, "key_store_unavailable")
    }
}

impl From<ManageError> for ApiError {
    fn from(error: ManageError) -> Self {
        match error {
            ManageError::NotFound => Self::no_such_key(),
            ManageError::Unavailable(error) => error.into(),
            error => {
                tracing::error!(cause = %error, "a key was not changed");
                Self::internal("key_not_changed")
            }
        }
    }
}

impl From<IssueError> for ApiError {
    fn from(error: IssueError) -> Self {
        let message = error.to_string();
        match error {
            IssueError::UnknownFormat => {
                Self::invalid_body(message, "name a format of this service in \"format\"")
            }
            IssueError::ServerRequired => {
                Self::invalid_body(message, "add \"server\", the id of the server it runs on")
            }
            IssueError::Expiry => {
                Self::invalid_body(message, "give a sensible number in \"expires_in_seconds\"")
            }
            IssueError::Unavailable(error) => error.into(),
            error => {
                tracing::error!(cause = %error, "no key was issued");
                Self::internal("key_not_issued")
            }
        }
    }
}

impl From<RotateError> for ApiError {
    fn from(error: RotateError) -> Self {
        let conflict = |code, message: String, hint: &'static str, reason| {
            Self::new(StatusCode::CONFLICT, code, message, hint, reason)
        };
        let message = error.to_string();
        match error {
            RotateError::NotFound => Self::no_such_key(),
            RotateError::Issue(IssueError::Unavailable(error)) => error.into(),
            RotateError::Issue(IssueError::UnknownFormat) => conflict(
                "KEY_NOT_ACTIVE",
                message,
                "keys of this format are not issued any more: mint one of another format",
                "key_format_retired",
            ),
            RotateError::StoppedOnly => conflict(
                "KEY_ALREADY_ROTATED",
                message,
                "load the key: \"replaced_by\", where it is set, names its successor",
                "key_stopped_only",
            ),
            RotateError::Conflict | RotateError::NotActive(KeyState::Replaced) => conflict(
                "KEY_ALREADY_ROTATED",
                message,
                "until its overlap ends the old key still works: DELETE it to stop it now; \"replaced_by\" names its successor",
                "key_already_rotated",
            ),
            RotateError::NotActive(_) => {
                conflict("KEY_NOT_ACTIVE", message, "mint a new key instead", "key_not_active")
            }
            error => {
                tracing::error!(cause = %error, "a key was not rotated");
                Self::internal("key_not_rotated")
            }
        }
    }
}

impl From<TooLong> for ApiError {
    fn from(error: TooLong) -> Self {
        Self::invalid_body(error.to_string(), "give a smaller number in \"overlap_seconds\"")
    }
}

impl ApiError {
    fn no_such_key() -> Self {
        Self::not_found(
            "there is no such key",
            "it may have another id, or belong to another organisation than your key",
        )
    }

    /// 503. The cause goes to the log; a client learns no more than that it should come again.
    fn store(error: &StoreError, message: String, reason: &'static str) -> Self {
        let cause = std::error::Error::source(error).map(ToString::to_string);
        tracing::error!(cause, "the key store failed");
        Self::unavailable(message, reason)
    }
}
