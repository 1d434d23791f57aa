//! What a client holds.

use std::fmt;

use zeroize::Zeroizing;

/// A session token, opaque or signed: whoever has it is signed in.
///
/// It cannot be cloned, printed, compared or serialised, and is wiped on drop.
#[must_use = "the client must get the token: without it the user is signed out"]
pub struct SessionToken(Zeroizing<String>);

impl SessionToken {
    pub(crate) fn new(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    /// The token as text, for the cookie that carries it.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(<redacted>)")
    }
}
