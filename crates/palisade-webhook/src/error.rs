//! Refusals, and what is wrong with a policy.

use palisade_secret::KeyId;

use crate::{Algorithm, SchemeError};

/// Why a request was not accepted as a webhook.
///
/// The text is safe to show a stranger: it repeats nothing that was sent and nothing that is secret. An HTTP
/// service answers 400 or 401, and 413 to [`BodyTooLarge`](Self::BodyTooLarge).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// A header that the scheme needs is not there.
    #[error("the header {0} is missing")]
    MissingHeader(&'static str),
    /// A header stands there more than once, with equal values or not.
    #[error("the header {0} was sent more than once")]
    DuplicateHeader(&'static str),
    /// The message id came under both of its names, and they differ.
    #[error("the headers {0} and {1} contradict each other")]
    MixedHeaders(&'static str, &'static str),
    /// A header is not of the form that the scheme describes.
    #[error("the header {0} is malformed")]
    MalformedHeader(&'static str),
    /// A header is longer than any that the scheme needs.
    #[error("the header {0} is too long")]
    HeaderTooLong(&'static str),
    /// The header holds more signatures than are looked at.
    #[error("the header {0} holds too many signatures")]
    TooManySignatures(&'static str),
    /// The body is longer than the verifier takes.
    #[error("the body is too large")]
    BodyTooLarge,
    /// The request names a key that the verifier does not hold, or held until a time that has come.
    ///
    /// A receiver that fetches keys fetches them again, once.
    #[error("the signature is by an unknown key")]
    UnknownKey,
    /// Signed longer ago than the tolerance.
    #[error("the signature is too old")]
    TooOld,
    /// Signed further in the future than the tolerance: one of the two clocks is wrong.
    #[error("the signature is from the future")]
    TooNew,
    /// The time that the scheme expects in the body is there twice, or is no time, or is not there and is
    /// [required](crate::VerifierBuilder::require_time); or the body is a broken object.
    #[error("the body tells no proper time")]
    MalformedBodyTime,
    /// No signature fits the body, the headers and a key in use.
    #[error("the signature is wrong")]
    BadSignature,
}

impl Refused {
    /// A short, stable word for the audit log and for metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::MissingHeader(_) => "webhook_missing_header",
            Self::DuplicateHeader(_) => "webhook_duplicate_header",
            Self::MixedHeaders(..) => "webhook_mixed_headers",
            Self::MalformedHeader(_) => "webhook_malformed_header",
            Self::HeaderTooLong(_) => "webhook_header_too_long",
            Self::TooManySignatures(_) => "webhook_too_many_signatures",
            Self::BodyTooLarge => "webhook_body_too_large",
            Self::UnknownKey => "webhook_unknown_key",
            Self::TooOld => "webhook_too_old",
            Self::TooNew => "webhook_too_new",
            Self::MalformedBodyTime => "webhook_malformed_body_time",
            Self::BadSignature => "webhook_bad_signature",
        }
    }
}

/// Why no verifier or signer was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The scheme itself cannot be verified.
    #[error(transparent)]
    Scheme(#[from] SchemeError),
    /// There is no key: every request would be refused.
    #[error("there is no key: add one with `key`")]
    NoKey,
    /// Two keys have the same id.
    #[error("two keys have the id {0}")]
    DuplicateKey(KeyId),
    /// More keys than [`MAX_KEYS`](crate::MAX_KEYS).
    #[error("there are more than {max} keys: drop those that no sender uses", max = crate::MAX_KEYS)]
    TooManyKeys,
    /// A key is of another kind than the scheme's signatures.
    #[error("the key {id} is for {of:?}, which the scheme {scheme} does not use")]
    WrongKind {
        /// The key.
        id: KeyId,
        /// What it is for.
        of: Algorithm,
        /// The name of the scheme.
        scheme: &'static str,
    },
    /// The scheme signs the receiver's URL, and none was given.
    #[error("the scheme signs the receiver's URL: give it with `url`, as the sender knows it")]
    NoUrl,
    /// The scheme does not sign a URL, and one was given.
    #[error("the scheme does not sign a URL, so giving one has no effect")]
    UrlUnused,
    /// A tolerance was given to a scheme that tells no time.
    #[error("the scheme tells no time of signing, so a tolerance has no effect")]
    ToleranceUnused,
    /// A time is required of a scheme that tells none, or always tells it.
    #[error("the scheme tells no time in the body, so requiring one has no effect")]
    RequireUnused,
    /// Two signers side by side have the same key: a body that the one signs could be, to the other, an id, a
    /// time and a body.
    #[error("both signers have the same key: give each scheme a key of its own")]
    SameKey,
    /// A limit of zero.
    #[error("{0} must be at least 1")]
    Zero(&'static str),
    /// A limit above the highest.
    #[error("{0} is too high")]
    TooHigh(&'static str),
    /// Two signers whose headers would stand side by side use the same header.
    #[error("both signers write the header {0}")]
    SameHeader(&'static str),
}
