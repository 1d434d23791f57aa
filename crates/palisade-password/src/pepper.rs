//! The one construct that all schemes share: the scheme hashes the base64 of an HMAC of the password.
//!
//! 44 characters fit in what bcrypt reads and hold no NUL. The label keeps the HMAC of a password apart
//! from that of a hash that was wrapped: a stolen old hash, typed as a password, is nothing.

use palisade_secret::{KeyId, MacKey};
use zeroize::{Zeroize, Zeroizing};

use crate::encoding::Encoding;

/// How a peppered hash begins, before the id of the pepper.
pub(crate) const PREFIX: &str = "$hmac-sha256$";

/// What is hashed under the pepper, and stands before it.
#[derive(Clone, Copy)]
pub(crate) enum Label {
    /// A password.
    Password,
    /// The stored text of a hash that was wrapped.
    Wrapped,
}

impl Label {
    fn text(self) -> &'static [u8] {
        match self {
            Self::Password => b"palisade password v1:",
            Self::Wrapped => b"palisade wrapped v1:",
        }
    }
}

/// What the scheme hashes instead of the bytes.
pub(crate) fn apply(key: &MacKey, label: Label, bytes: &[u8]) -> Zeroizing<String> {
    let mut tag = key.mac(&[label.text(), bytes]).to_bytes();
    let text = Encoding::Padded.encode(&tag);
    tag.zeroize();
    text
}

/// The stored text of a hash under this pepper, or under none.
pub(crate) fn prefixed(pepper: Option<KeyId>, hash: &str) -> Zeroizing<String> {
    Zeroizing::new(match pepper {
        None => hash.to_owned(),
        Some(id) => format!("{PREFIX}{id}{hash}"),
    })
}
