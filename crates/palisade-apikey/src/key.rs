//! A key in clear: the one that was just minted, and the one that a client presents.

use std::fmt;

use zeroize::Zeroizing;

use crate::KeyFormat;

/// A freshly minted key, to be shown once.
///
/// It cannot be cloned, printed, compared or serialised; [`reveal`](Self::reveal) consumes it, so
/// the code that shows it cannot show it twice.
pub struct ApiKey(Zeroizing<String>);

impl ApiKey {
    pub(crate) fn new(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    /// The key as text, for the one response that carries it.
    #[must_use]
    pub fn reveal(mut self) -> String {
        std::mem::take(&mut *self.0)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(<redacted>)")
    }
}

/// A key as a client presented it: well formed, and nothing more is known of it.
///
/// Borrows the text and the format it belongs to.
#[derive(Clone, Copy)]
pub struct PresentedKey<'k, 'f> {
    text: &'k str,
    format: &'f KeyFormat,
}

impl<'k, 'f> PresentedKey<'k, 'f> {
    pub(crate) fn new(text: &'k str, format: &'f KeyFormat) -> Self {
        Self { text, format }
    }

    /// The whole key.
    #[must_use]
    pub fn expose_secret(&self) -> &'k str {
        self.text
    }

    /// The format it belongs to.
    #[must_use]
    pub fn format(&self) -> &'f KeyFormat {
        self.format
    }

    /// What of the key may be shown.
    #[must_use]
    pub fn mask(&self) -> Mask<'_> {
        Mask { prefix: self.format.prefix(), last_four: last_four(self.text) }
    }
}

impl fmt::Debug for PresentedKey<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PresentedKey({})", self.mask())
    }
}

/// The part of a key that may be shown: `gmk_acct_live_…k4Qm`.
///
/// The last four characters are the end of the checksum where there is one. A checksum is a linear
/// function of the body, so they narrow 256 bits down to no less than 232.
#[derive(Clone, Copy, Debug)]
pub struct Mask<'a> {
    pub(crate) prefix: &'a str,
    pub(crate) last_four: &'a str,
}

impl fmt::Display for Mask<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_…{}", self.prefix, self.last_four)
    }
}

/// The last four characters of a well-formed key.
pub(crate) fn last_four(key: &str) -> &str {
    key.len().checked_sub(4).and_then(|start| key.get(start..)).unwrap_or_default()
}
