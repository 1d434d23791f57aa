//! Refusals, as a client sees them: one envelope for all of them.
//!
//! ```json
//! {"error":{"code":"NOT_FOUND","message":"there is no such key","details":{"hint":"…"}}}
//! ```
//!
//! The code is for programs and never changes, the message is for people, the hint says what to do.
//! No text of an inner error gets here, and nothing that the client sent.

mod allowlists;
mod limits;
mod passwords;
mod refusals;
mod sessions;
mod webhooks;

use std::borrow::Cow;
use std::net::IpAddr;

use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use palisade::apikey::Scopes;
use palisade::session::StepUp;
use serde::Serialize;

use self::allowlists::FaultView;
use crate::reply::json;

pub(crate) use refusals::Wanted;

type Text = Cow<'static, str>;

/// A request that was refused or failed.
#[derive(Debug)]
pub struct ApiError(Box<Parts>);

#[derive(Debug)]
struct Parts {
    status: StatusCode,
    code: &'static str,
    message: Text,
    hint: Text,
    /// The word for the log.
    reason: &'static str,
    /// The scopes that the key lacks.
    missing: Option<Scopes>,
    /// What the user has to prove once more.
    step_up: Option<StepUp>,
    /// What `WWW-Authenticate` says (RFC 6750 section 3).
    challenge: Option<Challenge>,
    /// From where the request came.
    address: Option<IpAddr>,
    /// The entries of an allowlist that are wrong.
    faults: Vec<FaultView>,
    /// After how many seconds to come again.
    retry_after: Option<u64>,
}

/// The ways in which a bearer challenge is put.
#[derive(Clone, Copy, Debug)]
enum Challenge {
    /// There were no credentials, so nothing is said to be wrong with them.
    Plain,
    /// `invalid_request`, `invalid_token` or `insufficient_scope`.
    Error(&'static str),
    /// A message is not signed as its sender signs.
    Signature,
    /// Who is signed in has to prove once more who he is (RFC 9470 section 3).
    StepUp(StepUp),
}

/// The word for the log, on its way there in the extensions of the response.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reason(pub(crate) &'static str);

impl ApiError {
    fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<Text>,
        hint: impl Into<Text>,
        reason: &'static str,
    ) -> Self {
        Self(Box::new(Parts {
            status,
            code,
            message: message.into(),
            hint: hint.into(),
            reason,
            missing: None,
            step_up: None,
            challenge: None,
            address: None,
            faults: Vec::new(),
            retry_after: None,
        }))
    }

    fn challenge(mut self, challenge: Challenge) -> Self {
        self.0.challenge = Some(challenge);
        self
    }

    fn seen_from(mut self, address: IpAddr) -> Self {
        self.0.address = Some(address);
        self
    }

    /// 400 for a header that is not what it has to be.
    pub(crate) fn invalid_header(message: &'static str, hint: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID_REQUEST", message, hint, "header")
    }

    /// 400 for a query that is not what it has to be.
    pub(crate) fn invalid_query(hint: &'static str) -> Self {
        let message = "the query is not understood";
        Self::new(StatusCode::BAD_REQUEST, "INVALID_REQUEST", message, hint, "query")
    }

    /// 400 for a body that is no JSON.
    pub(crate) fn not_json(message: impl Into<Text>, hint: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID_REQUEST", message, hint, "body_syntax")
    }

