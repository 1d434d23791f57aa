//! Verifying what a sender signed.

mod builder;
mod stream;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use palisade_secret::{KeyId, MacKey};
use sha2::{Digest, Sha256};

#[cfg(feature = "message-signatures")]
pub(crate) use builder::MAX_TOLERANCE;
pub use builder::VerifierBuilder;
pub use stream::VerifyingStream;

use crate::body_time::BodyTime;
use crate::key::VerifyingKind;
use crate::pass::{self, End, Hit, Pass};
use crate::presented::Presented;
use crate::replay::Material;
use crate::ring::Ring;
use crate::scheme::check::MAX_PARTS;
use crate::scheme::{Layout, TimeField};
use crate::stamp::Stamp;
use crate::verified::Facts;
use crate::{Algorithm, Headers, Refused, Scheme, Verified, VerifyingKey};

/// Verifies the webhooks of one sender: built once, cheap to clone, shared by all threads.
///
/// # Security
///
/// Give it the body as it came, before any parser: JSON that was read and written again has other bytes.
///
/// # Examples
///
/// ```
/// use palisade_webhook::{MessageId, Refused, Scheme, SharedSecret, Signer, Verifier};
/// use std::time::{Duration, SystemTime};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let secret = SharedSecret::from_whsec("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")?;
/// let signer = Signer::builder(Scheme::STANDARD).key("2026".parse()?, &secret).build()?;
/// let verifier = Verifier::builder(Scheme::STANDARD).key("2026".parse()?, &secret).build()?;
///
/// let (id, now, body) = (MessageId::generate()?, SystemTime::now(), br#"{"paid":true}"#);
/// let headers = signer.sign(&id, now, body)?;
///
/// let verified = verifier.verify(&headers, body, now)?;
/// assert_eq!(verified.message_id(), Some(id.as_str()));
///
/// let forged = verifier.verify(&headers, br#"{"paid":false}"#, now);
/// assert_eq!(forged.unwrap_err(), Refused::BadSignature);
/// let late = verifier.verify(&headers, body, now + Duration::from_secs(301));
/// assert_eq!(late.unwrap_err(), Refused::TooOld);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    scheme: Scheme,
    ring: Ring<VerifyingKey>,
    url: Box<str>,
    /// `None`: the time is not checked.
    tolerance: Option<Duration>,
    require_time: bool,
    max_body: u64,
    max_signatures: usize,
}

impl Verifier {
    /// Begins a verifier of a scheme.
    #[must_use]
    pub fn builder(scheme: Scheme) -> VerifierBuilder {
        VerifierBuilder::new(scheme)
    }

    /// Verifies a body that is in memory.
    ///
    /// # Errors
    ///
    /// [`Refused`]. What costs least is looked at first: headers, time and length before any hashing.
    pub fn verify<'a, H: Headers + ?Sized>(
        &self,
        headers: &'a H,
        body: &'a [u8],
        now: SystemTime,
    ) -> Result<Verified<'a>, Refused> {
        let inner = &*self.0;
        let mut presented = Presented::nothing();
        inner.read(headers, now, &mut presented)?;
        let single = inner.single_mac_key(&presented, now)?;
        if body.len() as u64 > inner.max_body {
            return Err(Refused::BodyTooLarge);
        }
        let End { hit, digest } = if let Some((id, key)) = single {
            inner.pass_of_one(&presented, *id, key, body)
        } else {
            let mut pass = inner.start_pass(&presented, now, false)?;
            pass.update(body);
            pass.finish(|of| presented.signatures(of), inner.scheme.encoding)
        };
        let hit = hit.ok_or_else(|| inner.why_not(|of| presented.signatures(of)))?;
        let stamp = match inner.scheme.time {
            TimeField::Body(member) => {
                let mut scan = BodyTime::new(member);
                scan.update(body);
                inner.check_body_time(scan, now)?
            }
            _ => presented.time,
        };
        let material = inner.material(&presented, &hit, digest);
        Ok(Verified { body, id: presented.id, material, facts: inner.facts(&hit, stamp, now) })
    }

    /// Begins to verify a body that comes in chunks, without keeping it.
    ///
    /// # Errors
    ///
    /// [`Refused`] for what the headers tell already.
    pub fn start<H: Headers + ?Sized>(
        &self,
        headers: &H,
        now: SystemTime,
    ) -> Result<VerifyingStream, Refused> {
        VerifyingStream::start(self.clone(), headers, now)
    }

    /// The scheme.
    #[must_use]
    pub fn scheme(&self) -> &Scheme {
        &self.0.scheme
    }
}

