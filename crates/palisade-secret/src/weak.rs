//! What makes a secret guessable before anyone attacks it.

use zeroize::Zeroizing;

/// Words of the values that documentation, templates and hurry leave behind. Each has seven letters
/// or more, so that a random secret holds one with a probability under one in 10^9.
const PLACEHOLDERS: [&str; 16] = [
    "changeme",
    "changethis",
    "changeit",
    "replaceme",
    "replacethis",
    "placeholder",
    "yoursecret",
    "yourkey",
    "mysecret",
    "supersecret",
    "secretkey",
    "topsecret",
    "password",
    "example",
    "insecure",
    "notsecret",
];

/// The longest pattern whose repetition counts as weak, in bytes.
const LONGEST_PERIOD: usize = 16;

/// Whether the text, with case and punctuation ignored, holds a well-known placeholder.
pub(crate) fn is_placeholder(text: &[u8]) -> bool {
    // The whole length at once: growing it would leave copies of the secret on the heap.
    let mut letters = Zeroizing::new(Vec::with_capacity(text.len()));
    letters.extend(
        text.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase),
    );
    PLACEHOLDERS
        .iter()
        .any(|word| letters.windows(word.len()).any(|window| window == word.as_bytes()))
}

/// Whether the bytes are one pattern of up to sixteen bytes over and over, or count by a fixed step.
pub(crate) fn is_pattern(bytes: &[u8]) -> bool {
    repeats(bytes) || counts(bytes)
}

fn repeats(bytes: &[u8]) -> bool {
    (1..=LONGEST_PERIOD.min(bytes.len() / 2))
        .any(|period| bytes.iter().zip(&bytes[period..]).all(|(a, b)| a == b))
}

fn counts(bytes: &[u8]) -> bool {
    let mut steps = bytes.windows(2).map(|pair| pair[1].wrapping_sub(pair[0]));
    steps.next().is_some_and(|first| steps.all(|step| step == first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_seen() {
        assert!(is_pattern(&[7; 32]));
        assert!(is_pattern(&(0..32).collect::<Vec<u8>>()));
        assert!(is_pattern(&(0..32).rev().collect::<Vec<u8>>()));
        assert!(is_pattern(&[0xde, 0xad, 0xbe, 0xef].repeat(8)));
        assert!(is_pattern(b"0123456789abcdef0123456789abcdef"));
        assert!(is_pattern(b"abcabcabcabcabcabcabcabcabcabcabca"));
        assert!(!is_pattern(b"abcabcabcabcabcabcabcabcabcabcabcx"));
    }

    #[test]
    fn placeholders_are_seen_in_any_dress() {
        for text in
            ["changeme", "CHANGE-ME-PLEASE", "your_secret_here", "xx example xx", "P.a.s.s.w.o.r.d"]
        {
            assert!(is_placeholder(text.as_bytes()), "{text}");
        }
        assert!(!is_placeholder(b"f1w9BKZzgNoEVpRAYoUNZfAKkc_eOcMd9NHDhOBqSHY"));
    }
}
