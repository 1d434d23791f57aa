//! One and the same message, a second time.

mod guard;
mod memory;
mod store;

use std::fmt;
use std::time::SystemTime;

use sha2::{Digest, Sha256};

pub use guard::{Fresh, ReplayError, ReplayGuard, ReplayGuardBuilder, ReplayPolicyError};
pub use memory::MemoryReplays;
pub use store::{Inserted, ReplayStore, StoreError};

/// What every key begins with, so that no other use of SHA-256 makes the same.
const DOMAIN: &[u8] = b"palisade webhook replay v1\0";

/// By what a replay of a message is known: 32 bytes, made only of what the signature covers.
///
/// | scheme | made of |
/// |---|---|
/// | signs a message id | the id: an honest second attempt, signed anew, is a duplicate too |
/// | one HMAC in the header | the MAC of what was signed |
/// | HTTP Message Signatures | SHA-256 of what was signed; of two signatures each would make a key of its own, so a request with two that count is refused |
/// | anything else | SHA-256 of what was signed: whoever drops one of several signatures, or turns an ECDSA signature into its twin, does not change it |
///
/// Where a scheme signs the body alone, two honest messages of equal bytes have the same key, and within the
/// guard's retention they count as one.
///
/// A delivery id that is not signed, such as GitHub's `X-GitHub-Delivery`, is not part of it: whoever replays
/// a message writes a new one. It is no secret: it may be stored and logged.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReplayKey([u8; 32]);

impl ReplayKey {
    /// The bytes, for a store.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0
    }

    /// The same message in another scope, such as another endpoint or customer.
    pub(crate) fn within(&self, scope: &str) -> Self {
        let hash =
            Sha256::new().chain_update(DOMAIN).chain_update(self.0).chain_update(scope.as_bytes());
        Self(hash.finalize().into())
    }
}

impl fmt::Display for ReplayKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ReplayKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReplayKey({self})")
    }
}

/// A verified message as a guard sees it: made of a reference to a [`Verified`](crate::Verified) or a
/// [`VerifiedStream`](crate::VerifiedStream).
#[derive(Clone, Copy, Debug)]
pub struct Sighting {
    pub(crate) key: ReplayKey,
    pub(crate) until: Option<SystemTime>,
}

/// What a replay key is made of.
#[derive(Clone)]
pub(crate) enum Material<'a> {
    Id(&'a str),
    Mac([u8; 32]),
    /// SHA-256 of all that was signed.
    Digest([u8; 32]),
    /// SHA-256 of what was signed before the body: the rest is hashed when the key is asked for.
    Before(Sha256),
}

impl Material<'_> {
    pub(crate) fn replay_key(&self, scheme: &str, body: &[u8]) -> ReplayKey {
        let (kind, digest);
        let (kind, material): (u8, &[u8]) = match self {
            Self::Id(id) => (b'i', id.as_bytes()),
            Self::Mac(mac) => (b'm', mac),
            Self::Digest(known) => (b'd', known),
            Self::Before(before) => {
                (kind, digest) =
                    (b'd', <[u8; 32]>::from(before.clone().chain_update(body).finalize()));
                (kind, &digest)
            }
        };
        let hash = Sha256::new()
            .chain_update(DOMAIN)
            .chain_update(scheme)
            .chain_update([0, kind])
            .chain_update(material);
        ReplayKey(hash.finalize().into())
    }
}
