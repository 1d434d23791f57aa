//! Nothing that is refused is repeated.

use proptest::prelude::*;

use crate::command::{Answer, KEY, PEPPER, palisade, palisade_in};
use crate::refusals::COMMANDS;

const BODY: &str = "k3Yt9QwLz0BvN7xMfR2sHc8JpUa5DgEi1TnXo6ZbVqW";

/// Whether an answer holds any eight characters in a row of the body.
fn leaks(answer: &Answer) -> bool {
    let Answer { stdout, stderr, .. } = answer;
    BODY.as_bytes().windows(8).any(|part| {
        let part = std::str::from_utf8(part).unwrap();
        let changed = [part.to_owned(), part.to_uppercase(), part.to_lowercase()];
        changed.iter().any(|part| stdout.contains(part) || stderr.contains(part))
    })
}

const PREFIXES: [&str; 7] =
    ["", "gmk_acct_test_", "gmk_cru_live_", "ghp_", "sk_live_", "Bearer ", "_"];

/// A key with this body whose checksum is wrong.
fn key() -> String {
    format!("gmk_acct_live_{BODY}_0000")
}

/// The mutations of a key that operators and copying make.
fn mutation() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(&PREFIXES[..]).prop_map(|prefix| key().replacen(
            "gmk_acct_live_",
            prefix,
            1
        )),
        (0..62_usize).prop_map(|length| key()[..length].to_owned()),
        ".{1,20}".prop_map(|tail| key() + &tail),
        Just(key().to_uppercase()),
        Just(key().to_lowercase()),
        "[-.:/ =+]".prop_map(|separator| key().replace('_', &separator)),
        (0..62_usize, any::<char>()).prop_map(|(place, c)| {
            let mut key = key();
            key.insert(place, c);
            key
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn no_refusal_holds_any_of_the_body(text in mutation(), json in any::<bool>()) {
        for command in COMMANDS {
            let extra: &[&str] = if json { &["--json"] } else { &[] };
            let answer = palisade(&[command, extra].concat(), text.as_bytes());
            prop_assert_eq!(answer.code, 1, "{:?} {:?}", &command, &text);
            prop_assert!(!leaks(&answer), "{:?}", answer);
        }
    }

    /// A key that lands on the command line is not carried on into a log.
    #[test]
    fn no_usage_error_holds_any_of_the_body(text in mutation(), json in any::<bool>()) {
        prop_assume!(!text.contains('\0'));
        // Where the slip is a value, the equals sign keeps a leading `-` from being an option.
        let value = |option: &str| format!("{option}={text}");
        let slips: [Vec<String>; 24] = [
            vec![text.clone()],
            vec!["key".into(), text.clone()],
            vec!["key".into(), "parse".into(), text.clone()],
            vec!["key".into(), "mask".into(), value("--env")],
            vec!["key".into(), "mask".into(), value("--file")],
            vec!["key".into(), "mint".into(), value("--format")],
            vec!["key".into(), "mask".into(), value("--json")],
            vec!["key".into(), "verify".into(), value("--digest")],
            vec!["secret".into(), "generate".into(), value("--bytes")],
            vec!["completions".into(), text.clone()],
            vec!["password".into(), text.clone()],
            vec!["password".into(), "hash".into(), text.clone()],
            vec!["password".into(), "hash".into(), value("--env")],
            vec!["password".into(), "hash".into(), value("--memory")],
            vec!["password".into(), "verify".into(), value("--hash-file")],
            vec!["password".into(), "wrap".into(), value("--output")],
            vec!["password".into(), "tune".into(), value("--target")],
            ["password", "breached", "build", "--output", "/nowhere/at/all", &text]
                .map(String::from)
                .into(),
            vec!["webhook".into(), text.clone()],
            vec!["webhook".into(), "sign".into(), value("--secret-env")],
            vec!["webhook".into(), "sign".into(), value("--secret")],
            vec!["webhook".into(), "verify".into(), value("--scheme")],
            vec!["webhook".into(), "headers".into(), text.clone()],
            ["webhook", "sign", "--scheme", "github", &value("--secret-file"), "-"]
                .map(String::from)
                .into(),
        ];
        for slip in slips {
            let mut args: Vec<&str> = slip.iter().map(String::as_str).collect();
            if json {
                args.insert(0, "--json");
            }
            let answer = palisade(&args, b"");
            prop_assert!(!leaks(&answer), "{:?} {:?}", args, answer);
        }
    }
}

#[test]
fn a_typing_error_in_an_option_is_still_named() {
    let answer = palisade(&["key", "mask", "--fil", "key.txt"], b"");
    assert_eq!(answer.code, 2);
    assert!(answer.stderr.contains("'--file'"), "{answer:?}");
    let answer = palisade(&["key", "pars"], b"");
    assert!(answer.stderr.contains("'parse'"), "{answer:?}");
    let answer = palisade(&["key", "mask", "key.txt"], b"");
    assert!(answer.stderr.contains("--file PATH"), "{answer:?}");
}

/// A password may be a short word; no error has it, and a slip in a name is still helped.
#[test]
fn no_usage_error_holds_a_short_password() {
    for password in ["hunter2", "hunter", "HUNTER2", "verif", "--hunter", "12345678", "9"] {
        let value = |option: &str| format!("{option}={password}");
        for args in [
            vec![password.to_owned()],
            vec!["hash".to_owned(), password.to_owned()],
            vec!["hash".to_owned(), value("--env")],
            vec!["hash".to_owned(), value("--file")],
            vec!["hash".to_owned(), value("--scheme")],
            vec!["hash".to_owned(), value("--cost")],
            vec!["hash".to_owned(), value("--passes")],
            vec!["hash".to_owned(), value("--allow-empty")],
            vec!["verify".to_owned(), value("--hash-env")],
            vec!["verify".to_owned(), value("--hash")],
            vec!["tune".to_owned(), value("--target")],
        ] {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let answer = palisade(&[&["password"], &args[..]].concat(), b"\n");
            assert_eq!((answer.code, answer.stdout.as_str()), (2, ""), "{args:?}");
            // A tip names what there is; `A-Z 0-9` is what a name is made of.
            let said = answer.stderr.replace("verify", "").replace("A-Z 0-9", "");
            assert!(!said.contains(password), "{args:?} {answer:?}");
        }
    }
    for args in [&["sign", "hunter"][..], &["sign", "--secret-env=hunter"], &["headers", "hunter"]]
    {
        let answer = palisade(&[&["webhook"], args].concat(), b"");
        assert!(answer.code == 2 && !answer.stderr.contains("hunter"), "{answer:?}");
    }
    assert!(palisade(&["webhook", "verif"], b"").stderr.contains("'verify'"));
    assert!(palisade(&["password", "verif"], b"").stderr.contains("'verify'"));
    assert!(palisade(&["password", "hash", "--fil", "x"], b"").stderr.contains("'--file'"));
}

#[test]
fn an_answer_shows_the_last_four_and_no_more() {
    for command in &COMMANDS[..3] {
        let answer = palisade(command, KEY.as_bytes());
        assert_eq!(answer.code, 0);
        assert!(!answer.stdout.contains("456789AB"), "{answer:?}");
    }
}

#[test]
fn no_error_holds_any_of_a_pepper() {
    let args = ["key", "digest", "--peppers-env", "PEPPERS"];
    for value in [
        format!("{PEPPER}!"),
        format!("a b:{PEPPER}"),
        format!("2026a:{PEPPER}+"),
        format!("2026a:{}", &PEPPER[..20]),
        format!("2026a:{PEPPER},2026a:{PEPPER}"),
    ] {
        let answer = palisade_in(&args, KEY.as_bytes(), &[("PEPPERS", &value)]);
        assert_eq!(answer.code, 2, "{value}");
        let said = answer.stdout + &answer.stderr;
        let shown = PEPPER
            .as_bytes()
            .windows(8)
            .any(|part| said.contains(std::str::from_utf8(part).unwrap()));
        assert!(!shown, "{said}");
    }
    // Its value where its name belongs.
    let answer = palisade(&["key", "digest", "--peppers-env", PEPPER], KEY.as_bytes());
    assert_eq!(answer.code, 2);
    assert!(!answer.stderr.contains(&PEPPER[..8]), "{answer:?}");
}
