//! How a limit that is used up becomes a response.

use axum::http::StatusCode;
use palisade::ratelimit::Limited;

use super::ApiError;

impl From<Limited> for ApiError {
    fn from(limited: Limited) -> Self {
        let (status, code, hint) = match limited {
            // Not the client's fault, and no sign that a limit was reached.
            Limited::Unavailable { .. } => (
                StatusCode::SERVICE_UNAVAILABLE,
                "RATE_LIMIT_UNAVAILABLE",
                "send the request again after the seconds that Retry-After says",
            ),
            Limited::Never => (
                StatusCode::TOO_MANY_REQUESTS,
                "RATE_LIMITED",
                "waiting does not help; tell the operator the X-Request-Id of this response",
            ),
            _ => (
                StatusCode::TOO_MANY_REQUESTS,
                "RATE_LIMITED",
                "wait for the seconds that Retry-After says; the headers of every answer say how much is left",
            ),
        };
        let mut error = Self::new(status, code, limited.to_string(), hint, limited.reason());
        error.0.retry_after = limited.retry_after_seconds();
        error
    }
}
