//! What a person may type: lengths, bytes, and the forms of Unicode.

use palisade_password::{HashError, Normalization, Password, VerifyError};

use crate::support::{assert_mismatch, bytes, cheap, now, password, reason};

#[test]
fn a_password_has_up_to_4096_bytes() {
    let hasher = cheap().build().unwrap();
    for len in [0, 1, 71, 72, 73, 4095, 4096] {
        let typed = bytes(&vec![b'a'; len]);
        let stored = hasher.hash(&typed).unwrap();
        assert_eq!(reason(&hasher, &typed, stored.as_str()), None);
        let other = bytes(&vec![b'a'; if len == 4096 { 4095 } else { len + 1 }]);
        assert_mismatch(&hasher, &other, stored.as_str());
    }
    for len in [4097, 1024 * 1024] {
        assert!(Password::from_bytes(vec![b'a'; len]).is_err());
        assert!(Password::new("a".repeat(len)).is_err());
    }
    // Bytes are counted, not characters.
    assert!(Password::new("é".repeat(2048)).is_ok());
    assert!(Password::new("é".repeat(2049)).is_err());
}

#[test]
fn any_bytes_are_a_password_and_each_of_them_counts() {
    let hasher = cheap().build().unwrap();
    let all: Vec<u8> = (0..=255).collect();
    let stored = hasher.hash(&bytes(&all)).unwrap();
    assert_eq!(reason(&hasher, &bytes(&all), stored.as_str()), None);
    for at in 0..all.len() {
        let mut other = all.clone();
        other[at] ^= 1;
        assert_mismatch(&hasher, &bytes(&other), stored.as_str());
    }
    for (one, other) in
        [(&b""[..], &b"\0"[..]), (b"a", b"a\0"), (b"a\0b", b"a"), (b"a\0b", b"a\0c")]
    {
        let stored = hasher.hash(&bytes(one)).unwrap();
        assert_mismatch(&hasher, &bytes(other), stored.as_str());
    }
}

const COMPOSED: &str = "caf\u{e9} \u{2460}";
const DECOMPOSED: &str = "cafe\u{301} \u{2460}";
const COMPATIBLE: &str = "caf\u{e9} 1";

/// A login on one keyboard, and the next on another.
#[test]
fn the_form_of_unicode_is_a_setting_of_the_store() {
    for (form, decomposed, compatible) in [
        (Normalization::None, false, false),
        (Normalization::Nfc, true, false),
        (Normalization::Nfkc, true, true),
    ] {
        let hasher = cheap().normalization(form).build().unwrap();
        for first in [COMPOSED, DECOMPOSED] {
            let stored = hasher.hash(&password(first)).unwrap();
            let expect = |typed: &str, is_same: bool| {
                if is_same {
                    assert_eq!(reason(&hasher, &password(typed), stored.as_str()), None);
                } else {
                    assert_mismatch(&hasher, &password(typed), stored.as_str());
                }
            };
            let other = if first == COMPOSED { DECOMPOSED } else { COMPOSED };
            expect(first, true);
            expect(other, decomposed);
            expect(COMPATIBLE, compatible);
            expect("cafe 1", false);
        }
    }
}

#[test]
fn bytes_that_are_no_text_are_refused_where_text_is_normalised() {
    let hasher = cheap().normalization(Normalization::Nfkc).build().unwrap();
    let stored = hasher.hash(&password(COMPOSED)).unwrap();
    for typed in [&b"\xff"[..], b"caf\xc3", b"\xed\xa0\x80", b"\xc0\xaf"] {
        let typed = bytes(typed);
        assert!(matches!(hasher.hash(&typed), Err(HashError::NotText)));
        let verdict = hasher.verify(&typed, stored.as_str(), now());
        assert!(matches!(verdict, Err(VerifyError::NotText)), "{verdict:?}");
        let verdict = hasher.verify_unknown_user(&typed, "nobody", now());
        assert!(matches!(verdict, Err(VerifyError::NotText)), "{verdict:?}");
    }
}

/// Normalised, the longest password is eleven times as long, and is hashed whole.
#[test]
fn a_password_may_grow_when_it_is_normalised() {
    let hasher = cheap().normalization(Normalization::Nfkc).build().unwrap();
    let longest = password(&"\u{fdfa}".repeat(1365));
    let stored = hasher.hash(&longest).unwrap();
    assert_eq!(reason(&hasher, &longest, stored.as_str()), None);
    let other = password(&format!("{}x", "\u{fdfa}".repeat(1364)));
    assert_mismatch(&hasher, &other, stored.as_str());
}

#[test]
fn no_two_hashes_of_a_password_are_the_same() {
    let hasher = cheap().build().unwrap();
    let mut seen = std::collections::HashSet::new();
    for _ in 0..100 {
        assert!(seen.insert(hasher.hash(&password(COMPOSED)).unwrap().into_string()));
    }
}
