//! How what happens to a session, or to an epoch token, becomes a response.
//!
//! None of these removes the cookie.

use axum::http::StatusCode;
use palisade::session::cookie::{CookieRefused, SetCookieError, TooManyHeaders};
use palisade::session::{
    ChangeError, CreateError, EndReason, Ending, InvalidEpoch, MissingScope, RecentError, Refused,
    StepUp, StoreError, TokenRefused,
};

use super::{ApiError, Challenge};

const LOG_IN: &str = "send the request once more, in case another one just renewed the session; if that is refused too, log in";

impl ApiError {
    /// 401 for a request without the cookie.
    pub(crate) fn no_session() -> Self {
        Self::signed_out("you are not signed in".to_owned(), "log in", "cookie_missing")
    }

    fn signed_out(message: String, hint: &'static str, reason: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", message, hint, reason)
            // A 401 has to name a way in (RFC 9110 section 15.5.2), and there is no scheme for a cookie.
            .challenge(Challenge::Plain)
    }

    /// 401 for a wrong password of someone who is signed in.
    pub(crate) fn password_wrong() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "PASSWORD_WRONG",
            "the password is wrong",
            "type it again; you are still signed in",
            "password_wrong",
        )
        .challenge(Challenge::Plain)
    }

    /// 409 for one of two requests that renewed a session at once, or changed a password.
    pub(crate) fn session_changed(reason: &'static str) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "SESSION_CHANGED",
            "another request changed the session or the password at the same time",
            "send the request again, with the cookie that you have now",
            reason,
        )
    }

    /// The answer where a session was alive when the request came and is not any more.
    pub(crate) fn ended_meanwhile(refused: Refused) -> Self {
        match refused {
            Refused::Ended(_, Ending { reason: EndReason::Replaced, .. }) => {
                Self::session_changed("session_replaced")
            }
            refused => refused.into(),
        }
    }

    /// 401 for something else than an epoch token. An API key is no stand-in for one.
    fn no_epoch_token(message: String, reason: &'static str) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "UNAUTHENTICATED",
            message,
            "send the token of this hour, which POST /api/v1/s3p/heartbeat gives for an API key",
            reason,
        )
        .challenge(Challenge::Error("invalid_token"))
    }

    fn session_store(error: &StoreError) -> Self {
        let cause = std::error::Error::source(error).map(ToString::to_string);
        tracing::error!(cause, "the session store failed");
        Self::unavailable(
            "sessions cannot be checked or changed at the moment",
            "session_store_unavailable",
        )
    }

    fn broken(error: &dyn std::error::Error) -> Self {
        tracing::error!(cause = %error, "a session was not made or changed");
        Self::internal("session_not_changed")
    }
}

impl From<CookieRefused> for ApiError {
    fn from(refused: CookieRefused) -> Self {
        let hint = match refused {
            CookieRefused::Ambiguous => "remove the cookies of this site, and log in",
            CookieRefused::TooLarge => "send at most 16 KiB of cookies",
            _ => "send cookies without control characters",
        };
        Self::new(
            StatusCode::BAD_REQUEST,
            "INVALID_REQUEST",
            refused.to_string(),
            hint,
            refused.reason(),
        )
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match &refused {
            Refused::Unavailable(error) => Self::session_store(error),
            _ => Self::signed_out(refused.to_string(), LOG_IN, refused.reason()),
        }
    }
}

impl From<RecentError> for ApiError {
    fn from(error: RecentError) -> Self {
        match error {
            RecentError::StepUp(step_up) => step_up.into(),
            RecentError::Refused(refused) => Self::ended_meanwhile(refused),
            error => Self::broken(&error),
        }
    }
}

impl From<StepUp> for ApiError {
    /// 401, and no sign that the user is not signed in.
    fn from(step_up: StepUp) -> Self {
        let mut error = Self::new(
            StatusCode::UNAUTHORIZED,
            "STEP_UP_REQUIRED",
            step_up.to_string(),
            "send the password to POST /api/v1/auth/reauthenticate, then this request once more, as it was",
            "step_up_required",
        )
        .challenge(Challenge::StepUp(step_up));
        error.0.step_up = Some(step_up);
        error
    }
}

impl From<CreateError> for ApiError {
    fn from(error: CreateError) -> Self {
        match &error {
            CreateError::Stale => Self::new(
                StatusCode::CONFLICT,
                "SESSION_CHANGED",
                error.to_string(),
                "log in again, with the password that you have now",
                "session_stale",
            ),
            CreateError::Unavailable(store) => Self::session_store(store),
            error => Self::broken(error),
        }
    }
}

impl From<ChangeError> for ApiError {
    fn from(error: ChangeError) -> Self {
        match &error {
            ChangeError::Gone => Self::session_changed("session_gone"),
            ChangeError::NotFound => Self::not_found(
                "you have no such session",
                "it may be long over; GET /api/v1/sessions lists those that you have",
            ),
            ChangeError::Unavailable(store) => Self::session_store(store),
            error => Self::broken(error),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::session_store(&error)
    }
}

impl From<SetCookieError> for ApiError {
    fn from(error: SetCookieError) -> Self {
        Self::broken(&error)
    }
}

impl From<TooManyHeaders> for ApiError {
    fn from(error: TooManyHeaders) -> Self {
        Self::broken(&error)
    }
}

impl From<TokenRefused> for ApiError {
    fn from(refused: TokenRefused) -> Self {
        Self::no_epoch_token(refused.to_string(), refused.reason())
    }
}

impl From<MissingScope> for ApiError {
    fn from(refused: MissingScope) -> Self {
        let mut error = Self::new(
            StatusCode::FORBIDDEN,
            "INSUFFICIENT_SCOPE",
            refused.to_string(),
            "name the scope in \"scopes\" of the heartbeat, with an API key that has it",
            refused.reason(),
        )
        .challenge(Challenge::Error("insufficient_scope"));
        error.0.missing = refused.scope().parse().ok();
        error
    }
}

impl From<InvalidEpoch> for ApiError {
    /// The clock of the server is wrong.
    fn from(error: InvalidEpoch) -> Self {
        Self::broken(&error)
    }
}
