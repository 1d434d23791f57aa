//! What an epoch token may be used for.

use std::fmt;
use std::str::FromStr;

/// The scopes of a token: words with one space between them (RFC 6749 section 3.3, in a token as in
/// RFC 8693 section 4.2), at most 1024 bytes together. None at all is no text.
///
/// Scopes are compared to the letter. None includes another one, `*` is a word like any other, and
/// `Read` is not `read`.
///
/// # Examples
///
/// ```
/// use palisade_session::TokenScopes;
///
/// let scopes: TokenScopes = "read:controls write:evidence".parse()?;
/// assert!(scopes.contains("read:controls"));
/// assert!(!scopes.contains("read"));
/// # Ok::<(), palisade_session::InvalidScopes>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct TokenScopes(Box<str>);

impl TokenScopes {
    /// The most bytes of all scopes together.
    pub const MAX_LEN: usize = 1024;

    /// No scope at all.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Whether there is no scope.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The scopes as text, as they stand in the token.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The scopes, in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|scope| !scope.is_empty())
    }

    /// Whether this very scope is among them.
    #[must_use]
    pub fn contains(&self, scope: &str) -> bool {
        self.iter().any(|held| held == scope)
    }
}

impl FromStr for TokenScopes {
    type Err = InvalidScopes;

    fn from_str(text: &str) -> Result<Self, InvalidScopes> {
        let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        let is_scope = |word: &str| !word.is_empty() && word.bytes().all(allowed);
        if text.len() > Self::MAX_LEN || !text.split(' ').all(is_scope) {
            return Err(InvalidScopes);
        }
        Ok(Self(text.into()))
    }
}

impl TryFrom<String> for TokenScopes {
    type Error = InvalidScopes;

    fn try_from(text: String) -> Result<Self, InvalidScopes> {
        if text.is_empty() { Ok(Self::none()) } else { text.parse() }
    }
}

impl From<TokenScopes> for String {
    fn from(scopes: TokenScopes) -> String {
        scopes.0.into()
    }
}

impl fmt::Display for TokenScopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Text that is no list of scopes. It does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "scopes are words of visible ASCII characters without `\"` and `\\`, one space between them, \
     at most 1024 bytes together"
)]
pub struct InvalidScopes;

/// A good token that may not be used for this.
///
/// Answer with 403, `insufficient_scope` and the scope that is needed (RFC 6750 section 3.1).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token does not have the scope that this needs")]
pub struct MissingScope {
    pub(super) scope: Box<str>,
}

impl MissingScope {
    /// The scope that was asked for.
    #[must_use]
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// A short, stable word for the audit log and for metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        "token_scope"
    }
}
