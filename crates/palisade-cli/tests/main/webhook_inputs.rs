//! `palisade webhook`: what is missing, strange, or too much.

use serde_json::json;

use crate::command::{Answer, palisade, palisade_in};
use crate::lists::Files;

const SECRET: &str = "my very own secret";
const VERIFY: [&str; 6] = ["webhook", "verify", "--scheme", "github", "--secret-env", "SECRET"];
const SIGN: [&str; 6] = ["webhook", "sign", "--scheme", "github", "--secret-env", "SECRET"];
const HEADER: &str = "X-Hub-Signature-256: sha256=00";

fn run(args: &[&str], stdin: &[u8]) -> Answer {
    let answer = palisade_in(args, stdin, &[("SECRET", SECRET)]);
    assert!(!answer.stdout.contains(SECRET) && !answer.stderr.contains(SECRET), "{answer:?}");
    answer
}

/// The headers that sign a body.
fn signed(body: &[u8]) -> String {
    run(&[&SIGN[..], &["-"]].concat(), body).stdout
}

fn error(args: &[&str], stdin: &[u8]) -> String {
    let answer = run(&[&["--json"], args].concat(), stdin);
    assert_eq!(answer.code, 2, "{args:?} {answer:?}");
    answer.json()["error"].as_str().unwrap().to_owned()
}

#[test]
fn what_cannot_be_read_is_an_error() {
    let files = Files::new(&[("headers.txt", HEADER.as_bytes())]);
    let headers = files.path("headers.txt").display().to_string();
    let folder = files.path("").display().to_string();
    for body in ["/nowhere", &folder] {
        assert_eq!(error(&[&SIGN[..], &[body]].concat(), b""), "input");
        assert_eq!(error(&[&VERIFY[..], &["--headers", &headers, body]].concat(), b""), "input");
        assert_eq!(error(&[&VERIFY[..], &["--headers", body, "-"]].concat(), b""), "input");
        assert_eq!(error(&[&SIGN[..], &["--secret-file", body, "-"]].concat(), b""), "input");
        let key = [&VERIFY[..], &["--key", body, "--header", HEADER, "-"]].concat();
        assert_eq!(error(&key, b""), "input");
    }
    let unset = ["webhook", "sign", "--scheme", "github", "--secret-env", "NOT_SET", "-"];
    assert_eq!(error(&unset, b""), "input");
    let twice = [("SECRET", "a"), ("SECRET_FILE", "/nowhere")];
    assert_eq!(palisade_in(&[&SIGN[..], &["-"]].concat(), b"", &twice).code, 2);
}

#[test]
fn a_wrong_path_is_not_repeated() {
    for args in [
        [&SIGN[..], &["/whsec_oops"]].concat(),
        [&VERIFY[..], &["--headers", "/whsec_oops", "-"]].concat(),
        [&SIGN[..], &["--secret-file", "/whsec_oops", "-"]].concat(),
        ["webhook", "sign", "--scheme", "github", "--secret-env", "whsec_oops", "-"].to_vec(),
        ["webhook", "sign", "--scheme", "github", "-", "whsec_oops"].to_vec(),
        ["webhook", "sign", "--scheme", "whsec_oops", "-"].to_vec(),
        ["webhook", "sign", "--secret=whsec_oops", "-"].to_vec(),
        ["webhook", "secret", "inspect", "whsec_oops"].to_vec(),
        ["webhook", "secret", "inspect", "--file", "/whsec_oops"].to_vec(),
    ] {
        for json in [&[][..], &["--json"]] {
            let answer = run(&[json, &args].concat(), b"");
            assert_eq!(answer.code, 2, "{args:?}");
            let said = format!("{}{}", answer.stdout, answer.stderr);
            assert!(!said.contains("whsec_oops"), "{said}");
        }
    }
}

#[test]
fn one_stream_is_not_read_twice() {
    let no_secret = ["webhook", "sign", "--scheme", "github"];
    for args in [
        [&no_secret[..], &["--secret-file", "-", "-"]].concat(),
        [&no_secret[..], &["--secret-file", "-", "--secret-file", "-", "/dev/null"]].concat(),
        [&VERIFY[..], &["--headers", "-", "-"]].concat(),
        [&VERIFY[..], &["--key", "-", "--header", HEADER, "-"]].concat(),
        #[cfg(unix)]
        [&no_secret[..], &["--secret-file", "/dev/stdin", "-"]].concat(),
    ] {
        assert_eq!(error(&args, b"text"), "usage", "{args:?}");
    }
}

