//! The answer with the cookie.

use std::time::SystemTime;

use axum::http::StatusCode;
use axum::response::Response;
use palisade::session::{Session, SessionToken};
use serde::Serialize;

use crate::app::App;
use crate::error::ApiError;
use crate::reply::{json, rfc3339};
use crate::trail::Trail;

/// What a page has to know of the session; the token is in the cookie alone, where no script reads it.
#[derive(Serialize)]
struct SignedInView<'a> {
    user_id: &'a str,
    session_id: &'a str,
    /// When the session is over, however much it is used.
    expires_at: String,
}

/// Tells who is signed in, and sets the cookie for as long as the session may live.
pub(super) fn signed_in(
    app: &App,
    trail: &Trail,
    token: &SessionToken,
    session: &Session,
    now: SystemTime,
) -> Result<Response, ApiError> {
    let (user_id, session_id) = (session.user().as_str(), session.id().as_str());
    trail.began(session.id());
    let view = SignedInView { user_id, session_id, expires_at: rfc3339(session.expires()) };
    let mut response = json(StatusCode::OK, &view);
    let cookie = app.people.cookie.set_for(token, session.remaining(now))?;
    cookie.append_to(response.headers_mut())?;
    Ok(response)
}