    /// 422 for JSON that says something else than it has to.
    pub(crate) fn invalid_body(message: impl Into<Text>, hint: impl Into<Text>) -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self::new(status, "INVALID_REQUEST", message, hint, "body_content")
    }

    /// 415 for a body of another type.
    pub(crate) fn not_json_type() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_MEDIA_TYPE",
            "the body has to be JSON",
            "send the header Content-Type: application/json",
            "media_type",
        )
    }

    /// 413.
    pub(crate) fn body_too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "BODY_TOO_LARGE",
            "the body is too large",
            "send no more than 64 KiB, or 512 KiB for an allowlist",
            "body_too_large",
        )
    }

    /// 408 for a body that does not arrive.
    pub(crate) fn body_too_slow() -> Self {
        Self::new(
            StatusCode::REQUEST_TIMEOUT,
            "REQUEST_TIMEOUT",
            "the body did not arrive in time",
            "send the request again",
            "body_too_slow",
        )
    }

    /// 431.
    pub(crate) fn headers_too_large() -> Self {
        Self::new(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "HEADERS_TOO_LARGE",
            "the headers are too large",
            "send no more than 16 KiB of headers; an API key has about 60 bytes",
            "headers_too_large",
        )
    }

    /// 404 for a path that leads nowhere.
    pub(crate) fn no_route() -> Self {
        let hint = "the README of gatehouse lists the routes";
        let message = "there is no such route";
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", message, hint, "no_route")
    }

    /// 404 for something that is not there, or not the caller's: the two look the same.
    pub(crate) fn not_found(message: &'static str, hint: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", message, hint, "not_found")
    }

    /// 404 for a name in the path that is no name, or the name of something that is not the caller's.
    pub(crate) fn nothing_of_that_name() -> Self {
        Self::not_found(
            "there is nothing of that name",
            "it may be misspelt, or belong to somebody else",
        )
    }

    /// 405.
    pub(crate) fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "METHOD_NOT_ALLOWED",
            "this route does not take that method",
            "the Allow header names those that it takes",
            "method",
        )
    }

    /// 403 for a key that is bound to no server where a collector's is due.
    pub(crate) fn not_a_collector() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "COLLECTOR_KEY_REQUIRED",
            "this route takes keys of collectors only, which are bound to a server",
            "mint a key with \"format\":\"gate_coll_live\" and the \"server\" it runs on",
            "not_a_collector",
        )
    }

    /// 403 for a caller whose key may not manage this one.
    pub(crate) fn beyond_reach(message: &'static str, hint: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "KEY_BEYOND_REACH", message, hint, "key_beyond_reach")
    }

    /// 503 for a request that ran out of time.
    pub(crate) fn took_too_long() -> Self {
        Self::unavailable("the request took too long", "request_timeout")
    }

    fn unavailable(message: impl Into<Text>, reason: &'static str) -> Self {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let hint = "send the request again in a moment";
        let mut error = Self::new(status, "UNAVAILABLE", message, hint, reason);
        error.0.retry_after = Some(1);
        error
    }

    /// 500.
    pub(crate) fn internal(reason: &'static str) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "INTERNAL",
            "something failed that should not",
            "tell the operator the X-Request-Id of this response",
            reason,
        )
    }
}

/// The body of every refusal.
#[derive(Serialize)]
struct Envelope<'a> {
    error: EnvelopeError<'a>,
}

#[derive(Serialize)]
struct EnvelopeError<'a> {
    code: &'a str,
    message: &'a str,
    details: Details<'a>,
}

#[derive(Serialize)]
struct Details<'a> {
    hint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing_scopes: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step_up: Option<StepUpView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    entries: &'a [FaultView],
}

/// What the client is to ask the user for, and where to send it.
#[derive(Serialize)]
struct StepUpView {
    factor: &'static str,
    within_seconds: u64,
    at: &'static str,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Parts {
            status,
            code,
            message,
            hint,
            reason,
            missing,
            step_up,
            challenge,
            address,
            faults,
            retry_after,
        } = *self.0;
        let details = Details {
            hint: &hint,
            missing_scopes: missing
                .as_ref()
                .map(|scopes| scopes.iter().map(ToString::to_string).collect()),
            step_up: step_up.map(|step_up| StepUpView {
                factor: step_up.factor.as_str(),
                within_seconds: step_up.within.as_secs(),
                at: "/api/v1/auth/reauthenticate",
            }),
            address,
            entries: &faults,
        };
        let error = EnvelopeError { code, message: &message, details };
        let mut response = json(status, &Envelope { error });

        response.extensions_mut().insert(Reason(reason));
        let headers = response.headers_mut();
        if let Some(seconds) = retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        let Some(challenge) = challenge else { return response };
        let scope = missing.map_or_else(String::new, |scopes| format!(", scope=\"{scopes}\""));
        let text = match challenge {
            Challenge::Plain => format!("Bearer realm=\"gatehouse\"{scope}"),
            Challenge::Error(error) => {
                format!("Bearer realm=\"gatehouse\", error=\"{error}\"{scope}")
            }
            // No scheme is registered for signatures (RFC 9110 section 11.6.1 asks for a challenge all the same).
            Challenge::Signature => "Webhook-Signature realm=\"gatehouse\"".to_owned(),
            Challenge::StepUp(step_up) => step_up.challenge(),
        };
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(WWW_AUTHENTICATE, value);
        }
        response
    }
}
