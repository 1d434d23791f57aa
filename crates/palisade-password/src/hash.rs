//! What a server stores.

use std::fmt;

/// A hash as it is stored: text of one line, at most [`MAX_BYTES`](Self::MAX_BYTES) long.
///
/// `Debug` does not show it. Whoever has it can try passwords against it.
#[derive(Clone)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// The most bytes of a stored hash. A column of this width holds every one.
    pub const MAX_BYTES: usize = 512;

    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// The text to store.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text to store.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(<redacted>)")
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for PasswordHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
