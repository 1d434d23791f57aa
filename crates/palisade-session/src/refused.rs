//! Why a token is not accepted.

/// Why a signed token is not accepted.
///
/// Its text is safe to show a stranger; it repeats nothing of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenRefused {
    /// It is longer than 4096 bytes, or its header than 1024.
    #[error("the token is too long")]
    TooLong,
    /// It is not three parts of canonical base64url with JSON objects in them, or a member stands twice
    /// or is of the wrong type.
    #[error("the token is malformed")]
    Malformed,
    /// Its header asks for what this verifier does not do: `crit`, `b64`, `zip` or `cty`.
    #[error("the token is malformed")]
    Extension,
    /// Its header names another algorithm than that of its key, or none.
    #[error("the token is not valid")]
    Algorithm,
    /// It is of another kind, or does not say of which.
    #[error("the token is not valid")]
    Type,
    /// It names no key, or one that is not in use.
    #[error("the token is not valid")]
    UnknownKey,
    /// The signature is not right.
    #[error("the token is not valid")]
    Signature,
    /// It is from another issuer, or does not say from whom.
    #[error("the token is not valid")]
    Issuer,
    /// It is for another audience, or does not say for whom.
    #[error("the token is not valid here")]
    Audience,
    /// This claim is missing, or cannot be right.
    #[error("the token is not valid")]
    Claim(&'static str),
    /// Its time has not come, by a clock that may be wrong.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// Its time has run out.
    #[error("the token has expired")]
    Expired,
}

impl TokenRefused {
    /// A short, stable word for the audit log and for metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::TooLong => "token_too_long",
            Self::Malformed => "token_malformed",
            Self::Extension => "token_extension",
            Self::Algorithm => "token_algorithm",
            Self::Type => "token_type",
            Self::UnknownKey => "token_unknown_key",
            Self::Signature => "token_signature",
            Self::Issuer => "token_issuer",
            Self::Audience => "token_audience",
            Self::Claim(_) => "token_claim",
            Self::NotYetValid => "token_not_yet_valid",
            Self::Expired => "token_expired",
        }
    }
}
