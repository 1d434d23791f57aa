//! HMAC-SHA256 (RFC 2104, FIPS 198-1): the one place in the workspace where it happens.

use std::fmt;

use hmac::KeyInit;
use hmac::block_api::HmacCore;
use hmac::digest::block_api::{Buffer, FixedOutputCore, UpdateCore};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{MIN_SECRET_BYTES, SecretBytes};

/// The block of SHA-256, to which HMAC pads its key (RFC 2104 section 2), in bytes.
const BLOCK_BYTES: usize = 64;

/// A key for HMAC-SHA256.
///
/// The two blocks that depend on the key alone are hashed once, here; every use starts from a copy
/// of that state, which saves two of the five compressions of a short message.
#[derive(Clone)]
pub struct MacKey {
    // The core without a buffer, since it is copied at each use: half the bytes of `hmac::Hmac`, and
    // a fifth less time for a short message.
    keyed: HmacCore<Sha256>,
}

impl MacKey {
    /// Makes a key of a secret.
    ///
    /// # Errors
    ///
    /// [`WeakKey`] when the secret has fewer than [`MIN_SECRET_BYTES`] bytes.
    pub fn new(secret: SecretBytes) -> Result<Self, WeakKey> {
        let bytes = secret.expose_secret();
        if bytes.len() < MIN_SECRET_BYTES {
            return Err(WeakKey { got: bytes.len() });
        }
        let key = Self::dangerous_any_length(bytes);
        // Taken by value and wiped here, so that only the hashed state lives on.
        drop(secret);
        Ok(key)
    }

    /// Makes a key of bytes of any length.
    ///
    /// # Security
    ///
    /// For published test vectors and for secrets that another party chose. A key under 32 bytes
    /// is weaker than its MAC.
    #[must_use]
    pub fn dangerous_any_length(bytes: &[u8]) -> Self {
        let mut block = Zeroizing::new([0; BLOCK_BYTES]);
        if bytes.len() <= BLOCK_BYTES {
            block[..bytes.len()].copy_from_slice(bytes);
        } else {
            block[..32].copy_from_slice(&Sha256::digest(bytes));
        }
        Self { keyed: HmacCore::new((&*block).into()) }
    }

    /// The MAC of the parts as if they stood in one piece.
    ///
    /// # Security
    ///
    /// Nothing separates the parts: `["ab", "c"]` and `["a", "bc"]` have the same MAC. Parts that
    /// an attacker chooses need lengths or separators between them.
    ///
    /// # Examples
    ///
    /// RFC 4231 section 4.3, test case 2:
    ///
    /// ```
    /// use palisade_secret::MacKey;
    ///
    /// let tag = MacKey::dangerous_any_length(b"Jefe").mac(&[b"what do ya want ", b"for nothing?"]);
    /// assert_eq!(tag.to_bytes()[..4], [0x5b, 0xdc, 0xc1, 0x46]);
    /// ```
    #[must_use]
    pub fn mac(&self, parts: &[&[u8]]) -> Tag {
        let mut stream = self.stream();
        for part in parts {
            stream.update(part);
        }
        stream.end()
    }

    /// Starts a MAC over data that arrives in pieces.
    #[must_use]
    pub fn stream(&self) -> MacStream {
        MacStream { core: self.keyed.clone(), buffer: Buffer::<HmacCore<Sha256>>::default() }
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(<redacted>)")
    }
}

/// A MAC in the making; see [`MacKey::stream`].
pub struct MacStream {
    core: HmacCore<Sha256>,
    buffer: Buffer<HmacCore<Sha256>>,
}

impl MacStream {
    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.buffer.digest_blocks(bytes, |blocks| self.core.update_blocks(blocks));
    }

    /// Ends the data and returns its MAC.
    #[must_use]
    pub fn finish(mut self) -> Tag {
        self.end()
    }

    /// In place: moving the state would cost as much as hashing half a block.
    fn end(&mut self) -> Tag {
        let mut output = [0; 32];
        self.core.finalize_fixed_core(&mut self.buffer, (&mut output).into());
        Tag(output)
    }
}

impl fmt::Debug for MacStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacStream(<redacted>)")
    }
}

/// The MAC that a [`MacKey`] computed: 32 bytes, compared in constant time only.
///
/// It has no `==` and a redacted `Debug`: the right tag for data that an attacker chose *is* the
/// secret he is after.
#[derive(Clone)]
pub struct Tag([u8; 32]);

impl Tag {
    /// Compares a presented tag with this one in constant time.
    ///
    /// # Errors
    ///
    /// [`Mismatch`] when they differ, in length or in content.
    pub fn verify(&self, presented: &[u8]) -> Result<(), Mismatch> {
        if self.0.ct_eq(presented).into() { Ok(()) } else { Err(Mismatch) }
    }

    /// The bytes, to be stored or sent. Compare them through [`verify`](Self::verify).
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tag(<redacted>)")
    }
}

/// The presented value is not the right one. It says nothing of how or where they differ.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the value does not match")]
pub struct Mismatch;

/// A secret is too short to be a MAC key.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a MAC key of {got} bytes is too short: at least {MIN_SECRET_BYTES} are needed")]
pub struct WeakKey {
    got: usize,
}
