//! What a key is used for: to sign, or to verify.

use std::fmt;

use palisade_secret::MacKey;

use super::SharedSecret;
use crate::Algorithm;

/// A key of a [`Signer`](crate::Signer): made of a [`SharedSecret`] or of a private key.
#[derive(Clone)]
pub struct SigningKey(pub(crate) SigningKind);

#[derive(Clone)]
pub(crate) enum SigningKind {
    Hmac(MacKey),
    #[cfg(feature = "asymmetric")]
    Private(Private),
}

#[cfg(feature = "asymmetric")]
#[derive(Clone)]
pub(crate) enum Private {
    Ed25519(Box<ed25519_dalek::SigningKey>),
    P256(Box<p256::ecdsa::SigningKey>),
}

/// A key of a [`Verifier`](crate::Verifier): made of a [`SharedSecret`] or of a public key.
#[derive(Clone)]
pub struct VerifyingKey(pub(crate) VerifyingKind);

#[derive(Clone)]
pub(crate) enum VerifyingKind {
    Hmac(MacKey),
    #[cfg(feature = "asymmetric")]
    Public(Public),
}

#[cfg(feature = "asymmetric")]
#[derive(Clone)]
pub(crate) enum Public {
    Ed25519(Box<ed25519_dalek::VerifyingKey>),
    P256(Box<P256Key>),
}

/// A P-256 key and the fingerprint by which it is named, in lower-case hex.
#[cfg(feature = "asymmetric")]
#[derive(Clone)]
pub(crate) struct P256Key {
    pub(crate) key: p256::ecdsa::VerifyingKey,
    pub(crate) fingerprint: [u8; 64],
}

impl SigningKey {
    pub(crate) fn algorithm(&self) -> Algorithm {
        match &self.0 {
            SigningKind::Hmac(_) => Algorithm::HmacSha256,
            #[cfg(feature = "asymmetric")]
            SigningKind::Private(Private::Ed25519(_)) => Algorithm::Ed25519,
            #[cfg(feature = "asymmetric")]
            SigningKind::Private(Private::P256(_)) => Algorithm::EcdsaP256,
        }
    }

    /// Whether both are one shared secret: then they make the same MAC of anything.
    pub(crate) fn is_same_secret(&self, other: &Self) -> bool {
        let probe = |key: &Self| match &key.0 {
            SigningKind::Hmac(key) => Some(key.mac(&[b"palisade webhook: the same secret?"])),
            #[cfg(feature = "asymmetric")]
            SigningKind::Private(_) => None,
        };
        probe(self)
            .zip(probe(other))
            .is_some_and(|(one, other)| one.verify(&other.to_bytes()).is_ok())
    }

    /// By what receivers know the key, where that is not its id: the fingerprint of its public half.
    #[cfg(feature = "asymmetric")]
    pub(crate) fn public_name(&self) -> Option<String> {
        let SigningKind::Private(Private::P256(key)) = &self.0 else { return None };
        super::PublicKey::of_p256(*key.verifying_key()).fingerprint().map(str::to_owned)
    }

    #[cfg(not(feature = "asymmetric"))]
    #[expect(clippy::unused_self, reason = "the same call with the feature and without")]
    pub(crate) fn public_name(&self) -> Option<String> {
        None
    }
}

impl VerifyingKey {
    pub(crate) fn algorithm(&self) -> Algorithm {
        match &self.0 {
            VerifyingKind::Hmac(_) => Algorithm::HmacSha256,
            #[cfg(feature = "asymmetric")]
            VerifyingKind::Public(Public::Ed25519(_)) => Algorithm::Ed25519,
            #[cfg(feature = "asymmetric")]
            VerifyingKind::Public(Public::P256(_)) => Algorithm::EcdsaP256,
        }
    }

    /// Whether a request that names its key by this text means this one.
    #[cfg(feature = "asymmetric")]
    pub(crate) fn has_fingerprint(&self, text: &[u8]) -> bool {
        matches!(&self.0, VerifyingKind::Public(Public::P256(held)) if held.fingerprint == text)
    }

    #[cfg(not(feature = "asymmetric"))]
    #[expect(clippy::unused_self, reason = "the same call with the feature and without")]
    pub(crate) fn has_fingerprint(&self, _text: &[u8]) -> bool {
        false
    }
}

impl From<&SharedSecret> for SigningKey {
    fn from(secret: &SharedSecret) -> Self {
        Self(SigningKind::Hmac(secret.mac_key()))
    }
}

impl From<SharedSecret> for SigningKey {
    fn from(secret: SharedSecret) -> Self {
        Self::from(&secret)
    }
}

impl From<&SharedSecret> for VerifyingKey {
    fn from(secret: &SharedSecret) -> Self {
        Self(VerifyingKind::Hmac(secret.mac_key()))
    }
}

impl From<SharedSecret> for VerifyingKey {
    fn from(secret: SharedSecret) -> Self {
        Self::from(&secret)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({:?}, <redacted>)", self.algorithm())
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({:?}, <redacted>)", self.algorithm())
    }
}
