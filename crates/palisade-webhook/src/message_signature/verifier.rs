//! Verifying what a client signed.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use super::builder::{MessageVerifierBuilder, Named};
use super::component::Component;
use super::error::MessageRefused;
use super::input::{self, Input, Params};
use super::request::MessageRequest;
use super::verified::VerifiedMessage;
use super::{SIGNATURE, SIGNATURE_INPUT, crypto};
use crate::ring::Ring;
use crate::structured::{self, Member, Value};
use crate::{ContentDigest, Headers};

/// Verifies HTTP Message Signatures (RFC 9421) of requests: built once, cheap to clone, shared by all
/// threads.
///
/// A signature counts when its `keyid` names a key in use, it fits by the algorithm of that key, its
/// `created` lies within the tolerance, its `expires` has not come, and it covers all that the verifier
/// demands. When nothing is said, that is:
///
/// - `@method`;
/// - `@target-uri`, or `@authority` with `@path` and `@query`;
/// - `content-digest` when there is a body, whose digest must then fit.
///
/// Of several signatures, the first that counts is taken; those by unknown keys, such as a proxy's, are
/// passed over. Each header comes once: RFC 9651 would let it be split, but a server before this one may
/// have looked at the first part only.
///
/// Responses are not verified, nor the component parameters `sf`, `key`, `bs`, `req` and `tr`.
///
/// # Security
///
/// Only what is covered is authenticated. A field that the application acts on, such as `content-type`,
/// must be in [`require`](MessageVerifierBuilder::require).
///
/// # Examples
///
/// ```
/// use palisade_webhook::{MessageRequest, MessageSigner, MessageVerifier, PrivateKey};
/// use std::time::SystemTime;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let key = PrivateKey::generate_ed25519()?;
/// let verifier = MessageVerifier::builder().key("2026".parse()?, key.public_key()).build()?;
/// let signer = MessageSigner::builder("2026".parse()?, key).build()?;
///
/// let (uri, body, now) = ("https://example.com/hooks", br#"{"paid":true}"#, SystemTime::now());
/// let unsigned: [(&str, &str); 0] = [];
/// let headers = signer.sign(&MessageRequest::new("POST", uri, &unsigned)?, body, now)?;
///
/// let request = MessageRequest::new("POST", uri, &headers)?;
/// let verified = verifier.verify(&request, body, now)?;
/// assert_eq!(verified.body(), Some(body.as_slice()));
/// assert!(verifier.verify(&request, br#"{"paid":false}"#, now).is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MessageVerifier(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) ring: Ring<Named>,
    /// `None`: the method and the target, in either form.
    pub(super) required: Option<Vec<Component>>,
    pub(super) body_covered: bool,
    pub(super) tag: Option<Box<str>>,
    pub(super) tolerance: Duration,
    pub(super) max_body: u64,
    pub(super) max_signatures: usize,
}

impl MessageVerifier {
    /// Begins a verifier.
    #[must_use]
    pub fn builder() -> MessageVerifierBuilder {
        MessageVerifierBuilder::new()
    }

    /// Verifies a request with its body, which is empty where there is none.
    ///
    /// # Errors
    ///
    /// [`MessageRefused`]. The body is hashed last, once the signature fits.
    pub fn verify<'a, H: Headers + ?Sized>(
        &self,
        request: &MessageRequest<'_, H>,
        body: &'a [u8],
        now: SystemTime,
    ) -> Result<VerifiedMessage<'a>, MessageRefused> {
        let inner = &*self.0;
        // A slice is never longer than this.
        if body.len() as u64 > inner.max_body {
            return Err(MessageRefused::BodyTooLarge);
        }
        let inputs = inner.members(request.headers, SIGNATURE_INPUT)?;
        let signatures = inner.members(request.headers, SIGNATURE)?;
        let mut refused = MessageRefused::UnknownKey;
        for member in &inputs {
            match inner.verify_one(member, &signatures, request, body, now) {
                Ok(verified) => return Ok(verified),
                // What is wrong with a signature by a known key tells more than that others are unknown.
                Err(why) if refused == MessageRefused::UnknownKey => refused = why,
                Err(_) => {}
            }
        }
        Err(refused)
    }
}

