//! JSON responses, and times in them.

use std::time::SystemTime;

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// RFC 3339 in UTC with microseconds, such as `2026-03-01T12:00:00.250000Z`. Every time in a record is
/// within the years 1970 to 9999, which is what can be written so.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    humantime::format_rfc3339_micros(time).to_string()
}

/// A JSON response. It ends with a newline, so that a shell's prompt stands on a line of its own.
pub(crate) fn json<T: Serialize>(status: StatusCode, body: &T) -> Response {
    let mut bytes = Vec::with_capacity(256);
    if let Err(error) = serde_json::to_writer(&mut bytes, body) {
        tracing::error!(cause = %error, "a response could not be written as JSON");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    bytes.push(b'\n');
    let kind = (CONTENT_TYPE, HeaderValue::from_static("application/json"));
    (status, [kind], bytes).into_response()
}
