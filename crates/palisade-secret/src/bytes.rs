//! Bytes that must not be seen.

use std::fmt;
use std::path::Path;

use base64ct::{Base64UrlUnpadded, Encoding};
use rand::TryRng;
use rand::rngs::SysRng;
use zeroize::Zeroizing;

use crate::load::{self, LoadError};

/// Secret bytes: redacted in `Debug`, without `Display`, `Clone` or comparison, wiped on drop.
///
/// The only way to the bytes is [`expose_secret`](Self::expose_secret), so a search for that name
/// finds every place where a secret is looked at.
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Reads the secret from the environment variable `name`, or from the file that `<name>_FILE`
    /// points to.
    ///
    /// # Errors
    ///
    /// [`LoadError`] when neither or both are set, when the file cannot be read, when the text is
    /// neither base64url nor hex, or when the secret is weak. The error names the variable and
    /// never holds the value.
    ///
    /// # Examples
    ///
    /// ```
    /// use palisade_secret::{LoadErrorKind, SecretBytes};
    ///
    /// let error = SecretBytes::from_env("NOT_SET_ANYWHERE").unwrap_err();
    /// assert!(matches!(error.kind(), LoadErrorKind::Missing));
    /// assert!(error.to_string().contains("NOT_SET_ANYWHERE"));
    /// ```
    pub fn from_env(name: &str) -> Result<Self, LoadError> {
        load::secret_from_env(name, |variable| std::env::var_os(variable))
    }

    /// Reads the secret from a file that holds it as base64url or hex; white space around it is
    /// ignored.
    ///
    /// # Errors
    ///
    /// [`LoadError`] as for [`from_env`](Self::from_env), naming the path.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        load::secret_from_file(path.as_ref())
    }

    /// Reads the secret from text, in base64url (with or without padding) or hex.
    ///
    /// # Errors
    ///
    /// [`LoadError`] when the text is in neither encoding or the secret is weak.
    ///
    /// # Examples
    ///
    /// ```
    /// use palisade_secret::SecretBytes;
    ///
    /// let secret = SecretBytes::from_text("f1w9BKZzgNoEVpRAYoUNZfAKkc_eOcMd9NHDhOBqSHY")?;
    /// assert_eq!(secret.expose_secret().len(), 32);
    /// assert!(SecretBytes::from_text("changeme").is_err());
    /// # Ok::<(), palisade_secret::LoadError>(())
    /// ```
    pub fn from_text(text: &str) -> Result<Self, LoadError> {
        load::secret_from_text(text)
    }

    /// Takes raw bytes, refusing weak ones.
    ///
    /// # Errors
    ///
    /// [`LoadError`] when the bytes are fewer than [`MIN_SECRET_BYTES`](crate::MIN_SECRET_BYTES),
    /// repeat, count up or down, or hold a well-known placeholder.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, LoadError> {
        load::secret_from_bytes(Zeroizing::new(bytes))
    }

    /// Takes raw bytes as they are: any length, any content.
    ///
    /// # Security
    ///
    /// For published test vectors and for secrets whose strength is judged elsewhere. A secret
    /// that an operator supplies goes through the other constructors.
    #[must_use]
    pub fn dangerous_unchecked(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Draws `len` new bytes from the operating system's generator.
    ///
    /// # Errors
    ///
    /// [`NoRandomness`] when the generator fails; there is no fallback.
    pub fn generate(len: usize) -> Result<Self, NoRandomness> {
        let mut bytes = Zeroizing::new(vec![0; len]);
        SysRng.try_fill_bytes(&mut bytes).map_err(|_| NoRandomness)?;
        Ok(Self(bytes))
    }

    /// The secret bytes themselves.
    #[must_use]
    pub fn expose_secret(&self) -> &[u8] {
        &self.0
    }

    /// The secret as unpadded base64url (RFC 4648 section 5): the form that
    /// [`from_text`](Self::from_text) reads. The text is wiped on drop.
    #[must_use]
    pub fn expose_base64url(&self) -> Zeroizing<String> {
        Zeroizing::new(Base64UrlUnpadded::encode_string(&self.0))
    }

    /// The secret as lower-case hex: the other form that [`from_text`](Self::from_text) reads. The
    /// text is wiped on drop.
    #[must_use]
    pub fn expose_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(base16ct::lower::encode_string(&self.0))
    }

    pub(crate) fn from_checked(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBytes(<redacted>, {} bytes)", self.0.len())
    }
}

/// The operating system's random generator did not answer, so no secret was made.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the operating system's random generator is not available")]
pub struct NoRandomness;
