//! `/api/v1/auth`: people and their passwords. None of it needs a key.
//!
//! A client that goes away takes its password out of the queue of the pool, so that a crowd that gave up
//! does not keep the others waiting. What a login leaves behind has a task of its own.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use palisade::password::{Password, PasswordContext, Verdict};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::error::ApiError;
use crate::input::{Body, Described};
use crate::rehash::rehash;
use crate::reply::{json, rfc3339};
use crate::trail::Trail;
use crate::users::{Insertion, LoginName};

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

/// Whoever has no account costs what a user costs, and gets the answer that a wrong password gets.
pub(crate) async fn login(
    State(app): State<Arc<App>>,
    Extension(trail): Extension<Arc<Trail>>,
    Body(request): Body<Credentials>,
) -> Result<StatusCode, ApiError> {
    let passwords = &app.passwords;
    let login: LoginName = request.login.parse()?;
    let (password, now) = (request.password, app.now());
    let Some(user) = passwords.users.find(&login).await? else {
        let _ = passwords.pool.verify_unknown_user(&password, login.as_str(), now).await?;
        return Err(ApiError::not_logged_in("login_unknown"));
    };
    trail.logs_in(&user.id);
    match passwords.pool.verify(&password, &user.password_hash, now).await? {
        Verdict::Mismatch => Err(ApiError::not_logged_in("password_wrong")),
        Verdict::Match { rehash: why, .. } => {
            if let Some(why) = why {
                app.changes.spawn(rehash(Arc::clone(&app), user, password, why));
            }
            Ok(StatusCode::NO_CONTENT)
        }
    }
}
