//! What the store holds, as far as a sample of it tells.

use std::collections::BTreeMap;
use std::time::SystemTime;

use palisade::password::{HashPool, SchemeMix, VerifyError};

use crate::users::{User, Users, UsersError};

/// How many users are looked at. Enough to know the share of each scheme within a percent.
const SIZE: u32 = 10_000;

/// Some of the stored hashes, the same for every process that looks at the same users.
pub(super) struct Sample(Vec<User>);

impl Sample {
    pub(super) async fn of(users: &Users) -> Result<Self, UsersError> {
        Ok(Self(users.page(None, SIZE).await?))
    }

    /// Whether there are no users.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Which schemes there are, and how many of each.
    pub(super) fn mix(&self) -> SchemeMix {
        let mut mix = SchemeMix::new();
        for user in &self.0 {
            // Nobody logs in with what cannot be read, so it is no kind to imitate.
            let _ = mix.observe(&user.password_hash);
        }
        mix
    }

    /// Tells the operator of users who cannot log in, and why. It keeps nothing from starting: a pepper that
    /// is given up for good leaves such users behind.
    pub(super) fn warn_of_who_is_locked_out(&self, pool: &HashPool, now: SystemTime) {
        let mut locked_out: BTreeMap<String, usize> = BTreeMap::new();
        for user in &self.0 {
            let Err(error) = pool.check(&user.password_hash, now) else { continue };
            // Each pepper by itself; of the others, one line for each reason.
            let why = match &error {
                VerifyError::UnknownPepper { .. } | VerifyError::Unpeppered => error.to_string(),
                error => error.reason().to_owned(),
            };
            *locked_out.entry(why).or_default() += 1;
        }
        for (why, users) in locked_out {
            tracing::error!(users, sample = self.0.len(), why, "some users cannot log in");
        }
    }
}
