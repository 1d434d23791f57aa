//! Signing what is sent.

mod signed;

use std::time::{Duration, SystemTime};

use palisade_secret::KeyId;

pub use signed::{SignError, SignedHeaders};

#[cfg(feature = "asymmetric")]
use crate::Encoding;
use crate::encode::Written;
use crate::key::SigningKind;
use crate::ring::Ring;
use crate::scheme::{Layout, TimeField};
use crate::{BuildError, MessageId, Part, Scheme, SigningKey};

/// Signs webhooks: built once, cheap to clone.
///
/// A scheme whose header holds several signatures gets one of each key in use, so that receivers change over
/// to a new key when they like. Any other gets that of the first.
///
/// # Examples
///
/// The headers of GLACIS, with those of Standard Webhooks beside them for receivers that want a signed time:
///
/// ```
/// use palisade_webhook::{MessageId, Scheme, SharedSecret, Signer};
/// use std::time::SystemTime;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let secret = SharedSecret::from_text("glacis_whk_51c0ffee")?;
/// let standard = SharedSecret::from_whsec("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")?;
/// let signer = Signer::builder(Scheme::GLACIS).key("2026".parse()?, &secret).build()?.beside(
///     Signer::builder(Scheme::STANDARD).key("2026".parse()?, &standard).build()?,
/// )?;
///
/// let headers = signer.sign(&MessageId::generate()?, SystemTime::now(), b"{}")?;
/// let names: Vec<&str> = headers.iter().map(|(name, _)| name).collect();
/// assert_eq!(names, ["x-glacis-signature", "webhook-id", "webhook-timestamp", "webhook-signature"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Signer {
    /// Never empty.
    parts: Vec<OneScheme>,
}

#[derive(Clone, Debug)]
struct OneScheme {
    scheme: Scheme,
    ring: Ring<SigningKey>,
    url: Box<str>,
}

/// Makes a [`Signer`]; every mistake in it is told by [`build`](Self::build).
#[derive(Clone, Debug)]
pub struct SignerBuilder {
    scheme: Scheme,
    ring: Ring<SigningKey>,
    url: Option<Box<str>>,
}

impl SignerBuilder {
    /// Adds a key: a [`SharedSecret`](crate::SharedSecret) or a private key. The first one signs where only
    /// one can.
    #[must_use]
    pub fn key(mut self, id: KeyId, key: impl Into<SigningKey>) -> Self {
        self.ring.push(id, key.into(), None);
        self
    }

    /// Adds a key that signs before `not_after`, and no more from then on.
    #[must_use]
    pub fn key_until(
        mut self,
        id: KeyId,
        key: impl Into<SigningKey>,
        not_after: SystemTime,
    ) -> Self {
        self.ring.push(id, key.into(), Some(not_after));
        self
    }

    /// The receiver's URL, for schemes that sign it.
    #[must_use]
    pub fn url(mut self, url: impl Into<Box<str>>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// The signer.
    ///
    /// # Errors
    ///
    /// [`BuildError`].
    pub fn build(self) -> Result<Signer, BuildError> {
        self.scheme.check()?;
        self.ring.check(&self.scheme, SigningKey::algorithm)?;
        let url = self.scheme.checked_url(self.url)?;
        Ok(Signer { parts: vec![OneScheme { scheme: self.scheme, ring: self.ring, url }] })
    }
}

impl Signer {
    /// Begins a signer of a scheme.
    #[must_use]
    pub fn builder(scheme: Scheme) -> SignerBuilder {
        SignerBuilder { scheme, ring: Ring::new(), url: None }
    }

    /// Signs by both schemes: the headers of the other one follow those of this one.
    ///
    /// # Errors
    ///
    /// [`BuildError::SameHeader`] when both write the same header, and [`BuildError::SameKey`] when both hold
    /// the same secret.
    pub fn beside(mut self, other: Self) -> Result<Self, BuildError> {
        for theirs in other.header_names() {
            if let Some(name) = self.header_names().find(|ours| ours.eq_ignore_ascii_case(theirs)) {
                return Err(BuildError::SameHeader(name));
            }
        }
        for part in &self.parts {
            for other in &other.parts {
                // The same scheme under two names may.
                if part.scheme.replay_name() != other.scheme.replay_name()
                    && part
                        .ring
                        .keys()
                        .any(|key| other.ring.keys().any(|other| key.is_same_secret(other)))
                {
                    return Err(BuildError::SameKey);
                }
            }
        }
        self.parts.extend(other.parts);
        Ok(self)
    }

    fn header_names(&self) -> impl Iterator<Item = &'static str> {
        self.parts.iter().flat_map(|part| part.scheme.headers())
    }

