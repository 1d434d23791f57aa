//! The strict reader, trap by trap and against a naive model.

use palisade_session::cookie::{CookieRefused, CookieSpec, MAX_HEADER_BYTES, read_one};
use proptest::prelude::*;
use proptest::sample::select;

use CookieRefused::{Ambiguous, Malformed, TooLarge};

#[test]
fn only_space_and_tab_are_trimmed() {
    assert_eq!(read_one([" \t sid \t = \t a \t "], "sid"), Ok(Some("a")));
    let spaces = [
        '\u{85}', '\u{a0}', '\u{1680}', '\u{2000}', '\u{2009}', '\u{200b}', '\u{2028}', '\u{2029}',
        '\u{202f}', '\u{205f}', '\u{3000}', '\u{feff}',
    ];
    for space in spaces {
        let name = "__Host-sid";
        let planted = format!("{space}{name}=evil; {name}{space}=evil; {name}=good");
        assert_eq!(read_one([&planted], name), Ok(Some("good")), "{space:?}");
        assert_eq!(read_one([&format!("{space}{name}=evil")], name), Ok(None), "{space:?}");
        // Around a value it is part of the value.
        let value = format!("{space}a{space}");
        assert_eq!(read_one([&format!("{name}={value}")], name), Ok(Some(&*value)), "{space:?}");
    }
}

#[test]
fn a_shadow_is_refused_wherever_it_stands() {
    for headers in [
        &["sid=a; sid=b"][..],
        &["sid=a", "sid=b"],
        &["sid=a; x=1", "y=2; sid=a; sid=b; sid=a"],
        &["sid=; sid=a"],
        &["sid=a; sid=A"],
        &["sid=a; sid=aa"],
        &["sid=a; sid=\"a\""],
    ] {
        assert_eq!(read_one(headers.iter(), "sid"), Err(Ambiguous), "{headers:?}");
    }
}

#[test]
fn the_same_value_twice_is_one_value() {
    assert_eq!(read_one(["sid=a; sid= a ", "x=1; sid=a"], "sid"), Ok(Some("a")));
}

#[test]
fn nothing_is_decoded() {
    for value in ["%61", "a=b", "==", "\"a\"", "a b", "a\tb", "j:{\"a\":1}", "$Version=1", "é"] {
        assert_eq!(read_one([&format!("sid={value}")], "sid"), Ok(Some(value)));
    }
    for header in ["%73id=a", "Sid=a", "\"sid\"=a", "sid", "$Version=1, sid=a", "=sid=a"] {
        assert_eq!(read_one([header], "sid"), Ok(None), "{header}");
    }
}

#[test]
fn a_name_that_no_cookie_has_is_not_found() {
    for name in ["", "a=b", " a", "a;b", "a "] {
        assert_eq!(read_one(["=x; a=b=x;  a=x; a;b=x; a =x"], name), Ok(None), "{name:?}");
    }
}

#[test]
fn a_control_character_anywhere_is_malformed() {
    for byte in (0..=0x1f).chain([0x7f]) {
        let verdict = if byte == b'\t' { Ok(Some("a")) } else { Err(Malformed) };
        let before = [b"sid=a; x=".as_slice(), &[byte]].concat();
        assert_eq!(read_one([&before], "sid"), verdict, "{byte:#x}");
        let other_field = [b"sid=a".as_slice(), &[byte]];
        assert_eq!(read_one(other_field, "sid"), verdict, "{byte:#x}");
    }
}

#[test]
fn other_cookies_may_hold_what_is_no_text() {
    assert_eq!(read_one([b"latin=\xe9; sid=a; \xff=1; \xc3".as_slice()], "sid"), Ok(Some("a")));
    assert_eq!(read_one([b"sid=\xe9"], "sid"), Err(Malformed));
    assert_eq!(read_one([b"sid=\xe9; sid=\xe9"], "sid"), Err(Malformed));
    assert_eq!(read_one([b"sid=a; sid=\xe9"], "sid"), Err(Ambiguous));
    assert_eq!(read_one([b"sid\xe9=a"], "sid"), Ok(None));
}

#[test]
fn the_size_counts_over_all_fields_and_before_they_are_read() {
    let padding = |len: usize| "x".repeat(len);
    let fits = padding(MAX_HEADER_BYTES - 5);
    assert_eq!(read_one(["sid=a", &fits], "sid"), Ok(Some("a")));
    assert_eq!(read_one([&*fits, "sid=a"], "sid"), Ok(Some("a")));
    let too_large = padding(MAX_HEADER_BYTES - 4);
    assert_eq!(read_one(["sid=a", &too_large], "sid"), Err(TooLarge));
    assert_eq!(read_one([&padding(MAX_HEADER_BYTES)], "sid"), Ok(None));
    assert_eq!(read_one([&padding(MAX_HEADER_BYTES + 1)], "sid"), Err(TooLarge));
    // The size tells first, wherever the rest stands.
    assert_eq!(read_one(["sid=a; sid=b", "\0", &too_large], "sid"), Err(TooLarge));
    assert_eq!(read_one(["sid=a; sid=b", "\0"], "sid"), Err(Malformed));
    // A field beyond the limit is not asked for.
    let endless = std::iter::repeat("sid=a;");
    assert_eq!(read_one(endless, "sid"), Err(TooLarge));
}

