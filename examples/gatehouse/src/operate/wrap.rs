//! Putting Argon2id and the pepper around weak password hashes, without the passwords.

use std::io::Write;
use std::time::SystemTime;

use palisade::password::{PasswordHash, PoolError, VerifyError, WrapError};

use super::{must_be_there, progress_bar};
use crate::config::Config;
use crate::passwords::Passwords;
use crate::secrets::SecretUses;
use crate::start::StartError;
use crate::users::{Swap, User};

/// How many users are read at once.
const PAGE: u32 = 256;

/// How many hashes may wait: more than any machine has cores.
const QUEUE: usize = 4096;

/// What became of the hashes.
#[derive(Default)]
struct Report {
    wrapped: u64,
    overtaken: u64,
    left: u64,
    refused: u64,
}

/// Wraps every stored password hash that is weak or has no pepper, and says how many. The service may be
/// running: a row that a login replaced meanwhile is left alone.
///
/// # Errors
///
/// [`StartError`]; what was wrapped until then stays wrapped, and the next run goes on from there.
/// [`StartError::NotWrapped`] at the end, where some hashes cannot be wrapped.
pub async fn wrap_passwords(
    config: &Config,
    stdout: &mut (dyn Write + Send),
) -> Result<(), StartError> {
    must_be_there(&config.database)?;
    let mut config = config.clone();
    // Nobody else waits in this queue, and each worker is to have something to do.
    config.passwords.queue = QUEUE;
    let passwords = Passwords::open(&config, &mut SecretUses::default(), SystemTime::now()).await?;
    let bar = progress_bar(passwords.users.count().await?);
    let report = wrap_all(&passwords, |done| bar.inc(done)).await;
    bar.finish_and_clear();
    passwords.users.close().await;
    let Report { wrapped, overtaken, left, refused } = report?;
    writeln!(stdout, "{wrapped} wrapped, {overtaken} changed meanwhile, {left} left as they were")
        .and_then(|()| stdout.flush())
        .map_err(StartError::Print)?;
    if refused > 0 { Err(StartError::NotWrapped { users: refused }) } else { Ok(()) }
}

async fn wrap_all(passwords: &Passwords, progress: impl Fn(u64)) -> Result<Report, StartError> {
    let Passwords { users, pool, .. } = passwords;
    let mut report = Report::default();
    let mut after = None;
    loop {
        let page = users.page(after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(report) };
        after = Some(last.id.clone());
        for chunk in page.chunks(pool.status().workers) {
            let now = SystemTime::now();
            let wrapping: Vec<_> =
                chunk.iter().map(|user| pool.wrap(&user.password_hash, now)).collect();
            for (user, wrapped) in chunk.iter().zip(wrapping) {
                match checked(user, wrapped.await)? {
                    Wrapped::New(hash) => {
                        let old = &user.password_hash;
                        match users.swap_hash(&user.id, old, hash.as_str()).await? {
                            Swap::Done => report.wrapped += 1,
                            Swap::Overtaken => report.overtaken += 1,
                        }
                    }
                    Wrapped::NoNeed => report.left += 1,
                    Wrapped::Refused => report.refused += 1,
                }
                progress(1);
            }
        }
    }
}

/// What came of one hash.
enum Wrapped {
    New(PasswordHash),
    NoNeed,
    /// The log says why.
    Refused,
}

/// Tells what is wrong with one row from what is wrong with all of them.
fn checked(
    user: &User,
    wrapped: Result<Option<PasswordHash>, PoolError<WrapError>>,
) -> Result<Wrapped, StartError> {
    match wrapped {
        Ok(wrapped) => Ok(wrapped.map_or(Wrapped::NoNeed, Wrapped::New)),
        Err(PoolError::Failed(WrapError::Stored(VerifyError::Unpeppered))) => {
            Err(StartError::Unpeppered)
        }
        Err(PoolError::Failed(error @ (WrapError::Stored(_) | WrapError::TooLong))) => {
            let user_id = user.id.as_str();
            tracing::warn!(user_id, cause = %error, "a stored password was not wrapped");
            Ok(Wrapped::Refused)
        }
        Err(error) => Err(StartError::Wrap(error)),
    }
}
