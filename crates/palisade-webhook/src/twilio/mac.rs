//! HMAC-SHA1 (RFC 2104), which nothing but Twilio needs.
//!
//! That SHA-1 has collisions does not break HMAC-SHA1: a forger would need the key to use one.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha1::{Digest, Sha1};
use zeroize::Zeroizing;

use super::form::Form;
use crate::SharedSecret;

/// The length of the MAC, in bytes.
pub(super) const MAC_BYTES: usize = 20;

/// The block of SHA-1, to which HMAC pads its key (RFC 2104 section 2), in bytes.
const BLOCK_BYTES: usize = 64;

/// An auth token, as the hashed state that every MAC begins with.
#[derive(Clone)]
pub(super) struct Sha1Key(Hmac<Sha1>);

impl Sha1Key {
    pub(super) fn new(token: &SharedSecret) -> Self {
        let mut block = Zeroizing::new([0; BLOCK_BYTES]);
        let bytes = token.expose_secret();
        if let Some(place) = block.get_mut(..bytes.len()) {
            place.copy_from_slice(bytes);
        } else if let Some(place) = block.get_mut(..MAC_BYTES) {
            place.copy_from_slice(&Sha1::digest(bytes));
        }
        Self(Hmac::new((&*block).into()))
    }

    /// The MAC of a URL, in pieces, and of a form.
    pub(super) fn mac(&self, url: [&str; 3], form: &Form<'_>) -> [u8; MAC_BYTES] {
        let mut mac = self.0.clone();
        for piece in url {
            mac.update(piece.as_bytes());
        }
        for (name, value) in form.fields() {
            mac.update(name);
            mac.update(value);
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Sha1Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sha1Key(<redacted>)")
    }
}

#[cfg(test)]
mod tests {
    use palisade_secret::SecretBytes;

    use super::*;

    /// RFC 2202 section 3, test cases 2 and 6; the key of the latter is longer than a block.
    #[test]
    fn the_published_macs_come_out() {
        let long = vec![0xaa; 80];
        for (key, text, mac) in [
            (
                b"Jefe".to_vec(),
                "what do ya want for nothing?",
                "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
            ),
            (
                long,
                "Test Using Larger Than Block-Size Key - Hash Key First",
                "aa4ae5e15272d00e95705637ce8a3b55ed402112",
            ),
        ] {
            let secret = SharedSecret::from_bytes(SecretBytes::dangerous_unchecked(key)).unwrap();
            let got = Sha1Key::new(&secret).mac([text, "", ""], &Form::default());
            assert_eq!(base16ct::lower::encode_string(&got), mac);
        }
    }
}
