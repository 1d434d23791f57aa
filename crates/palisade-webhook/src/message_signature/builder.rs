//! How a verifier is made.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use palisade_secret::KeyId;

use super::component::Component;
use super::error::MessageBuildError;
use super::verifier::{Inner, MessageVerifier};
use crate::ring::Ring;
use crate::structured::MAX_ITEMS;
use crate::verifier::MAX_TOLERANCE;
use crate::{Algorithm, BuildError, Scheme, VerifyingKey};

/// How far the time of signing may be off when nothing is said, both ways.
const DEFAULT_TOLERANCE: Duration = Duration::from_mins(5);

/// The longest body when nothing is said, in bytes.
const DEFAULT_MAX_BODY: u64 = 32 * 1024 * 1024;

/// The most signatures in a request when nothing is said: the client's and those of some proxies.
const DEFAULT_SIGNATURES: usize = 4;

/// The highest cap on signatures.
const MOST_SIGNATURES: usize = 16;

/// The longest `keyid` and `tag`, in characters.
const MAX_TEXT: usize = 256;

/// Makes a [`MessageVerifier`]; every mistake in it is told by [`build`](Self::build).
#[derive(Clone, Debug)]
pub struct MessageVerifierBuilder {
    keys: Vec<(KeyId, Named, Option<SystemTime>)>,
    /// Beside the method and the target, or beside `only`.
    required: Option<Vec<Component>>,
    only: Option<Vec<Component>>,
    body_covered: bool,
    tag: Tag,
    tolerance: Duration,
    max_body: u64,
    max_signatures: usize,
}

/// A key and the `keyid` that names it.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) name: Box<str>,
    pub(super) key: VerifyingKey,
}

/// Which `tag` is demanded.
#[derive(Clone, Debug)]
pub(super) enum Tag {
    None,
    Any,
    Is(Box<str>),
}

impl Tag {
    pub(super) fn fits(&self, given: Option<&str>) -> bool {
        match self {
            Self::None => given.is_none(),
            Self::Any => true,
            Self::Is(demanded) => given == Some(&**demanded),
        }
    }
}

impl MessageVerifierBuilder {
    pub(super) fn new() -> Self {
        Self {
            keys: Vec::new(),
            required: None,
            only: None,
            body_covered: true,
            tag: Tag::None,
            tolerance: DEFAULT_TOLERANCE,
            max_body: DEFAULT_MAX_BODY,
            max_signatures: DEFAULT_SIGNATURES,
        }
    }

    /// Adds a key, a [`PublicKey`](crate::PublicKey) or a [`SharedSecret`](crate::SharedSecret), whose
    /// `keyid` is its id.
    #[must_use]
    pub fn key(self, id: KeyId, key: impl Into<VerifyingKey>) -> Self {
        self.add(id, id.as_str().into(), key.into(), None)
    }

    /// Adds a key that counts before `not_after` and is unknown from then on.
    #[must_use]
    pub fn key_until(self, id: KeyId, key: impl Into<VerifyingKey>, not_after: SystemTime) -> Self {
        self.add(id, id.as_str().into(), key.into(), Some(not_after))
    }

    /// Adds a key whose `keyid` is another text than its id, such as a URL or a thumbprint.
    #[must_use]
    pub fn key_named(
        self,
        id: KeyId,
        keyid: impl Into<Box<str>>,
        key: impl Into<VerifyingKey>,
    ) -> Self {
        self.add(id, keyid.into(), key.into(), None)
    }

    /// Adds a key as [`key_named`](Self::key_named) that counts before `not_after`.
    #[must_use]
    pub fn key_named_until(
        self,
        id: KeyId,
        keyid: impl Into<Box<str>>,
        key: impl Into<VerifyingKey>,
        not_after: SystemTime,
    ) -> Self {
        self.add(id, keyid.into(), key.into(), Some(not_after))
    }

    fn add(
        mut self,
        id: KeyId,
        name: Box<str>,
        key: VerifyingKey,
        not_after: Option<SystemTime>,
    ) -> Self {
        self.keys.push((id, Named { name, key }, not_after));
        self
    }

    /// What a signature must cover besides the method, the target and the digest of a body, such as a field
    /// that the application acts on.
    #[must_use]
    pub fn require(mut self, components: impl IntoIterator<Item = Component>) -> Self {
        self.required.get_or_insert_default().extend(components);
        self
    }

    /// What a signature must cover instead of the method and the target. The digest of a body stays demanded.
    ///
    /// # Security
    ///
    /// What is not named here can be exchanged: without `@method` and a target, the signature of one request
    /// is good for another one, `DELETE` of any path among them.
    #[must_use]
    pub fn dangerous_require_only(
        mut self,
        components: impl IntoIterator<Item = Component>,
    ) -> Self {
        self.only = Some(components.into_iter().collect());
        self
    }

