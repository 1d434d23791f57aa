//! How what happens to a password becomes a response.

use std::net::IpAddr;

use axum::http::StatusCode;
use palisade::password::{Busy, HashError, PolicyRefusal, PoolError, VerifyError};

use super::{ApiError, Challenge};
use crate::users::{InvalidLogin, UsersError};

const CHOOSE: &str = "a password may hold any characters; a few words that only you would put together make a good one";

impl ApiError {
    /// 401 for a login that failed. The reason is for the log alone: a client does not learn which of
    /// the two was wrong, nor whether the address was. It always learns its address, so that whoever may not log
    /// in from there knows what to ask for.
    pub(crate) fn not_logged_in(reason: &'static str, address: IpAddr) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "LOGIN_FAILED",
            "the login or the password is wrong",
            "type both again; if your workspace has an allowlist, it has to hold the address in \"address\"",
            reason,
        )
        .seen_from(address)
        // A 401 has to name a way in (RFC 9110 section 15.5.2), and there is no scheme for a form.
        .challenge(Challenge::Plain)
    }

    /// 409 for a login name that someone has.
    pub(crate) fn login_taken() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "LOGIN_TAKEN",
            "someone has that login name",
            "choose another one, or log in",
            "login_taken",
        )
    }

    /// 422 for a password that nobody should choose.
    fn password_refused(message: String, reason: &'static str) -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self::new(status, "PASSWORD_REFUSED", message, CHOOSE, reason)
    }

    /// 422 for a new password that is the old one.
    pub(crate) fn password_unchanged() -> Self {
        Self::password_refused(
            "the new password is the one that you have; choose another".to_owned(),
            "password_unchanged",
        )
    }

    /// 503 with the time after which those that wait now are done.
    fn busy(busy: Busy) -> Self {
        let mut error = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "BUSY",
            "too many passwords are being checked",
            "send the request again after the seconds that Retry-After says",
            "password_pool_busy",
        );
        error.0.retry_after = Some(busy.retry_after().as_secs());
        error
    }

    /// 500 for a panic, which only a scheme of a team's own could do.
    fn hash_lost() -> Self {
        tracing::error!("a password was given up in the middle of being hashed");
        Self::internal("password_lost")
    }
}

/// What failed in the pool; or the answer where it is the pool itself.
fn failure<E>(error: PoolError<E>) -> Result<E, ApiError> {
    match error {
        PoolError::Failed(error) => Ok(error),
        PoolError::Busy(busy) => Err(ApiError::busy(busy)),
        _ => Err(ApiError::hash_lost()),
    }
}

impl From<PoolError<VerifyError>> for ApiError {
    fn from(error: PoolError<VerifyError>) -> Self {
        let error = match failure(error) {
            Ok(error) => error,
            Err(answer) => return answer,
        };
        let reason = error.reason();
        match error {
            VerifyError::NotText | VerifyError::PasswordTooLong(_) => {
                Self::password_refused(error.to_string(), reason)
            }
            VerifyError::OutOfMemory => Self::unavailable("there is no memory left", reason),
            // What is stored is for the operator to mend, and no wrong password.
            error => {
                tracing::error!(cause = %error, "a stored password could not be compared with");
                Self::internal(reason)
            }
        }
    }
}

impl From<PoolError<HashError>> for ApiError {
    fn from(error: PoolError<HashError>) -> Self {
        let error = match failure(error) {
            Ok(error) => error,
            Err(answer) => return answer,
        };
        let reason = error.reason();
        match error {
            HashError::NotText | HashError::TooLongForBcrypt { .. } | HashError::NulForBcrypt => {
                Self::password_refused(error.to_string(), reason)
            }
            HashError::OutOfMemory => Self::unavailable("there is no memory left", reason),
            error => {
                tracing::error!(cause = %error, "a password could not be hashed");
                Self::internal(reason)
            }
        }
    }
}

impl From<PolicyRefusal> for ApiError {
    fn from(refusal: PolicyRefusal) -> Self {
        Self::password_refused(refusal.to_string(), refusal.reason())
    }
}

impl From<UsersError> for ApiError {
    fn from(error: UsersError) -> Self {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        tracing::error!(cause, "the store of users failed");
        Self::unavailable(error.to_string(), "user_store_unavailable")
    }
}

impl From<InvalidLogin> for ApiError {
    fn from(error: InvalidLogin) -> Self {
        Self::invalid_body(error.to_string(), "give another text in \"login\"")
    }
}
