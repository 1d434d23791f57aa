//! JSON Web Signatures in the compact form (RFC 7515 section 7.1), strictly.
//!
//! What RFC 7515 leaves open is closed here: one algorithm for each key, a key id and a type that must
//! be there, canonical base64url, no extensions, no duplicate members. Every kind of token goes through
//! [`Jws`]; [`CompactJws`] is the same in single steps, for tools.

mod compact;
mod header;
mod json;
mod keys;
mod parts;

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palisade_secret::{KeyId, Keyring};
use zeroize::Zeroizing;

pub use compact::CompactJws;
pub use keys::SigningKeys;
#[cfg(feature = "eddsa")]
pub use keys::{Ed25519Key, InvalidEd25519Secret, InvalidJwks, Jwks};

use header::{Header, header_text};
pub(crate) use json::{RawClaims, claims};
use keys::MAX_SIGNATURE_LEN;
#[cfg(feature = "eddsa")]
pub(crate) use keys::PublicKey;
pub(crate) use keys::{SigningKey, Signs, Verifies};
pub(crate) use parts::MAX_TOKEN_LEN;
use parts::Parts;

use crate::TokenRefused;

/// Where a verified payload is decoded, so that no allocation is needed: three quarters of the longest
/// token.
pub(crate) type PayloadBuffer = [u8; MAX_TOKEN_LEN / 4 * 3];

/// Signs and verifies tokens of one type.
#[derive(Debug)]
pub(crate) struct Jws<K> {
    keys: Keyring<Headed<K>>,
    typ: &'static str,
}

/// A key with the header of the tokens that it signs. Most tokens come with exactly that header, so one
/// comparison replaces decoding and parsing.
#[derive(Debug)]
struct Headed<K> {
    key: K,
    /// In base64url.
    header: String,
}

impl<K: Verifies> Jws<K> {
    pub(crate) fn new(keys: Keyring<K>, typ: &'static str) -> Self {
        let headed = |id: &KeyId, key: K| {
            let header = header_text(key.algorithm(), typ, id);
            Ok::<_, std::convert::Infallible>(Headed { key, header })
        };
        match keys.try_map(headed) {
            Ok(keys) => Self { keys, typ },
            Err(never) => match never {},
        }
    }

    /// The payload, once the header and the signature are found good, and the id of the key.
    pub(crate) fn verify<'b>(
        &self,
        token: &str,
        now: SystemTime,
        buffer: &'b mut PayloadBuffer,
    ) -> Result<(&'b str, KeyId), TokenRefused> {
        let parts = Parts::split(token)?;
        let (id, headed) = self.key_of(parts.header, now)?;
        headed.key.verify(parts.signed.as_bytes(), parts.signature)?;
        let len = URL_SAFE_NO_PAD
            .decode_slice(parts.payload, buffer)
            .map_err(|_| TokenRefused::Malformed)?;
        let payload = buffer.get(..len).ok_or(TokenRefused::Malformed)?;
        let payload = std::str::from_utf8(payload).map_err(|_| TokenRefused::Malformed)?;
        Ok((payload, id))
    }

    fn key_of(&self, header: &str, now: SystemTime) -> Result<(KeyId, &Headed<K>), TokenRefused> {
        let ours = self.keys.live(now).find(|(_, key)| key.header == header);
        if let Some((id, key)) = ours {
            return Ok((*id, key));
        }
        let header = Header::decode(header)?;
        if header.typ.as_deref() != Some(self.typ) {
            return Err(TokenRefused::Type);
        }
        let kid = header.kid.as_deref().ok_or(TokenRefused::UnknownKey)?;
        let named = self.keys.live(now).find(|(id, _)| id.as_str() == kid);
        let (id, key) = named.ok_or(TokenRefused::UnknownKey)?;
        // The algorithm belongs to the key; a header may only agree.
        if header.alg != key.key.algorithm() {
            return Err(TokenRefused::Algorithm);
        }
        Ok((*id, key))
    }
}

impl<K: Signs> Jws<K> {
    /// The token of this payload, signed with the primary key, after a fixed prefix.
    pub(crate) fn sign(&self, prefix: &str, payload: &[u8]) -> Zeroizing<String> {
        let (_, headed) = self.keys.primary();
        let payload_len = payload.len().div_ceil(3) * 4;
        let len = prefix.len() + headed.header.len() + payload_len + MAX_SIGNATURE_LEN + 2;
        // As long as it will be, so that no part of it is left behind by a move.
        let mut token = Zeroizing::new(String::with_capacity(len));
        token.push_str(prefix);
        token.push_str(&headed.header);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(payload, &mut token);
        let signature = headed.key.sign(&token.as_bytes()[prefix.len()..]);
        token.push('.');
        // The signature is what makes a token of it: encoded in constant time, unlike the claims.
        token.push_str(signature.encode(&mut [0; MAX_SIGNATURE_LEN]));
        token
    }
}
