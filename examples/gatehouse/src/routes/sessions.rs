//! `/api/v1/sessions`: where one is signed in.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use palisade::session::{DeviceLabel, EndReason, ListedSession, SessionId};
use serde::Serialize;

use super::auth::without_cookie;
use crate::app::App;
use crate::error::ApiError;
use crate::input::Segment;
use crate::reply::{json, rfc3339};
use crate::signed_in::SignedIn;
use crate::trail::Trail;

#[derive(Serialize)]
struct SessionList<'a> {
    sessions: Vec<SessionView<'a>>,
}

#[derive(Serialize)]
struct SessionView<'a> {
    id: &'a str,
    device: Option<&'a str>,
    created_at: String,
    last_seen_at: String,
    address: Option<String>,
    current: bool,
}

impl<'a> From<&'a ListedSession> for SessionView<'a> {
    fn from(session: &'a ListedSession) -> Self {
        Self {
            id: session.id.as_str(),
            device: session.device.as_ref().map(DeviceLabel::as_str),
            created_at: rfc3339(session.created),
            last_seen_at: rfc3339(session.last_seen),
            address: session.address.map(|address| address.to_string()),
            current: session.current,
        }
    }
}

#[derive(Serialize)]
struct Ended {
    ended: u64,
}

/// Those that live, the most lately used first. There are never more than fit one answer.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    SignedIn(session): SignedIn,
) -> Result<Response, ApiError> {
    let listed = app.people.sessions.list(&session, app.now()).await?;
    let sessions = listed.iter().map(SessionView::from).collect();
    Ok(json(StatusCode::OK, &SessionList { sessions }))
}

/// Ends one of one's own; another's is not there. Ending it twice is answered like ending it once. One
/// that was renewed has another id by now, so it is not ended. To end the one that asks is to log out.
pub(crate) async fn revoke(
    State(app): State<Arc<App>>,
    Extension(trail): Extension<Arc<Trail>>,
    SignedIn(session): SignedIn,
    Segment(id): Segment<SessionId>,
) -> Result<Response, ApiError> {
    let sessions = &app.people.sessions;
    let response = StatusCode::NO_CONTENT.into_response();
    if id == *session.id() {
        sessions.sign_out(&session, app.now()).await?;
        app.revocations.of_session(&id).await;
        trail.ended(&id);
        return without_cookie(&app, response);
    }
    sessions.revoke(session.user(), &id, EndReason::SignedOutElsewhere, app.now()).await?;
    app.revocations.of_session(&id).await;
    trail.ended(&id);
    Ok(response)
}

/// Ends all but the one that asks, and says how many.
pub(crate) async fn revoke_others(
    State(app): State<Arc<App>>,
    Extension(trail): Extension<Arc<Trail>>,
    SignedIn(session): SignedIn,
) -> Result<Response, ApiError> {
    let ended = app.people.sessions.revoke_others(&session, app.now()).await?;
    app.revocations.of_user(session.user()).await;
    trail.ended_others(ended);
    Ok(json(StatusCode::OK, &Ended { ended }))
}
