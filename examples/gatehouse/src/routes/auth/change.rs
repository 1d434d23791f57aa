//! `POST /api/v1/auth/password`: a new password, and the end of all other sessions.
//!
//! In this order: the new hash is stored, then the sessions end, and with them every sign-in that began
//! before. A sign-in reads the hash after it began. So one with the old password either began before the
//! sessions were ended, and is refused when it ends, or reads the new hash.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use palisade::password::{Password, PasswordContext, Verdict};
use palisade::session::{Change, ChangeError, EndReason, Session, SessionToken};
use serde::Deserialize;

use super::proof::user_of;
use super::reply::signed_in;
use crate::app::App;
use crate::client::Client;
use crate::completion::finish;
use crate::error::ApiError;
use crate::input::{Body, Described};
use crate::limits::{Counted, Guess};
use crate::signed_in::SignedIn;
use crate::trail::Trail;
use crate::users::{Swap, User};

/// How long to wait before the sessions are tried to be ended again: from the first to the longest.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Both passwords. The current one is asked for whatever was proved a moment ago.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPassword {
    current_password: Password,
    new_password: Password,
}

impl Described for NewPassword {
    const FIELDS: &'static str =
        "the fields are current_password and new_password (text of at most 4096 bytes)";
}

/// A client that goes away before both passwords are checked and the new one is hashed changes nothing; after
/// that, all of it is done.
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    Extension(trail): Extension<Arc<Trail>>,
    SignedIn(session): SignedIn,
    Counted(tally): Counted,
    client: Client,
    Body(request): Body<NewPassword>,
) -> Result<Response, ApiError> {
    let passwords = &app.passwords;
    let user = user_of(&app, &session).await?;
    // Whoever stole the cookie may guess here no oftener than at the login.
    let guess = Guess { login: &user.login, address: client.address(), is_outside: false };
    app.limits.of_guess(&guess, &tally, app.now()).await?;
    let verdict = passwords.pool.verify(&request.current_password, &user.password_hash, app.now());
    if matches!(verdict.await?, Verdict::Mismatch) {
        return Err(ApiError::password_wrong());
    }
    let context = PasswordContext::none().login(user.login.as_str());
    let accepted = passwords.policy.check(&request.new_password, &context)?;
    // By the stored hash, which knows in what form of Unicode two texts are one password.
    let verdict = passwords.pool.verify(accepted.password(), &user.password_hash, app.now());
    if matches!(verdict.await?, Verdict::Match { .. }) {
        return Err(ApiError::password_unchanged());
    }
    let hash = passwords.pool.hash(accepted.password()).await?.into_string();
    finish(&Arc::clone(&app), store(app, trail, session, user, hash)).await
}

async fn store(
    app: Arc<App>,
    trail: Arc<Trail>,
    session: Session,
    user: User,
    hash: String,
) -> Result<Response, ApiError> {
    let sessions = &app.people.sessions;
    // Hashing takes a while, in which the session may have been ended by somebody who had a reason.
    sessions.confirm(&session, app.now()).await.map_err(ApiError::ended_meanwhile)?;
    let users = &app.passwords.users;
    match users.change_password(&user.id, &user.password_hash, &hash, app.now()).await? {
        Swap::Done => app.webhooks.wake(),
        Swap::Overtaken => return Err(ApiError::session_changed("password_overtaken")),
    }
    let user_id = user.id.as_str();
    tracing::info!(user_id, "a password was changed");
    let renewed = end_the_others(&app, &session).await;
    app.revocations.of_user(session.user()).await;
    if let Err(error) = users.sessions_are_ended(&user.id, &hash).await {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        tracing::error!(user_id, cause, "the next start ends the sessions of a user once more");
    }
    match renewed {
        Some((token, session)) => signed_in(&app, &trail, &token, &session, app.now()),
        // The password is changed, and nobody is signed in: there is nothing to tell but that.
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// Ends the other sessions, however often it has to be tried, and renews this one; nothing where this one
/// is over too.
async fn end_the_others(app: &App, session: &Session) -> Option<(SessionToken, Session)> {
    let sessions = &app.people.sessions;
    let mut pause = PAUSE;
    let mut is_gone = false;
    loop {
        let failed = if is_gone {
            let reason = EndReason::PasswordChanged;
            match sessions.revoke_user(session.user(), reason, app.now()).await {
                Ok(_) => return None,
                Err(error) => ChangeError::Unavailable(error),
            }
        } else {
            match sessions.changed(session, Change::Password, app.now()).await {
                Ok(renewed) => return Some(renewed),
                Err(error) => error,
            }
        };
        let ChangeError::Unavailable(error) = failed else {
            // The session was renewed or ended by another request, or cannot be renewed. All of them go.
            is_gone = true;
            continue;
        };
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        let user_id = session.user().as_str();
        tracing::error!(
            user_id,
            cause,
            "the sessions before a change of password are not ended yet; it is tried again"
        );
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
