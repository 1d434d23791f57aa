//! The proof that a request is its client's.

use std::fmt;
use std::time::SystemTime;

use palisade_secret::KeyId;

use super::component::Component;
use crate::replay::{Material, ReplayKey, Sighting};

/// A request that a client signed: only [`MessageVerifier::verify`](crate::MessageVerifier::verify) makes
/// one.
///
/// It vouches for what is covered and for nothing else. It says nothing of whether the request came before:
/// [`ReplayGuard::admit`](crate::ReplayGuard::admit) does.
pub struct VerifiedMessage<'a> {
    pub(super) key: KeyId,
    pub(super) components: Vec<Component>,
    pub(super) body: Option<&'a [u8]>,
    pub(super) created: SystemTime,
    /// From here on, the verifier refuses it.
    pub(super) until: SystemTime,
    pub(super) nonce: Option<Box<str>>,
    pub(super) tag: Option<Box<str>>,
    /// SHA-256 of the signature base.
    pub(super) digest: [u8; 32],
}

impl<'a> VerifiedMessage<'a> {
    /// The body, if the signature covers `content-digest`, which it then fits.
    #[must_use]
    pub fn body(&self) -> Option<&'a [u8]> {
        self.body
    }

    /// What the signature covers, in its order.
    #[must_use]
    pub fn components(&self) -> &[Component] {
        &self.components
    }

    /// Whether the signature covers a component.
    #[must_use]
    pub fn covers(&self, component: &Component) -> bool {
        self.components.contains(component)
    }

    /// The key whose signature fits.
    #[must_use]
    pub fn key_id(&self) -> &KeyId {
        &self.key
    }

    /// When it was signed.
    #[must_use]
    pub fn created(&self) -> SystemTime {
        self.created
    }

    /// The text that the client drew for this request alone, if it did.
    #[must_use]
    pub fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }

    /// What the signature is for, if it says so.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// By what a replay of this request is known: made of all that is covered and of the parameters.
    ///
    /// A client without a nonce that sends two equal requests within a second sends the same one twice.
    #[must_use]
    pub fn replay_key(&self) -> ReplayKey {
        Material::Digest(self.digest).replay_key("rfc9421", b"")
    }
}

impl From<&VerifiedMessage<'_>> for Sighting {
    fn from(verified: &VerifiedMessage<'_>) -> Self {
        Self { key: verified.replay_key(), until: Some(verified.until) }
    }
}

impl fmt::Debug for VerifiedMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedMessage")
            .field("key", &self.key)
            .field("components", &self.components)
            .finish_non_exhaustive()
    }
}
