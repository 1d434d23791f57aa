//! Keys that sign, and keys that only verify.

use base64ct::{Base64UrlUnpadded, Encoding};
use palisade_secret::{Keyring, MacKey};
use subtle::ConstantTimeEq;

use crate::TokenRefused;

#[cfg(feature = "eddsa")]
mod ed25519;

#[cfg(feature = "eddsa")]
pub(crate) use ed25519::PublicKey;
#[cfg(feature = "eddsa")]
pub use ed25519::{Ed25519Key, InvalidEd25519Secret, InvalidJwks, Jwks};

/// The longest signature in base64url: the 64 bytes of Ed25519.
pub(super) const MAX_SIGNATURE_LEN: usize = 86;

/// A key that tells good signatures from others. Its algorithm is its own, never the token's choice.
pub(crate) trait Verifies {
    /// The name that stands in the header as `alg` (RFC 7518 section 3.1, RFC 8037 section 3.1).
    fn algorithm(&self) -> &'static str;

    /// Compares in constant time what is compared with a secret.
    fn verify(&self, signed: &[u8], signature: &str) -> Result<(), TokenRefused>;
}

/// A key that also signs.
pub(crate) trait Signs: Verifies {
    /// The signature.
    fn sign(&self, signed: &[u8]) -> SignatureBytes;
}

/// A signature of one of the algorithms.
pub(crate) enum SignatureBytes {
    Hs256([u8; 32]),
    #[cfg(feature = "eddsa")]
    Ed25519([u8; 64]),
}

impl SignatureBytes {
    /// In base64url.
    pub(super) fn encode<'p>(&self, place: &'p mut [u8; MAX_SIGNATURE_LEN]) -> &'p str {
        let bytes: &[u8] = match self {
            Self::Hs256(bytes) => bytes,
            #[cfg(feature = "eddsa")]
            Self::Ed25519(bytes) => bytes,
        };
        // The place is as long as the longest text, so this does not fail.
        Base64UrlUnpadded::encode(bytes, place).unwrap_or_default()
    }
}

/// The keys of a service that issues tokens: the primary signs, the others only verify.
///
/// A token names its key (`kid`). One that names none, or one that is not in the ring, is refused: no
/// key is ever tried on the chance that it fits.
///
/// Rotation is that of the [`Keyring`]: keep the former key among the accepted ones and tokens live on
/// (soft), or leave it out and all that it signed is refused (hard).
///
/// # Security
///
/// A ring for one purpose. Session tokens and epoch tokens cannot be taken for each other even under
/// one key, since each has its own `typ`; other software that shares the key may not look at that.
#[derive(Clone, Debug)]
pub struct SigningKeys(pub(crate) Keyring<SigningKey>);

impl SigningKeys {
    /// Keys for `HS256` (RFC 7518 section 3.2): whoever verifies can also sign.
    #[must_use]
    pub fn hs256(keys: Keyring<MacKey>) -> Self {
        Self(map(keys, |key| SigningKey::Hs256(Box::new(key))))
    }

    /// Keys for `EdDSA` over Ed25519 (RFC 8037): others verify with [`public_keys`](Self::public_keys).
    #[cfg(feature = "eddsa")]
    #[must_use]
    pub fn ed25519(keys: Keyring<Ed25519Key>) -> Self {
        Self(map(keys, |key| SigningKey::Ed25519(Box::new(key))))
    }
}

fn map<A, B>(ring: Keyring<A>, mut convert: impl FnMut(A) -> B) -> Keyring<B> {
    match ring.try_map(|_, key| Ok::<_, std::convert::Infallible>(convert(key))) {
        Ok(ring) => ring,
        Err(never) => match never {},
    }
}

/// A key that signs, with its algorithm.
#[derive(Clone, Debug)]
pub(crate) enum SigningKey {
    Hs256(Box<MacKey>),
    #[cfg(feature = "eddsa")]
    Ed25519(Box<Ed25519Key>),
}

impl Verifies for SigningKey {
    fn algorithm(&self) -> &'static str {
        match self {
            Self::Hs256(key) => key.algorithm(),
            #[cfg(feature = "eddsa")]
            Self::Ed25519(key) => key.algorithm(),
        }
    }

    fn verify(&self, signed: &[u8], signature: &str) -> Result<(), TokenRefused> {
        match self {
            Self::Hs256(key) => key.verify(signed, signature),
            #[cfg(feature = "eddsa")]
            Self::Ed25519(key) => key.verify(signed, signature),
        }
    }
}

impl Signs for SigningKey {
    fn sign(&self, signed: &[u8]) -> SignatureBytes {
        match self {
            Self::Hs256(key) => SignatureBytes::Hs256(key.mac(&[signed]).to_bytes()),
            #[cfg(feature = "eddsa")]
            Self::Ed25519(key) => SignatureBytes::Ed25519(key.sign(signed)),
        }
    }
}

impl Verifies for MacKey {
    fn algorithm(&self) -> &'static str {
        "HS256"
    }

    fn verify(&self, signed: &[u8], presented: &str) -> Result<(), TokenRefused> {
        // The right text is compared, not the bytes of the presented one: nothing is decoded, and a
        // second spelling of the same bytes is no match.
        let tag = SignatureBytes::Hs256(self.mac(&[signed]).to_bytes());
        let mut place = [0; MAX_SIGNATURE_LEN];
        let right = tag.encode(&mut place);
        let equal = right.as_bytes().ct_eq(presented.as_bytes());
        if equal.into() { Ok(()) } else { Err(TokenRefused::Signature) }
    }
}
