//! The way out for whoever locked themselves out: seeing an allowlist from outside, and clearing it.

use std::fmt::Write as _;
use std::io::Write;
use std::time::SystemTime;

use super::must_be_there;
use crate::allowlists::{AllowlistStore, StoredList};
use crate::config::Config;
use crate::start::StartError;
use crate::store;
use crate::users::{LoginName, Users};

/// Prints the allowlist of a workspace, in the form that [`Allowlist`](palisade::allowlist::Allowlist) reads.
///
/// The workspace is the owner of keys, or the login name of a user.
///
/// # Errors
///
/// [`StartError`].
pub async fn print_allowlist(
    config: &Config,
    workspace: &str,
    stdout: &mut (dyn Write + Send),
) -> Result<(), StartError> {
    let opened = open(config, workspace).await?;
    opened.users.close().await;
    let StoredList { workspace, version, entries, .. } = opened.list;
    let mut text = format!("# {workspace}: version {version}, {} entries", entries.len());
    if entries.is_empty() {
        text.push_str(", so everyone is allowed");
    }
    text.push('\n');
    for entry in entries {
        let line = format!("{} {}", entry.network, entry.label);
        // Writing to a text does not fail.
        let _ = writeln!(text, "{}", line.trim_end());
    }
    print(&text, stdout)
}

/// Removes every entry of the allowlist of a workspace, so that everyone may reach it, and says how many there
/// were. The service may be running: it follows within its staleness.
///
/// # Errors
///
/// [`StartError`].
pub async fn clear_allowlist(
    config: &Config,
    workspace: &str,
    stdout: &mut (dyn Write + Send),
) -> Result<(), StartError> {
    let opened = open(config, workspace).await?;
    let workspace = opened.list.workspace.as_str();
    let cleared = opened.store.replace(workspace, &[], |_| None, SystemTime::now()).await;
    opened.users.close().await;
    // Whatever version it has is cleared, so nothing overtakes this.
    let _ = cleared?;
    let entries = opened.list.entries.len();
    tracing::warn!(workspace, entries, "an allowlist was cleared by the operator");
    print(
        &format!(
            "{entries} removed: everyone may reach {workspace}; running processes follow within GATEHOUSE_MAX_STALENESS_SECONDS\n"
        ),
        stdout,
    )
}

struct Opened {
    users: Users,
    store: AllowlistStore,
    list: StoredList,
}

/// The list of a workspace that has one.
async fn open(config: &Config, workspace: &str) -> Result<Opened, StartError> {
    must_be_there(&config.database)?;
    let users = store::open_users(&config.database).await?;
    let store = users.allowlists();
    let found = find(&users, &store, workspace).await;
    match found {
        Ok(Some(list)) => Ok(Opened { users, store, list }),
        none_or_error => {
            users.close().await;
            Err(none_or_error.err().unwrap_or(StartError::NoSuchAllowlist))
        }
    }
}

async fn find(
    users: &Users,
    store: &AllowlistStore,
    workspace: &str,
) -> Result<Option<StoredList>, StartError> {
    let list = store.load(workspace).await?;
    if list.version > 0 {
        return Ok(Some(list));
    }
    // Whoever is locked out knows the login name, and nobody knows the id.
    let Ok(login) = workspace.parse::<LoginName>() else { return Ok(None) };
    let Some(user) = users.find(&login).await? else { return Ok(None) };
    let list = store.load(user.id.as_str()).await?;
    Ok((list.version > 0).then_some(list))
}

fn print(text: &str, stdout: &mut (dyn Write + Send)) -> Result<(), StartError> {
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(StartError::Print)
}
