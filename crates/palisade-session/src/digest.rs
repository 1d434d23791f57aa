//! What is stored in place of a secret.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use palisade_secret::Mismatch;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// SHA-256 of the secret of an opaque token, over its text as it is presented.
///
/// The secret has 256 random bits, so a plain hash is enough: nobody guesses it. It is compared in
/// constant time only, and `Debug` does not show it.
#[derive(Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct SecretDigest([u8; 32]);

impl SecretDigest {
    pub(crate) fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// A digest that a store kept.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, to be stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Compares two digests in constant time.
    ///
    /// # Errors
    ///
    /// [`Mismatch`] when they differ.
    pub fn verify(&self, other: &Self) -> Result<(), Mismatch> {
        if self.0.ct_eq(&other.0).into() { Ok(()) } else { Err(Mismatch) }
    }
}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretDigest(<redacted>)")
    }
}

impl From<SecretDigest> for String {
    fn from(digest: SecretDigest) -> String {
        Base64UrlUnpadded::encode_string(&digest.0)
    }
}

impl TryFrom<String> for SecretDigest {
    type Error = InvalidDigest;

    fn try_from(text: String) -> Result<Self, InvalidDigest> {
        let mut bytes = [0; 32];
        let len = Base64UrlUnpadded::decode(&text, &mut bytes).map_err(|_| InvalidDigest)?.len();
        if len == bytes.len() { Ok(Self(bytes)) } else { Err(InvalidDigest) }
    }
}

/// Text that is no digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the digest of a session secret is 32 bytes in unpadded base64url")]
pub struct InvalidDigest;
