//! Ed25519 (RFC 8032) in tokens: `EdDSA` as RFC 8037 has it.

use std::fmt;
use std::time::SystemTime;

use base64ct::{Base64UrlUnpadded, Encoding};
use ed25519_dalek::{Signature, Signer, SigningKey as Secret, VerifyingKey};
use palisade_secret::{KeyId, Keyring, NoRandomness, SecretBytes};
use zeroize::Zeroizing;

use super::{SigningKey, SigningKeys, Verifies};
use crate::TokenRefused;

const ALGORITHM: &str = "EdDSA";

/// A key that signs with Ed25519. Its public half verifies elsewhere; see [`Jwks`].
#[derive(Clone)]
pub struct Ed25519Key(Secret);

impl Ed25519Key {
    /// The length of the secret, in bytes (RFC 8032 section 5.1.5).
    pub const SECRET_LEN: usize = 32;

    /// Makes a key of its secret, the 32 bytes that RFC 8032 calls the private key and RFC 8037 writes
    /// as `d`.
    ///
    /// # Errors
    ///
    /// [`InvalidEd25519Secret`] when there are more or fewer bytes.
    pub fn new(secret: &SecretBytes) -> Result<Self, InvalidEd25519Secret> {
        let bytes = Zeroizing::new(
            <[u8; Self::SECRET_LEN]>::try_from(secret.expose_secret())
                .map_err(|_| InvalidEd25519Secret)?,
        );
        Ok(Self(Secret::from_bytes(&bytes)))
    }

    /// Draws a new key from the operating system's generator.
    ///
    /// # Errors
    ///
    /// [`NoRandomness`] when the generator fails.
    pub fn generate() -> Result<Self, NoRandomness> {
        let secret = SecretBytes::generate(Self::SECRET_LEN)?;
        Self::new(&secret).map_err(|_| NoRandomness)
    }
}

impl fmt::Debug for Ed25519Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ed25519Key(<redacted>)")
    }
}

/// A secret that is not 32 bytes long.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the secret of an Ed25519 key is 32 bytes")]
pub struct InvalidEd25519Secret;

impl Verifies for Ed25519Key {
    fn algorithm(&self) -> &'static str {
        ALGORITHM
    }

    fn verify(&self, signed: &[u8], signature: &str) -> Result<(), TokenRefused> {
        verify(&self.0.verifying_key(), signed, signature)
    }
}

impl Ed25519Key {
    pub(super) fn sign(&self, signed: &[u8]) -> [u8; Signature::BYTE_SIZE] {
        self.0.sign(signed).to_bytes()
    }
}

/// A key that only verifies.
#[derive(Clone, Debug)]
pub(crate) struct PublicKey(VerifyingKey);

impl Verifies for PublicKey {
    fn algorithm(&self) -> &'static str {
        ALGORITHM
    }

    fn verify(&self, signed: &[u8], signature: &str) -> Result<(), TokenRefused> {
        verify(&self.0, signed, signature)
    }
}

fn verify(key: &VerifyingKey, signed: &[u8], signature: &str) -> Result<(), TokenRefused> {
    let mut bytes = [0; Signature::BYTE_SIZE];
    let decoded = Base64UrlUnpadded::decode(signature, &mut bytes)
        .map_err(|_| TokenRefused::Signature)?
        .len();
    if decoded != Signature::BYTE_SIZE || !is_reduced(&bytes[32..]) {
        return Err(TokenRefused::Signature);
    }
    // Strict: also refuses keys and points of small order, for which many messages would verify.
    key.verify_strict(signed, &Signature::from_bytes(&bytes)).map_err(|_| TokenRefused::Signature)
}

/// The order of the group of Ed25519 (RFC 8032 section 5.1), the greatest byte first.
const ORDER: [u8; 32] = [
    0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0xde, 0xf9, 0xde, 0xa2, 0xf7, 0x9c,
    0xd6, 0x58, 0x12, 0x63, 0x1a, 0x5c, 0xf5, 0xd3, 0xed,
];

/// Whether the number in a signature is below the order, as RFC 8032 section 5.1.7 asks: otherwise a
/// signature has a second form. The library checks it too, unless another crate of the program switches on
/// its feature for old signatures.
fn is_reduced(number: &[u8]) -> bool {
    number.iter().rev().lt(ORDER.iter())
}

impl SigningKeys {
    /// The public halves of the keys that verify at `now`, to be published. `None` for keys of `HS256`,
    /// which have none.
    #[must_use]
    pub fn public_keys(&self, now: SystemTime) -> Option<Jwks> {
        let public = self.0.live(now).map(|(id, key)| match key {
            SigningKey::Ed25519(key) => Some((*id, PublicKey(key.0.verifying_key()))),
            SigningKey::Hs256(_) => None,
        });
        ring(public.collect::<Option<Vec<_>>>()?).ok().map(Jwks)
    }
}

/// A set of public keys (RFC 7517 section 5), as one service publishes it and another one reads it.
///
/// # Security
///
/// Whoever can change the set can sign for everyone: fetch it over TLS from a configured address, never
/// from one that a token names.
///
/// # Examples
///
/// ```
/// use palisade_secret::Keyring;
/// use palisade_session::{Ed25519Key, Jwks, SigningKeys};
/// use std::time::SystemTime;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let keys = SigningKeys::ed25519(Keyring::new("2026a".parse()?, Ed25519Key::generate()?));
/// let published = keys.public_keys(SystemTime::now()).unwrap().to_json();
/// assert!(published.contains(r#""kid":"2026a""#));
///
/// let read = Jwks::parse(&published)?; // in the other service
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Jwks(pub(crate) Keyring<PublicKey>);

