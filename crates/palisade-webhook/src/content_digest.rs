//! `Content-Digest` (RFC 9530): which bytes a message has.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;

use crate::Headers;
use crate::structured::{self, Fault, Value};

pub(crate) const HEADER: &str = "Content-Digest";

/// The most digests in one header, unknown algorithms among them.
const MAX_DIGESTS: usize = 16;

/// What `Content-Digest` says of a body: its SHA-256, its SHA-512 or both.
///
/// # Security
///
/// It proves nothing of the sender: whoever changes a body writes another digest. It is of use against
/// accidents, and where a signature covers the header, as in
/// [`VerifiedMessage::body`](crate::VerifiedMessage::body).
///
/// Every digest of a known algorithm must fit. Unknown algorithms and those that RFC 9530 section 5 calls
/// insecure (`md5`, `sha`) are ignored, and alone they are not enough. The header comes once and names each
/// algorithm once: RFC 9651 would join several headers and let the last of equal keys win, but a server
/// before this one may have looked at the first.
///
/// # Examples
///
/// ```
/// use palisade_webhook::{ContentDigest, DigestRefused};
///
/// let body = br#"{"hello": "world"}"#;
/// let header = ContentDigest::sha256_of(body).to_string();
/// assert_eq!(header, "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:");
///
/// let digest = ContentDigest::from_headers(&[("content-digest", header)])?;
/// digest.verify(body)?;
/// assert_eq!(digest.verify(b"{}"), Err(DigestRefused::Mismatch));
/// # Ok::<(), DigestRefused>(())
/// ```
#[derive(Clone)]
pub struct ContentDigest {
    /// At least one of the two is there.
    sha256: Option<[u8; 32]>,
    sha512: Option<[u8; 64]>,
}

impl ContentDigest {
    /// Reads the header.
    ///
    /// # Errors
    ///
    /// [`DigestRefused`].
    pub fn from_headers<H: Headers + ?Sized>(headers: &H) -> Result<Self, DigestRefused> {
        let value = structured::one_value(headers, HEADER)?;
        let mut digest = Self { sha256: None, sha512: None };
        for member in structured::dictionary(value, MAX_DIGESTS)? {
            let bytes = match member.value {
                Some(Value::Bytes(bytes)) => bytes,
                _ if !matches!(member.key, "sha-256" | "sha-512") => continue,
                _ => return Err(DigestRefused::Malformed),
            };
            let bytes = bytes.as_slice();
            let malformed = |_| DigestRefused::Malformed;
            match member.key {
                "sha-256" => digest.sha256 = Some(bytes.try_into().map_err(malformed)?),
                "sha-512" => digest.sha512 = Some(bytes.try_into().map_err(malformed)?),
                _ => {}
            }
        }
        if digest.sha256.is_none() && digest.sha512.is_none() {
            return Err(DigestRefused::NoKnownAlgorithm);
        }
        Ok(digest)
    }

    /// The SHA-256 of a body. Its `Display` is the value of the header.
    #[must_use]
    pub fn sha256_of(body: &[u8]) -> Self {
        Self { sha256: Some(Sha256::digest(body).into()), sha512: None }
    }

    /// The SHA-512 of a body. Its `Display` is the value of the header.
    #[must_use]
    pub fn sha512_of(body: &[u8]) -> Self {
        Self { sha256: None, sha512: Some(Sha512::digest(body).into()) }
    }

    /// Whether this is the body.
    ///
    /// # Errors
    ///
    /// [`DigestRefused::Mismatch`].
    pub fn verify(&self, body: &[u8]) -> Result<(), DigestRefused> {
        let mut stream = self.start();
        stream.update(body);
        stream.finish()
    }

    /// Begins to look at a body that comes in chunks.
    pub fn start(&self) -> ContentDigestStream {
        ContentDigestStream {
            sha256: self.sha256.map(|expected| (expected, Sha256::new())),
            sha512: self.sha512.map(|expected| (expected, Sha512::new())),
        }
    }
}

/// A body on its way past a [`ContentDigest`]: what [`ContentDigest::start`] begins.
///
/// # Examples
///
/// ```
/// use palisade_webhook::ContentDigest;
///
/// let mut stream = ContentDigest::sha512_of(b"two chunks").start();
/// stream.update(b"two ");
/// stream.update(b"chunks");
/// stream.finish()?;
/// # Ok::<(), palisade_webhook::DigestRefused>(())
/// ```
#[derive(Clone)]
#[must_use = "a body is checked by `finish` alone"]
pub struct ContentDigestStream {
    sha256: Option<([u8; 32], Sha256)>,
    sha512: Option<([u8; 64], Sha512)>,
}

impl ContentDigestStream {
    /// Takes the next chunk, of any length.
    pub fn update(&mut self, chunk: &[u8]) {
        if let Some((_, hash)) = &mut self.sha256 {
            hash.update(chunk);
        }
        if let Some((_, hash)) = &mut self.sha512 {
            hash.update(chunk);
        }
    }

    /// Ends the body.
    ///
    /// # Errors
    ///
    /// [`DigestRefused::Mismatch`].
    pub fn finish(self) -> Result<(), DigestRefused> {
        let fits256 = self
            .sha256
            .is_none_or(|(expected, hash)| expected.ct_eq(hash.finalize().as_slice()).into());
        let fits512 = self
            .sha512
            .is_none_or(|(expected, hash)| expected.ct_eq(hash.finalize().as_slice()).into());
        if fits256 && fits512 { Ok(()) } else { Err(DigestRefused::Mismatch) }
    }
}

impl fmt::Display for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sha256 = self.sha256.iter().map(|digest| ("sha-256", digest.as_slice()));
        let sha512 = self.sha512.iter().map(|digest| ("sha-512", digest.as_slice()));
        for (at, (name, digest)) in sha256.chain(sha512).enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{name}=:{}:", BASE64_STANDARD.encode(digest))?;
        }
        Ok(())
    }
}

impl fmt::Debug for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentDigest({self})")
    }
}

impl fmt::Debug for ContentDigestStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContentDigestStream(..)")
    }
}

/// Why a body and its `Content-Digest` do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DigestRefused {
    /// There is no header.
    #[error("the header Content-Digest is missing")]
    Missing,
    /// There is more than one header.
    #[error("the header Content-Digest was sent more than once")]
    Duplicate,
    /// The header is longer than any that is needed.
    #[error("the header Content-Digest is too long")]
    TooLong,
    /// The header is no dictionary of digests, names one twice, or holds one of the wrong length.
    #[error("the header Content-Digest is malformed")]
    Malformed,
    /// Neither `sha-256` nor `sha-512` is there.
    #[error("the header Content-Digest holds no digest of a known algorithm")]
    NoKnownAlgorithm,
    /// The body is another one.
    #[error("the body does not have the digest of the header Content-Digest")]
    Mismatch,
}

impl DigestRefused {
    /// A short, stable word for the audit log and for metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Missing => "digest_missing",
            Self::Duplicate => "digest_duplicate",
            Self::TooLong => "digest_too_long",
            Self::Malformed => "digest_malformed",
            Self::NoKnownAlgorithm => "digest_no_known_algorithm",
            Self::Mismatch => "digest_mismatch",
        }
    }
}

impl From<Fault> for DigestRefused {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Missing => Self::Missing,
            Fault::Twice => Self::Duplicate,
            Fault::TooLong => Self::TooLong,
            Fault::Malformed | Fault::TooManyMembers => Self::Malformed,
        }
    }
}
