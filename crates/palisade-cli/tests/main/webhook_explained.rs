//! `palisade webhook verify --explain`.

use serde_json::{Value, json};

use crate::command::palisade;
use crate::lists::Files;

const WHSEC: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const STRIPE: [&str; 4] = ["webhook", "verify", "--scheme", "stripe"];

fn files() -> Files {
    Files::new(&[
        ("whsec.txt", WHSEC.as_bytes()),
        ("quoted.txt", b"\"abc\"\n"),
        ("abc.txt", b"abc"),
        ("other.txt", b"x"),
    ])
}

fn path(files: &Files, name: &str) -> String {
    files.path(name).display().to_string()
}

/// The header that signs `{}` at 1700000000.
fn signed(secret: &str, form: &str) -> String {
    let secret = ["--secret-file", secret, "--secret-form", form];
    let args = ["webhook", "sign", "--scheme", "stripe", "--time", "1700000000", "-"];
    palisade(&[&args, &secret[..]].concat(), b"{}").stdout.trim_end().to_owned()
}

/// What is found, of a request that is refused.
fn explained(more: &[&str], header: &str, body: &[u8]) -> Value {
    let args = [&["--json"], &STRIPE[..], &["--explain", "--header", header, "-"], more].concat();
    let answer = palisade(&args, body);
    let json = answer.json();
    assert_eq!((answer.code, &json["valid"]), (1, &json!(false)), "{json}");
    assert!(json["reason"].as_str().unwrap().starts_with("webhook_"));
    json["finding"].clone()
}

#[test]
fn each_mistake_is_found() {
    let files = files();
    let path = |name: &str| path(&files, name);
    let (abc, whsec) = (signed(&path("abc.txt"), "text"), signed(&path("whsec.txt"), "whsec"));
    let github = "X-Hub-Signature-256: x".to_owned();
    for (secret, header, now, body, kind, part) in [
        ("whsec.txt", &whsec, "1700000000", "{}", "secret", "--secret-form whsec"),
        ("quoted.txt", &abc, "1700000000", "{}", "secret", "quotes"),
        ("abc.txt", &abc, "1700000000", "{}\n", "body", "line break"),
        ("abc.txt", &abc, "1700009000", "{}", "time", "9000 seconds ago"),
        ("other.txt", &abc, "1700000000", "{}", "unexplained", "another secret"),
        ("abc.txt", &github, "1700000000", "{}", "headers", "scheme github"),
    ] {
        let more = ["--secret-file", &path(secret), "--now", now];
        let finding = explained(&more, header, body.as_bytes());
        assert_eq!(finding["kind"], kind, "{finding}");
        assert!(finding["message"].as_str().unwrap().contains(part), "{finding}");
    }
    let finding = explained(&["--secret-file", &path("abc.txt"), "--any-age"], &abc, b"{}\n");
    assert_eq!(finding["forms"], json!(["without_final_newline"]));
    assert_eq!(finding["key"], "1");
}

#[test]
fn of_two_secrets_the_one_that_says_more() {
    let files = files();
    let abc = signed(&path(&files, "abc.txt"), "text");
    let (other, quoted) = (path(&files, "other.txt"), path(&files, "quoted.txt"));
    let more = ["--secret-file", &other, "--secret-file", &quoted, "--any-age"];
    let finding = explained(&more, &abc, b"{}");
    assert_eq!((&finding["kind"], &finding["key"]), (&json!("secret"), &json!("2")));
}

#[test]
fn a_tolerance_of_which_the_scheme_knows_nothing() {
    let files = files();
    let secret = path(&files, "abc.txt");
    let abc = signed(&secret, "text");
    let more = ["--explain", "--secret-file", &secret, "--tolerance", "10", "--header", &abc, "-"];
    let late = palisade(&[&STRIPE[..], &more, &["--now", "1700000060"]].concat(), b"{}");
    assert_eq!((late.code, late.stderr.as_str()), (1, ""));
    assert!(late.stdout.starts_with("verdict  refused: "), "{late:?}");
    assert!(late.stdout.contains("--tolerance"), "{late:?}");
    let good = palisade(&[&STRIPE[..], &more, &["--now", "1700000010"]].concat(), b"{}");
    assert!(good.code == 0 && good.stdout.starts_with("verdict     verified"), "{good:?}");
}
