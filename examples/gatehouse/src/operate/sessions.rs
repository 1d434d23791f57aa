//! Ending sessions from outside: of one user, or of everyone.

use std::io::Write;
use std::time::SystemTime;

use palisade::session::{EndReason, SessionPolicy, Sessions};

use crate::config::Config;
use crate::peppers;
use crate::start::StartError;
use crate::store::{self, SessionStore};
use crate::users::LoginName;

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
    let users = store::open_users(&config.database).await?;
    let found = users.find(login).await?;
    users.close().await;
    let user = found.ok_or(StartError::NoSuchUser)?;
    let sessions = open(config).await?;
    let reason = EndReason::Administrator;
    let ended = sessions.revoke_user(&user.id, reason, SystemTime::now()).await?;
    sessions.store().close().await;
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
    let sessions = open(config).await?;
    let reason = EndReason::Administrator;
    let ended = sessions.revoke_everyone(reason, SystemTime::now()).await?;
    sessions.store().close().await;
    report(ended, stdout)
}

/// The sessions, to be ended: what their tokens are does not matter for that.
async fn open(config: &Config) -> Result<Sessions<SessionStore>, StartError> {
    peppers::make_folder(&config.database).map_err(StartError::Folder)?;
    let store = store::open(&config.database).await?.sessions();
    Ok(Sessions::opaque(store, SessionPolicy::default()))
}

fn report(ended: u64, stdout: &mut (dyn Write + Send)) -> Result<(), StartError> {
    writeln!(stdout, "{ended} ended").and_then(|()| stdout.flush()).map_err(StartError::Print)
}
