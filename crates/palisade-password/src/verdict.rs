//! The answer of a verification.

use crate::RehashReason;

/// The answer of a verification. Only this crate can make a `Match`: to hold one is the proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a verdict that nobody looks at lets everyone in, or no one"]
pub enum Verdict {
    /// The password is the right one.
    #[non_exhaustive]
    Match {
        /// Why the stored hash should be made anew with [`Hasher::rehash`](crate::Hasher::rehash),
        /// now that the password is at hand. That may fail or wait; the login is good without it.
        rehash: Option<RehashReason>,
    },
    /// The password is not the right one.
    Mismatch,
}
