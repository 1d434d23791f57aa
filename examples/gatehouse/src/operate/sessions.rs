//! Ending sessions from outside: of one user, or of everyone.

use std::io::Write;
use std::time::SystemTime;

use palisade::session::{EndReason, SessionPolicy, Sessions};

use super::must_be_there;
use crate::config::Config;
use crate::start::StartError;
use crate::store::{self, SessionStore};
use crate::users::LoginName;

/// What is stored with the sessions, and what whoever comes back with one of them is told.
const REASON: EndReason = EndReason::Administrator;

/// Ends all sessions of one user, and says how many. The service may be running.
///
/// # Errors
///
/// [`StartError`].
pub async fn end_sessions(
    config: &Config,
    login: &LoginName,
    stdout: &mut (dyn Write + Send),
) -> Result<(), StartError> {
    must_be_there(&config.database)?;
    let users = store::open_users(&config.database).await?;
    let found = users.find(login).await?;
    users.close().await;
    let user = found.ok_or(StartError::NoSuchUser)?;
    let sessions = open(config).await?;
    let ended = sessions.revoke_user(&user.id, REASON, SystemTime::now()).await?;
    sessions.store().close().await;
    let (user_id, reason) = (user.id.as_str(), REASON.as_str());
    tracing::warn!(user_id, ended, reason, "all sessions of a user were ended");
    report(ended, stdout)
}

/// Ends all sessions of all users, and says how many: what to do when the table of sessions was stolen.
/// The service may be running.
///
/// # Errors
///
/// [`StartError`].
pub async fn end_all_sessions(
    config: &Config,
    stdout: &mut (dyn Write + Send),
) -> Result<(), StartError> {
    must_be_there(&config.database)?;
    let sessions = open(config).await?;
    let ended = sessions.revoke_everyone(REASON, SystemTime::now()).await?;
    sessions.store().close().await;
    tracing::warn!(ended, reason = REASON.as_str(), "all sessions of everyone were ended");
    report(ended, stdout)
}

/// The sessions, to be ended: what their tokens are does not matter for that.
async fn open(config: &Config) -> Result<Sessions<SessionStore>, StartError> {
    let store = store::open(&config.database).await?.sessions();
    Ok(Sessions::opaque(store, SessionPolicy::default()))
}

fn report(ended: u64, stdout: &mut (dyn Write + Send)) -> Result<(), StartError> {
    writeln!(stdout, "{ended} ended, reason: {REASON}")
        .and_then(|()| stdout.flush())
        .map_err(StartError::Print)
}
