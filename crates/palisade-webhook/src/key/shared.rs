//! The secret that sender and receiver share.

use std::fmt;

use base64ct::{Base64, Encoding as _};
use palisade_secret::{MacKey, NoRandomness, SecretBytes};
use zeroize::Zeroizing;

use super::{KeyError, SHARED_PREFIX, check_text};

const WANTED: &str = "a shared secret";

/// The secret of an HMAC scheme, which sender and receiver share.
///
/// Providers write it in different forms, and the form decides which bytes are the key: take the constructor
/// that the provider's page names. Redacted in `Debug`, wiped on drop, refused when empty.
///
/// | sender | constructor |
/// |---|---|
/// | Standard Webhooks, Svix | [`from_whsec`](Self::from_whsec) |
/// | GLACIS, GitHub, Stripe, Slack, Shopify, Square, Paddle, Linear | [`from_text`](Self::from_text) |
/// | others | [`from_base64`](Self::from_base64), [`from_hex`](Self::from_hex) |
///
/// # Examples
///
/// ```
/// use palisade_webhook::SharedSecret;
///
/// SharedSecret::from_whsec("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")?;
/// // A public key never becomes an HMAC key.
/// assert!(SharedSecret::from_whsec("whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=").is_err());
/// assert!(SharedSecret::from_text("").is_err());
/// # Ok::<(), palisade_webhook::KeyError>(())
/// ```
pub struct SharedSecret(SecretBytes);

impl SharedSecret {
    /// Draws a new secret of 32 bytes.
    ///
    /// # Errors
    ///
    /// [`NoRandomness`] when the system's generator fails.
    pub fn generate() -> Result<Self, NoRandomness> {
        SecretBytes::generate(32).map(Self)
    }

    /// Reads a secret of Standard Webhooks: `whsec_` and the base64 of 24 to 64 bytes, or the base64 alone.
    ///
    /// # Errors
    ///
    /// [`KeyError`]; base64url and missing padding are refused, since another decoder would make another key
    /// of them.
    pub fn from_whsec(text: &str) -> Result<Self, KeyError> {
        check_text(text, WANTED, &[SHARED_PREFIX])?;
        let bytes = decode_base64(text.strip_prefix(SHARED_PREFIX).unwrap_or(text))?;
        let got = bytes.expose_secret().len();
        if !(24..=64).contains(&got) {
            return Err(KeyError::Length { got, what: "secret of Standard Webhooks (24 to 64)" });
        }
        Ok(Self(bytes))
    }

    /// Takes the text itself as the key, as most providers do, `whsec_…` of Stripe included.
    ///
    /// # Errors
    ///
    /// [`KeyError`]: empty, with white space around it, or a private or public key.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        if !text.is_empty() && text.trim() != text {
            return Err(KeyError::WhiteSpace);
        }
        Self::from_verbatim_text(text)
    }

    /// Takes the text as the key with the white space around it, for a secret that was set up so.
    ///
    /// # Errors
    ///
    /// [`KeyError`]: empty, or a private or public key.
    pub fn from_verbatim_text(text: &str) -> Result<Self, KeyError> {
        check_text(text, WANTED, &[SHARED_PREFIX])?;
        Ok(Self(SecretBytes::dangerous_unchecked(text.as_bytes().to_vec())))
    }

    /// Reads a key written in base64 with padding (RFC 4648 section 4).
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub fn from_base64(text: &str) -> Result<Self, KeyError> {
        check_text(text, WANTED, &[])?;
        decode_base64(text).map(Self)
    }

    /// Reads a key written in hex, in lower or upper case.
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        check_text(text, WANTED, &[])?;
        let bytes = base16ct::mixed::decode_vec(text).map_err(|_| KeyError::Encoding("hex"))?;
        Ok(Self(SecretBytes::dangerous_unchecked(bytes)))
    }

    /// Takes the bytes of a key, such as those derived from a master key.
    ///
    /// # Errors
    ///
    /// [`KeyError::Empty`].
    pub fn from_bytes(bytes: SecretBytes) -> Result<Self, KeyError> {
        if bytes.expose_secret().is_empty() { Err(KeyError::Empty) } else { Ok(Self(bytes)) }
    }

    /// The secret as `whsec_` and base64: what a customer gets to see, once. The text is wiped on drop.
    #[must_use]
    pub fn expose_whsec(&self) -> Zeroizing<String> {
        let base64 = Zeroizing::new(Base64::encode_string(self.expose_secret()));
        let mut text = Zeroizing::new(String::with_capacity(SHARED_PREFIX.len() + base64.len()));
        text.push_str(SHARED_PREFIX);
        text.push_str(&base64);
        text
    }

    /// The bytes of the key.
    #[must_use]
    pub fn expose_secret(&self) -> &[u8] {
        self.0.expose_secret()
    }

    pub(crate) fn mac_key(&self) -> MacKey {
        // Any length: the provider chose it. Empty ones were refused.
        MacKey::dangerous_any_length(self.expose_secret())
    }
}

fn decode_base64(text: &str) -> Result<SecretBytes, KeyError> {
    match Base64::decode_vec(text) {
        Ok(bytes) if bytes.is_empty() => Err(KeyError::Empty),
        Ok(bytes) => Ok(SecretBytes::dangerous_unchecked(bytes)),
        Err(_) => Err(KeyError::Encoding("base64 with padding")),
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret(<redacted>)")
    }
}
