//! What a person types: the secret of this crate.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

/// A password, as the person typed it.
///
/// The bytes are wiped when the last clone goes; clones share them. There is no `==`, no `Display`
/// and no `Serialize`, and `Debug` shows nothing.
///
/// # Examples
///
/// ```
/// use palisade_password::Password;
///
/// let password = Password::new("correct horse battery staple")?;
/// assert_eq!(format!("{password:?}"), "Password(<redacted>)");
/// # Ok::<(), palisade_password::PasswordTooLong>(())
/// ```
#[derive(Clone)]
pub struct Password {
    bytes: Arc<Zeroizing<Vec<u8>>>,
}

impl Password {
    /// The most bytes of a password. What is longer is refused before anything is done with it.
    pub const MAX_BYTES: usize = 4096;

    /// Takes a text as a password. A `String` is taken over and later wiped; a `&str` is copied.
    ///
    /// # Errors
    ///
    /// [`PasswordTooLong`] above [`MAX_BYTES`](Self::MAX_BYTES).
    pub fn new(text: impl Into<String>) -> Result<Self, PasswordTooLong> {
        Self::from_bytes(text.into().into_bytes())
    }

    /// Takes bytes as a password, which need not be UTF-8: rows of old systems were made of such.
    /// A [`Normalization`](crate::Normalization) other than none refuses those that are not.
    ///
    /// # Errors
    ///
    /// [`PasswordTooLong`] above [`MAX_BYTES`](Self::MAX_BYTES).
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, PasswordTooLong> {
        let bytes = Zeroizing::new(bytes);
        if bytes.len() > Self::MAX_BYTES {
            return Err(PasswordTooLong { got: bytes.len() });
        }
        Ok(Self { bytes: Arc::new(bytes) })
    }

    /// The bytes in clear.
    #[must_use]
    pub fn expose_secret(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(<redacted>)")
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Password {
    /// From a string, in formats that say what is what, such as JSON and forms. The buffers of the
    /// deserializer are its own: they are not wiped.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Asked for a string, `serde_json` itself makes the error of another type, and repeats a number.
        deserializer.deserialize_any(Typed)
    }
}

/// Takes a text. The errors that a visitor has for other types would repeat what was sent.
#[cfg(feature = "serde")]
struct Typed;

#[cfg(feature = "serde")]
impl serde::de::Visitor<'_> for Typed {
    type Value = Password;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a password as a text")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Password, E> {
        Password::new(text).map_err(E::custom)
    }

    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Password, E> {
        Password::new(text).map_err(E::custom)
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<Password, E> {
        Err(E::custom("a password has to be a text"))
    }

    fn visit_i128<E: serde::de::Error>(self, _: i128) -> Result<Password, E> {
        Err(E::custom("a password has to be a text"))
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Password, E> {
        Err(E::custom("a password has to be a text"))
    }

    fn visit_u128<E: serde::de::Error>(self, _: u128) -> Result<Password, E> {
        Err(E::custom("a password has to be a text"))
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Password, E> {
        Err(E::custom("a password has to be a text"))
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Password, E> {
        Err(E::custom("a password has to be a text"))
    }

    fn visit_bytes<E: serde::de::Error>(self, _: &[u8]) -> Result<Password, E> {
        Err(E::custom("a password has to be a text"))
    }
}

/// A password has more bytes than this crate works on.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the password has {got} bytes; at most {} are allowed", Password::MAX_BYTES)]
pub struct PasswordTooLong {
    got: usize,
}