#[test]
fn ten_thousand_cookies() {
    let crowd = |count: usize| "a=;".repeat(count);
    assert_eq!(read_one([&crowd(10_000)], "sid"), Err(TooLarge));
    let most = crowd(MAX_HEADER_BYTES / 3 - 2) + "sid=a";
    assert_eq!(read_one([&most], "sid"), Ok(Some("a")));
    assert_eq!(read_one([&most], "a"), Ok(Some("")));
    assert_eq!(read_one(std::iter::repeat_n("a=", 8000).chain(["sid=a"]), "sid"), Ok(Some("a")));
}

#[test]
fn an_empty_session_cookie_is_none() {
    let spec = CookieSpec::builder("sid").build().unwrap();
    assert_eq!(read_one(["sid="], "sid"), Ok(Some("")));
    assert_eq!(spec.read(["sid="]), Ok(None));
    assert_eq!(spec.read(["sid= \t; sid="]), Ok(None));
    assert_eq!(spec.read(["sid=; sid=a"]), Err(Ambiguous));
    assert_eq!(spec.read(["sid=\"\""]), Ok(Some("\"\"")));
}

#[test]
fn a_refusal_has_a_word_for_the_log_and_a_text_for_the_client() {
    for (refused, word) in [
        (Ambiguous, "cookie_ambiguous"),
        (Malformed, "cookie_malformed"),
        (TooLarge, "cookie_too_large"),
    ] {
        assert_eq!(refused.reason(), word);
        assert!(refused.to_string().contains("cookie"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn the_reader_agrees_with_a_naive_one(headers in headers()) {
        let naive = naive(&headers, b"n");
        let read = read_one(&headers, "n").map(|value| value.map(|text| text.as_bytes().to_vec()));
        prop_assert_eq!(read, naive);
    }

    #[test]
    fn no_bytes_are_too_strange(
        headers in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..4),
    ) {
        let naive = naive(&headers, b"=");
        prop_assert!(matches!(naive, Ok(None) | Err(_)));
        prop_assert_eq!(read_one(&headers, "=").is_err(), naive.is_err());
    }
}

/// Fields made of pieces that matter, so that cookies of the name, repeated and damaged, are common.
fn headers() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let pieces: [&[u8]; 18] = [
        b"n",
        b"N",
        b"=",
        b"=",
        b"; ",
        b";",
        b" ",
        b"\t",
        b"n=",
        b"n=v",
        b"n=w",
        b"; n=v",
        b"v",
        b"\"",
        "\u{a0}".as_bytes(),
        b"\xff",
        b"\x01",
        b"\x7f",
    ];
    // Controls spoil a whole request, so most requests are made without.
    let common = prop::collection::vec(select(pieces[..16].to_vec()), 0..12);
    let any = prop::collection::vec(select(pieces.to_vec()), 0..12);
    let field = prop_oneof![9 => common, 1 => any].prop_map(|pieces| pieces.concat());
    prop::collection::vec(field, 0..4)
}

/// The same rules, one step at a time.
fn naive(headers: &[Vec<u8>], name: &[u8]) -> Result<Option<Vec<u8>>, CookieRefused> {
    if headers.iter().map(Vec::len).sum::<usize>() > 16384 {
        return Err(TooLarge);
    }
    let all = headers.join(&b';');
    if all.iter().any(|byte| matches!(byte, 0..=8 | 10..=31 | 127)) {
        return Err(Malformed);
    }
    let mut values = Vec::new();
    for part in all.split(|byte| *byte == b';') {
        if let Some(at) = part.iter().position(|byte| *byte == b'=') {
            let strip = |bytes: &[u8]| {
                let text: Vec<u8> = bytes.to_vec();
                let start = text.iter().take_while(|byte| [9, 32].contains(*byte)).count();
                let end = text.iter().rev().take_while(|byte| [9, 32].contains(*byte)).count();
                if start == text.len() {
                    Vec::new()
                } else {
                    text[start..text.len() - end].to_vec()
                }
            };
            if strip(&part[..at]) == name {
                values.push(strip(&part[at + 1..]));
            }
        }
    }
    values.dedup();
    match values.as_slice() {
        [] => Ok(None),
        [value] if str::from_utf8(value).is_ok() => Ok(Some(value.clone())),
        [_] => Err(Malformed),
        _ => Err(Ambiguous),
    }
}
