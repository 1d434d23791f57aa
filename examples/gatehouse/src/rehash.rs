//! Making a stored hash anew after a login, beside the answer.

use std::sync::Arc;

use palisade::password::{Password, RehashReason};

use crate::app::App;
use crate::users::{Swap, User};

/// Has the hash of a user who just typed the password made anew beside the answer, where there is a reason.
pub(crate) fn rehash_later(
    app: &Arc<App>,
    user: User,
    password: Password,
    why: Option<RehashReason>,
) {
    if let Some(why) = why {
        app.changes.spawn(rehash(Arc::clone(app), user, password, why));
    }
}

/// Hashes the password of a user who just logged in, and stores it in place of the old hash. Whatever
/// keeps it from that is a line in the log: the next login tries again.
async fn rehash(app: Arc<App>, user: User, password: Password, why: RehashReason) {
    let User { id, password_hash: old, .. } = user;
    let passwords = &app.passwords;
    let (user_id, why) = (id.as_str(), why.name());
    let new = match passwords.pool.rehash(&password, &old).await {
        Ok(new) => new,
        Err(error) => {
            tracing::warn!(user_id, why, cause = %error, "a password was not hashed anew");
            return;
        }
    };
    match passwords.users.swap_hash(&id, &old, new.as_str()).await {
        Ok(Swap::Done) => tracing::info!(user_id, why, "a password was hashed anew"),
        Ok(Swap::Overtaken) => {
            tracing::info!(user_id, why, "a password was changed while it was hashed anew");
        }
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(user_id, why, cause, "a password that was hashed anew was not stored");
        }
    }
}
