//! Proving by the password who one is: at a login, and once more while signed in.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use palisade::password::{Password, Verdict};
use palisade::session::{Factor, Session};
use serde::Deserialize;

use super::reply::signed_in;
use crate::app::App;
use crate::completion::finish;
use crate::error::ApiError;
use crate::input::{Body, Described};
use crate::rehash::rehash;
use crate::signed_in::SignedIn;
use crate::users::User;

/// `POST /api/v1/auth/reauthenticate`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proof {
    password: Password,
}

impl Described for Proof {
    const FIELDS: &'static str = "the one field is password (text of at most 4096 bytes)";
}

/// The session goes on under a new id, and the cookie that it had is dead.
pub(crate) async fn reauthenticate(
    State(app): State<Arc<App>>,
    SignedIn(session): SignedIn,
    Body(request): Body<Proof>,
) -> Result<Response, ApiError> {
    let user = user_of(&app, &session).await?;
    if !proved(&app, &user, request.password).await? {
        return Err(ApiError::password_wrong());
    }
    finish(&Arc::clone(&app), async move {
        let now = app.now();
        // Of the row whose hash was compared with, and of no name that the request could choose.
        let renewed = app.people.sessions.reauthenticate(&session, &user.id, Factor::Password, now);
        let (token, session) = renewed.await?;
        signed_in(&app, &token, &session, now)
    })
    .await
}

/// Whose session it is.
pub(super) async fn user_of(app: &App, session: &Session) -> Result<User, ApiError> {
    let user = app.passwords.users.load(session.user()).await?;
    user.ok_or_else(|| ApiError::internal("user_of_session_missing"))
}

/// Whether this is the password of the user. A hash that is to be made anew is, beside the answer.
pub(super) async fn proved(
    app: &Arc<App>,
    user: &User,
    password: Password,
) -> Result<bool, ApiError> {
    match app.passwords.pool.verify(&password, &user.password_hash, app.now()).await? {
        Verdict::Mismatch => Ok(false),
        Verdict::Match { rehash: why, .. } => {
            if let Some(why) = why {
                app.changes.spawn(rehash(Arc::clone(app), user.clone(), password, why));
            }
            Ok(true)
        }
    }
}
