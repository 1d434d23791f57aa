//! Signing as Twilio does.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::form::Form;
use super::mac::Sha1Key;
use super::target::{self, Target};
use crate::SharedSecret;

/// Signs as Twilio does: for tests of a receiver, and for services that imitate it.
///
/// # Examples
///
/// The example of Twilio's own libraries:
///
/// ```
/// use palisade_webhook::{SharedSecret, TwilioSigner};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let signer = TwilioSigner::new(&SharedSecret::from_text("12345")?);
/// let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
/// let body = b"CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=%2B18005551212\
///     &Caller=%2B14158675309";
/// assert_eq!(signer.sign(url, body)?, "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
///
/// // Any other body goes with a URL that holds its digest.
/// let body = br#"{"property": "value", "boolean": true}"#;
/// let url = TwilioSigner::url_with_digest(url, body);
/// assert_eq!(signer.sign(&url, body)?, "a9nBmqA0ju/hNViExpshrM61xv4=");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TwilioSigner(Sha1Key);

impl TwilioSigner {
    /// A signer with an auth token.
    #[must_use]
    pub fn new(token: &SharedSecret) -> Self {
        Self(Sha1Key::new(token))
    }

    /// The URL under which to send a body that is no form: `bodySHA256` is added to its query.
    #[must_use]
    pub fn url_with_digest(url: &str, body: &[u8]) -> String {
        target::with_body_sha256(url, body)
    }

    /// Signs a request: the value of `X-Twilio-Signature`. The URL is signed as it stands.
    ///
    /// # Errors
    ///
    /// [`TwilioUnsigned`] when no receiver would accept it.
    pub fn sign(&self, url: &str, body: &[u8]) -> Result<String, TwilioUnsigned> {
        let form = match Target::new(url).body_sha256() {
            Ok(Some(digest)) if digest.fits(body) => Form::default(),
            Ok(None) => Form::read(body, usize::MAX).map_err(|_| TwilioUnsigned::Form)?,
            _ => return Err(TwilioUnsigned::Digest),
        };
        Ok(BASE64_STANDARD.encode(self.0.mac([url, "", ""], &form)))
    }
}

impl fmt::Debug for TwilioSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TwilioSigner(<redacted>)")
    }
}

/// Why a request was not signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TwilioUnsigned {
    /// The body is no form, and the URL holds no digest of it.
    #[error("the body is no form: make the URL with `url_with_digest`")]
    Form,
    /// The `bodySHA256` of the URL is not that of the body, or it is there twice, or not last.
    #[error("the `bodySHA256` of the URL is not that of the body")]
    Digest,
}