#[test]
fn headers_that_are_none() {
    let binary: Vec<u8> = (0..=255).cycle().take(4096).collect();
    for (headers, line, reason) in [
        (&binary[..], 1, "no_colon"),
        (b"X-A: 1\nno header here\n", 2, "no_colon"),
        (b"X-\xff: 1\n", 1, "name"),
        (b"\xff\xfeX\0-\0A\0:\0", 1, "name"),
        (b"X-A: 1\n  2\n", 2, "folded"),
        (b"X-A: \0\n", 1, "control"),
    ] {
        let files = Files::new(&[("headers.txt", headers)]);
        let path = files.path("headers.txt").display().to_string();
        let args = [&["--json"], &VERIFY[..], &["--headers", &path, "-"]].concat();
        let answer = run(&args, b"{}");
        assert_eq!((answer.code, &answer.json()["error"]), (2, &json!("headers")), "{headers:?}");
        let first = &answer.json()["problems"][0];
        assert_eq!((&first["line"], &first["error"]), (&json!(line), &json!(reason)));
    }
    assert_eq!(error(&[&VERIFY[..], &["--header", "no header", "-"]].concat(), b""), "headers");
    let huge = vec![b'a'; 2 << 20];
    assert_eq!(error(&[&VERIFY[..], &["--headers", "-", "/dev/null"]].concat(), &huge), "headers");
    assert_eq!(error(&[&VERIFY[..], &["-"]].concat(), b""), "usage", "no headers at all");

    let long = format!("X-Hub-Signature-256: sha256={}", "0".repeat(64 * 1024));
    let answer = run(&[&VERIFY[..], &["--headers", "-", "/dev/null"]].concat(), long.as_bytes());
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("webhook_header_too_long"), "{answer:?}");
}

#[test]
fn headers_as_curl_shows_them() {
    let signature = signed(b"{}");
    let log = format!(
        "* Connected to localhost\r\n> POST /hooks HTTP/1.1\r\n> Host: localhost\r\n> {}\r\n>\r\n\
         < HTTP/1.1 204 No Content\r\n< Date: today\r\n<\r\n",
        signature.trim_end()
    );
    let files = Files::new(&[("log.txt", log.as_bytes())]);
    let log = files.path("log.txt").display().to_string();
    assert_eq!(run(&[&VERIFY[..], &["--headers", &log, "-"]].concat(), b"{}").code, 0);

    let twice = [&VERIFY[..], &["--headers", &log, "--header", signature.trim_end(), "-"]].concat();
    let answer = run(&twice, b"{}");
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("webhook_duplicate_header"), "{answer:?}");
}

#[test]
fn every_body_is_taken_byte_for_byte() {
    for body in [&b""[..], b"\n", b"\xff\xfe\0", b"\xef\xbb\xbf{}\r\n"] {
        let header = signed(body);
        let args = [&VERIFY[..], &["--header", header.trim_end(), "-"]].concat();
        assert_eq!(run(&args, body).code, 0, "{body:?}");
        assert_eq!(run(&args, &[body, b"\n"].concat()).code, 1, "{body:?}");
    }
}

