//! Twilio's scheme: HMAC-SHA1 over the URL and the sorted form.

mod form;
mod mac;
mod signer;
mod target;
mod verified;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use palisade_secret::KeyId;
use subtle::ConstantTimeEq;

pub use signer::{TwilioSigner, TwilioUnsigned};
pub use verified::{RepeatedField, VerifiedTwilio};

use crate::ring::Ring;
use crate::{Algorithm, BuildError, Headers, Refused, Scheme, SharedSecret};
use form::{Form, NoForm};
use mac::{MAC_BYTES, Sha1Key};
use target::Target;

const HEADER: &str = "X-Twilio-Signature";

/// The name of the scheme, also in replay keys.
const NAME: &str = "twilio";

/// The longest header that is read: a signature has 28 characters.
const MAX_HEADER: usize = 256;

/// The longest body when nothing is said, in bytes. Twilio's forms have a few thousand.
const DEFAULT_MAX_BODY: u64 = 1024 * 1024;

/// The most fields of a form when nothing is said. Twilio sends a few dozen.
const DEFAULT_MAX_FIELDS: usize = 256;

/// The most auth tokens. Twilio has two, and each costs two passes over every form.
const MOST_TOKENS: usize = 4;

/// The highest cap on fields: they are sorted before anything is known of who sent them.
const MOST_FIELDS: usize = 10_000;

/// Verifies the requests of Twilio: built once, cheap to clone, shared by all threads.
///
/// Twilio signs in two ways. The receiver says for each endpoint which one it is:
///
/// | | URL | signed | body |
/// |---|---|---|---|
/// | [`verify_form`](Self::verify_form) | without `bodySHA256` | the URL and the form, sorted, without separators | empty, or a form |
/// | [`verify_digested`](Self::verify_digested) | with `bodySHA256` at the end of its query | the URL alone | any bytes that have this SHA-256 |
///
/// Never let the request choose, such as by its URL or by its content type: with a text message that Twilio signs
/// as a field of a form, a stranger could make the digest of a body of his own.
///
/// The URL is the one that Twilio called, with its query. Behind a proxy, put it together from the configured
/// origin and the request's path and query. Twilio is not consistent about ports, so the URL is tried with
/// its port and without, and where it has none, with the usual one of its scheme.
///
/// # Security
///
/// - Nothing separates what is signed: the form `To=1&X=2` and the form `To=1X2` have the same signature, and
///   so have a URL with a form and a longer URL without one. Whoever has *seen* a signed request can move
///   these boundaries; he cannot change, add or drop a character of the whole. Take the origin, the path and,
///   but for the `bodySHA256` at its end, the query from your configuration, or compare them with it before
///   you act; and refuse fields that you do not know and names that come twice, as
///   [`VerifiedTwilio::field`] does.
/// - Twilio drops repetitions of the same name and value before it signs, so how often a pair came is not
///   authenticated. [`VerifiedTwilio::fields`] holds each once.
/// - No time is signed: keep a [`ReplayGuard`](crate::ReplayGuard).
///
/// # Examples
///
/// ```
/// use palisade_webhook::{Refused, SharedSecret, TwilioSigner, TwilioVerifier};
/// use std::time::SystemTime;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let token = SharedSecret::from_text("12345")?;
/// let verifier = TwilioVerifier::builder().key("2026".parse()?, &token).build()?;
///
/// let (url, body) = ("https://example.com/sms?lang=en", b"From=%2B14158675309&Body=Hello+there");
/// let signature = TwilioSigner::new(&token).sign(url, body)?;
/// let headers = [("X-Twilio-Signature", signature)];
///
/// let verified = verifier.verify_form(&headers, url, body, SystemTime::now())?;
/// assert_eq!(verified.field("Body")?, Some(b"Hello there".as_slice()));
///
/// let forged = verifier.verify_form(&headers, url, b"Body=Bye", SystemTime::now());
/// assert_eq!(forged.unwrap_err(), Refused::BadSignature);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TwilioVerifier(Arc<Inner>);

struct Inner {
    ring: Ring<Sha1Key>,
    max_body: u64,
    max_fields: usize,
}

impl TwilioVerifier {
    /// Begins a verifier.
    #[must_use]
    pub fn builder() -> TwilioVerifierBuilder {
        TwilioVerifierBuilder {
            ring: Ring::new(),
            max_body: DEFAULT_MAX_BODY,
            max_fields: DEFAULT_MAX_FIELDS,
        }
    }

