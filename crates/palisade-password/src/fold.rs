//! The form in which a password is compared with words: without case, and without look-alikes.

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// Compatibility composition (UAX #15), then lower case. It does not depend on the normalisation of the
/// store, so one list serves every store, and `ＰＡＳＳＷＯＲＤ` in full-width letters is `password`.
pub(crate) fn fold(text: &str) -> Zeroizing<String> {
    let folded = || text.nfkc().flat_map(char::to_lowercase);
    // Measured first: growing would leave copies behind that nobody wipes.
    let bytes = folded().map(char::len_utf8).sum();
    let mut whole = Zeroizing::new(String::with_capacity(bytes));
    folded().for_each(|c| whole.push(c));
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_form_go() {
        assert_eq!(fold("Caf\u{e9}").as_str(), fold("CAFE\u{301}").as_str());
        assert_eq!(fold("\u{ff30}\u{ff21}\u{ff33}\u{ff33}1").as_str(), "pass1");
        assert_ne!(fold("cafe").as_str(), fold("caf\u{e9}").as_str());
    }

    #[test]
    fn the_buffer_never_grew() {
        for text in ["", "\u{fdfa}\u{fdfa}", "\u{130}\u{23a}\u{1e9e}", "correct horse"] {
            let folded = fold(text);
            assert_eq!(folded.capacity(), folded.len(), "{text}");
        }
    }
}
