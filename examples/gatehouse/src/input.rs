//! What a request says, beside who sends it: the JSON body, a segment of the path, the query. Each
//! refusal is in the envelope, and none repeats what was sent.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::app::App;
use crate::error::ApiError;

/// The largest body, in bytes.
pub(crate) const MAX_BODY: usize = 64 * 1024;

/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(10);

/// What a client is told of the shape of an input that it got wrong.
pub(crate) trait Described {
    /// The fields, in words.
    const FIELDS: &'static str;
}

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned + Described> FromRequest<Arc<App>> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(ApiError::not_json_type());
        }
        let bytes = tokio::time::timeout(BODY_TIME, Bytes::from_request(request, app))
            .await
            .map_err(|_| ApiError::body_too_slow())?
            .map_err(|rejection| match rejection.status() {
                StatusCode::PAYLOAD_TOO_LARGE => ApiError::body_too_large(),
                _ => ApiError::not_json("the body did not arrive whole", "send it again"),
            })?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            // Where, and not what: the parser's own words would repeat the body.
            let (line, column) = (error.line(), error.column());
            match error.classify() {
                Category::Data => ApiError::invalid_body(
                    format!("the body has a field that is unknown, missing or of another type (line {line}, column {column})"),
                    T::FIELDS,
                ),
                _ => ApiError::not_json(
                    format!("the body is no JSON (line {line}, column {column})"),
                    T::FIELDS,
                ),
            }
        })
    }
}

/// A JSON body that may be left out.
pub(crate) struct OptionalBody<T>(pub(crate) T);

impl<T: DeserializeOwned + Described + Default> FromRequest<Arc<App>> for OptionalBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        if !request.headers().contains_key(CONTENT_TYPE) && request.body().is_end_stream() {
            return Ok(Self(T::default()));
        }
        Body::from_request(request, app).await.map(|Body(body)| Self(body))
    }
}

/// Whether the request says that its body is JSON.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|kind| {
        let essence = kind.split(';').next().unwrap_or_default();
        essence.trim().eq_ignore_ascii_case("application/json")
    })
}

/// The one variable segment of the path. What cannot be such a name is the name of nothing: 404.
pub(crate) struct Segment<T>(pub(crate) T);

impl<T: FromStr> FromRequestParts<Arc<App>> for Segment<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        Path::<String>::from_request_parts(parts, app)
            .await
            .ok()
            .and_then(|Path(text)| text.parse().ok())
            .map(Self)
            .ok_or_else(ApiError::nothing_of_that_name)
    }
}

/// The query.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned + Described> FromRequestParts<Arc<App>> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        Query::from_request_parts(parts, app)
            .await
            .map(|Query(params)| Self(params))
            .map_err(|_| ApiError::invalid_query(T::FIELDS))
    }
}
