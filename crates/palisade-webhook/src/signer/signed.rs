//! What a signer gives.

use std::fmt;

use crate::Headers;

/// The headers that go with a signed body, in the order in which they are best written.
#[derive(Clone)]
pub struct SignedHeaders(pub(super) Vec<(&'static str, String)>);

impl SignedHeaders {
    /// The name and value of each.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

impl IntoIterator for SignedHeaders {
    type Item = (&'static str, String);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Headers for SignedHeaders {
    fn values<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
        self.0.values(name)
    }
}

impl fmt::Debug for SignedHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// Why nothing was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The end of every key has come.
    #[error("no key is in use any more")]
    NoKey,
    /// The time lies before 1970: the clock of the server is wrong.
    #[error("the server's clock is wrong")]
    Clock,
    /// The message id holds the character that ends it in this scheme.
    #[error("the message id holds the character that the scheme sets after it")]
    MessageId,
}
