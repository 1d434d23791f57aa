//! Keys that verify and cannot sign.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use p256::pkcs8::{DecodePublicKey, EncodePublicKey, LineEnding};
use sha2::{Digest, Sha256};

use super::roles::{P256Key, Public, VerifyingKind};
use super::{KeyError, PEM_PREFIX, PUBLIC_PREFIX, SPKI_PREFIXES, VerifyingKey, check_text};

const WANTED: &str = "a public key";

/// A public key: Ed25519 or P-256. Its text form is `whpk_…`, or PEM for P-256.
///
/// # Examples
///
/// ```
/// use palisade_webhook::PublicKey;
///
/// let key = PublicKey::from_whpk("whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=")?;
/// assert_eq!(key.to_string(), "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=");
/// // A secret is none.
/// assert!(PublicKey::from_whpk("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").is_err());
/// # Ok::<(), palisade_webhook::KeyError>(())
/// ```
#[derive(Clone)]
pub struct PublicKey(Public);

impl PublicKey {
    /// Reads an Ed25519 key of Standard Webhooks: `whpk_` and the base64 of 32 bytes, or the base64 alone.
    ///
    /// # Errors
    ///
    /// [`KeyError`], also for a key of small order, under which one signature fits many messages.
    pub fn from_whpk(text: &str) -> Result<Self, KeyError> {
        check_text(text, WANTED, &[PUBLIC_PREFIX])?;
        let text = text.strip_prefix(PUBLIC_PREFIX).unwrap_or(text);
        let bytes =
            BASE64_STANDARD.decode(text).map_err(|_| KeyError::Encoding("base64 with padding"))?;
        Self::from_ed25519_bytes(&bytes)
    }

    /// Reads an Ed25519 key in hex, as Discord shows it.
    ///
    /// # Errors
    ///
    /// [`KeyError`], as [`from_whpk`](Self::from_whpk).
    pub fn from_ed25519_hex(text: &str) -> Result<Self, KeyError> {
        check_text(text, WANTED, &[])?;
        let bytes = base16ct::mixed::decode_vec(text).map_err(|_| KeyError::Encoding("hex"))?;
        Self::from_ed25519_bytes(&bytes)
    }

    fn from_ed25519_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let what = "public key of Ed25519 (32)";
        let bytes = bytes.try_into().map_err(|_| KeyError::Length { got: bytes.len(), what })?;
        match ed25519_dalek::VerifyingKey::from_bytes(bytes) {
            Ok(key) if !key.is_weak() => Ok(Self::of_ed25519(key)),
            _ => Err(KeyError::Unusable("public key of Ed25519")),
        }
    }

    /// Reads a P-256 key in PEM, as SPKI (RFC 5280): `-----BEGIN PUBLIC KEY-----`.
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        check_text(text, WANTED, &[PEM_PREFIX])?;
        p256::ecdsa::VerifyingKey::from_public_key_pem(text.trim())
            .map(Self::of_p256)
            .map_err(|_| KeyError::Encoding("P-256 public key in PEM (SPKI)"))
    }

    /// Reads a P-256 key in base64 of its DER, as SPKI: what `SendGrid` shows.
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub fn from_spki_base64(text: &str) -> Result<Self, KeyError> {
        check_text(text, WANTED, &SPKI_PREFIXES)?;
        let der =
            BASE64_STANDARD.decode(text).map_err(|_| KeyError::Encoding("base64 with padding"))?;
        p256::ecdsa::VerifyingKey::from_public_key_der(&der)
            .map(Self::of_p256)
            .map_err(|_| KeyError::Unusable("P-256 public key (SPKI)"))
    }

    pub(super) fn of_ed25519(key: ed25519_dalek::VerifyingKey) -> Self {
        Self(Public::Ed25519(Box::new(key)))
    }

    pub(super) fn of_p256(key: p256::ecdsa::VerifyingKey) -> Self {
        let mut fingerprint = [0; 64];
        // A point of the curve has a PEM, and 32 bytes have 64 digits of hex: neither fails.
        if let Ok(pem) = key.to_public_key_pem(LineEnding::LF) {
            let _ = base16ct::lower::encode(&Sha256::digest(pem.as_bytes()), &mut fingerprint);
        }
        Self(Public::P256(Box::new(P256Key { key, fingerprint })))
    }

    /// By which GitHub names a P-256 key: SHA-256 of its PEM, the newline at the end included, in lower-case
    /// hex. `None` for a key of Ed25519.
    #[must_use]
    pub fn fingerprint(&self) -> Option<&str> {
        match &self.0 {
            Public::P256(held) => std::str::from_utf8(&held.fingerprint).ok(),
            Public::Ed25519(_) => None,
        }
    }
}

impl From<PublicKey> for VerifyingKey {
    fn from(key: PublicKey) -> Self {
        Self(VerifyingKind::Public(key.0))
    }
}

impl From<&PublicKey> for VerifyingKey {
    fn from(key: &PublicKey) -> Self {
        key.clone().into()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Public::Ed25519(key) => {
                write!(f, "{PUBLIC_PREFIX}{}", BASE64_STANDARD.encode(key.as_bytes()))
            }
            Public::P256(held) => {
                f.write_str(&held.key.to_public_key_pem(LineEnding::LF).map_err(|_| fmt::Error)?)
            }
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Public::Ed25519(_) => write!(f, "PublicKey({self})"),
            Public::P256(_) => {
                write!(f, "PublicKey(P-256, {})", self.fingerprint().unwrap_or_default())
            }
        }
    }
}