    /// Accepts a body that the signature does not cover. [`VerifiedMessage::body`] is then `None`.
    ///
    /// # Security
    ///
    /// Whoever stands between client and server can exchange the body.
    ///
    /// [`VerifiedMessage::body`]: crate::VerifiedMessage::body
    #[must_use]
    pub fn dangerous_body_uncovered(mut self) -> Self {
        self.body_covered = false;
        self
    }

    /// Demands this `tag`, by which an application tells its signatures from those of others (RFC 9421
    /// section 7.2.7). When nothing is said, a signature with a tag is not for this verifier.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<Box<str>>) -> Self {
        self.tag = Tag::Is(tag.into());
        self
    }

    /// Accepts signatures whatever their `tag`, and without one.
    ///
    /// # Security
    ///
    /// With a tag, the client says what a signature is for. Look at
    /// [`VerifiedMessage::tag`](crate::VerifiedMessage::tag) before you act on it.
    #[must_use]
    pub fn any_tag(mut self) -> Self {
        self.tag = Tag::Any;
        self
    }

    /// How far `created` may be off, both ways: five minutes when nothing is said, ten years at the
    /// highest. Zero means zero. `created` has whole seconds, and so has this.
    #[must_use]
    pub fn tolerance(mut self, tolerance: Duration) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// The longest body, in bytes: 32 MiB when nothing is said.
    #[must_use]
    pub fn max_body(mut self, bytes: u64) -> Self {
        self.max_body = bytes;
        self
    }

    /// The most signatures in a request: 4 when nothing is said, 16 at the highest. A request with more is
    /// refused.
    #[must_use]
    pub fn max_signatures(mut self, signatures: usize) -> Self {
        self.max_signatures = signatures;
        self
    }

    /// The verifier.
    ///
    /// # Errors
    ///
    /// [`MessageBuildError`].
    pub fn build(self) -> Result<MessageVerifier, MessageBuildError> {
        for (at, (_, Named { name, .. }, _)) in self.keys.iter().enumerate() {
            let there_before = self.keys.iter().take(at).any(|(_, other, _)| other.name == *name);
            if there_before || !is_text(name) || name.contains(' ') {
                return Err(MessageBuildError::KeyName);
            }
        }
        let mut ring = Ring::new();
        for (id, named, not_after) in self.keys {
            ring.push(id, named, not_after);
        }
        // The ring asks whether the scheme uses the algorithm of a key; this one uses all that there are.
        let scheme = Scheme::hmac_sha256("rfc9421", super::SIGNATURE);
        ring.check(&scheme, |_| Algorithm::HmacSha256)?;
        if let Some(required) = &self.required {
            check_components(required)?;
        }
        if let Some(only) = &self.only {
            check_components(only)?;
        }
        let any_target = self.only.is_none();
        let mut required = self.only.unwrap_or_else(|| vec![Component::METHOD]);
        for component in self.required.into_iter().flatten() {
            if !required.contains(&component) {
                required.push(component);
            }
        }
        check_components(&required)?;
        // A target is one component at least.
        if any_target && required.len() + 1 >= MAX_ITEMS {
            return Err(MessageBuildError::Components);
        }
        if matches!(&self.tag, Tag::Is(tag) if !is_text(tag)) {
            return Err(MessageBuildError::Tag);
        }
        if self.tolerance.subsec_nanos() > 0 {
            return Err(MessageBuildError::Tolerance);
        }
        if self.tolerance > MAX_TOLERANCE {
            return Err(BuildError::TooHigh("tolerance").into());
        }
        if self.max_body == 0 {
            return Err(BuildError::Zero("max_body").into());
        }
        match self.max_signatures {
            0 => return Err(BuildError::Zero("max_signatures").into()),
            1..=MOST_SIGNATURES => {}
            _ => return Err(BuildError::TooHigh("max_signatures").into()),
        }
        Ok(MessageVerifier(Arc::new(Inner {
            ring,
            required,
            any_target,
            body_covered: self.body_covered,
            tag: self.tag,
            tolerance: self.tolerance,
            max_body: self.max_body,
            max_signatures: self.max_signatures,
        })))
    }
}

pub(super) fn is_text(text: &str) -> bool {
    (1..=MAX_TEXT).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

pub(super) fn check_components(components: &[Component]) -> Result<(), MessageBuildError> {
    if components.is_empty() {
        return Err(MessageBuildError::NoComponent);
    }
    let twice = |(at, one)| components.iter().take(at).any(|other| other == one);
    if components.len() >= MAX_ITEMS || components.iter().enumerate().any(twice) {
        return Err(MessageBuildError::Components);
    }
    Ok(())
}
