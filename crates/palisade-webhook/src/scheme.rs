//! How a sender signs, as data.

use std::time::Duration;

pub(crate) mod check;
mod known;
mod wire;

pub use check::SchemeError;
pub use wire::HeaderForm;

/// How one sender signs its webhooks: the headers, what is signed, the encoding and the rule of time.
///
/// A scheme is plain data. The common ones are constants of this type; one of your own takes a few lines.
/// Every signature covers the parts of [`signs`](Self::signs) and then the raw body.
///
/// # Examples
///
/// ```
/// use palisade_webhook::{Part, Scheme};
/// use std::time::Duration;
///
/// /// `X-Acme-Signature: v1=<hex>` over `<time>.<body>`.
/// const ACME: Scheme = Scheme::hmac_sha256("acme", "X-Acme-Signature")
///     .prefix("v1=")
///     .time_header("X-Acme-Time", Duration::from_secs(300))
///     .signs(&[Part::Time, Part::Text(".")]);
///
/// ACME.check()?;
/// # Ok::<(), palisade_webhook::SchemeError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Scheme {
    pub(crate) name: &'static str,
    pub(crate) signature: Header,
    pub(crate) layout: Layout,
    pub(crate) encoding: Encoding,
    pub(crate) signed: &'static [Part],
    pub(crate) time: TimeField,
    pub(crate) tolerance: Duration,
    pub(crate) id: Option<Header>,
    pub(crate) key: Option<Header>,
    /// Whether a prefix was given to a labelled header, which has none.
    pub(crate) misplaced_prefix: bool,
}

/// What stands before the body in the bytes that are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// Text that never changes, such as a version or a delimiter.
    Text(&'static str),
    /// The message id, from the header named by [`Scheme::id_header`].
    Id,
    /// The time, as it stands in the header.
    Time,
    /// The URL that the receiver configured, never one that the request names.
    ///
    /// Nothing separates it from what follows. That is safe for one URL; a sender that signs for several
    /// with one key should not let one of them begin with another.
    Url,
}

/// What computes a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC-SHA256 (RFC 2104): one secret, held by both sides.
    HmacSha256,
    /// Ed25519 (RFC 8032): the receiver holds a public key.
    Ed25519,
    /// ECDSA over P-256 with SHA-256 (FIPS 186-5), written as DER: the receiver holds a public key.
    EcdsaP256,
}

/// How a signature is written. Each has one form for each value, and no other is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encoding {
    /// Hex in lower case.
    LowerHex,
    /// Hex in upper case.
    UpperHex,
    /// Base64 with padding (RFC 4648 section 4).
    Base64,
    /// Base64url without padding (RFC 4648 section 5).
    Base64Url,
}

/// The name of a header, and another one under which the same sender's messages come too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    pub(crate) name: &'static str,
    pub(crate) alias: Option<&'static str>,
}

/// How the signature header is laid out.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Layout {
    /// One signature after a fixed text.
    Single { prefix: &'static str, algorithm: Algorithm },
    /// `label<assign>value`, any number of them between separators.
    Labelled { separator: u8, assign: u8, labels: &'static [(&'static str, Algorithm)] },
}

