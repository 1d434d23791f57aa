//! The base64 dialects of password hashes. All of `base64ct`: it decodes in constant time, and refuses
//! every text but the one that encoding gives.

use base64ct::{Base64, Base64Bcrypt, Base64Pbkdf2, Base64ShaCrypt, Base64Unpadded, Encoding as _};
use zeroize::Zeroizing;

use crate::inline::Inline;

/// A base64 dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// PHC strings: the standard alphabet without padding.
    Phc,
    /// Django: the standard alphabet, padded.
    Padded,
    /// passlib's PBKDF2: as [`Phc`](Self::Phc), with `.` for `+`.
    Dotted,
    /// bcrypt's own alphabet.
    Bcrypt,
    /// `crypt(3)`: another alphabet, low bits first.
    Crypt,
}

/// The most bytes of a digest in any scheme: the output of SHA-512.
pub(crate) const MAX_DIGEST: usize = 64;

/// The most characters of an encoded digest.
const MAX_TEXT: usize = MAX_DIGEST.div_ceil(3) * 4;

impl Encoding {
    /// Decodes exactly what [`encode`](Self::encode) gives; nothing otherwise, or when it does not fit.
    pub(crate) fn decode<const N: usize>(self, text: &str) -> Option<Inline<N>> {
        let mut bytes = [0; MAX_TEXT];
        // Room for what the text decodes to, and not a byte more: base64ct asks for no more.
        let room = bytes.get_mut(..text.len().div_ceil(4) * 3)?;
        let decoded = match self {
            Self::Phc => Base64Unpadded::decode(text, room),
            Self::Padded => Base64::decode(text, room),
            Self::Dotted => Base64Pbkdf2::decode(text, room),
            Self::Bcrypt => Base64Bcrypt::decode(text, room),
            Self::Crypt => Base64ShaCrypt::decode(text, room),
        };
        Inline::copy_of(decoded.ok()?)
    }

    /// The text of these bytes.
    pub(crate) fn encode(self, bytes: &[u8]) -> Zeroizing<String> {
        Zeroizing::new(match self {
            Self::Phc => Base64Unpadded::encode_string(bytes),
            Self::Padded => Base64::encode_string(bytes),
            Self::Dotted => Base64Pbkdf2::encode_string(bytes),
            Self::Bcrypt => Base64Bcrypt::encode_string(bytes),
            Self::Crypt => Base64ShaCrypt::encode_string(bytes),
        })
    }

    /// How many bytes a text of so many characters stands for.
    pub(crate) fn decoded_len(self, characters: usize) -> Option<usize> {
        let (whole, rest) = (characters / 4, characters % 4);
        match self {
            _ if characters > MAX_TEXT => None,
            // Every padded digest here is of SHA-1 or SHA-256: 28 or 44 characters, one of them `=`.
            Self::Padded => (rest == 0).then_some((whole * 3).saturating_sub(1)),
            _ => (rest != 1).then_some(whole * 3 + rest.saturating_sub(1)),
        }
    }
}