#[test]
fn a_long_body_is_never_in_memory() {
    const LEN: u64 = 64 << 20;
    let files = Files::new(&[]);
    let path = files.path("sparse");
    std::fs::File::create(&path).unwrap().set_len(LEN).unwrap();
    let path = path.display().to_string();
    let header = run(&[&SIGN[..], &[&path]].concat(), b"").stdout;
    let verify = [&VERIFY[..], &["--header", header.trim_end(), &path]].concat();
    assert_eq!(run(&[&["--json"], &verify[..]].concat(), b"").json()["body_bytes"], LEN);
    let small = [&verify[..], &["--max-body", "32MiB"]].concat();
    assert!(run(&small, b"").stderr.contains("webhook_body_too_large"));
    let wrong = [&VERIFY[..], &["--explain", "--header", HEADER, &path]].concat();
    assert!(run(&wrong, b"").stdout.contains("more than 16 MiB"));

    #[cfg(target_os = "linux")]
    {
        // In less memory than the body would take.
        let binary = env!("CARGO_BIN_EXE_palisade");
        let output = std::process::Command::new("sh")
            .args(["-c", "ulimit -d 16384; exec \"$@\"", "sh", binary])
            .args(&verify)
            .env_clear()
            .env("SECRET", SECRET)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
}

#[test]
fn what_has_no_effect_is_refused() {
    for (args, word) in [
        (&[&SIGN[..], &["--id", "msg_1", "-"]].concat(), "usage"),
        (&[&SIGN[..], &["--time", "1", "-"]].concat(), "usage"),
        (&[&SIGN[..], &["--url", "https://x.example", "-"]].concat(), "policy"),
        (&[&SIGN[..], &["--beside", "standard", "-"]].concat(), "usage"),
        (&[&SIGN[..], &["--beside-secret-env", "SECRET", "-"]].concat(), "usage"),
        (
            &[&SIGN[..], &["--beside", "github", "--beside-secret-env", "SECRET", "-"]].concat(),
            "policy",
        ),
        (&[&VERIFY[..], &["--header", HEADER, "--tolerance", "1", "-"]].concat(), "policy"),
        (&[&VERIFY[..], &["--header", HEADER, "--any-age", "-"]].concat(), "policy"),
        (
            &[&VERIFY[..], &["--header", HEADER, "--any-age", "--tolerance", "1", "-"]].concat(),
            "usage",
        ),
        (
            &[&VERIFY[..], &["--header", HEADER, "--url", "https://x.example", "-"]].concat(),
            "policy",
        ),
        (&[&VERIFY[..], &["--header", HEADER, "--tolerance", "-1", "-"]].concat(), "usage"),
        (&[&VERIFY[..], &["--header", HEADER, "--now", "yesterday", "-"]].concat(), "usage"),
        (&[&VERIFY[..], &["--header", HEADER, "--max-body", "0MiB", "-"]].concat(), "usage"),
        (&vec!["webhook", "sign", "--scheme", "github", "-"], "usage"),
        (&vec!["webhook", "verify", "--scheme", "sendgrid", "--header", HEADER, "-"], "usage"),
        (&vec!["webhook", "sign", "--scheme", "discord", "--secret-env", "SECRET", "-"], "secret"),
        (&[&SIGN[..], &["--secret-form", "whsk", "-"]].concat(), "secret"),
        (&[&VERIFY[..], &["--secret-form", "pem", "--header", HEADER, "-"]].concat(), "secret"),
    ] {
        assert_eq!(error(args, b"{}"), word, "{args:?}");
    }
    assert_eq!(
        palisade(&["webhook", "sign", "--scheme", "standard", "--id", "a.b", "-"], b"").code,
        2
    );
}

#[test]
fn an_unknown_scheme_is_told_the_known_ones() {
    for command in ["sign", "verify", "headers"] {
        let answer = palisade(&["webhook", command, "--scheme", "gitlab"], b"");
        assert_eq!(answer.code, 2);
        for name in ["glacis", "github", "standard", "svix", "github-secret-scanning"] {
            assert!(answer.stderr.contains(name), "{answer:?}");
        }
    }
}

#[test]
fn keys_of_the_wrong_side_are_refused() {
    let generated =
        palisade(&["--json", "webhook", "secret", "generate", "--form", "ed25519"], b"").json();
    let (private, public) =
        (generated["secret"].as_str().unwrap(), generated["public_key"].as_str().unwrap());
    let env = [("SECRET", private), ("PUBLIC", public)];
    for args in [
        vec![
            "webhook",
            "verify",
            "--scheme",
            "standard",
            "--secret-env",
            "SECRET",
            "--header",
            "a:b",
            "-",
        ],
        vec!["webhook", "sign", "--scheme", "standard", "--secret-env", "PUBLIC", "-"],
        vec!["webhook", "sign", "--scheme", "github", "--secret-env", "PUBLIC", "-"],
        vec!["webhook", "sign", "--scheme", "github", "--secret-env", "SECRET", "-"],
        vec!["webhook", "sign", "--scheme", "sendgrid", "--secret-env", "SECRET", "-"],
    ] {
        let answer = palisade_in(&args, b"{}", &env);
        assert_eq!(answer.code, 2, "{args:?} {answer:?}");
        assert!(!answer.stderr.contains(&private[5..]), "{answer:?}");
    }
}
