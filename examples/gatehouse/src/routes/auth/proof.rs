//! Proving by the password who one is: at a login, and once more while signed in.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use palisade::password::{Password, Verdict};
use palisade::session::{Factor, Session};
use serde::Deserialize;

use super::reply::signed_in;
use crate::app::App;
use crate::client::Client;
use crate::completion::finish;
use crate::error::ApiError;
use crate::input::{Body, Described};
use crate::limits::{Counted, Guess};
use crate::rehash::rehash_later;
use crate::signed_in::SignedIn;
use crate::trail::Trail;
use crate::users::{User, UserId};

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
    Extension(trail): Extension<Arc<Trail>>,
    SignedIn(session): SignedIn,
    Counted(tally): Counted,
    client: Client,
    Body(request): Body<Proof>,
) -> Result<Response, ApiError> {
    let user = user_of(&app, &session).await?;
    // Whoever stole the cookie may guess here no oftener than at the login.
    let guess = Guess { login: &user.login, address: client.address(), is_outside: false };
    app.limits.of_guess(&guess, &tally, app.now()).await?;
    let password = request.password;
    let verdict = app.passwords.pool.verify(&password, &user.password_hash, app.now()).await?;
    let Verdict::Match { rehash: why, .. } = verdict else {
        return Err(ApiError::password_wrong());
    };
    // Of the row whose hash was compared with, and of no name that the request could choose.
    let verified = user.id.clone();
    let response = finish(&app, renew(Arc::clone(&app), trail, session, verified)).await?;
    rehash_later(&app, user, password, why);
    Ok(response)
}

async fn renew(
    app: Arc<App>,
    trail: Arc<Trail>,
    session: Session,
    verified: UserId,
) -> Result<Response, ApiError> {
    let (sessions, now) = (&app.people.sessions, app.now());
    let renewed = sessions.reauthenticate(&session, &verified, Factor::Password, now).await?;
    let (token, session) = renewed;
    let (user_id, session_id) = (session.user().as_str(), session.id().as_str());
    tracing::info!(user_id, session_id, "the password was proved once more");
    signed_in(&app, &trail, &token, &session, now)
}

/// Whose session it is.
pub(super) async fn user_of(app: &App, session: &Session) -> Result<User, ApiError> {
    let user = app.passwords.users.load(session.user()).await?;
    user.ok_or_else(|| ApiError::internal("user_of_session_missing"))
}
