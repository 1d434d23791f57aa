//! The first part of each key's name.

use std::fmt;
use std::str::FromStr;

/// The first part of the name of each key that a service keeps on a Redis server, so that several services
/// can share one.
///
/// It is 1 to 32 of the characters `a` to `z`, `0` to `9`, `_` and `-`, and begins with a letter or a
/// digit. All processes of one service use the same; two services that use the same one share their
/// sessions, their limits and their revocations.
///
/// # Examples
///
/// ```
/// use palisade_redis::Namespace;
///
/// # fn example() -> Result<(), palisade_redis::InvalidNamespace> {
/// let namespace = Namespace::new("gatehouse")?;
/// assert_eq!(namespace.as_str(), "gatehouse");
/// assert!(Namespace::new("gate house").is_err());
/// # Ok(())
/// # }
/// # example().unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Namespace(Box<str>);

/// A text is no [`Namespace`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a namespace is 1 to 32 lower-case letters, digits, `_` and `-`, and begins with a letter or a digit"
)]
pub struct InvalidNamespace;

/// The most characters of a namespace.
const MAX_LENGTH: usize = 32;

impl Namespace {
    /// A namespace with this name.
    ///
    /// # Errors
    ///
    /// [`InvalidNamespace`] for anything that the type does not allow.
    pub fn new(name: &str) -> Result<Self, InvalidNamespace> {
        let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let begins_well = name.bytes().next().is_some_and(alphanumeric);
        let goes_on_well =
            name.bytes().all(|byte| alphanumeric(byte) || matches!(byte, b'_' | b'-'));
        if name.len() > MAX_LENGTH || !begins_well || !goes_on_well {
            return Err(InvalidNamespace);
        }
        Ok(Self(name.into()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Namespace {
    type Err = InvalidNamespace;

    fn from_str(name: &str) -> Result<Self, InvalidNamespace> {
        Self::new(name)
    }
}
