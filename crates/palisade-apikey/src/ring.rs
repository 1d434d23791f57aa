//! The peppers, and what is done with them: digesting, verifying, wrapping.

use std::time::SystemTime;

use palisade_secret::{KeyId, Keyring, MacKey};
use sha2::{Digest, Sha256};

use crate::PresentedKey;
use crate::digest::{DigestRefused, DigestScheme, KeyDigest, same_bytes};

/// The peppers that digests are made with, and which older digests still count.
///
/// The primary pepper makes new digests. Digests under the other peppers of the ring verify and are
/// replaced when the key is next used; so are wrapped ones and, where allowed, plain SHA-256.
///
/// # Examples
///
/// ```
/// use palisade_apikey::{DigestRing, KeyFormat};
/// use palisade_secret::{Keyring, MacKey, SecretBytes};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let now = std::time::SystemTime::now();
/// let pepper = MacKey::new(SecretBytes::generate(32)?)?;
/// let ring = DigestRing::new(Keyring::new("2026a".parse()?, pepper));
///
/// let format = KeyFormat::new("gmk_acct_live")?;
/// let text = format.mint()?.reveal();
/// let key = format.parse(&text)?;
/// let stored = ring.digest(&key);
/// ring.verify(&key, &stored, now)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DigestRing {
    peppers: Keyring<MacKey>,
    legacy_sha256: bool,
}

impl DigestRing {
    /// A ring that makes and accepts digests under these peppers.
    #[must_use]
    pub fn new(peppers: Keyring<MacKey>) -> Self {
        Self { peppers, legacy_sha256: false }
    }

    /// Also accepts plain SHA-256 digests, imported from an older system, until each is replaced on
    /// use or wrapped.
    #[must_use]
    pub fn accept_legacy_sha256(mut self) -> Self {
        self.legacy_sha256 = true;
        self
    }

    /// The digest of a key under the primary pepper: what is stored from now on.
    #[must_use]
    pub fn digest(&self, key: &PresentedKey<'_, '_>) -> KeyDigest {
        self.digest_text(key.expose_secret())
    }

    pub(crate) fn digest_text(&self, key: &str) -> KeyDigest {
        let (id, pepper) = self.peppers.primary();
        KeyDigest::from_parts(DigestScheme::Hmac(*id), mac(pepper, key.as_bytes()))
    }

    /// Compares a key with a stored digest, made the way the stored one was.
    ///
    /// # Errors
    ///
    /// [`DigestRefused::Unusable`] when the ring lacks a pepper of the stored digest or does not
    /// allow its scheme; [`DigestRefused::Mismatch`] when the key is another one.
    pub fn verify(
        &self,
        key: &PresentedKey<'_, '_>,
        stored: &KeyDigest,
        now: SystemTime,
    ) -> Result<(), DigestRefused> {
        let bytes = self.remake(key, stored.scheme(), now).ok_or(DigestRefused::Unusable)?;
        if same_bytes(&bytes, stored.as_bytes()) { Ok(()) } else { Err(DigestRefused::Mismatch) }
    }

    /// Every digest under which the key may be stored, the primary one first.
    ///
    /// One for each pepper that is alive, and one for each way to wrap: 1 for a ring of one pepper,
    /// 4 for two, 9 for three; plus 1 and one for each pepper where SHA-256 is accepted.
    #[must_use]
    pub fn candidates(&self, key: &PresentedKey<'_, '_>, now: SystemTime) -> Vec<KeyDigest> {
        let text = key.expose_secret().as_bytes();
        let direct: Vec<(KeyId, [u8; 32])> =
            self.peppers.live(now).map(|(id, pepper)| (*id, mac(pepper, text))).collect();
        let sha256 = self.sha256(text);

        let mut all: Vec<KeyDigest> = direct
            .iter()
            .map(|(id, bytes)| KeyDigest::from_parts(DigestScheme::Hmac(*id), *bytes))
            .collect();
        for (outer, pepper) in self.peppers.live(now) {
            for (inner, bytes) in direct.iter().filter(|(inner, _)| inner != outer) {
                let scheme = DigestScheme::WrappedHmac(*outer, *inner);
                all.push(KeyDigest::from_parts(scheme, mac(pepper, bytes)));
            }
            if let Some(bytes) = &sha256 {
                let scheme = DigestScheme::WrappedSha256(*outer);
                all.push(KeyDigest::from_parts(scheme, mac(pepper, bytes)));
            }
        }
        all.extend(sha256.map(KeyDigest::legacy_sha256));
        all
    }

