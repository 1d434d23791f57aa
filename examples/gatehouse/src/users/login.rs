//! The name that a person logs in with.

use std::fmt;
use std::str::FromStr;

/// A login name: 3 to 254 visible ASCII characters without a colon, in lower case.
///
/// An address of an email fits (RFC 5321 allows 254 bytes). Upper case is made lower case on the way in,
/// so that equal people are equal rows; ASCII alone means that two names that look the same are the same.
/// The colon separates the fields of the files that
/// [`import_users`](crate::import_users) reads.
///
/// `Debug` does not show it: who has an account here is for nobody's log.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LoginName(String);

impl LoginName {
    /// The fewest and the most characters.
    const LENGTH: std::ops::RangeInclusive<usize> = 3..=254;

    /// The name, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LoginName {
    type Err = InvalidLogin;

    fn from_str(text: &str) -> Result<Self, InvalidLogin> {
        let is_allowed = |byte: u8| byte.is_ascii_graphic() && byte != b':';
        if Self::LENGTH.contains(&text.len()) && text.bytes().all(is_allowed) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(InvalidLogin)
        }
    }
}

impl fmt::Debug for LoginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginName(<redacted>)")
    }
}

/// A text that is no login name. It is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a login name has 3 to 254 visible ASCII characters, and neither a space nor a colon")]
pub struct InvalidLogin;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let login = |text: &str| text.parse::<LoginName>();
        assert_eq!(login("Ann.Smith+x@Example.com").unwrap().as_str(), "ann.smith+x@example.com");
        assert!(login("abc").is_ok() && login(&"x".repeat(254)).is_ok());
        for odd in ["", "ab", "a b", "abc ", "ann:x", "a\tb", "a\0bc", "\u{e4}nne", "a\u{7f}b"] {
            assert_eq!(login(odd).unwrap_err(), InvalidLogin, "{odd:?}");
        }
        assert!(login(&"x".repeat(255)).is_err());
        assert_eq!(format!("{:?}", login("ann").unwrap()), "LoginName(<redacted>)");
    }
}
