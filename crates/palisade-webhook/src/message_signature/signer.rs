//! Signing what is sent.

use std::fmt;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use palisade_secret::{KeyId, SecretBytes};

use super::builder::{check_components, is_text};
use super::component::Component;
use super::error::{MessageBuildError, MessageSignError};
use super::input::{Params, write_components};
use super::request::MessageRequest;
use super::{SIGNATURE, SIGNATURE_INPUT, crypto};
use crate::structured::MAX_HEADER;
use crate::{ContentDigest, Headers, SigningKey, content_digest};

/// The random bytes of a nonce.
const NONCE_BYTES: usize = 16;

/// Signs requests by RFC 9421: built once, cheap to clone.
///
/// When nothing is said, `@method` and `@target-uri` are covered, a nonce is drawn for each request, and the
/// body, where there is one, is covered by a `Content-Digest` that is written along.
///
/// For examples see [`MessageVerifier`](crate::MessageVerifier).
#[derive(Clone, Debug)]
pub struct MessageSigner(MessageSignerBuilder);

/// Makes a [`MessageSigner`]; every mistake in it is told by [`build`](Self::build).
#[derive(Clone, Debug)]
pub struct MessageSignerBuilder {
    key: SigningKey,
    keyid: Box<str>,
    label: Box<str>,
    components: Vec<Component>,
    body_covered: bool,
    nonce: bool,
    alg: bool,
    tag: Option<Box<str>>,
    life: Option<Duration>,
}

impl MessageSigner {
    /// Begins a signer with a key, a [`PrivateKey`](crate::PrivateKey) or a
    /// [`SharedSecret`](crate::SharedSecret), whose `keyid` is its id.
    #[must_use]
    pub fn builder(id: KeyId, key: impl Into<SigningKey>) -> MessageSignerBuilder {
        MessageSignerBuilder {
            key: key.into(),
            keyid: id.as_str().into(),
            label: "sig1".into(),
            components: vec![Component::METHOD, Component::TARGET_URI],
            body_covered: true,
            nonce: true,
            alg: false,
            tag: None,
            life: None,
        }
    }

    /// Signs a request with its body: the headers to add to it.
    ///
    /// # Errors
    ///
    /// [`MessageSignError`].
    pub fn sign<H: Headers + ?Sized>(
        &self,
        request: &MessageRequest<'_, H>,
        body: &[u8],
        now: SystemTime,
    ) -> Result<MessageHeaders, MessageSignError> {
        let policy = &self.0;
        let since =
            now.duration_since(SystemTime::UNIX_EPOCH).map_err(|_| MessageSignError::Clock)?;
        let mut components = policy.components.clone();
        let named = components.contains(&Component::CONTENT_DIGEST);
        if policy.body_covered && !body.is_empty() && !named {
            components.push(Component::CONTENT_DIGEST);
        }
        let digest = components
            .contains(&Component::CONTENT_DIGEST)
            .then(|| ContentDigest::sha256_of(body).to_string());
        let written = [SIGNATURE, SIGNATURE_INPUT]
            .into_iter()
            .chain(digest.as_ref().map(|_| content_digest::HEADER));
        for name in written {
            if request.headers.values(name).next().is_some() {
                return Err(MessageSignError::HeaderThere(name));
            }
        }
        let nonce = if policy.nonce {
            let drawn = SecretBytes::generate(NONCE_BYTES);
            Some(drawn.map_err(|_| MessageSignError::NoRandomness)?.expose_base64url())
        } else {
            None
        };
        let params = Params {
            created: Some(since.as_secs()),
            expires: policy.life.map(|life| since.as_secs().saturating_add(life.as_secs())),
            nonce: nonce.as_ref().map(|nonce| nonce.as_str()),
            alg: policy.alg.then(|| crypto::name(policy.key.algorithm())),
            keyid: Some(&policy.keyid),
            tag: policy.tag.as_deref(),
        };
        let mut input = String::with_capacity(256);
        write_components(&mut input, &components);
        input.push_str(&params.to_string());
        let base = request.base(&components, &input, digest.as_deref())?;
        let signature = BASE64_STANDARD.encode(crypto::sign(&policy.key, base.as_bytes()));
        let label = &policy.label;
        let mut headers = Vec::with_capacity(3);
        headers.extend(digest.map(|digest| (content_digest::HEADER, digest)));
        headers.push((SIGNATURE_INPUT, format!("{label}={input}")));
        headers.push((SIGNATURE, format!("{label}=:{signature}:")));
        if let Some((name, _)) = headers.iter().find(|(_, value)| value.len() > MAX_HEADER) {
            return Err(MessageSignError::HeaderTooLong(name));
        }
        Ok(MessageHeaders(headers))
    }
}

