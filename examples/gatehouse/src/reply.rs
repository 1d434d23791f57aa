//! JSON responses.

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

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