impl Jwks {
    /// The longest text that is read, in bytes.
    pub const MAX_LEN: usize = 64 * 1024;

    /// Reads a set. Keys of other kinds or for other uses are passed over, as RFC 7517 section 5 asks.
    ///
    /// # Errors
    ///
    /// [`InvalidJwks`] when the text is no such set, holds a private key, or has no Ed25519 key with a
    /// usable id, or two of one id.
    pub fn parse(text: &str) -> Result<Self, InvalidJwks> {
        if text.len() > Self::MAX_LEN {
            return Err(InvalidJwks::TooLong);
        }
        let set: KeySet = serde_json::from_str(text).map_err(|_| InvalidJwks::Malformed)?;
        let mut keys = Vec::new();
        for key in set.keys {
            if key.d.is_some() || key.k.is_some() {
                return Err(InvalidJwks::Private);
            }
            let ours = key.kty == "OKP"
                && key.crv.as_deref() == Some("Ed25519")
                && key.alg.as_deref().is_none_or(|alg| alg == ALGORITHM)
                && key.usage.as_deref().is_none_or(|usage| usage == "sig");
            if ours {
                keys.push(key.public()?);
            }
        }
        ring(keys).map(Self)
    }

    /// The set as JSON, to be published as `application/jwk-set+json`.
    #[must_use]
    pub fn to_json(&self) -> String {
        // A public key has no end of its own in a set, so any time serves.
        let keys: Vec<String> = self
            .0
            .live(SystemTime::UNIX_EPOCH)
            .map(|(id, key)| {
                let x = Base64UrlUnpadded::encode_string(key.0.as_bytes());
                // None of the values holds a character that JSON escapes.
                format!(
                    r#"{{"kty":"OKP","crv":"Ed25519","use":"sig","alg":"{ALGORITHM}","kid":"{id}","x":"{x}"}}"#
                )
            })
            .collect();
        format!(r#"{{"keys":[{}]}}"#, keys.join(","))
    }
}

fn ring(keys: Vec<(KeyId, PublicKey)>) -> Result<Keyring<PublicKey>, InvalidJwks> {
    let mut keys = keys.into_iter();
    let (id, key) = keys.next().ok_or(InvalidJwks::NoKey)?;
    keys.try_fold(Keyring::new(id, key), |ring, (id, key)| {
        ring.accept(id, key).map_err(|_| InvalidJwks::Duplicate)
    })
}

#[derive(serde::Deserialize)]
struct KeySet {
    keys: Vec<KeyEntry>,
}

#[derive(serde::Deserialize)]
struct KeyEntry {
    kty: String,
    crv: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    kid: Option<String>,
    x: Option<String>,
    /// What makes a key private, with any value. Not text, so that it is not copied.
    d: Option<serde::de::IgnoredAny>,
    k: Option<serde::de::IgnoredAny>,
}

impl KeyEntry {
    fn public(&self) -> Result<(KeyId, PublicKey), InvalidJwks> {
        let id = self.kid.as_deref().and_then(|id| id.parse().ok()).ok_or(InvalidJwks::KeyId)?;
        let mut bytes = [0; 32];
        let x = self.x.as_deref().ok_or(InvalidJwks::Key)?;
        let len = Base64UrlUnpadded::decode(x, &mut bytes).map_err(|_| InvalidJwks::Key)?.len();
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| InvalidJwks::Key)?;
        if len != bytes.len() || key.is_weak() {
            return Err(InvalidJwks::Key);
        }
        Ok((id, PublicKey(key)))
    }
}

/// Why a text is no usable set of public keys. It does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidJwks {
    /// More than [`Jwks::MAX_LEN`] bytes.
    #[error("the key set is too long")]
    TooLong,
    /// No JSON object with an array `keys` of objects with a `kty`.
    #[error("the text is no JSON Web Key Set")]
    Malformed,
    /// A key in it is private: it must be replaced, for whoever read the set can sign with it.
    #[error("the key set holds a private key; replace that key, it is known now")]
    Private,
    /// No Ed25519 key for signatures.
    #[error("the key set holds no Ed25519 key for signatures")]
    NoKey,
    /// An Ed25519 key without an id, or with one that is no [`KeyId`].
    #[error("an Ed25519 key of the set has no usable `kid`")]
    KeyId,
    /// Two keys have one id.
    #[error("two keys of the set have the same `kid`")]
    Duplicate,
    /// `x` is not the 32 bytes of a sound public key.
    #[error("an Ed25519 key of the set has no usable `x`")]
    Key,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_signature_is_below_the_order() {
        let mut order = ORDER;
        order.reverse();
        let mut below = order;
        below[0] -= 1;
        let mut above = order;
        above[0] += 1;
        assert!(is_reduced(&below) && is_reduced(&[0; 32]));
        assert!(!is_reduced(&order) && !is_reduced(&above) && !is_reduced(&[0xff; 32]));
    }
}
