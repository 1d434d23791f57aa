//! The passwords: whose they are, the pool that hashes them, and which may be chosen.

mod choice;
mod sample;

use std::time::SystemTime;

use palisade::password::{
    HashPool, Hasher, MemoryBudget, Normalization, PasswordPolicy, PoolBuildError, Queue,
};
use palisade::secret::{Keyring, MacKey};
use zeroize::Zeroizing;

use crate::config::{BLOCKLIST, BREACHED, Config, PASSWORD_PEPPERS};
use crate::peppers::{self, PepperUse};
use crate::secrets::SecretUses;
use crate::start::StartError;
use crate::store;
use crate::users::Users;
use sample::Sample;

/// The form of Unicode that passwords are brought to, for as long as this service has users.
///
/// NFC, as RFC 8265 section 4.2 has it for passwords: the same characters, however a keyboard writes them,
/// are the same password, and different characters are not. NFKC, which NIST SP 800-63B-4 allows as well,
/// would also make `²` a `2`, and with that change passwords of rows that were imported from systems
/// that did not.
pub const NORMALIZATION: Normalization = Normalization::Nfc;

/// The users, and how their passwords are hashed.
#[derive(Debug)]
pub struct Passwords {
    /// The users.
    pub users: Users,
    /// Where all hashing is done, within a budget of memory.
    pub pool: HashPool,
    /// Which passwords a new user may choose.
    pub policy: PasswordPolicy,
}

impl Passwords {
    /// Opens the users and the peppers of their passwords, and starts the pool.
    ///
    /// # Errors
    ///
    /// [`StartError`]: what is not usable.
    pub async fn open(
        config: &Config,
        secrets: &mut SecretUses,
        now: SystemTime,
    ) -> Result<Self, StartError> {
        let policy = choice::policy(&config.passwords)?;
        let users = store::open_users(&config.database).await?;
        let sample = Sample::of(&users).await?;
        let settings = &config.passwords;
        let ring = peppers::load(
            PepperUse::Passwords,
            settings.peppers,
            &config.database,
            !sample.is_empty(),
        )?;
        secrets.add(PASSWORD_PEPPERS, &ring)?;
        if settings.blocklist.is_none() && settings.breached_filter.is_none() {
            tracing::warn!(
                "there is no list of common or breached passwords, so any of 15 characters may be chosen; {BLOCKLIST} and {BREACHED} name such lists"
            );
        }
        let mut hasher = Hasher::builder()
            .normalization(NORMALIZATION)
            .unknown_users(sample.mix(), unknown_users_key(&ring))
            .peppers(ring);
        if let Some(end) = settings.unpeppered_until {
            let until = humantime::format_rfc3339_seconds(end);
            if now < end {
                tracing::warn!(
                    %until,
                    "stored passwords without a pepper are accepted: whoever can write to the database can plant one"
                );
            } else {
                tracing::warn!(%until, "stored passwords without a pepper are no longer accepted");
            }
            hasher = hasher.accept_unpeppered_until(end);
        }
        let budget = MemoryBudget::mib(settings.memory_mib);
        let pool = HashPool::new(hasher.build()?, budget, Queue::bounded(settings.queue)).map_err(
            |error| match error {
                PoolBuildError::Budget { .. } => StartError::PasswordMemory(error),
                error => StartError::PasswordPool(error),
            },
        )?;
        sample.warn_of_who_is_locked_out(&pool, now);
        Ok(Self { users, pool, policy })
    }

    /// Counts again what the store holds: people log in, and their hashes are made anew.
    pub(crate) async fn count_again(&self) {
        let counted = match Sample::of(&self.users).await {
            Ok(sample) => {
                self.pool.hasher().update_mix(&sample.mix()).map_err(|error| error.to_string())
            }
            Err(error) => Err(error.to_string()),
        };
        if let Err(cause) = counted {
            tracing::warn!(cause, "the kinds of stored passwords were not counted again");
        }
    }
}

/// The key that decides what a login name that nobody has costs.
///
/// Derived, so that every process with these peppers agrees without another secret. A new primary pepper
/// changes it: whoever timed a name before and after may then see that it costs something else, which a
/// user's never does without a login.
fn unknown_users_key(ring: &Keyring<MacKey>) -> MacKey {
    let (_, primary) = ring.primary();
    let derived = Zeroizing::new(primary.mac(&[b"gatehouse unknown users v1"]).to_bytes());
    // A whole HMAC-SHA-256 is 32 bytes, so the length is right.
    MacKey::dangerous_any_length(&*derived)
}
