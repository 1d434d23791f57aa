//! The stored hash that stands in where nobody has the login name.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use palisade_secret::MacKey;

use super::Hasher;
use crate::stored::Memory;
use crate::{Password, SchemeMix, Verdict, VerifyError, Workspace};

/// Which stored hash stands in for that of a login name that nobody has.
pub(crate) struct UnknownUsers {
    key: MacKey,
    /// With the number of rows up to and including its kind.
    kinds: RwLock<Kinds>,
}

type Kinds = Vec<(u64, Arc<str>)>;

impl UnknownUsers {
    pub(crate) fn new(mix: &SchemeMix, key: MacKey) -> Self {
        Self { key, kinds: RwLock::new(mix.cumulative()) }
    }

    /// Nothing when nothing was counted.
    fn stand_in(&self, login: &str) -> Option<Arc<str>> {
        let kinds = self.kinds.read().unwrap_or_else(PoisonError::into_inner);
        let (total, last) = kinds.last()?;
        let tag = self.key.mac(&[b"palisade unknown user v1:", login.as_bytes()]).to_bytes();
        let (first, _) = tag.split_first_chunk::<8>()?;
        // A place between 0 and 1, times the rows: it moves little when the rows do.
        let place = u128::from(u64::from_be_bytes(*first));
        let row = (place * u128::from(*total)) >> 64;
        let kind = kinds.iter().find(|(sum, _)| row < u128::from(*sum));
        Some(kind.map_or(last, |(_, example)| example).clone())
    }
}

impl Hasher {
    /// Takes a newer count of what the store holds, for every clone and every pool of this policy. People
    /// log in and are rehashed, so count again from time to time.
    ///
    /// # Errors
    ///
    /// [`NoUnknownUsers`] when the policy was built without
    /// [`unknown_users`](crate::HasherBuilder::unknown_users).
    pub fn update_mix(&self, mix: &SchemeMix) -> Result<(), NoUnknownUsers> {
        let users = self.inner.unknown_users.as_ref().ok_or(NoUnknownUsers)?;
        *users.kinds.write().unwrap_or_else(PoisonError::into_inner) = mix.cumulative();
        Ok(())
    }

    pub(crate) fn verify_unknown_user_in(
        &self,
        password: &Password,
        login: &str,
        now: SystemTime,
        workspace: &mut Workspace,
    ) -> Result<Verdict, VerifyError> {
        let stored = self.stand_in(login, now, |_| true);
        self.verify_in(password, &stored, now, workspace).map(|_| Verdict::Mismatch)
    }

    /// The stored hash that stands in for that of a login name that nobody has.
    pub(crate) fn stand_in(
        &self,
        login: &str,
        now: SystemTime,
        fits: impl FnOnce(Memory) -> bool,
    ) -> Arc<str> {
        let kind = self.inner.unknown_users.as_ref().and_then(|users| users.stand_in(login));
        // A kind that nobody can log in with is no longer what a user costs. The password is not asked: one
        // that is too long for a kind is refused here as it is for a user of that kind.
        match kind {
            Some(kind) if self.read(&kind, 0, now).is_ok_and(|stored| fits(stored.memory())) => {
                kind
            }
            _ => self.example().into(),
        }
    }
}

/// The policy was built without a key for login names that nobody has.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error(
    "the policy was built without `unknown_users`, so there is no key to assign login names with"
)]
pub struct NoUnknownUsers;
