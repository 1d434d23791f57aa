//! Writing what was computed, and comparing it with what was sent.
//!
//! The expected signature is written out once and compared as text, in constant time. What was sent is not
//! decoded at all, so only the one canonical form can match, and sixteen candidates cost little more than
//! one.

use base64ct::Encoding as _;
use subtle::{Choice, ConstantTimeEq};

use crate::Encoding;

/// A MAC as the scheme writes it: at most 64 characters.
pub(crate) struct Written {
    text: [u8; 64],
    len: usize,
}

impl Written {
    pub(crate) fn new(encoding: Encoding, mac: &[u8; 32]) -> Self {
        let mut text = [0; 64];
        let len = match encoding {
            Encoding::LowerHex => write_hex(mac, &mut text, b'a'),
            Encoding::UpperHex => write_hex(mac, &mut text, b'A'),
            Encoding::Base64 => base64ct::Base64::encode(mac, &mut text).map_or(0, str::len),
            Encoding::Base64Url => {
                base64ct::Base64UrlUnpadded::encode(mac, &mut text).map_or(0, str::len)
            }
        };
        Self { text, len }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.text[..self.len]
    }

    /// Whether this is what was sent.
    pub(crate) fn matches(&self, presented: &[u8]) -> bool {
        // The length is no secret: every signature of a scheme has the same.
        presented.len() == self.len && bool::from(same_text(self.as_bytes(), presented))
    }
}

/// Compares texts of one length, at least eight bytes, in constant time.
///
/// The differences of all words are gathered, and `subtle` judges what was gathered: it needs the whole value,
/// so no compiler can leave the loop early.
fn same_text(a: &[u8], b: &[u8]) -> Choice {
    let (Some(last_a), Some(last_b)) = (a.last_chunk(), b.last_chunk()) else {
        return Choice::from(0);
    };
    let mut difference = u64::from_ne_bytes(*last_a) ^ u64::from_ne_bytes(*last_b);
    for (a, b) in a.as_chunks().0.iter().zip(b.as_chunks().0) {
        difference |= u64::from_ne_bytes(*a) ^ u64::from_ne_bytes(*b);
    }
    difference.ct_eq(&0)
}

/// Writes hex by arithmetic: a table would be read at places that depend on the MAC.
fn write_hex(mac: &[u8; 32], text: &mut [u8; 64], ten: u8) -> usize {
    // From `9 + 1` to the letter for ten.
    let gap = ten - b'9' - 1;
    let digit = |nibble: u8| {
        let above_nine = 9_u8.wrapping_sub(nibble) >> 7;
        b'0' + nibble + above_nine * gap
    };
    for (byte, pair) in mac.iter().zip(text.as_chunks_mut::<2>().0) {
        *pair = [digit(byte >> 4), digit(byte & 15)];
    }
    64
}

/// The bytes of public data in its one canonical form, or `None`. At most 128 bytes are written.
pub(crate) fn decode<'b>(
    encoding: Encoding,
    text: &[u8],
    bytes: &'b mut [u8; 128],
) -> Option<&'b [u8]> {
    use base64::Engine as _;
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

    let len = match encoding {
        Encoding::LowerHex => base16ct::lower::decode(text, bytes).ok()?.len(),
        Encoding::UpperHex => base16ct::upper::decode(text, bytes).ok()?.len(),
        Encoding::Base64 => BASE64_STANDARD.decode_slice(text, bytes).ok()?,
        Encoding::Base64Url => BASE64_URL_SAFE_NO_PAD.decode_slice(text, bytes).ok()?,
    };
    bytes.get(..len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_written_as_libraries_write_it() {
        for start in 0..=255_u8 {
            let mac: [u8; 32] =
                std::array::from_fn(|at| start.wrapping_add(u8::try_from(at).unwrap_or(0) * 7));
            let lower = base16ct::lower::encode_string(&mac);
            assert_eq!(Written::new(Encoding::LowerHex, &mac).as_bytes(), lower.as_bytes());
            assert_eq!(
                Written::new(Encoding::UpperHex, &mac).as_bytes(),
                lower.to_ascii_uppercase().as_bytes()
            );
            for encoding in
                [Encoding::LowerHex, Encoding::UpperHex, Encoding::Base64, Encoding::Base64Url]
            {
                let written = Written::new(encoding, &mac);
                assert!(written.matches(written.as_bytes()));
                assert_eq!(
                    decode(encoding, written.as_bytes(), &mut [0; 128]),
                    Some(mac.as_slice())
                );
            }
        }
    }

    #[test]
    fn one_different_bit_anywhere_is_a_difference() {
        for encoding in
            [Encoding::LowerHex, Encoding::UpperHex, Encoding::Base64, Encoding::Base64Url]
        {
            let written = Written::new(encoding, &[0x5a; 32]);
            for at in 0..written.len * 8 {
                let mut other = written.text;
                other[at / 8] ^= 1 << (at % 8);
                assert!(!written.matches(&other[..written.len]));
            }
            assert!(!written.matches(&written.text[..written.len - 1]));
            assert!(!written.matches(b""));
        }
    }
}