/// Where the time of signing is told.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TimeField {
    Absent,
    Header(Header),
    /// An entry of a labelled signature header.
    Label(&'static str),
    /// A member of the JSON body, in milliseconds.
    Body(&'static str),
}

impl Scheme {
    /// A scheme with one HMAC-SHA256 in `header`, in lower-case hex, over the body alone.
    #[must_use]
    pub const fn hmac_sha256(name: &'static str, header: &'static str) -> Self {
        Self::single(name, header, Algorithm::HmacSha256, Encoding::LowerHex)
    }

    /// A scheme with one Ed25519 signature in `header`, in lower-case hex, over the body alone.
    #[must_use]
    pub const fn ed25519(name: &'static str, header: &'static str) -> Self {
        Self::single(name, header, Algorithm::Ed25519, Encoding::LowerHex)
    }

    /// A scheme with one ECDSA P-256 signature in `header`, as DER in base64, over the body alone.
    #[must_use]
    pub const fn ecdsa_p256(name: &'static str, header: &'static str) -> Self {
        Self::single(name, header, Algorithm::EcdsaP256, Encoding::Base64)
    }

    const fn single(
        name: &'static str,
        header: &'static str,
        algorithm: Algorithm,
        encoding: Encoding,
    ) -> Self {
        Self {
            name,
            signature: Header { name: header, alias: None },
            layout: Layout::Single { prefix: "", algorithm },
            encoding,
            signed: &[],
            time: TimeField::Absent,
            tolerance: Duration::ZERO,
            id: None,
            key: None,
            misplaced_prefix: false,
        }
    }

    /// The fixed text before the signature, such as `sha256=`.
    #[must_use]
    pub const fn prefix(mut self, prefix: &'static str) -> Self {
        match self.layout {
            Layout::Single { algorithm, .. } => self.layout = Layout::Single { prefix, algorithm },
            Layout::Labelled { .. } => self.misplaced_prefix = true,
        }
        self
    }

    /// The header holds any number of entries `label<assign>value` between separators; those with one of
    /// `labels` are signatures, of which any may match, and the others are passed over.
    ///
    /// Stripe's `t=…,v1=…,v1=…` has the separator `,` and assigns with `=`. Both are ASCII.
    #[must_use]
    pub const fn labelled(
        mut self,
        separator: char,
        assign: char,
        labels: &'static [(&'static str, Algorithm)],
    ) -> Self {
        if let Layout::Single { prefix, .. } = self.layout {
            self.misplaced_prefix = !prefix.is_empty();
        }
        self.layout =
            Layout::Labelled { separator: ascii(separator), assign: ascii(assign), labels };
        self
    }

    /// How the signature is written.
    #[must_use]
    pub const fn encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// What is signed before the body, in this order.
    #[must_use]
    pub const fn signs(mut self, parts: &'static [Part]) -> Self {
        self.signed = parts;
        self
    }

    /// The time of signing is in `header`, in seconds since 1970, and may be off by `tolerance` either way.
    #[must_use]
    pub const fn time_header(mut self, header: &'static str, tolerance: Duration) -> Self {
        self.time = TimeField::Header(Header { name: header, alias: None });
        self.tolerance = tolerance;
        self
    }

    /// The time of signing is the entry `label` of a [`labelled`](Self::labelled) signature header.
    #[must_use]
    pub const fn time_label(mut self, label: &'static str, tolerance: Duration) -> Self {
        self.time = TimeField::Label(label);
        self.tolerance = tolerance;
        self
    }

    /// The time of signing is a member of the JSON object in the body, in milliseconds since 1970.
    ///
    /// It is signed with the body, so nobody can take it out: a body without it is one that its sender
    /// wrote so, and passes, unless the verifier was told to
    /// [require it](crate::VerifierBuilder::require_time).
    #[must_use]
    pub const fn time_in_body(mut self, member: &'static str, tolerance: Duration) -> Self {
        self.time = TimeField::Body(member);
        self.tolerance = tolerance;
        self
    }

    /// The message id is in `header`.
    #[must_use]
    pub const fn id_header(mut self, header: &'static str) -> Self {
        self.id = Some(Header { name: header, alias: None });
        self
    }

    /// `header` names the key: by its id in the verifier, or by the
    /// [fingerprint](crate::PublicKey::fingerprint) of a P-256 key.
    #[must_use]
    pub const fn key_header(mut self, header: &'static str) -> Self {
        self.key = Some(Header { name: header, alias: None });
        self
    }

    /// The short name of the scheme: what stands in logs, in replay keys and after `--scheme`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Whether the time of signing is told, and the signature covers it.
    #[must_use]
    pub const fn has_time(&self) -> bool {
        !matches!(self.time, TimeField::Absent)
    }

    /// Whether every message carries an id, and the signature covers it.
    #[must_use]
    pub const fn has_message_id(&self) -> bool {
        self.id.is_some()
    }

    /// Whether the receiver's URL is signed, so that both sides configure it.
    #[must_use]
    pub fn signs_url(&self) -> bool {
        self.signed.contains(&Part::Url)
    }

    /// The names of the headers that carry the signature and what belongs to it.
    pub fn headers(&self) -> impl Iterator<Item = &'static str> {
        let time = match self.time {
            TimeField::Header(header) => Some(header.name),
            _ => None,
        };
        [self.id.map(|id| id.name), time, self.key.map(|key| key.name), Some(self.signature.name)]
            .into_iter()
            .flatten()
    }

    /// The algorithms of its signatures.
    pub fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        let (one, labels): (Option<Algorithm>, &[_]) = match self.layout {
            Layout::Single { algorithm, .. } => (Some(algorithm), &[]),
            Layout::Labelled { labels, .. } => (None, labels),
        };
        one.into_iter().chain(labels.iter().map(|(_, algorithm)| *algorithm))
    }

    /// By what its replay keys are told from those of other schemes: the same for two names of one scheme.
    pub(crate) const fn replay_name(&self) -> &'static str {
        match self.signature.alias {
            Some(_) => "standard",
            None => self.name,
        }
    }

    /// Whether a header can hold several signatures, one for each key in use.
    pub(crate) const fn holds_several(&self) -> bool {
        matches!(self.layout, Layout::Labelled { .. })
    }
}

/// The byte of a character, or one that [`Scheme::check`] refuses.
const fn ascii(c: char) -> u8 {
    if c.is_ascii() { c as u8 } else { u8::MAX }
}
