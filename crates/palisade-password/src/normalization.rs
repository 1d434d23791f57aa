//! The form of Unicode that passwords are brought to before they are hashed.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick, is_nfkc_quick};
use zeroize::Zeroizing;

use crate::Password;

/// The form of Unicode that passwords are brought to before they are hashed.
///
/// One keyboard writes `é` as one code point and another as two; without normalisation these are two
/// passwords. It is a setting of the store: changed later, it locks out everyone whose password it
/// changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Normalization {
    /// The bytes as they come. What most stores have, and what rows of other systems were made with.
    #[default]
    None,
    /// Canonical composition (UAX #15): the same characters, written in one way.
    Nfc,
    /// Compatibility composition (UAX #15, named by NIST SP 800-63B-4 section 3.1.1.2): also makes
    /// look-alikes such as `①` and `1` the same.
    Nfkc,
}

/// A password that is no UTF-8 cannot be normalised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotText;

/// The bytes that are hashed.
pub(crate) enum Normalized<'a> {
    AsTyped(&'a [u8]),
    Changed(Zeroizing<Vec<u8>>),
}

impl Normalized<'_> {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::AsTyped(bytes) => bytes,
            Self::Changed(bytes) => bytes,
        }
    }
}

impl Normalization {
    /// The most bytes that one byte can become: `U+FDFA` has 3 in UTF-8, and its NFKC has 33.
    const GROWTH: usize = 11;

    pub(crate) fn apply(self, password: &Password) -> Result<Normalized<'_>, NotText> {
        let bytes = password.expose_secret();
        if self == Self::None || bytes.is_ascii() {
            return Ok(Normalized::AsTyped(bytes));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| NotText)?;
        let quick = match self {
            Self::Nfc => is_nfc_quick(text.chars()),
            _ => is_nfkc_quick(text.chars()),
        };
        if quick == IsNormalized::Yes {
            return Ok(Normalized::AsTyped(bytes));
        }
        // Sized up front: growing would leave copies behind that nobody wipes.
        let mut normal = Zeroizing::new(Vec::with_capacity(bytes.len() * Self::GROWTH));
        let mut push = |c: char| normal.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        match self {
            Self::Nfc => text.nfc().for_each(&mut push),
            _ => text.nfkc().for_each(&mut push),
        }
        Ok(Normalized::Changed(normal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(form: Normalization, text: &str) -> Vec<u8> {
        form.apply(&Password::new(text).unwrap()).unwrap().as_bytes().to_vec()
    }

    #[test]
    fn forms() {
        let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}");
        assert_eq!(apply(Normalization::None, decomposed), decomposed.as_bytes());
        assert_eq!(apply(Normalization::Nfc, decomposed), composed.as_bytes());
        assert_eq!(apply(Normalization::Nfc, composed), composed.as_bytes());
        assert_eq!(apply(Normalization::Nfc, "sh\u{2460}"), "sh\u{2460}".as_bytes());
        assert_eq!(apply(Normalization::Nfkc, "sh\u{2460}"), b"sh1");
    }

    #[test]
    fn bytes_that_are_no_text() {
        let password = Password::from_bytes(vec![0xff, b'a']).unwrap();
        assert!(Normalization::None.apply(&password).is_ok());
        assert!(Normalization::Nfc.apply(&password).is_err());
        assert!(Normalization::Nfkc.apply(&password).is_err());
    }

    /// The buffer that is wiped never grew, so that there is no other copy.
    #[test]
    fn nothing_grows_more_than_the_buffer_holds() {
        for code in 0..=u32::from(char::MAX) {
            let Some(c) = char::from_u32(code) else { continue };
            let text = c.to_string();
            assert!(text.nfkc().collect::<String>().len() <= text.len() * Normalization::GROWTH);
            assert!(text.nfc().collect::<String>().len() <= text.len() * Normalization::GROWTH);
        }
    }
}
