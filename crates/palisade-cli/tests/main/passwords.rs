//! `password hash` and `password verify`.

use palisade::password::{Hasher, Password, Verdict};
use serde_json::json;
use std::time::{Instant, SystemTime};

use crate::command::{Answer, PEPPER, palisade, palisade_in};

const PASSWORD: &str = "correct horse battery staple";

/// Argon2id that costs a test nothing.
const CHEAP: [&str; 4] = ["--memory", "64KiB", "--passes", "1"];

/// Of `U*U`, from the published vectors of `crypt_blowfish`.
pub(crate) const BCRYPT: &str = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

fn hash(extra: &[&str], password: &[u8], env: &[(&str, &str)]) -> String {
    let answer = palisade_in(&[&["password", "hash"], &CHEAP[..], extra].concat(), password, env);
    assert_eq!((answer.code, answer.stderr.as_str()), (0, ""), "{answer:?}");
    answer.stdout.strip_suffix('\n').unwrap().to_owned()
}

fn verify(extra: &[&str], stored: &str, password: &[u8], env: &[(&str, &str)]) -> Answer {
    let env = [env, &[("STORED", stored)]].concat();
    let args = [&["password", "verify", "--hash-env", "STORED"], &CHEAP[..], extra].concat();
    palisade_in(&args, password, &env)
}

