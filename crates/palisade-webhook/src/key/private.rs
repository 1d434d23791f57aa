//! Keys that sign, of which the receiver holds the public half.

use std::fmt;

use base64ct::{Base64, Encoding as _};
use ed25519_dalek::KEYPAIR_LENGTH;
use p256::pkcs8::DecodePrivateKey;
use palisade_secret::{NoRandomness, SecretBytes};
use zeroize::Zeroizing;

use super::roles::{Private, SigningKind};
use super::{KeyError, PEM_PREFIX, PRIVATE_PREFIX, PublicKey, SigningKey, check_text};

const WANTED: &str = "a private key";

/// A private key: Ed25519 or P-256.
///
/// # Examples
///
/// ```
/// use palisade_webhook::PrivateKey;
///
/// let key = PrivateKey::generate_ed25519()?;
/// assert!(key.expose_whsk().unwrap().starts_with("whsk_"));
/// // What receivers are given.
/// println!("{}", key.public_key());
/// # Ok::<(), palisade_secret::NoRandomness>(())
/// ```
pub struct PrivateKey(Private);

impl PrivateKey {
    /// Draws a new Ed25519 key.
    ///
    /// # Errors
    ///
    /// [`NoRandomness`] when the system's generator fails.
    pub fn generate_ed25519() -> Result<Self, NoRandomness> {
        let drawn = SecretBytes::generate(32)?;
        let mut seed = Zeroizing::new([0; 32]);
        seed.copy_from_slice(drawn.expose_secret());
        Ok(Self(Private::Ed25519(Box::new(ed25519_dalek::SigningKey::from_bytes(&seed)))))
    }

    /// Reads an Ed25519 key of Standard Webhooks: `whsk_` and the base64 of 64 bytes, the seed and the public
    /// key.
    ///
    /// # Errors
    ///
    /// [`KeyError`], also when the two halves do not belong together.
    pub fn from_whsk(text: &str) -> Result<Self, KeyError> {
        check_text(text, WANTED, &[PRIVATE_PREFIX])?;
        let text = text.strip_prefix(PRIVATE_PREFIX).unwrap_or(text);
        let bytes = Zeroizing::new(
            Base64::decode_vec(text).map_err(|_| KeyError::Encoding("base64 with padding"))?,
        );
        let what = "private key of Ed25519 (64: seed and public key)";
        let pair: &[u8; KEYPAIR_LENGTH] =
            bytes.as_slice().try_into().map_err(|_| KeyError::Length { got: bytes.len(), what })?;
        let key = ed25519_dalek::SigningKey::from_keypair_bytes(pair)
            .map_err(|_| KeyError::Unusable("private key of Ed25519"))?;
        Ok(Self(Private::Ed25519(Box::new(key))))
    }

    /// Reads a P-256 key in PEM, as PKCS #8 (RFC 5958): `-----BEGIN PRIVATE KEY-----`.
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        check_text(text, WANTED, &[PEM_PREFIX])?;
        p256::ecdsa::SigningKey::from_pkcs8_pem(text.trim())
            .map(|key| Self(Private::P256(Box::new(key))))
            .map_err(|_| KeyError::Encoding("P-256 private key in PEM (PKCS #8)"))
    }

    /// The key as `whsk_` and base64, if it is of Ed25519. The text is wiped on drop.
    #[must_use]
    pub fn expose_whsk(&self) -> Option<Zeroizing<String>> {
        let Private::Ed25519(key) = &self.0 else { return None };
        let pair = Zeroizing::new(key.to_keypair_bytes());
        let base64 = Zeroizing::new(Base64::encode_string(pair.as_slice()));
        let mut text = Zeroizing::new(String::with_capacity(PRIVATE_PREFIX.len() + base64.len()));
        text.push_str(PRIVATE_PREFIX);
        text.push_str(&base64);
        Some(text)
    }

    /// The public half, which receivers are given.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        match &self.0 {
            Private::P256(key) => PublicKey::of_p256(*key.verifying_key()),
            Private::Ed25519(key) => PublicKey::of_ed25519(key.verifying_key()),
        }
    }
}

impl From<PrivateKey> for SigningKey {
    fn from(key: PrivateKey) -> Self {
        Self(SigningKind::Private(key.0))
    }
}

impl From<&PrivateKey> for SigningKey {
    fn from(key: &PrivateKey) -> Self {
        Self(SigningKind::Private(key.0.clone()))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(<redacted>)")
    }
}
