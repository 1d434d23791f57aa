//! Where the counter of a tier is kept.

use std::hash::{BuildHasher, Hasher, RandomState};

use siphasher::sip128::{Hasher128, SipHasher13};

use crate::Tier;

/// A hash under a key that nobody outside knows, so that nobody can choose keys which meet.
#[derive(Clone, Copy)]
pub(super) struct Keyed {
    keys: (u64, u64),
}

/// The hash of a tier: under which print it is filed, and where to look for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Never 0, which is the print of an empty slot.
    pub(super) print: u64,
    pub(super) pick: u64,
}

impl Keyed {
    /// A key of the system's randomness, as the standard library takes it for its hash maps.
    pub(super) fn random() -> Self {
        let seed = RandomState::new();
        Self { keys: (seed.hash_one(0_u64), seed.hash_one(1_u64)) }
    }

    pub(super) fn place(&self, tier: &Tier<'_, '_>) -> Place {
        let mut hasher = SipHasher13::new_with_keys(self.keys.0, self.keys.1);
        hasher.write_u64(tier.policy().id());
        if let Some(group) = tier.group() {
            // The length keeps `ab` within `c` apart from `b` within `ca`; the first tier has none, and ends
            // otherwise.
            hasher.write(group);
            hasher.write_u64(group.len() as u64);
        }
        hasher.write(tier.key());
        hasher.write_u8(u8::from(tier.group().is_some()));
        let hash = hasher.finish128();
        Place { print: hash.h1.max(1), pick: hash.h2 }
    }

    /// Of the bucket that unknown keys of a policy share.
    pub(super) fn overflow(tier: &Tier<'_, '_>) -> Place {
        Place { print: tier.policy().id().max(1), pick: tier.policy().id().rotate_left(32) }
    }
}