impl MessageSignerBuilder {
    /// Names the key by another text than its id, such as a URL or a thumbprint.
    #[must_use]
    pub fn keyid(mut self, keyid: impl Into<Box<str>>) -> Self {
        self.keyid = keyid.into();
        self
    }

    /// Under which label the signature stands in its headers: `sig1` when nothing is said.
    #[must_use]
    pub fn label(mut self, label: impl Into<Box<str>>) -> Self {
        self.label = label.into();
        self
    }

    /// What to cover, in this order, instead of the method and the target.
    ///
    /// The digest of a body is covered in any case: last, unless it is named here.
    #[must_use]
    pub fn components(mut self, components: impl IntoIterator<Item = Component>) -> Self {
        self.components = components.into_iter().collect();
        self
    }

    /// Does not cover the body unless `content-digest` is named.
    ///
    /// # Security
    ///
    /// Whoever stands between client and server can exchange the body.
    #[must_use]
    pub fn dangerous_body_uncovered(mut self) -> Self {
        self.body_covered = false;
        self
    }

    /// Draws no nonce: two equal requests within a second are then one and the same to a replay guard.
    #[must_use]
    pub fn without_nonce(mut self) -> Self {
        self.nonce = false;
        self
    }

    /// Tells the algorithm, for receivers that want to read it. The key decides in any case.
    #[must_use]
    pub fn with_algorithm(mut self) -> Self {
        self.alg = true;
        self
    }

    /// Says what the signatures are for, where the receiver demands it.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<Box<str>>) -> Self {
        self.tag = Some(tag.into());
        self
    }

    /// Sets an end: `expires`, so long after the signature was made. Fractions of a second are cut off.
    #[must_use]
    pub fn expires_after(mut self, life: Duration) -> Self {
        self.life = Some(life);
        self
    }

    /// The signer.
    ///
    /// # Errors
    ///
    /// [`MessageBuildError`].
    pub fn build(self) -> Result<MessageSigner, MessageBuildError> {
        check_components(&self.components)?;
        if !is_text(&self.keyid) || self.keyid.contains(' ') {
            return Err(MessageBuildError::KeyName);
        }
        if self.tag.as_deref().is_some_and(|tag| !is_text(tag)) {
            return Err(MessageBuildError::Tag);
        }
        if self.label.len() > 64 || sfv::KeyRef::from_str(&self.label).is_err() {
            return Err(MessageBuildError::Label);
        }
        if self.life.is_some_and(|life| life.as_secs() == 0) {
            return Err(MessageBuildError::Life);
        }
        Ok(MessageSigner(self))
    }
}

/// The headers to add to a signed request: `Content-Digest` where the body is covered, `Signature-Input` and
/// `Signature`.
#[derive(Clone, PartialEq, Eq)]
pub struct MessageHeaders(Vec<(&'static str, String)>);

impl MessageHeaders {
    /// The name and value of each.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

impl IntoIterator for MessageHeaders {
    type Item = (&'static str, String);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Headers for MessageHeaders {
    fn values<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
        self.0.values(name)
    }
}

impl fmt::Debug for MessageHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}
