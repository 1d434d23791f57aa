//! A token taken apart, for tools and for teaching.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palisade_secret::MacKey;

use super::header::Header;
use super::keys::Verifies;
use super::parts::Parts;
use crate::TokenRefused;

/// A compact JWS that is well formed, of which nothing is verified.
///
/// For tools that show a token. A service uses [`SessionTokens`](crate::SessionTokens) or
/// [`EpochVerifier`](crate::EpochVerifier), which leave out none of the steps.
///
/// # Examples
///
/// ```
/// use palisade_session::CompactJws;
///
/// // RFC 7515 appendix A.1.
/// let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
///              eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
///              dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// let jws = CompactJws::parse(token)?;
/// assert_eq!(jws.algorithm(), "HS256");
/// assert_eq!(jws.key_id(), None);
/// assert!(jws.dangerous_unverified_payload().starts_with(br#"{"iss":"joe""#));
/// # Ok::<(), palisade_session::TokenRefused>(())
/// ```
pub struct CompactJws<'t> {
    parts: Parts<'t>,
    header: Header,
    payload: Vec<u8>,
}

impl<'t> CompactJws<'t> {
    /// Takes a token apart.
    ///
    /// # Errors
    ///
    /// [`TokenRefused`] when it is too long, is not three parts of canonical base64url, or its header is
    /// not a JSON object of the kind that is accepted here.
    pub fn parse(token: &'t str) -> Result<Self, TokenRefused> {
        let parts = Parts::split(token)?;
        let header = Header::decode(parts.header)?;
        let decode = |text| URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenRefused::Malformed);
        let payload = decode(parts.payload)?;
        decode(parts.signature)?;
        Ok(Self { parts, header, payload })
    }

    /// The algorithm that the header names.
    #[must_use]
    pub fn algorithm(&self) -> &str {
        &self.header.alg
    }

    /// The type that the header names.
    #[must_use]
    pub fn token_type(&self) -> Option<&str> {
        self.header.typ.as_deref()
    }

    /// The id of the key that the header names.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// The header, as it was written.
    #[must_use]
    pub fn header_json(&self) -> &str {
        &self.header.json
    }

    /// The payload. Anyone may have written it.
    #[must_use]
    pub fn dangerous_unverified_payload(&self) -> &[u8] {
        &self.payload
    }

    /// The payload, once the signature is found good under `HS256` with this key.
    ///
    /// Of its type and of its claims nothing is checked.
    ///
    /// # Errors
    ///
    /// [`TokenRefused`] when the header names another algorithm or the signature is not right.
    pub fn verify_hs256(&self, key: &MacKey) -> Result<&[u8], TokenRefused> {
        if self.header.alg != key.algorithm() {
            return Err(TokenRefused::Algorithm);
        }
        key.verify(self.parts.signed.as_bytes(), self.parts.signature)?;
        Ok(&self.payload)
    }

    /// The payload, once the signature is found good under `EdDSA` with the key of the set that the
    /// header names.
    ///
    /// Of its type and of its claims nothing is checked.
    ///
    /// # Errors
    ///
    /// [`TokenRefused`] when the header names no key of the set or another algorithm, or the signature is
    /// not right.
    #[cfg(feature = "eddsa")]
    pub fn verify_eddsa(&self, keys: &crate::Jwks) -> Result<&[u8], TokenRefused> {
        let id = self.key_id().ok_or(TokenRefused::UnknownKey)?;
        // A public key has no end of its own in a set, so any time serves.
        let key = keys.0.find(id, std::time::SystemTime::UNIX_EPOCH);
        let key = key.map_err(|_| TokenRefused::UnknownKey)?;
        if self.header.alg != key.algorithm() {
            return Err(TokenRefused::Algorithm);
        }
        key.verify(self.parts.signed.as_bytes(), self.parts.signature)?;
        Ok(&self.payload)
    }
}

impl std::fmt::Debug for CompactJws<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the parts: together with the signature they are a token.
        write!(f, "CompactJws({})", self.header.json)
    }
}
