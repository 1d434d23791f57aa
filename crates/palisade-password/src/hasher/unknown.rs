//! The stored hash that stands in where nobody has the login name.

use std::sync::Arc;
use std::time::SystemTime;

use palisade_secret::MacKey;

use super::Hasher;
use crate::{Password, SchemeMix, Verdict, VerifyError, Workspace};

/// Which stored hash stands in for that of a login name that nobody has.
pub(crate) struct UnknownUsers {
    key: MacKey,
    /// With the number of rows up to and including its kind; never empty.
    kinds: Vec<(u64, Arc<str>)>,
}

impl UnknownUsers {
    /// Nothing when nothing was counted.
    pub(crate) fn new(mix: &SchemeMix, key: MacKey) -> Option<Self> {
        let kinds = mix.cumulative();
        (!kinds.is_empty()).then_some(Self { key, kinds })
    }

    fn stand_in(&self, login: &str) -> Option<&str> {
        let (total, last) = self.kinds.last()?;
        let tag = self.key.mac(&[b"palisade unknown user v1:", login.as_bytes()]).to_bytes();
        let (first, _) = tag.split_first_chunk::<8>()?;
        // Of 2^64 values over at most as many rows as a table has: even enough.
        let row = u64::from_be_bytes(*first) % total;
        let kind = self.kinds.iter().find(|(sum, _)| row < *sum);
        Some(kind.map_or(last, |(_, example)| example))
    }
}

impl Hasher {
    pub(crate) fn verify_unknown_user_in(
        &self,
        password: &Password,
        login: &str,
        now: SystemTime,
        workspace: &mut Workspace,
    ) -> Result<Verdict, VerifyError> {
        let stored = self.stand_in(login, now);
        self.verify_in(password, &stored, now, workspace).map(|_| Verdict::Mismatch)
    }

    /// The stored hash that stands in for that of a login name that nobody has.
    pub(crate) fn stand_in(&self, login: &str, now: SystemTime) -> Arc<str> {
        let kind = self.inner.unknown_users.as_ref().and_then(|users| users.stand_in(login));
        // A kind that is no longer accepted is no longer what a user costs. The password is not asked:
        // one that is too long for a kind is refused here as it is for a user of that kind.
        match kind {
            Some(kind) if self.read(kind, 0, now).is_ok() => kind.into(),
            _ => self.example().into(),
        }
    }
}
