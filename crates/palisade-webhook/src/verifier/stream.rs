//! Verifying a body that comes in chunks.

use std::fmt;
use std::time::SystemTime;

use super::Verifier;
use crate::body_time::BodyTime;
use crate::pass::{End, Pass};
use crate::presented::Presented;
use crate::replay::Material;
use crate::scheme::TimeField;
use crate::stamp::Stamp;
use crate::{Algorithm, Headers, Refused, VerifiedStream};

/// A body on its way through a [`Verifier`]: what [`Verifier::start`] begins.
///
/// It hashes and keeps nothing, so its memory is the same for a byte and for a terabyte.
///
/// # Security
///
/// Until [`finish`](Self::finish) says so, the chunks are a stranger's: write them to a file, do not act on
/// them.
///
/// # Examples
///
/// ```
/// # use palisade_webhook::{MessageId, Scheme, SharedSecret, Signer, Verifier};
/// # use std::time::SystemTime;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let secret = SharedSecret::generate()?;
/// # let signer = Signer::builder(Scheme::GITHUB).key("a".parse()?, &secret).build()?;
/// # let now = SystemTime::now();
/// # let headers = signer.sign(&MessageId::generate()?, now, b"two chunks")?;
/// let verifier = Verifier::builder(Scheme::GITHUB).key("a".parse()?, &secret).build()?;
/// let mut stream = verifier.start(&headers, now)?;
/// for chunk in [b"two ".as_slice(), b"chunks"] {
///     stream.update(chunk)?;
/// }
/// let verified = stream.finish(now)?;
/// assert_eq!(verified.body_len(), 10);
/// # Ok(())
/// # }
/// ```
#[must_use = "a body is verified by `finish` alone"]
pub struct VerifyingStream {
    verifier: Verifier,
    id: Option<Box<str>>,
    time: Option<Stamp>,
    signatures: Vec<(Algorithm, Box<[u8]>)>,
    pass: Box<Pass>,
    scan: Option<BodyTime>,
    len: u64,
}

impl VerifyingStream {
    pub(super) fn start<H: Headers + ?Sized>(
        verifier: Verifier,
        headers: &H,
        now: SystemTime,
    ) -> Result<Self, Refused> {
        let inner = &*verifier.0;
        let mut presented = Presented::nothing();
        inner.read(headers, now, &mut presented)?;
        // The body is gone when the replay key is asked for, so its digest is taken on the way where the key
        // is made of it.
        let mac_will_do = !inner.scheme.holds_several()
            && inner.scheme.algorithms().all(|algorithm| algorithm == Algorithm::HmacSha256);
        let digest = presented.id.is_none() && !mac_will_do;
        let pass = Box::new(inner.start_pass(&presented, now, digest)?);
        let signatures = [Algorithm::HmacSha256, Algorithm::Ed25519, Algorithm::EcdsaP256]
            .into_iter()
            .flat_map(|of| presented.signatures(of).map(move |signature| (of, signature.into())))
            .collect();
        let scan = if let TimeField::Body(member) = inner.scheme.time {
            Some(BodyTime::new(member))
        } else {
            None
        };
        let (id, time) = (presented.id.map(Into::into), presented.time);
        Ok(Self { id, time, signatures, pass, scan, len: 0, verifier })
    }

    /// Takes the next chunk, of any length.
    ///
    /// # Errors
    ///
    /// [`Refused::BodyTooLarge`]. The stream is then over: [`finish`](Self::finish) says the same.
    pub fn update(&mut self, chunk: &[u8]) -> Result<(), Refused> {
        self.len = self.len.saturating_add(chunk.len() as u64);
        if self.len > self.verifier.0.max_body {
            return Err(Refused::BodyTooLarge);
        }
        self.pass.update(chunk);
        if let Some(scan) = &mut self.scan {
            scan.update(chunk);
        }
        Ok(())
    }

    /// Ends the body: it was signed by the sender, or it was not.
    ///
    /// `now` is the time of the end: a message that grew old on its way, or whose key's end has come, is
    /// refused. Otherwise a slow copy could outlive the memory of a replay guard.
    ///
    /// # Errors
    ///
    /// [`Refused`].
    pub fn finish(self, now: SystemTime) -> Result<VerifiedStream, Refused> {
        let inner = &*self.verifier.0;
        if self.len > inner.max_body {
            return Err(Refused::BodyTooLarge);
        }
        if let (Some(stamp), Some(tolerance)) = (self.time, inner.tolerance) {
            stamp.check(tolerance, now)?;
        }
        let signatures = |of: Algorithm| {
            self.signatures
                .iter()
                .filter(move |(by, _)| *by == of)
                .map(|(_, signature)| &**signature)
        };
        let End { hit, digest } = self.pass.finish(signatures, inner.scheme.encoding);
        let hit = hit.ok_or_else(|| inner.why_not(signatures))?;
        if inner.ring.live(now).all(|(id, _)| *id != hit.key) {
            return Err(Refused::BadSignature);
        }
        let stamp = match self.scan {
            Some(scan) => inner.check_body_time(scan, now)?,
            None => self.time,
        };
        let material = match (&self.id, hit.mac, digest) {
            (Some(id), ..) => Material::Id(id),
            (None, _, Some(digest)) => Material::Digest(digest),
            (None, mac, None) => Material::Mac(mac.unwrap_or_default()),
        };
        let replay_key = material.replay_key(inner.scheme.replay_name(), b"");
        let facts = inner.facts(&hit, stamp, now);
        Ok(VerifiedStream { len: self.len, replay_key, id: self.id, facts })
    }
}

impl fmt::Debug for VerifyingStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingStream({}, {} bytes so far)", self.verifier.0.scheme.name, self.len)
    }
}