impl Inner {
    fn members<'h, H: Headers + ?Sized>(
        &self,
        headers: &'h H,
        name: &'static str,
    ) -> Result<Vec<Member<'h>>, MessageRefused> {
        structured::one_value(headers, name)
            .and_then(|value| structured::dictionary(value, self.max_signatures))
            .map_err(|fault| MessageRefused::of(fault, name))
    }

    fn verify_one<'a, H: Headers + ?Sized>(
        &self,
        member: &Member<'_>,
        signatures: &[Member<'_>],
        request: &MessageRequest<'_, H>,
        body: &'a [u8],
        now: SystemTime,
    ) -> Result<VerifiedMessage<'a>, MessageRefused> {
        let (id, Named { key, .. }) = input::key_id(member)
            .and_then(|named| self.ring.live(now).find(|(_, key)| &*key.name == named))
            .ok_or(MessageRefused::UnknownKey)?;
        let Input { components, params, text } = Input::read(member)?;
        if params.alg.is_some_and(|alg| alg != crypto::name(key.algorithm())) {
            return Err(MessageRefused::WrongAlgorithm);
        }
        if self.tag.is_some() && params.tag != self.tag.as_deref() {
            return Err(MessageRefused::WrongTag);
        }
        let (created, until) = self.check_time(&params, now)?;
        self.check_covered(&components, body)?;
        let signature = match signatures.iter().find(|signature| signature.key == member.key) {
            Some(Member { value: Some(Value::Bytes(signature)), .. }) => signature,
            Some(_) => return Err(MessageRefused::MalformedHeader(SIGNATURE)),
            None => return Err(MessageRefused::NoSignature),
        };
        let base = request.base(&components, &text, None)?;
        crypto::verify(key, base.as_bytes(), signature)
            .map_err(|_| MessageRefused::BadSignature)?;
        let covers_body = components.contains(&Component::CONTENT_DIGEST);
        if covers_body {
            ContentDigest::from_headers(request.headers)?.verify(body)?;
        }
        Ok(VerifiedMessage {
            key: *id,
            body: covers_body.then_some(body),
            created,
            until,
            nonce: params.nonce.map(Into::into),
            tag: params.tag.map(Into::into),
            digest: Sha256::digest(base.as_bytes()).into(),
            components,
        })
    }

    /// When it was signed, and until when it can be presented.
    fn check_time(
        &self,
        params: &Params<'_>,
        now: SystemTime,
    ) -> Result<(SystemTime, Option<SystemTime>), MessageRefused> {
        let at = |seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
        let created = params.created.ok_or(MessageRefused::NoTime)?;
        let (now, tolerance) = (
            now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            self.tolerance.as_secs(),
        );
        if created.saturating_add(tolerance) < now {
            return Err(MessageRefused::TooOld);
        }
        if created > now.saturating_add(tolerance) {
            return Err(MessageRefused::TooNew);
        }
        if params.expires.is_some_and(|expires| expires < now) {
            return Err(MessageRefused::Expired);
        }
        // Both ends are included, and a second is as long as it is.
        let last = created.max(now).saturating_add(tolerance);
        let last = params.expires.map_or(last, |expires| expires.min(last));
        Ok((at(created).ok_or(MessageRefused::TooNew)?, at(last.saturating_add(1))))
    }

    fn check_covered(&self, components: &[Component], body: &[u8]) -> Result<(), MessageRefused> {
        let must = |component: &Component| {
            if components.contains(component) {
                Ok(())
            } else {
                Err(MessageRefused::NotCovered(component.clone()))
            }
        };
        if let Some(required) = &self.required {
            required.iter().try_for_each(must)?;
        } else {
            must(&Component::METHOD)?;
            let parts = [Component::AUTHORITY, Component::PATH, Component::QUERY];
            if !parts.iter().all(|part| components.contains(part)) {
                must(&Component::TARGET_URI)?;
            }
        }
        if self.body_covered && !body.is_empty() {
            must(&Component::CONTENT_DIGEST)
        } else {
            Ok(())
        }
    }
}

impl fmt::Debug for MessageVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { ring, required, tolerance, max_body, .. } = &*self.0;
        f.debug_struct("MessageVerifier")
            .field("ring", ring)
            .field("required", required)
            .field("tolerance", tolerance)
            .field("max_body", max_body)
            .finish_non_exhaustive()
    }
}
