//! What the server keeps of a key instead of the key.

use std::fmt;
use std::str::FromStr;

use base64ct::{Base64UrlUnpadded, Encoding};
use palisade_secret::KeyId;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::PresentedKey;
use crate::text::converts_as_text;

/// How a stored digest was made. As text, it is all of the stored form but the digest itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DigestScheme {
    /// `sha256`: SHA-256 of the whole key, without a pepper. Only rows of an older system have it.
    Sha256,
    /// `hmac-sha256$<pepper>`: HMAC-SHA256 of the whole key under this pepper.
    Hmac(KeyId),
    /// `hmac-sha256+sha256$<outer>`: HMAC under the outer pepper of a [`Sha256`](Self::Sha256)
    /// digest, made without the key.
    WrappedSha256(KeyId),
    /// `hmac-sha256+hmac-sha256$<outer>,<inner>`: HMAC under the outer pepper of an
    /// [`Hmac`](Self::Hmac) digest under the inner one, made without the key.
    WrappedHmac(KeyId, KeyId),
}

impl DigestScheme {
    /// Whether a digest of this scheme cannot be verified without the pepper of this id.
    #[must_use]
    pub fn needs(&self, pepper: &KeyId) -> bool {
        match self {
            Self::Sha256 => false,
            Self::Hmac(id) | Self::WrappedSha256(id) => id == pepper,
            Self::WrappedHmac(outer, inner) => outer == pepper || inner == pepper,
        }
    }
}

impl fmt::Display for DigestScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha256 => f.write_str("sha256"),
            Self::Hmac(pepper) => write!(f, "hmac-sha256${pepper}"),
            Self::WrappedSha256(outer) => write!(f, "hmac-sha256+sha256${outer}"),
            Self::WrappedHmac(outer, inner) => write!(f, "hmac-sha256+hmac-sha256${outer},{inner}"),
        }
    }
}

impl FromStr for DigestScheme {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        let id = |id: &str| id.parse::<KeyId>().map_err(|_| InvalidDigest);
        match text.split_once('$') {
            None if text == "sha256" => Ok(Self::Sha256),
            Some(("hmac-sha256", pepper)) => Ok(Self::Hmac(id(pepper)?)),
            Some(("hmac-sha256+sha256", outer)) => Ok(Self::WrappedSha256(id(outer)?)),
            Some(("hmac-sha256+hmac-sha256", ids)) => {
                let (outer, inner) = ids.split_once(',').ok_or(InvalidDigest)?;
                Ok(Self::WrappedHmac(id(outer)?, id(inner)?))
            }
            _ => Err(InvalidDigest),
        }
    }
}

/// The digest of a key, as it is stored: 32 bytes and how they were made.
///
/// The scheme is part of it, so no digest is ever taken for one of another kind, and none for the
/// key itself. Two digests are compared through [`verify`](Self::verify), in constant time; there is
/// no `==`.
///
/// The textual form is `<scheme>$<43 characters of unpadded base64url>`.
///
/// # Examples
///
/// ```
/// use palisade_apikey::KeyDigest;
///
/// let text = "hmac-sha256$2026a$TOs_XmviBh9bulFpHK3eDgsUZQCnvPTnudcfKtbNK1E";
/// let digest: KeyDigest = text.parse()?;
/// assert_eq!(digest.scheme().to_string(), "hmac-sha256$2026a");
/// assert_eq!(digest.to_text(), text);
/// # Ok::<(), palisade_apikey::InvalidDigest>(())
/// ```
#[derive(Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct KeyDigest {
    scheme: DigestScheme,
    bytes: [u8; 32],
}

impl KeyDigest {
    /// A digest from its parts, as a store keeps them.
    #[must_use]
    pub fn from_parts(scheme: DigestScheme, bytes: [u8; 32]) -> Self {
        Self { scheme, bytes }
    }

    /// The digest of a key that another system stored as plain SHA-256, to import it.
    ///
    /// It verifies where [`DigestRing::accept_legacy_sha256`](crate::DigestRing::accept_legacy_sha256) allows it, and becomes a peppered
    /// digest when the key is next used.
    #[must_use]
    pub fn legacy_sha256(bytes: [u8; 32]) -> Self {
        Self::from_parts(DigestScheme::Sha256, bytes)
    }

    /// The digest that such a system stores of this key.
    #[must_use]
    pub fn legacy_sha256_of(key: &PresentedKey<'_, '_>) -> Self {
        Self::legacy_sha256(Sha256::digest(key.expose_secret()).into())
    }

    /// How it was made.
    #[must_use]
    pub fn scheme(&self) -> &DigestScheme {
        &self.scheme
    }

    /// The 32 bytes, for a store to index.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// The textual form.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}${}", self.scheme, Base64UrlUnpadded::encode_string(&self.bytes))
    }

    /// Compares two digests: the scheme, and in constant time the bytes.
    ///
    /// # Errors
    ///
    /// [`DigestRefused::Mismatch`] when they differ in either.
    pub fn verify(&self, other: &Self) -> Result<(), DigestRefused> {
        if same_bytes(&self.bytes, &other.bytes) && self.scheme == other.scheme {
            Ok(())
        } else {
            Err(DigestRefused::Mismatch)
        }
    }
}

impl FromStr for KeyDigest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        let (scheme, encoded) = text.rsplit_once('$').ok_or(InvalidDigest)?;
        let mut bytes = [0; 32];
        let decoded =
            Base64UrlUnpadded::decode(encoded, &mut bytes).map_err(|_| InvalidDigest)?.len();
        if decoded != bytes.len() {
            return Err(InvalidDigest);
        }
        Ok(Self { scheme: scheme.parse()?, bytes })
    }
}

impl fmt::Debug for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyDigest({}$<redacted>)", self.scheme)
    }
}

converts_as_text!(KeyDigest, InvalidDigest, |digest: KeyDigest| digest.to_text());

/// Compares in constant time, eight bytes a step: a step of one byte costs as much.
pub(crate) fn same_bytes(a: &[u8; 32], b: &[u8; 32]) -> bool {
    let words = |bytes: &[u8; 32]| -> [u64; 4] {
        let (words, _) = bytes.as_chunks();
        std::array::from_fn(|n| u64::from_ne_bytes(words[n]))
    };
    words(a).ct_eq(&words(b)).into()
}

/// Why a key was not verified against a stored digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DigestRefused {
    /// The key is another one.
    #[error("the key does not match")]
    Mismatch,
    /// The ring cannot remake the stored digest.
    #[error("the stored digest needs a pepper or a scheme that is not in use")]
    Unusable,
}

/// Text that is no stored digest. It does not repeat the text, which could be a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a stored digest of the form `<scheme>$<43 characters of base64url>`")]
pub struct InvalidDigest;