    /// Verifies a form sent to `url`, as Twilio called it. The body of a GET is empty.
    ///
    /// # Errors
    ///
    /// [`Refused`]. A body that is neither empty nor a well-formed form was not signed by Twilio and is a
    /// [`BadSignature`](Refused::BadSignature), and so is a URL with a `bodySHA256`. A form with too many fields
    /// is a [`BodyTooLarge`](Refused::BodyTooLarge).
    pub fn verify_form<'a, H: Headers + ?Sized>(
        &self,
        headers: &H,
        url: &'a str,
        body: &'a [u8],
        now: SystemTime,
    ) -> Result<VerifiedTwilio<'a>, Refused> {
        let inner = &*self.0;
        let mac = inner.presented(headers, body)?;
        let target = Target::new(url);
        if !matches!(target.body_sha256(), Ok(None)) {
            return Err(Refused::BadSignature);
        }
        let form = Form::read(body, inner.max_fields).map_err(|no_form| match no_form {
            NoForm::TooManyFields => Refused::BodyTooLarge,
            NoForm::Malformed => Refused::BadSignature,
        })?;
        let key = inner.hit(&target, &form, &mac, now).ok_or(Refused::BadSignature)?;
        Ok(VerifiedTwilio { url, body, form, key, mac })
    }

    /// Verifies a request to `url`, as Twilio called it, whose body is no form, such as JSON: the query ends with
    /// `bodySHA256`, the digest of the body.
    ///
    /// # Errors
    ///
    /// [`Refused`]. A URL without a `bodySHA256`, or with one that is not the last of its query, is a
    /// [`BadSignature`](Refused::BadSignature).
    pub fn verify_digested<'a, H: Headers + ?Sized>(
        &self,
        headers: &H,
        url: &'a str,
        body: &'a [u8],
        now: SystemTime,
    ) -> Result<VerifiedTwilio<'a>, Refused> {
        let inner = &*self.0;
        let mac = inner.presented(headers, body)?;
        let target = Target::new(url);
        let Ok(Some(digest)) = target.body_sha256() else { return Err(Refused::BadSignature) };
        let form = Form::default();
        let key = inner.hit(&target, &form, &mac, now).ok_or(Refused::BadSignature)?;
        if digest.fits(body) {
            Ok(VerifiedTwilio { url, body, form, key, mac })
        } else {
            Err(Refused::BadSignature)
        }
    }
}

impl Inner {
    /// The signature of a request that is worth looking at.
    fn presented<H: Headers + ?Sized>(
        &self,
        headers: &H,
        body: &[u8],
    ) -> Result<[u8; MAC_BYTES], Refused> {
        let mac = signature(headers)?;
        // A slice is never longer than this.
        if body.len() as u64 > self.max_body {
            return Err(Refused::BodyTooLarge);
        }
        Ok(mac)
    }

    fn hit(
        &self,
        target: &Target<'_>,
        form: &Form<'_>,
        presented: &[u8; MAC_BYTES],
        now: SystemTime,
    ) -> Option<KeyId> {
        let mut hit = None;
        for (id, key) in self.ring.live(now) {
            for url in target.spellings() {
                let mac = key.mac(url, form);
                // Every key is asked, whichever fits: the time tells nothing of where in the ring it stands.
                if bool::from(mac.ct_eq(presented)) && hit.is_none() {
                    hit = Some(*id);
                }
            }
        }
        hit
    }
}

/// The one signature, in the one form that base64 has for it.
fn signature<H: Headers + ?Sized>(headers: &H) -> Result<[u8; MAC_BYTES], Refused> {
    let mut values = headers.values(HEADER);
    let mut value = values.next().ok_or(Refused::MissingHeader(HEADER))?;
    if values.next().is_some() {
        return Err(Refused::DuplicateHeader(HEADER));
    }
    if value.len() > MAX_HEADER {
        return Err(Refused::HeaderTooLong(HEADER));
    }
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    let decoded = BASE64_STANDARD.decode(value).ok();
    decoded.and_then(|mac| mac.try_into().ok()).ok_or(Refused::MalformedHeader(HEADER))
}

/// Makes a [`TwilioVerifier`]; every mistake in it is told by [`build`](Self::build).
#[derive(Clone, Debug)]
pub struct TwilioVerifierBuilder {
    ring: Ring<Sha1Key>,
    max_body: u64,
    max_fields: usize,
}

impl TwilioVerifierBuilder {
    /// Adds an auth token: the text that Twilio's console shows, by
    /// [`SharedSecret::from_text`]. Any of the tokens may have signed; there are four at the
    /// most.
    #[must_use]
    pub fn key(mut self, id: KeyId, token: &SharedSecret) -> Self {
        self.ring.push(id, Sha1Key::new(token), None);
        self
    }

    /// Adds an auth token that counts before `not_after` and is unknown from then on.
    #[must_use]
    pub fn key_until(mut self, id: KeyId, token: &SharedSecret, not_after: SystemTime) -> Self {
        self.ring.push(id, Sha1Key::new(token), Some(not_after));
        self
    }

    /// The longest body, in bytes: 1 MiB when nothing is said.
    #[must_use]
    pub fn max_body(mut self, bytes: u64) -> Self {
        self.max_body = bytes;
        self
    }

    /// The most fields of a form: 256 when nothing is said, 10,000 at the highest.
    #[must_use]
    pub fn max_fields(mut self, fields: usize) -> Self {
        self.max_fields = fields;
        self
    }

    /// The verifier.
    ///
    /// # Errors
    ///
    /// [`BuildError`].
    pub fn build(self) -> Result<TwilioVerifier, BuildError> {
        // The ring asks whether the keys are of a kind that the scheme uses; tokens are of one kind only.
        let scheme = Scheme::hmac_sha256(NAME, HEADER);
        self.ring.check(&scheme, |_| Algorithm::HmacSha256)?;
        if self.ring.keys().count() > MOST_TOKENS {
            return Err(BuildError::TooHigh("the number of tokens"));
        }
        if self.max_body == 0 {
            return Err(BuildError::Zero("max_body"));
        }
        match self.max_fields {
            0 => return Err(BuildError::Zero("max_fields")),
            1..=MOST_FIELDS => {}
            _ => return Err(BuildError::TooHigh("max_fields")),
        }
        let Self { ring, max_body, max_fields } = self;
        Ok(TwilioVerifier(Arc::new(Inner { ring, max_body, max_fields })))
    }
}

impl fmt::Debug for TwilioVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { ring, max_body, max_fields } = &*self.0;
        f.debug_struct("TwilioVerifier")
            .field("ring", ring)
            .field("max_body", max_body)
            .field("max_fields", max_fields)
            .finish()
    }
}
