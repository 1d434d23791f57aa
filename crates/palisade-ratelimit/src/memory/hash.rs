//! Where the counter of a tier is kept.

use std::hash::{BuildHasher, Hasher, RandomState};

use crate::Tier;

/// A hash under a key that nobody outside knows, so that nobody can choose keys which meet: the one that the standard
/// library's hash maps use against the same attack.
///
/// Keys are told apart by its 64 bits alone. Among a million keys, the chance that any two meet is one in thirty
/// million, and then those two share a counter.
#[derive(Clone)]
pub(super) struct Keyed {
    secret: RandomState,
}

/// The hash of a tier: under which print it is filed, and where to look for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Never 0, which is the print of an empty slot.
    pub(super) print: u64,
    /// Which sets it may lie in.
    pub(super) pick: u64,
}

/// Keeps the tiers within another apart from the widest ones.
const WITHIN: u64 = 0x2f0e_1ed8_93a5_7c41;

impl Keyed {
    pub(super) fn random() -> Self {
        Self { secret: RandomState::new() }
    }

    pub(super) fn place(&self, tier: &Tier<'_, '_>) -> Place {
        let mut hasher = self.secret.build_hasher();
        let mut kind = 0;
        if let Some(group) = tier.group() {
            // The length keeps `ab` within `c` apart from `b` within `ca`.
            hasher.write_u64(group.len() as u64);
            hasher.write(group);
            kind = WITHIN;
        }
        hasher.write(tier.key());
        // What is hashed stays secret, so a policy need not be hashed with it: the same key under two policies has two
        // numbers, and two keys meet as seldom as before.
        Place::of(hasher.finish() ^ tier.policy().id() ^ kind)
    }

    /// Of the bucket that unknown keys of a policy share.
    pub(super) fn overflow(tier: &Tier<'_, '_>) -> Place {
        Place::of(tier.policy().id())
    }
}

impl Place {
    fn of(hash: u64) -> Self {
        // An odd number near 2⁶⁴ divided by the golden ratio: it spreads what the print's own bits, of which the highest
        // choose the stripe, leave close together.
        Self { print: hash.max(1), pick: hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) }
    }
}
