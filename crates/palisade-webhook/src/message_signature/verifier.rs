//! Verifying what a client signed.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use palisade_secret::KeyId;
use sha2::{Digest, Sha256};

use super::builder::{MessageVerifierBuilder, Named, Tag};
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
/// `created` lies within the tolerance, its `expires` has not come, it has the `tag` that is demanded and
/// otherwise none, and it covers all that the verifier demands. That is, unless the builder says otherwise:
///
/// - `@method`;
/// - `@target-uri`, or `@authority` with `@path` and `@query`, which do not tell `http` from `https`: with
///   `@scheme` in [`require`](MessageVerifierBuilder::require), the client must say that, too;
/// - `content-digest` when there is a body, whose digest must then fit.
///
/// Signatures by unknown keys, such as a proxy's, are passed over. Two by known keys are refused, right or
/// wrong: each would count alone, and so the request would pass a [`ReplayGuard`](crate::ReplayGuard) once
/// under each. Each header comes once: RFC 9651 would let it be split, but a server before this one may have
/// looked at the first part only.
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
    pub(super) required: Vec<Component>,
    /// Whether the target must be covered, in either form.
    pub(super) any_target: bool,
    pub(super) body_covered: bool,
    pub(super) tag: Tag,
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
        let (member, key) = inner.one_meant(&inputs, now)?;
        inner.verify_one(member, key, &signatures, request, body, now)
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

    /// The one signature that is meant for this verifier, and its key.
    ///
    /// The order of the members is not signed, and any of them can be left out. So of two that count, nobody
    /// could say which makes the replay key.
    fn one_meant<'m, 'v>(
        &self,
        inputs: &'m [Member<'v>],
        now: SystemTime,
    ) -> Result<(&'m Member<'v>, (KeyId, &Named)), MessageRefused> {
        let mut refused = MessageRefused::UnknownKey;
        let mut found = None;
        for member in inputs {
            let named = input::text(member, "keyid");
            let key = named.and_then(|named| self.ring.live(now).find(|(_, k)| *k.name == *named));
            let Some((id, key)) = key else { continue };
            if !self.tag.fits(input::text(member, "tag")) {
                refused = MessageRefused::WrongTag;
                continue;
            }
            if found.replace((member, (*id, key))).is_some() {
                return Err(MessageRefused::SeveralSignatures);
            }
        }
        found.ok_or(refused)
    }

    fn verify_one<'a, H: Headers + ?Sized>(
        &self,
        member: &Member<'_>,
        (id, Named { key, .. }): (KeyId, &Named),
        signatures: &[Member<'_>],
        request: &MessageRequest<'_, H>,
        body: &'a [u8],
        now: SystemTime,
    ) -> Result<VerifiedMessage<'a>, MessageRefused> {
        let Input { components, params, text } = Input::read(member)?;
        if params.alg.is_some_and(|alg| alg != crypto::name(key.algorithm())) {
            return Err(MessageRefused::WrongAlgorithm);
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
            key: id,
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
    ) -> Result<(SystemTime, SystemTime), MessageRefused> {
        // What no clock can hold is no time that a replay guard could remember it for.
        let at = |seconds| {
            let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
            time.ok_or(MessageRefused::TooNew)
        };
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
        if params.expires.is_some_and(|expires| expires <= now) {
            return Err(MessageRefused::Expired);
        }
        // The last second of the tolerance counts to its end; that of `expires` does not count.
        let until = created.max(now).saturating_add(tolerance).saturating_add(1);
        let until = params.expires.map_or(until, |expires| expires.min(until));
        Ok((at(created)?, at(until)?))
    }

    fn check_covered(&self, components: &[Component], body: &[u8]) -> Result<(), MessageRefused> {
        let must = |component: &Component| {
            if components.contains(component) {
                Ok(())
            } else {
                Err(MessageRefused::NotCovered(component.clone()))
            }
        };
        self.required.iter().try_for_each(must)?;
        if self.any_target {
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

#[cfg(test)]
mod tests;