    /// Signs a body: the headers to send with it.
    ///
    /// The id stays the same in each attempt to deliver a message; `now` is the time of this attempt. A
    /// scheme that tells neither uses neither.
    ///
    /// # Errors
    ///
    /// [`SignError`].
    pub fn sign(
        &self,
        id: &MessageId,
        now: SystemTime,
        body: &[u8],
    ) -> Result<SignedHeaders, SignError> {
        let since = now.duration_since(SystemTime::UNIX_EPOCH).map_err(|_| SignError::Clock)?;
        let mut headers = Vec::with_capacity(4);
        for part in &self.parts {
            part.sign(id, since, now, body, &mut headers)?;
        }
        Ok(SignedHeaders(headers))
    }
}

impl OneScheme {
    fn sign(
        &self,
        id: &MessageId,
        since: Duration,
        now: SystemTime,
        body: &[u8],
        headers: &mut Vec<(&'static str, String)>,
    ) -> Result<(), SignError> {
        let scheme = &self.scheme;
        let mut buffer = itoa::Buffer::new();
        let time = buffer.format(since.as_secs());
        let content = Content { scheme, id, time, url: &self.url, body };
        if let Some(header) = scheme.id {
            if id.as_str().bytes().any(|byte| Some(byte) == scheme.ends_id()) {
                return Err(SignError::MessageId);
            }
            headers.push((header.name, id.to_string()));
        }
        if let TimeField::Header(header) = scheme.time {
            headers.push((header.name, time.to_owned()));
        }
        let mut keys = self.ring.live(now).peekable();
        let (first, key) = *keys.peek().ok_or(SignError::NoKey)?;
        if let Some(header) = scheme.key {
            headers.push((header.name, key.public_name().unwrap_or_else(|| first.to_string())));
        }
        let value = match scheme.layout {
            Layout::Single { prefix, .. } => {
                let mut value = String::from(prefix);
                content.write_signature(key, &mut value);
                value
            }
            Layout::Labelled { separator, assign, labels } => {
                let (separator, assign) = (char::from(separator), char::from(assign));
                let mut value = String::new();
                if let TimeField::Label(label) = scheme.time {
                    value.extend([label, &*String::from(assign), time]);
                }
                for (_, key) in keys {
                    let label = labels.iter().find(|(_, of)| *of == key.algorithm());
                    if !value.is_empty() {
                        value.push(separator);
                    }
                    // The builder let no key in that has no label.
                    value.push_str(label.map_or("", |(label, _)| label));
                    value.push(assign);
                    content.write_signature(key, &mut value);
                }
                value
            }
        };
        headers.push((scheme.signature.name, value));
        Ok(())
    }
}

/// What is signed.
struct Content<'c> {
    scheme: &'c Scheme,
    id: &'c MessageId,
    time: &'c str,
    url: &'c str,
    body: &'c [u8],
}

impl Content<'_> {
    fn each(&self, mut take: impl FnMut(&[u8])) {
        for part in self.scheme.signed {
            match part {
                Part::Text(text) => take(text.as_bytes()),
                Part::Id => take(self.id.as_str().as_bytes()),
                Part::Time => take(self.time.as_bytes()),
                Part::Url => take(self.url.as_bytes()),
            }
        }
        take(self.body);
    }

    fn write_signature(&self, key: &SigningKey, value: &mut String) {
        let encoding = self.scheme.encoding;
        match &key.0 {
            SigningKind::Hmac(key) => {
                let mut stream = key.stream();
                self.each(|bytes| stream.update(bytes));
                let written = Written::new(encoding, &stream.finish().to_bytes());
                value.push_str(&String::from_utf8_lossy(written.as_bytes()));
            }
            #[cfg(feature = "asymmetric")]
            SigningKind::Private(key) => write_bytes(encoding, &self.signature_by(key), value),
        }
    }

    #[cfg(feature = "asymmetric")]
    fn signature_by(&self, key: &crate::key::Private) -> Vec<u8> {
        use crate::key::Private;
        use ed25519_dalek::Signer as _;

        let mut content = Vec::with_capacity(self.body.len() + 256);
        self.each(|bytes| content.extend_from_slice(bytes));
        match key {
            Private::Ed25519(key) => key.sign(&content).to_bytes().to_vec(),
            Private::P256(key) => {
                let signature: p256::ecdsa::DerSignature = key.sign(&content);
                signature.as_bytes().to_vec()
            }
        }
    }
}

/// Writes public bytes.
#[cfg(feature = "asymmetric")]
fn write_bytes(encoding: Encoding, bytes: &[u8], value: &mut String) {
    use base64::Engine as _;
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

    match encoding {
        Encoding::LowerHex => value.push_str(&base16ct::lower::encode_string(bytes)),
        Encoding::UpperHex => value.push_str(&base16ct::upper::encode_string(bytes)),
        Encoding::Base64 => BASE64_STANDARD.encode_string(bytes, value),
        Encoding::Base64Url => BASE64_URL_SAFE_NO_PAD.encode_string(bytes, value),
    }
}
