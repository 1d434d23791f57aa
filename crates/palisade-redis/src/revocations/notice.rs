//! What a follower is told.

use super::Revocation;

/// What a follower of the feed is told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// From now on revocations are heard. What was missed before has been told as [`Everything`].
    ///
    /// [`Everything`]: Self::Everything
    Connected,
    /// From now on revocations are not heard, until the next [`Connected`](Self::Connected). A service that
    /// wants nothing of what it caches to be older than the feed forgets it here, and caches nothing until
    /// then.
    Disconnected,
    /// This was revoked.
    Revoked(Revocation),
    /// Anything may have been revoked: all that is cached has to be forgotten. It comes with the first
    /// connection too, because what was cached before may have been revoked before.
    Everything,
}
