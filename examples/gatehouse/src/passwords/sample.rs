//! What the store holds, as far as a sample of it tells.

use std::collections::BTreeMap;
use std::time::SystemTime;

use palisade::password::{Hasher, SchemeMix};
use palisade::secret::{Keyring, MacKey};

use crate::start::StartError;
use crate::users::{User, Users};

/// How many users are looked at. Enough to know the share of each scheme within a percent.
const SIZE: u32 = 10_000;

/// Some of the stored hashes, the same for every process that looks at the same users.
pub(super) struct Sample(Vec<User>);

impl Sample {
    pub(super) async fn of(users: &Users) -> Result<Self, StartError> {
        Ok(Self(users.page(None, SIZE).await?))
    }

    /// Whether there are no users.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Which schemes there are, and how many of each.
    pub(super) fn mix(&self) -> SchemeMix {
        let mut mix = SchemeMix::new();
        let unread = self.0.iter().filter(|user| mix.observe(&user.password_hash).is_err()).count();
        if unread > 0 {
            tracing::error!(
                users = unread,
                sample = self.0.len(),
                "the stored passwords of some users cannot be read, so those users cannot log in"
            );
        }
        mix
    }

    /// Tells the operator of users whose passwords are under peppers that are not given. It keeps nothing
    /// from starting: a pepper that is given up for good leaves such users behind.
    pub(super) fn warn_of_what_is_lost(
        &self,
        ring: &Keyring<MacKey>,
        now: SystemTime,
    ) -> Result<(), StartError> {
        let reader = Hasher::builder().build()?;
        let mut lost: BTreeMap<String, usize> = BTreeMap::new();
        for user in &self.0 {
            let Ok(inspection) = reader.inspect(&user.password_hash) else { continue };
            for id in inspection.peppers().filter(|id| ring.find(id.as_str(), now).is_err()) {
                *lost.entry(id.to_string()).or_default() += 1;
            }
        }
        for (pepper, users) in lost {
            tracing::error!(
                pepper,
                users,
                sample = self.0.len(),
                "the passwords of some users are under a pepper that is not given, so those users cannot log in; add it after the newest"
            );
        }
        Ok(())
    }
}