#[test]
fn a_hash_verifies_against_its_own_password_only() {
    let stored = hash(&[], PASSWORD.as_bytes(), &[]);
    assert!(stored.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{stored}");
    let verdict = Hasher::builder().build().unwrap().verify(
        &Password::new(PASSWORD).unwrap(),
        &stored,
        SystemTime::now(),
    );
    assert!(matches!(verdict, Ok(Verdict::Match { .. })));

    let right = verify(&[], &stored, PASSWORD.as_bytes(), &[]);
    assert_eq!((right.code, right.stdout.as_str()), (0, "match\n"), "{right:?}");
    let wrong = verify(&[], &stored, b"wrong", &[]);
    assert_eq!((wrong.code, wrong.stdout.as_str()), (1, ""));
    assert!(wrong.stderr.starts_with("no match"), "{wrong:?}");

    let right = verify(&["--json"], &stored, PASSWORD.as_bytes(), &[]);
    assert_eq!(right.json(), json!({ "match": true, "rehash": null, "scheme": "argon2id" }));
    let wrong = verify(&["--json"], &stored, b"wrong", &[]);
    assert_eq!(wrong.code, 1);
    let wrong = wrong.json();
    assert_eq!((&wrong["match"], &wrong["reason"]), (&false.into(), &"password_mismatch".into()));
}

#[test]
fn the_default_is_what_owasp_asks_for() {
    let answer = palisade(&["password", "hash", "--json"], PASSWORD.as_bytes()).json();
    assert!(answer["hash"].as_str().unwrap().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    assert_eq!(answer["scheme"], "argon2id");
    assert_eq!(answer["parameters"], json!({ "v": 19, "m": 19456, "t": 2, "p": 1 }));
    assert_eq!(answer["memory_bytes"], 19 * 1024 * 1024);
    assert_eq!((&answer["peppers"], &answer["wrapped"]), (&json!([]), &false.into()));
}

#[test]
fn a_match_says_why_the_hash_should_be_made_anew() {
    let weak = verify(&[], BCRYPT, b"U*U", &[]);
    assert_eq!((weak.code, weak.stdout.contains("made anew: scheme")), (0, true), "{weak:?}");
    let weak = verify(&["--json"], BCRYPT, b"U*U", &[]).json();
    assert_eq!((&weak["rehash"], &weak["scheme"]), (&"scheme".into(), &"bcrypt".into()));
    assert_eq!(verify(&[], BCRYPT, b"U*V", &[]).code, 1);
}

#[test]
fn bcrypt_has_its_own_parameters() {
    let bcrypt = ["password", "hash", "--scheme", "bcrypt", "--cost", "10"];
    let stored = palisade(&bcrypt, PASSWORD.as_bytes());
    assert!(stored.stdout.starts_with("$2b$10$"), "{stored:?}");
    assert_eq!(verify(&[], stored.stdout.trim_end(), PASSWORD.as_bytes(), &[]).code, 0);

    for (password, reason) in
        [(&[b'a'; 73][..], "password_too_long_for_bcrypt"), (b"a\0b", "password_nul_for_bcrypt")]
    {
        let refused = palisade(&[&bcrypt[..], &["--json"]].concat(), password);
        assert_eq!((refused.code, &refused.json()["error"]), (2, &reason.into()));
        let prehashed = palisade(&[&bcrypt[..], &["--prehash"]].concat(), password);
        assert!(prehashed.stdout.starts_with("$bcrypt-sha256$v=2"), "{prehashed:?}");
    }
    for wrong in [
        &["--scheme", "bcrypt", "--memory", "19MiB"][..],
        &["--cost", "12"],
        &["--prehash"],
        &["--cost", "12", "--passes", "2"],
        &["--scheme", "bcrypt", "--cost", "9"],
        &["--memory", "19"],
        &["--memory", "4KiB"],
        &["--memory", "1GiB"],
        &["--passes", "0"],
    ] {
        let answer = palisade(&[&["password", "hash"], wrong].concat(), PASSWORD.as_bytes());
        assert_eq!((answer.code, answer.stdout.as_str()), (2, ""), "{wrong:?}");
    }
}

#[test]
fn one_line_break_is_dropped_and_all_else_is_kept() {
    for (typed, same) in [
        (&b"secret\n"[..], true),
        (b"secret\r\n", true),
        (b"secret", true),
        (b"secret\n\n", false),
        (b"secret\r", false),
        (b" secret", false),
        (b"secret ", false),
        (b"secret\0", false),
    ] {
        let stored = hash(&[], typed, &[]);
        let code = verify(&[], &stored, b"secret", &[]).code;
        assert_eq!(code == 0, same, "{typed:?}");
        assert_eq!(verify(&[], &stored, typed, &[]).code, 0, "{typed:?}");
    }
    // Bytes that are no text are a password too, unless it is to be normalised.
    let stored = hash(&[], b"\xff\xfe", &[]);
    assert_eq!(verify(&[], &stored, b"\xff\xfe\n", &[]).code, 0);
    let nfc = verify(&["--json", "--normalization", "nfc"], &stored, b"\xff\xfe", &[]);
    assert_eq!((nfc.code, &nfc.json()["error"]), (2, &"password_not_text".into()));
}

#[test]
fn a_password_is_brought_to_one_form() {
    let stored = hash(&["--normalization", "nfc"], "cafe\u{301}".as_bytes(), &[]);
    assert_eq!(verify(&["--normalization", "nfc"], &stored, "caf\u{e9}".as_bytes(), &[]).code, 0);
    assert_eq!(verify(&[], &stored, "cafe\u{301}".as_bytes(), &[]).code, 1);
}

#[test]
fn an_empty_password_is_hashed_when_asked_for() {
    for empty in [&b""[..], b"\n", b"\r\n"] {
        let refused = palisade(&["--json", "password", "hash"], empty);
        assert_eq!((refused.code, &refused.json()["error"]), (2, &"password_empty".into()));
    }
    let stored = hash(&["--allow-empty"], b"", &[]);
    assert_eq!(verify(&[], &stored, b"", &[]).code, 0);
}

#[test]
fn what_is_too_long_is_refused_without_reading_on() {
    let longest = [b'a'; 4096];
    let stored = hash(&[], &[&longest[..], b"\r\n"].concat(), &[]);
    assert_eq!(verify(&[], &stored, &longest, &[]).code, 0);
    let start = Instant::now();
    for long in [4097, 16 << 20] {
        let long = vec![b'a'; long];
        for answer in [
            palisade(&["--json", "password", "hash"], &long),
            verify(&["--json"], &stored, &long, &[]),
        ] {
            assert_eq!((answer.code, &answer.json()["error"]), (2, &"password_too_long".into()));
        }
    }
    assert!(start.elapsed().as_secs() < 5);
}

#[test]
fn peppers_rotate() {
    let other = PEPPER.replace("f1w9", "9w1f");
    let old = [("PEPPERS", &*format!("2026a:{PEPPER}"))];
    let new = [("PEPPERS", &*format!("2026b:{other},2026a:{PEPPER}"))];
    let peppers = ["--peppers-env", "PEPPERS"];
    let stored = hash(&peppers, PASSWORD.as_bytes(), &old);
    assert!(stored.starts_with("$hmac-sha256$2026a$argon2id$"), "{stored}");

    let answer = verify(&peppers, &stored, PASSWORD.as_bytes(), &old);
    assert_eq!(answer.stdout, "match\n", "{answer:?}");
    let answer = verify(&peppers, &stored, PASSWORD.as_bytes(), &new);
    assert!(answer.stdout.ends_with("anew: old_pepper\n"), "{answer:?}");

    // A pepper that is not there is for the operator, and no mismatch.
    let missing = [("PEPPERS", &*format!("2026b:{other}"))];
    for (args, env) in [(&peppers[..], &missing[..]), (&[], &[])] {
        let answer = verify(args, &stored, PASSWORD.as_bytes(), env);
        assert_eq!((answer.code, answer.stderr.contains("2026a")), (2, true), "{answer:?}");
        let answer = verify(&[&["--json"], args].concat(), &stored, PASSWORD.as_bytes(), env);
        assert_eq!(answer.json()["error"], "pepper_unknown");
    }

    let plain = hash(&[], PASSWORD.as_bytes(), &[]);
    let refused = verify(&peppers, &plain, PASSWORD.as_bytes(), &old);
    assert_eq!((refused.code, refused.stderr.contains("--allow-unpeppered")), (2, true));
    let allowed = [&peppers[..], &["--allow-unpeppered"]].concat();
    let answer = verify(&allowed, &plain, PASSWORD.as_bytes(), &old);
    assert!(answer.stdout.ends_with("anew: unpeppered\n"), "{answer:?}");
    assert_eq!(verify(&["--allow-unpeppered"], &plain, b"", &[]).code, 2, "it needs peppers");
}

#[test]
fn a_stored_hash_that_cannot_be_used_is_an_error_and_no_mismatch() {
    let salt_and_digest = "YWFhYWFhYWFhYWFhYWFhYQ$YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE";
    let bomb = format!("$argon2id$v=19$m=8388608,t=2,p=1${salt_and_digest}");
    let passes = format!("$argon2id$v=19$m=64,t=4294967295,p=1${salt_and_digest}");
    let zero = format!("$argon2id$v=19$m=64,t=0,p=1${salt_and_digest}");
    let unknown = format!("$hmac-sha256$2020$argon2id$v=19$m=64,t=1,p=1${salt_and_digest}");
    let buggy = BCRYPT.replace("$2a", "$2x");
    let long = format!("{BCRYPT}{}", "A".repeat(1000));
    let start = Instant::now();
    for (stored, reason) in [
        ("", "hash_empty"),
        ("5f4dcc3b5aa765d61d8327deb882cf99", "hash_unsupported"),
        (&bomb, "hash_too_costly"),
        (&passes, "hash_too_costly"),
        (&zero, "hash_malformed"),
        (&unknown, "pepper_unknown"),
        (&buggy, "hash_not_accepted"),
        (&BCRYPT[..59], "hash_malformed"),
        (&long, "hash_malformed"),
        ("$2a$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "hash_too_costly"),
    ] {
        let answer = verify(&["--json"], stored, b"U*U", &[]);
        assert_eq!((answer.code, &answer.json()["error"]), (2, &reason.into()), "{stored}");
        let answer = verify(&[], stored, b"U*U", &[]);
        assert_eq!((answer.code, answer.stdout.as_str()), (2, ""), "{stored}");
        let tail = stored.get(stored.len().saturating_sub(8)..).unwrap();
        assert!(tail.is_empty() || !answer.stderr.contains(tail), "{answer:?}");
    }
    assert!(start.elapsed().as_secs() < 5);
    assert_eq!(verify(&["--accept-2x"], &buggy, b"U*V", &[]).code, 1);
}

#[test]
fn a_stored_hash_comes_from_one_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hash");
    std::fs::write(&path, format!("{BCRYPT}\r\n")).unwrap();
    let path = path.to_str().unwrap();
    let verify = ["password", "verify"];
    let file = [&verify[..], &["--hash-file", path]].concat();
    assert_eq!(palisade(&file, b"U*U\n").code, 0);

    // With the hash on stdin the password comes from elsewhere.
    let stdin = [&verify[..], &["--hash-stdin", "--env", "PASS"]].concat();
    assert_eq!(palisade_in(&stdin, format!("{BCRYPT}\n").as_bytes(), &[("PASS", "U*U")]).code, 0);
    let stdin = [&verify[..], &["--hash-stdin", "--file", path]].concat();
    assert_eq!(palisade(&stdin, BCRYPT.as_bytes()).code, 1);

    for wrong in [
        &["--hash-file", "/nowhere"][..],
        &["--hash-env", "NOT_SET"],
        &[],
        &["--hash-stdin", "--hash-file", path],
        &["--hash", BCRYPT],
        &[BCRYPT],
    ] {
        assert_eq!(palisade(&[&verify[..], wrong].concat(), b"U*U").code, 2, "{wrong:?}");
    }
}
