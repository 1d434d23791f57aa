//! What an operator does beside serving. The service may be running meanwhile.

mod allowlist;
mod import;
mod received;
mod sessions;
mod wrap;

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::SystemTime;

use indicatif::ProgressBar;
use palisade::apikey::{Owner, RevocationReason, SchemeStanding};
use palisade::secret::KeyId;

use crate::config::{Config, Database};
pub use allowlist::{clear_allowlist, print_allowlist};
pub use import::{ImportError, import_users};
pub use received::{print_received, print_received_body};
pub use sessions::{end_all_sessions, end_sessions};
pub use wrap::wrap_passwords;

use crate::revocations::Revocations;
use crate::start::{Opened, StartError, issue_admin_key, open, open_unchecked};

/// Issues an admin key for an organisation and prints it: for when none is left.
///
/// # Errors
///
/// [`StartError`].
pub async fn print_admin_key(
    config: &Config,
    owner: Owner,
    stdout: &mut (dyn Write + Send),
) -> Result<(), StartError> {
    not_in_memory(&config.database)?;
    let now = SystemTime::now();
    let Opened { keys, .. } = open(config, now).await?;
    let issued = issue_admin_key(&keys, owner, now).await?;
    keys.store().close().await;
    let key = zeroize::Zeroizing::new(issued.key.reveal());
    writeln!(stdout, "{}", *key).and_then(|()| stdout.flush()).map_err(StartError::Print)
}

/// Prints how many keys are stored under which pepper: what tells whether one can go.
///
/// # Errors
///
/// [`StartError`].
pub async fn print_pepper_report(
    config: &Config,
    stdout: &mut (dyn Write + Send),
) -> Result<(), StartError> {
    must_be_there(&config.database)?;
    let now = SystemTime::now();
    let Opened { keys, .. } = open_unchecked(config, now).await?;
    let report = keys.digest_report(now).await?;
    keys.store().close().await;
    let rows = report.iter().map(|row| {
        let standing = match row.standing {
            SchemeStanding::Current => "current",
            SchemeStanding::Old => "old",
            SchemeStanding::Unusable => "unusable",
        };
        format!("{:>4}  {:>4}  {standing:8}  {}\n", row.live, row.dead, row.scheme)
    });
    let text: String =
        std::iter::once("live  dead  standing  digests\n".to_owned()).chain(rows).collect();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(StartError::Print)
}

/// Puts the primary pepper around every digest that is still under an old one, and says how many.
///
/// # Errors
///
/// [`StartError`]; what was wrapped until then stays wrapped, and the next run goes on from there.
pub async fn wrap_digests(
    config: &Config,
    stdout: &mut (dyn Write + Send),
) -> Result<(), StartError> {
    must_be_there(&config.database)?;
    let now = SystemTime::now();
    let Opened { keys, .. } = open(config, now).await?;
    let old = keys.digest_report(now).await?;
    let old = old.iter().filter(|row| row.standing == SchemeStanding::Old).map(|row| row.live);
    let bar = progress_bar(old.sum());
    let report = keys.wrap_old_digests(now, |done| bar.set_position(done)).await?;
    bar.finish_and_clear();
    keys.store().close().await;
    writeln!(
        stdout,
        "{} wrapped, {} used meanwhile, {} left as they were",
        report.wrapped, report.overtaken, report.left
    )
    .and_then(|()| stdout.flush())
    .map_err(StartError::Print)
}

/// Gives up a pepper that leaked or was lost: revokes every live key under it. The keys are revoked in
/// a running service as well, within its staleness.
///
/// # Errors
///
/// [`StartError`]; what was revoked until then stays revoked, and the next run goes on from there.
pub async fn revoke_pepper(
    config: &Config,
    pepper: &KeyId,
    stdout: &mut (dyn Write + Send),
) -> Result<(), StartError> {
    must_be_there(&config.database)?;
    let now = SystemTime::now();
    // The pepper need not be among those given; mostly it is gone already.
    let Opened { keys, .. } = open_unchecked(config, now).await?;
    let report = keys.digest_report(now).await?;
    let under: Vec<_> = report.iter().filter(|row| row.scheme.needs(pepper)).collect();
    if under.is_empty() {
        return Err(StartError::NoSuchPepper);
    }
    if under.iter().any(|row| row.standing == SchemeStanding::Current) {
        return Err(StartError::PepperInUse);
    }
    let bar = progress_bar(under.iter().map(|row| row.live).sum());
    let reason = RevocationReason::Leaked;
    let revoked =
        keys.revoke_under_pepper(pepper, reason, now, |done| bar.set_position(done)).await?;
    bar.finish_and_clear();
    let redis = config.limits.database();
    Revocations::open(&config.limits, redis.as_ref()).of_everything().await;
    keys.store().close().await;
    tracing::warn!(%pepper, revoked, reason = reason.as_str(), "all keys under a pepper were revoked");
    writeln!(stdout, "{revoked} revoked").and_then(|()| stdout.flush()).map_err(StartError::Print)
}

/// Goes on only if there is something to work on. A database that is made by the way has nothing in it: most
/// likely the variable is missing, or the command runs in another folder than the service.
fn must_be_there(database: &Database) -> Result<(), StartError> {
    let path = not_in_memory(database)?;
    // Where nobody may look, the opening says so.
    if path.try_exists().is_ok_and(|is_there| !is_there) {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        return Err(StartError::NoDatabase { path });
    }
    Ok(())
}

/// Goes on only if the database outlives this command.
fn not_in_memory(database: &Database) -> Result<&Path, StartError> {
    match database {
        Database::Memory => Err(StartError::DatabaseInMemory),
        Database::File(path) => Ok(path),
    }
}

/// On a terminal only.
fn progress_bar(steps: u64) -> ProgressBar {
    if std::io::stderr().is_terminal() { ProgressBar::new(steps) } else { ProgressBar::hidden() }
}
