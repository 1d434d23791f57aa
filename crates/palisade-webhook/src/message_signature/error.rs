//! Refusals, and what is wrong with a policy.

use super::component::Component;
use crate::structured::Fault;
use crate::{BuildError, DigestRefused};

/// Why a request was not accepted as signed.
///
/// The text is safe to show a stranger: it repeats nothing that was sent and nothing that is secret. An HTTP
/// service answers 401, 400 where something is malformed, and 413 to [`BodyTooLarge`](Self::BodyTooLarge).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageRefused {
    /// The method or the URI is none that can be signed.
    #[error("the method or the URI of the request is malformed")]
    MalformedRequest,
    /// A header that every signed request has is not there.
    #[error("the header {0} is missing")]
    MissingHeader(&'static str),
    /// A header stands there more than once.
    #[error("the header {0} was sent more than once")]
    DuplicateHeader(&'static str),
    /// A header is not of the form that RFC 9421 describes, or can be read in two ways.
    #[error("the header {0} is malformed")]
    MalformedHeader(&'static str),
    /// A header is longer than any that is needed.
    #[error("the header {0} is too long")]
    HeaderTooLong(&'static str),
    /// The headers hold more signatures than are looked at.
    #[error("the header {0} holds too many signatures")]
    TooManySignatures(&'static str),
    /// `Signature-Input` names a signature that `Signature` does not hold.
    #[error("a signature is announced and is not there")]
    NoSignature,
    /// No signature names a key that is in use.
    #[error("the signature is by an unknown key")]
    UnknownKey,
    /// More than one signature names a key that is in use, and is for this use. Each would count alone.
    #[error("more than one signature is by a known key")]
    SeveralSignatures,
    /// The signature names another algorithm than that of its key.
    #[error("the signature names another algorithm than that of its key")]
    WrongAlgorithm,
    /// The signature is for another use: it has another `tag` than the verifier demands, or none, or one where none
    /// is expected.
    #[error("the signature is for another use")]
    WrongTag,
    /// The signature does not tell when it was made.
    #[error("the signature does not tell when it was made")]
    NoTime,
    /// Signed longer ago than the tolerance.
    #[error("the signature is too old")]
    TooOld,
    /// Signed further in the future than the tolerance: one of the two clocks is wrong.
    #[error("the signature is from the future")]
    TooNew,
    /// The time that the signer set has come.
    #[error("the signature has expired")]
    Expired,
    /// The signature covers something in a way that is not supported: by a parameter such as `sf`, `key`,
    /// `bs`, `req` or `tr`, or something that is not of requests.
    #[error("the signature covers a component that is not supported")]
    UnsupportedComponent,
    /// The signature has a parameter that is not supported.
    #[error("the signature has a parameter that is not supported")]
    UnsupportedParameter,
    /// The signature leaves out what the verifier demands.
    #[error("the signature does not cover {0}")]
    NotCovered(Component),
    /// The signature covers something that the request does not have, or has twice.
    #[error("the signature covers something that the request does not have")]
    MissingComponent,
    /// A covered field holds a character that cannot be signed.
    #[error("a field that the signature covers is malformed")]
    MalformedComponent,
    /// A covered field is too long.
    #[error("a field that the signature covers is too long")]
    ComponentTooLong,
    /// The body is longer than the verifier takes.
    #[error("the body is too large")]
    BodyTooLarge,
    /// The signature does not fit the request.
    #[error("the signature is wrong")]
    BadSignature,
    /// The signature covers `Content-Digest`, and that does not fit the body.
    #[error(transparent)]
    Digest(#[from] DigestRefused),
}

impl MessageRefused {
    /// A short, stable word for the audit log and for metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::MalformedRequest => "message_malformed_request",
            Self::MissingHeader(_) => "message_missing_header",
            Self::DuplicateHeader(_) => "message_duplicate_header",
            Self::MalformedHeader(_) => "message_malformed_header",
            Self::HeaderTooLong(_) => "message_header_too_long",
            Self::TooManySignatures(_) => "message_too_many_signatures",
            Self::NoSignature => "message_no_signature",
            Self::UnknownKey => "message_unknown_key",
            Self::SeveralSignatures => "message_several_signatures",
            Self::WrongAlgorithm => "message_wrong_algorithm",
            Self::WrongTag => "message_wrong_tag",
            Self::NoTime => "message_no_time",
            Self::TooOld => "message_too_old",
            Self::TooNew => "message_too_new",
            Self::Expired => "message_expired",
            Self::UnsupportedComponent => "message_unsupported_component",
            Self::UnsupportedParameter => "message_unsupported_parameter",
            Self::NotCovered(_) => "message_not_covered",
            Self::MissingComponent => "message_missing_component",
            Self::MalformedComponent => "message_malformed_component",
            Self::ComponentTooLong => "message_component_too_long",
            Self::BodyTooLarge => "message_body_too_large",
            Self::BadSignature => "message_bad_signature",
            Self::Digest(refused) => refused.reason(),
        }
    }

    pub(super) fn of(fault: Fault, header: &'static str) -> Self {
        match fault {
            Fault::Missing => Self::MissingHeader(header),
            Fault::Twice => Self::DuplicateHeader(header),
            Fault::TooLong => Self::HeaderTooLong(header),
            Fault::Malformed => Self::MalformedHeader(header),
            Fault::TooManyMembers => Self::TooManySignatures(header),
        }
    }
}

/// Why no verifier or signer of messages was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageBuildError {
    /// The keys or a limit.
    #[error(transparent)]
    Policy(#[from] BuildError),
    /// A `keyid` is empty, longer than 256 characters, or not visible ASCII; or two keys have the same.
    #[error("a keyid is empty, too long, not visible ASCII, or there twice")]
    KeyName,
    /// The label is none: lower-case letters and digits, `_`, `-`, `.` and `*`, beginning with a letter.
    #[error("the label is none: begin with a lower-case letter")]
    Label,
    /// The tag is empty, longer than 256 characters, or not visible ASCII and spaces.
    #[error("the tag is empty, too long, or not visible ASCII")]
    Tag,
    /// Nothing is to be covered: a signature of anything would do.
    #[error("no component is named: name those that must be covered")]
    NoComponent,
    /// A component is named twice, or there are more than 31, which with the digest of the body is the most
    /// that a verifier reads.
    #[error("a component is named twice, or there are too many")]
    Components,
    /// A tolerance with a fraction of a second, which times of whole seconds cannot keep to.
    #[error("the tolerance must be of whole seconds")]
    Tolerance,
    /// A life of less than a second.
    #[error("a signature must be valid for at least a second")]
    Life,
}

/// Why a request was not signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageSignError {
    /// The time lies before 1970: the clock of the server is wrong.
    #[error("the server's clock is wrong")]
    Clock,
    /// The system gave no random bytes for the nonce.
    #[error("the system's random generator failed")]
    NoRandomness,
    /// The request has a header already that signing writes.
    #[error("the request has the header {0} already")]
    HeaderThere(&'static str),
    /// The headers would be longer than a verifier reads: too much is to be covered.
    #[error("the header {0} would be too long")]
    HeaderTooLong(&'static str),
    /// A component cannot be signed: the request does not have it, or its value is malformed.
    #[error(transparent)]
    Component(#[from] MessageRefused),
}
