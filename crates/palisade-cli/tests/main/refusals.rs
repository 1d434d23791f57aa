//! Text that is no key: what is said of it, and how fast.

use std::time::{Duration, Instant};

use crate::command::{KEY, palisade, palisade_in};

/// The commands that take a key, with what else they need.
pub(crate) const COMMANDS: [&[&str]; 4] = [
    &["key", "parse"],
    &["key", "mask"],
    &["key", "digest", "--legacy-sha256"],
    &["key", "verify", "--digest", "sha256$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"],
];

fn assert_refused(stdin: &[u8], reason: &str) {
    for command in COMMANDS {
        let answer = palisade(command, stdin);
        assert_eq!((answer.code, answer.stdout.as_str()), (1, ""), "{command:?} {reason}");
        assert!(answer.stderr.contains(reason), "{command:?} {answer:?}");

        let answer = palisade(&[command, &["--json"]].concat(), stdin);
        assert_eq!(answer.code, 1);
        let json = answer.json();
        assert_eq!(json["valid"], false);
        assert_eq!(json["reason"], reason, "{command:?}");
        assert!(json["message"].as_str().unwrap().len() > 10);
    }
}

#[test]
fn each_fault_has_its_reason() {
    let utf16: Vec<u8> = KEY.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let cases: [(Vec<u8>, &str); 19] = [
        (b"".into(), "key_empty"),
        (b"\n".into(), "key_empty"),
        (b"nonsense".into(), "key_prefix"),
        (b"npm_0123456789".into(), "key_prefix"),
        (KEY.to_uppercase().into(), "key_prefix"),
        (KEY[..61].into(), "key_length"),
        (format!("{KEY}0").into(), "key_length"),
        (KEY.replace("0123", "01-3").into(), "key_character"),
        (KEY.replace("_VZS5", "-VZS5").into(), "key_character"),
        (KEY.replace("0123", "0213").into(), "key_checksum"),
        (KEY.replace("live", "test").into(), "key_checksum"),
        (format!("{KEY}\n\n").into(), "key_white_space"),
        (format!(" {KEY}").into(), "key_white_space"),
        (format!("\u{feff}{KEY}").into(), "key_white_space"),
        (KEY.replace("_01", "_0 1").into(), "key_white_space"),
        (format!("{KEY}\0").into(), "key_nul"),
        (utf16, "key_nul"),
        ([KEY.as_bytes(), b"\xff"].concat(), "key_encoding"),
        (vec![b'a'; 300], "key_too_long"),
    ];
    for (stdin, reason) in cases {
        assert_refused(&stdin, reason);
    }
}

#[test]
fn a_huge_text_is_refused_quickly() {
    let huge = KEY.repeat(17_000);
    assert!(huge.len() > 1024 * 1024);
    let start = Instant::now();
    assert_refused(huge.as_bytes(), "key_too_long");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn a_key_of_a_format_that_was_not_asked_for_is_no_key() {
    let answer = palisade(&["--json", "key", "parse", "--format", "glc_live"], KEY.as_bytes());
    assert_eq!((answer.code, &answer.json()["reason"]), (1, &"key_prefix".into()));
}

#[test]
fn a_message_in_json_is_one_line() {
    let wrong: [&[&str]; 6] = [
        &["key", "parse", KEY],
        &["key", "mint"],
        &["key", "verify"],
        &["key", "parse", "--fast"],
        &["completions", "tcsh"],
        &["secret", "generate", "--bytes", "3"],
    ];
    for command in wrong {
        let answer = palisade(&[command, &["--json"]].concat(), b"");
        assert_eq!((answer.code, &answer.json()["error"]), (2, &"usage".into()), "{command:?}");
        let json = answer.json();
        let message = json["message"].as_str().unwrap();
        assert!(message.len() > 10 && !message.contains('\n'), "{message:?}");
        assert!(!message.contains("  "), "{message:?}");
    }
}

#[test]
fn a_source_that_is_not_there_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    for source in [["--env", "NOT_SET"], ["--file", "/nowhere/at/all"], ["--file", folder]] {
        let args = ["--json", "key", "parse", source[0], source[1]];
        let answer = palisade(&args, KEY.as_bytes());
        assert_eq!((answer.code, &answer.json()["error"]), (2, &"input".into()), "{source:?}");
    }
    let answer = palisade(&["key", "parse", "--env", "NOT_SET"], b"");
    assert!(answer.stderr.contains("NOT_SET"), "{answer:?}");
    let both = ["key", "parse", "--env", "A", "--file", "/nowhere"];
    assert_eq!(palisade_in(&both, b"", &[("A", KEY)]).code, 2);
}