impl Inner {
    fn read<'h, H: Headers + ?Sized>(
        &self,
        headers: &'h H,
        now: SystemTime,
        presented: &mut Presented<'h>,
    ) -> Result<(), Refused> {
        presented.read(&self.scheme, headers, self.max_signatures)?;
        presented.check_time(self.tolerance, now)
    }

    /// The keys that a request can be signed with.
    fn keys(
        &self,
        named: Option<&[u8]>,
        now: SystemTime,
    ) -> impl Iterator<Item = (&KeyId, &VerifyingKey)> + Clone {
        self.ring.live(now).filter(move |(id, key)| {
            named.is_none_or(|named| id.as_str().as_bytes() == named || key.has_fingerprint(named))
        })
    }

    /// The key, where there is only one and it is of a MAC: what nearly every receiver has.
    fn single_mac_key(
        &self,
        presented: &Presented<'_>,
        now: SystemTime,
    ) -> Result<Option<(&KeyId, &MacKey)>, Refused> {
        let mut keys = self.keys(presented.key, now);
        let first = keys.next();
        if first.is_none() && presented.key.is_some() {
            return Err(Refused::UnknownKey);
        }
        match (first, keys.next()) {
            (Some((id, VerifyingKey(VerifyingKind::Hmac(key)))), None) => Ok(Some((id, key))),
            _ => Ok(None),
        }
    }

    fn pass_of_one(&self, presented: &Presented<'_>, id: KeyId, key: &MacKey, body: &[u8]) -> End {
        if presented.signatures(Algorithm::HmacSha256).next().is_none() {
            return End { hit: None, digest: None };
        }
        let mut parts = [b"".as_slice(); MAX_PARTS + 1];
        let mut places = parts.iter_mut();
        presented.each_part(&self.scheme, &self.url, |part| {
            if let Some(place) = places.next() {
                *place = part;
            }
        });
        if let Some(place) = places.next() {
            *place = body;
        }
        let mac = key.mac(&parts).to_bytes();
        let signatures = presented.signatures(Algorithm::HmacSha256);
        let hit = pass::matches_any(&mac, signatures, self.scheme.encoding);
        End { hit: hit.then_some(Hit { key: id, mac: Some(mac) }), digest: None }
    }

    fn start_pass(
        &self,
        presented: &Presented<'_>,
        now: SystemTime,
        digest: bool,
    ) -> Result<Pass, Refused> {
        if presented.key.is_some() && self.keys(presented.key, now).next().is_none() {
            return Err(Refused::UnknownKey);
        }
        let keys = self.keys(presented.key, now);
        let mut pass = Pass::new(keys, |of| presented.signatures(of), self.scheme.encoding, digest)
            .ok_or(Refused::TooManySignatures(self.scheme.signature.name))?;
        presented.each_part(&self.scheme, &self.url, |part| pass.update(part));
        Ok(pass)
    }

    /// Whether a header with one signature holds none in truth, or a wrong one.
    fn why_not<'s, S: Iterator<Item = &'s [u8]>>(
        &self,
        signatures: impl Fn(Algorithm) -> S,
    ) -> Refused {
        if let Layout::Single { algorithm, .. } = self.scheme.layout
            && let Some(text) = signatures(algorithm).next()
            && !pass::is_well_formed(algorithm, self.scheme.encoding, text)
        {
            return Refused::MalformedHeader(self.scheme.signature.name);
        }
        Refused::BadSignature
    }

    fn check_body_time(&self, scan: BodyTime, now: SystemTime) -> Result<Option<Stamp>, Refused> {
        let told = scan.finish().map_err(|_| Refused::MalformedBodyTime)?;
        let stamp = told.map(Stamp::millis);
        match (stamp, self.tolerance) {
            (None, _) if self.require_time => return Err(Refused::MalformedBodyTime),
            (Some(stamp), Some(tolerance)) => stamp.check(tolerance, now)?,
            _ => {}
        }
        Ok(stamp)
    }

    fn facts(&self, hit: &Hit, stamp: Option<Stamp>, now: SystemTime) -> Facts {
        let time = stamp.and_then(Stamp::time);
        // The tolerance includes its end, and a second is as long as it is.
        let until = time.zip(self.tolerance).and_then(|(time, tolerance)| {
            time.max(now).checked_add(tolerance)?.checked_add(Duration::from_secs(1))
        });
        Facts { scheme: self.scheme.replay_name(), key: hit.key, time, until }
    }

    fn material<'h>(
        &self,
        presented: &Presented<'h>,
        hit: &Hit,
        digest: Option<[u8; 32]>,
    ) -> Material<'h> {
        match (presented.id, hit.mac, digest) {
            (Some(id), ..) => Material::Id(id),
            (None, Some(mac), _) if !self.scheme.holds_several() => Material::Mac(mac),
            (None, _, Some(digest)) => Material::Digest(digest),
            (None, _, None) => {
                let mut before = Sha256::new();
                presented.each_part(&self.scheme, &self.url, |part| before.update(part));
                Material::Before(before)
            }
        }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { scheme, ring, tolerance, max_body, .. } = &*self.0;
        f.debug_struct("Verifier")
            .field("scheme", &scheme.name)
            .field("ring", ring)
            .field("tolerance", tolerance)
            .field("max_body", max_body)
            .finish_non_exhaustive()
    }
}
