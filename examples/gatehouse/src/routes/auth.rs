//! `/api/v1/auth`: people, their passwords, and signing in and out.
//!
//! A client that goes away takes its password out of the queue of the pool, so that a crowd that gave up
//! does not keep the others waiting. What comes after the password has a task of its own.

mod change;
mod proof;
mod reply;

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use palisade::password::{Password, PasswordContext, Verdict};
use palisade::session::{EndReason, Ending, Factor, NewSession, Refused, SignIn};
use serde::{Deserialize, Serialize};

pub(crate) use change::change;
pub(crate) use proof::reauthenticate;

use self::reply::signed_in;
use crate::admission::{Credential, admit};
use crate::app::App;
use crate::completion::finish;
use crate::error::ApiError;
use crate::input::{Body, Described};
use crate::limits::{Counted, Guess};
use crate::rehash::rehash_later;
use crate::reply::{json, rfc3339};
use crate::signed_in::Visit;
use crate::trail::Trail;
use crate::users::{Insertion, LoginName, User, UserId};

/// Stands for whoever has no account. The ids of users are longer.
const NOBODY: &str = "user_nobody";

/// What a person types.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    login: String,
    password: Password,
}

impl Described for Credentials {
    const FIELDS: &'static str =
        "the fields are login (text) and password (text of at most 4096 bytes)";
}

#[derive(Serialize)]
struct NewUser<'a> {
    id: &'a str,
    login: &'a str,
    created_at: String,
}

/// The password is hashed before anyone looks whether the name is taken, so that the time tells no more
/// than the answer does.
pub(crate) async fn register(
    State(app): State<Arc<App>>,
    Extension(trail): Extension<Arc<Trail>>,
    Body(request): Body<Credentials>,
) -> Result<Response, ApiError> {
    let passwords = &app.passwords;
    let login: LoginName = request.login.parse()?;
    let context = PasswordContext::none().login(login.as_str());
    let accepted = passwords.policy.check(&request.password, &context)?;
    let hash = passwords.pool.hash(accepted.password()).await?;
    let now = app.now();
    match passwords.users.insert_new(&login, hash.as_str(), now).await? {
        Insertion::Taken => Err(ApiError::login_taken()),
        Insertion::Done(id) => {
            trail.logs_in(&id);
            let (login, created_at) = (login.as_str(), rfc3339(now));
            let user = NewUser { id: id.as_str(), login, created_at };
            Ok(json(StatusCode::CREATED, &user))
        }
    }
}

/// Whoever has no account costs what a user costs, and gets the answer that a wrong password gets. So does a user
/// whose workspace may not be reached from there.
///
/// Each guess at the password of a name is counted, whether or not somebody has the name, in the same way. So a limit
/// that is used up tells nothing of the name either.
///
/// The sign-in begins before the hash is read: a change of the password ends all sign-ins that began
/// before it, so none gets through with the old hash.
pub(crate) async fn login(
    State(app): State<Arc<App>>,
    Extension(trail): Extension<Arc<Trail>>,
    visit: Visit,
    Counted(tally): Counted,
    Body(request): Body<Credentials>,
) -> Result<Response, ApiError> {
    let (users, sessions) = (&app.passwords.users, &app.people.sessions);
    let login: LoginName = request.login.parse()?;
    let known = users.find(&login).await?.map(|user| user.id);
    let nobody = || NOBODY.parse::<UserId>().map_err(|_| ApiError::internal("nobody"));
    let sign_in = sessions.begin(&known.map_or_else(nobody, Ok)?).await?;
    let user = users.find(&login).await?.filter(|user| user.id == *sign_in.user());
    // Before the password costs anything of the user's own, and with the answer that a stranger gets.
    let lists = app.admission.lists.fresh(app.now()).await?;
    let address = visit.address();
    let from_here = |user: &User| {
        admit(&lists, Some(&trail), user.id.as_str(), address, Credential::Password).is_ok()
    };
    let is_outside = user.as_ref().is_some_and(|user| !from_here(user));
    let guess = Guess { login: &login, address, is_outside };
    app.limits.of_guess(&guess, &tally, app.now()).await?;
    let why = if user.is_some() { "login_address_not_allowed" } else { "login_unknown" };
    let Some(user) = user.filter(|_| !is_outside) else {
        let pool = &app.passwords.pool;
        let _ = pool.verify_unknown_user(&request.password, login.as_str(), app.now()).await?;
        return Err(ApiError::not_logged_in(why, address));
    };
    trail.logs_in(&user.id);
    let password = request.password;
    let verdict = app.passwords.pool.verify(&password, &user.password_hash, app.now()).await?;
    let Verdict::Match { rehash: why, .. } = verdict else {
        return Err(ApiError::not_logged_in("password_wrong", address));
    };
    let response = finish(&app, sign_in_from(Arc::clone(&app), trail, visit, sign_in)).await?;
    rehash_later(&app, user, password, why);
    Ok(response)
}

async fn sign_in_from(
    app: Arc<App>,
    trail: Arc<Trail>,
    visit: Visit,
    sign_in: SignIn,
) -> Result<Response, ApiError> {
    // What the request came with was known before the sign-in, perhaps to somebody else.
    let replaces = visit.session_to_end(&app).await?.and_then(Result::ok);
    let new = NewSession {
        origin: visit.origin(),
        factors: vec![Factor::Password],
        replaces,
        ..NewSession::default()
    };
    let now = app.now();
    let (token, session) = app.people.sessions.create(sign_in, new, now).await?;
    let (user_id, session_id) = (session.user().as_str(), session.id().as_str());
    tracing::info!(user_id, session_id, "signed in");
    signed_in(&app, &trail, &token, &session, now)
}

/// Ends the session and removes the cookie, in this order: were the store down, or the session renewed by
/// another request meanwhile, an answer that removed the cookie would leave a session alive that nobody can end.
/// From any address: it takes something away, and gives nothing.
pub(crate) async fn logout(
    State(app): State<Arc<App>>,
    Extension(trail): Extension<Arc<Trail>>,
    visit: Visit,
) -> Result<Response, ApiError> {
    match visit.session_to_end(&app).await?.ok_or_else(ApiError::no_session)? {
        Ok(session) => {
            app.people.sessions.sign_out(&session, app.now()).await?;
            app.revocations.of_session(session.id()).await;
            trail.ended(session.id());
        }
        // The browser has another cookie by now, or will have in a moment: that one is to be ended.
        Err(refused @ Refused::Ended(_, Ending { reason: EndReason::Replaced, .. })) => {
            return Err(refused.into());
        }
        Err(_) => {}
    }
    without_cookie(&app, StatusCode::NO_CONTENT.into_response())
}

/// The response, and the end of the cookie.
pub(crate) fn without_cookie(app: &App, mut response: Response) -> Result<Response, ApiError> {
    app.people.cookie.remove().append_to(response.headers_mut())?;
    Ok(response)
}
