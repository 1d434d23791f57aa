use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::random_json::json;

fn forms(arrived: &[u8], signed: &[u8]) -> Option<Vec<SentForm>> {
    candidates(arrived).find(|c| c.bytes() == signed).map(|c| c.forms().collect())
}

#[track_caller]
fn found(arrived: &str, signed: &str, expected: &[SentForm]) {
    assert_eq!(forms(arrived.as_bytes(), signed.as_bytes()).as_deref(), Some(expected));
}

#[test]
fn what_arrived_and_what_was_signed() {
    use SentForm as F;
    found("a\n", "a", &[F::WithoutFinalNewline]);
    found("a\r\n", "a", &[F::WithoutFinalNewline]);
    found("a", "a\n", &[F::WithFinalLf]);
    found("a", "a\r\n", &[F::WithFinalCrLf]);
    found("", "\n", &[F::WithFinalLf]);
    found("a\nb\n", "a\r\nb\r\n", &[F::CrLfLines]);
    found("a\r\n\nb\r", "a\n\nb\r", &[F::LfLines]);
    found("a\r\nb\n", "a\r\nb\r\n", &[F::CrLfLines]);
    found("\u{feff}a", "a", &[F::WithoutBom]);
    found("a", "\u{feff}a", &[F::WithBom]);
    found("\u{feff}a\n", "a", &[F::WithoutBom, F::WithoutFinalNewline]);
    // No JSON rewriting is named where a line break explains it.
    found("{\"a\":1}\n", r#"{"a":1}"#, &[F::WithoutFinalNewline]);
    found("{\r\n  \"a\": 1\r\n}", "{\n  \"a\": 1\n}", &[F::LfLines]);

    let compact = r#"{"b":[1.0,{"ä":"/"},[]],"a":{}}"#;
    let spaced = r#"{"b": [1.0, {"ä": "/"}, []], "a": {}}"#;
    let two =
        "{\n  \"b\": [\n    1.0,\n    {\n      \"ä\": \"/\"\n    },\n    []\n  ],\n  \"a\": {}\n}";
    found(spaced, compact, &[F::Compact]);
    found(compact, spaced, &[F::Spaced]);
    found(compact, two, &[F::IndentedByTwo]);
    found(compact, &two.replace("  ", "    "), &[F::IndentedByFour]);
    found(compact, &two.replace("  ", "\t"), &[F::IndentedByTab]);
    found(compact, &two.replace('\n', "\r\n"), &[F::IndentedByTwo, F::CrLfLines]);
    found(compact, &format!("{two}\n"), &[F::IndentedByTwo, F::WithFinalLf]);
    found(&format!("\u{feff}{spaced}"), compact, &[F::WithoutBom, F::Compact]);
    found(compact, r#"{"a":{},"b":[1.0,{"ä":"/"},[]]}"#, &[F::NamesSorted]);
    found(compact, r#"{"b":[1.0,{"ä":"\/"},[]],"a":{}}"#, &[F::SlashesEscaped]);
    found(compact, r#"{"b":[1.0,{"\u00e4":"/"},[]],"a":{}}"#, &[F::NonAsciiEscaped]);
    let python = r#"{"b": [1.0, {"\u00e4": "/"}, []], "a": {}}"#;
    found(compact, python, &[F::Spaced, F::NonAsciiEscaped]);
    let php = r#"{"b":[1.0,{"\u00e4":"\/"},[]],"a":{}}"#;
    found(compact, php, &[F::NonAsciiEscaped, F::SlashesEscaped]);
    found(php, compact, &[F::NonAsciiPlain, F::SlashesPlain]);
}

#[test]
fn characters() {
    use SentForm as F;
    found(r#""😀é\n""#, r#""\ud83d\ude00\u00e9\n""#, &[F::NonAsciiEscaped]);
    found(r#""\uD83D\uDE00\u00E9\u0041""#, r#""😀é\u0041""#, &[F::NonAsciiPlain]);
    found(r#""\uD83D\uDE00""#, r#""\ud83d\ude00""#, &[F::NonAsciiEscaped]);
    // Half of a pair has no UTF-8.
    found(r#""\ud83d\u00e9\ude00""#, r#""\ud83dé\ude00""#, &[F::NonAsciiPlain]);
    found(r#""\\/\/""#, r#""\\//""#, &[F::SlashesPlain]);
    found(r#""\\/\/""#, r#""\\\/\/""#, &[F::SlashesEscaped]);
    // U+FFFF before U+10000, though its UTF-16 comes after; a name's escapes do not count; the second of
    // two equal names stays the second.
    found(r#"{"😀":1,"\uffff":2}"#, r#"{"\uffff":2,"😀":1}"#, &[F::NamesSorted]);
    found(r#"{ "b" :2,"a":1 , "\u0061":0}"#, r#"{ "a":1,"\u0061":0 , "b" :2}"#, &[F::NamesSorted]);
    found(r#"[{"b":{"d":1,"c":2},"a":3}]"#, r#"[{"a":3,"b":{"c":2,"d":1}}]"#, &[F::NamesSorted]);
}

/// So many that a sort would mix them if it did not keep the order of equal names.
#[test]
fn equal_names_stay_in_their_order() {
    let members = |name: &str| (0..200).map(|n| format!("\"{name}\":{n}")).collect::<Vec<_>>();
    let (a, b) = (members("a"), members("b"));
    let mixed: Vec<_> = b.iter().zip(&a).map(|(b, a)| format!("{b},{a}")).collect();
    let arrived = format!("{{{}}}", mixed.join(","));
    let signed = format!("{{{},{}}}", a.join(","), b.join(","));
    found(&arrived, &signed, &[SentForm::NamesSorted]);
}

/// Number text that a float would change.
#[test]
fn numbers_stay_as_they_are_written() {
    let body = "[ 1.0,1e2,-0,12345678901234567890123, 0.1000, 1E+05 ]";
    let signed = "[1.0,1e2,-0,12345678901234567890123,0.1000,1E+05]";
    found(body, signed, &[SentForm::Compact]);
}

#[test]
fn what_is_no_json_is_not_rewritten() {
    for body in [
        "",
        " ",
        "x",
        "{",
        "[1",
        "[1,]",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "[1 2]",
        "1 2",
        "01",
        "1.",
        ".5",
        "+1",
        "1e",
        "1e+",
        "--1",
        "-",
        "tru",
        "nulll",
        "NaN",
        "\"",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u+123\"",
        "\"\\u12g4\"",
        "\"\\u12é\"",
        "\"a\nb\"",
        "\"\0\"",
        "[\0]",
        "[1]\u{a0}",
        "[}",
        "{]",
        "[1}",
        "{\"a\":1]",
        "]",
        ",",
        ":",
        "\u{feff}[1]",
        "[\u{b}1]",
    ] {
        for form in SentForm::ALL {
            let json = form.reason().starts_with("json_");
            assert!(!json || form.of(body.as_bytes()).is_none(), "{form:?} {body:?}");
        }
    }
    assert!(SentForm::Compact.of(b"[\"\xff\"]").is_none());
}

#[test]
fn size_and_depth_are_bounded() {
    let nested = |deep: usize| format!("{}1 {}", "[".repeat(deep), "]".repeat(deep));
    assert!(SentForm::Compact.of(nested(128).as_bytes()).is_some());
    assert!(SentForm::Compact.of(nested(129).as_bytes()).is_none());
    assert!(SentForm::Compact.of("[".repeat(1 << 20).as_bytes()).is_none());
    let wide = vec![b'\n'; (1 << 20) + 1];
    assert_eq!(candidates(&wide).count(), 0);
    assert!(candidates(wide.get(1..).unwrap()).next().is_some());
    // Each item would stand on a line of its own behind 512 blanks.
    let items = vec!["1"; 40_000].join(",");
    let body = format!("{}{items}{}", "[".repeat(128), "]".repeat(128));
    assert!(SentForm::IndentedByFour.of(body.as_bytes()).is_none());
    assert!(SentForm::Compact.of(body.as_bytes()).is_some());
}

#[test]
fn texts_say_what_to_do_and_words_differ() {
    let words: HashSet<_> = SentForm::ALL.iter().map(SentForm::reason).collect();
    assert_eq!(words.len(), SentForm::ALL.len());
    let text = SentForm::Spaced.to_string();
    assert!(text.contains("verify the raw bytes before any JSON parser"), "{text}");
    let candidate = candidates(b"\"secret\"").next().unwrap();
    assert!(!format!("{candidate:?}").contains("secret"));
    assert!(!format!("{:?}", candidates(b"secret")).contains("secret"));
}

proptest! {
    #[test]
    fn every_form_of_json_means_the_same(body in json()) {
        let expected: Value = serde_json::from_str(&body).unwrap();
        let mut seen = HashSet::from([body.clone().into_bytes()]);
        let mut alone = true;
        for candidate in candidates(body.as_bytes()) {
            let forms: Vec<_> = candidate.forms().collect();
            prop_assert!(alone || forms.len() == 2, "one by one, then two by two");
            alone = forms.len() == 1;
            prop_assert!(seen.insert(candidate.bytes().to_vec()), "twice: {:?}", forms);
            let text = candidate.bytes();
            let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
            let read: Option<Value> = serde_json::from_slice(text).ok();
            prop_assert_eq!(read.as_ref(), Some(&expected), "{:?}", forms);
        }
        // Nothing is left out that a parser takes.
        for form in SentForm::ALL.into_iter().filter(|form| form.reason().starts_with("json_")) {
            prop_assert!(form.of(body.as_bytes()).is_some());
        }
    }

    #[test]
    fn a_form_applied_twice_is_the_form(body in json()) {
        for form in SentForm::ALL.into_iter().filter(|form| form.reason().starts_with("json_")) {
            let once = form.of(body.as_bytes()).unwrap();
            prop_assert_eq!(form.of(&once), Some(once), "{:?}", form);
        }
    }

    #[test]
    fn only_json_is_rewritten(body in json(), at: prop::sample::Index, byte in 0_u8..128) {
        let mut body = body.into_bytes();
        let at = at.index(body.len());
        body[at] = byte;
        let taken = SentForm::Compact.of(&body).is_some();
        let json = str::from_utf8(&body).is_ok_and(|text| {
            // Unlike a value, this takes half of a surrogate pair and numbers out of any range.
            serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
        });
        prop_assert_eq!(taken, json);
    }

    #[test]
    fn no_bytes_panic(body in proptest::collection::vec(any::<u8>(), 0..60)) {
        prop_assert!(candidates(&body).count() < 200);
    }
}