    /// Whether a digest was made the way [`digest`](Self::digest) makes them now.
    #[must_use]
    pub fn is_current(&self, scheme: &DigestScheme) -> bool {
        matches!(scheme, DigestScheme::Hmac(id) if id == self.peppers.primary().0)
    }

    /// How stored digests of this scheme stand with the ring.
    #[must_use]
    pub fn standing(&self, scheme: &DigestScheme, now: SystemTime) -> SchemeStanding {
        let held = |id: &KeyId| self.peppers.find(id.as_str(), now).is_ok();
        let usable = match scheme {
            DigestScheme::Sha256 => self.legacy_sha256,
            DigestScheme::Hmac(id) => held(id),
            DigestScheme::WrappedSha256(outer) => self.legacy_sha256 && held(outer),
            DigestScheme::WrappedHmac(outer, inner) => held(outer) && held(inner),
        };
        match usable {
            false => SchemeStanding::Unusable,
            true if self.is_current(scheme) => SchemeStanding::Current,
            true => SchemeStanding::Old,
        }
    }

    /// Puts the primary pepper around a stored digest, without the key.
    ///
    /// From then on the old digest alone is worth nothing to a thief who lacks the new pepper. The
    /// inner pepper stays in the ring, since the key is still verified through it, until the key
    /// is used and gets a digest of its own.
    ///
    /// # Errors
    ///
    /// [`WrapError`] when the digest is current or already wrapped, or when its own pepper is
    /// missing, so that the key could never be verified again.
    pub fn wrap(&self, stored: &KeyDigest, now: SystemTime) -> Result<KeyDigest, WrapError> {
        let (outer, pepper) = self.peppers.primary();
        match self.standing(stored.scheme(), now) {
            SchemeStanding::Current => return Err(WrapError::Current),
            SchemeStanding::Unusable => return Err(WrapError::Unusable),
            SchemeStanding::Old => {}
        }
        let scheme = match stored.scheme() {
            DigestScheme::Sha256 => DigestScheme::WrappedSha256(*outer),
            DigestScheme::Hmac(inner) => DigestScheme::WrappedHmac(*outer, *inner),
            DigestScheme::WrappedSha256(_) | DigestScheme::WrappedHmac(..) => {
                return Err(WrapError::Wrapped);
            }
        };
        Ok(KeyDigest::from_parts(scheme, mac(pepper, stored.as_bytes())))
    }

    /// The legacy digest, where it is allowed.
    fn sha256(&self, text: &[u8]) -> Option<[u8; 32]> {
        self.legacy_sha256.then(|| Sha256::digest(text).into())
    }

    /// The digest of the key under the given scheme, or nothing when the ring cannot make it.
    fn remake(
        &self,
        key: &PresentedKey<'_, '_>,
        scheme: &DigestScheme,
        now: SystemTime,
    ) -> Option<[u8; 32]> {
        let text = key.expose_secret().as_bytes();
        let pepper = |id: &KeyId| self.peppers.find(id.as_str(), now).ok();
        match scheme {
            DigestScheme::Sha256 => self.sha256(text),
            DigestScheme::Hmac(id) => Some(mac(pepper(id)?, text)),
            DigestScheme::WrappedSha256(outer) => Some(mac(pepper(outer)?, &self.sha256(text)?)),
            DigestScheme::WrappedHmac(outer, inner) => {
                Some(mac(pepper(outer)?, &mac(pepper(inner)?, text)))
            }
        }
    }
}

fn mac(pepper: &MacKey, bytes: &[u8]) -> [u8; 32] {
    pepper.mac(&[bytes]).to_bytes()
}

/// How the stored digests of one scheme stand with a [`DigestRing`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemeStanding {
    /// Made the way new digests are.
    Current,
    /// Verified, and replaced when the key is next used.
    Old,
    /// Never verified: a pepper is missing, or the scheme is not allowed.
    Unusable,
}

/// Why a stored digest was not wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WrapError {
    /// It is already under the primary pepper.
    #[error("the digest is already under the primary pepper")]
    Current,
    /// It was wrapped before. Two layers are the most: the key has to be used, or replaced.
    #[error("the digest was wrapped before; it changes when the key is next used")]
    Wrapped,
    /// Its own pepper is not in the ring.
    #[error("the digest needs a pepper or a scheme that is not in use")]
    Unusable,
}
