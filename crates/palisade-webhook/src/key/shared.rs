//! The secret that sender and receiver share.

use std::fmt;

use base64ct::{Base64, Encoding as _};
use palisade_secret::{MacKey, NoRandomness, SecretBytes};
use zeroize::Zeroizing;

use super::{KeyError, SHARED_PREFIX, check_text};

const WANTED: &str = "a shared secret";
const WANTED_WHSEC: &str = "a secret of Standard Webhooks, `whsec_` and base64,";

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
/// // What is plainly a public key is refused.
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
    /// of them, and so are digits of hex without `whsec_`, which happen to be base64 of something else.
    pub fn from_whsec(text: &str) -> Result<Self, KeyError> {
        check_text(text, WANTED_WHSEC, &[SHARED_PREFIX])?;
        if text.trim() != text {
            return Err(KeyError::WhiteSpace);
        }
        if text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(KeyError::WrongKind { wanted: WANTED_WHSEC, found: "a secret in hex" });
        }
        let base64 = text.strip_prefix(SHARED_PREFIX).unwrap_or(text);
        let bytes =
            decode_base64(base64, "secret of Standard Webhooks, `whsec_` and base64 with padding")?;
        let got = bytes.expose_secret().len();
        if !(24..=64).contains(&got) {
            return Err(KeyError::Length { got, what: "secret of Standard Webhooks (24 to 64)" });
        }
        Self::from_bytes(bytes)
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
        Self::from_bytes(SecretBytes::dangerous_unchecked(text.as_bytes().to_vec()))
    }

    /// Reads a key written in base64 with padding (RFC 4648 section 4).
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub fn from_base64(text: &str) -> Result<Self, KeyError> {
        check_text(text, "a shared secret in base64", &[])?;
        Self::from_bytes(decode_base64(text, "base64 with padding")?)
    }

    /// Reads a key written in hex, in lower or upper case.
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        check_text(text, "a shared secret in hex", &[])?;
        let mut bytes = Zeroizing::new(vec![0; text.len() / 2]);
        base16ct::mixed::decode(text, &mut bytes).map_err(|_| KeyError::Encoding("hex"))?;
        Self::from_bytes(SecretBytes::dangerous_unchecked(std::mem::take(&mut *bytes)))
    }

    /// Takes the bytes of a key, such as those derived from a master key.
    ///
    /// # Errors
    ///
    /// [`KeyError::Empty`], also for zeros alone: HMAC fills a short key up with zeros, so they are the empty
    /// key.
    pub fn from_bytes(bytes: SecretBytes) -> Result<Self, KeyError> {
        if bytes.expose_secret().iter().all(|byte| *byte == 0) {
            Err(KeyError::Empty)
        } else {
            Ok(Self(bytes))
        }
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

fn decode_base64(text: &str, what: &'static str) -> Result<SecretBytes, KeyError> {
    if text.is_empty() {
        return Err(KeyError::Empty);
    }
    // Wiped also when the text breaks off half-way.
    let mut bytes = Zeroizing::new(vec![0; text.len()]);
    let len = Base64::decode(text, &mut bytes).map_err(|_| KeyError::Encoding(what))?.len();
    Ok(SecretBytes::dangerous_unchecked(bytes[..len].to_vec()))
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret(<redacted>)")
    }
}
