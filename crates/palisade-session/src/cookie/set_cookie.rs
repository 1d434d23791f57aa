//! The header that sets or removes a cookie.

use std::fmt::{self, Write};

use zeroize::Zeroizing;

/// Before the seconds.
const MAX_AGE: &str = "; Max-Age=";

/// The most digits that the seconds of 400 days have.
const MAX_DIGITS: usize = 8;

/// The value of a `Set-Cookie` header.
///
/// It holds a token, so it is a secret: it cannot be cloned, printed, compared or serialised, and is wiped
/// on drop.
#[must_use = "a cookie is set by the response that carries it"]
pub struct SetCookie(Zeroizing<String>);

impl SetCookie {
    pub(super) fn new(name: &str, value: &str, attributes: &str, max_age: Option<u64>) -> Self {
        // The whole length at once: growing the text would leave copies of the value behind.
        let len = name.len() + 1 + value.len() + attributes.len() + MAX_AGE.len() + MAX_DIGITS;
        let mut text = Zeroizing::new(String::with_capacity(len));
        for part in [name, "=", value, attributes] {
            text.push_str(part);
        }
        if let Some(seconds) = max_age {
            // Writing to a `String` does not fail.
            let _ = write!(text, "{MAX_AGE}{seconds}");
        }
        Self(text)
    }

    /// The value of the header, for the one response that carries it. Each `Set-Cookie` is a header field
    /// of its own: they are never joined with a comma.
    ///
    /// The response needs `Cache-Control: no-store` as well.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SetCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetCookie(<redacted>)")
    }
}
