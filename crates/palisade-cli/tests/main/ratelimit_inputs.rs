//! `palisade ratelimit simulate`: what it refuses.

use crate::command::{Answer, palisade};
use crate::lists::{error, lines};

fn simulate(args: &[&str], stdin: &[u8]) -> Answer {
    palisade(&[&["ratelimit", "simulate"], args].concat(), stdin)
}

#[test]
fn a_line_that_is_no_request_is_named() {
    let long = format!("0 a {}\n", "k".repeat(1 << 20));
    for (trace, line, reason) in [
        ("0 a k\nten a k\n", 2, "bad_time"),
        ("-1 a k\n", 1, "bad_time"),
        ("0.1234567891 a k\n", 1, "bad_time"),
        ("9999999999 a k\n", 1, "bad_time"),
        ("1e3 a k\n", 1, "bad_time"),
        ("2026-01-01 a k\n", 1, "bad_time"),
        ("2200-01-01T00:00:00Z a k\n", 1, "bad_time"),
        ("1969-12-31T23:59:59Z a k\n", 1, "bad_time"),
        ("0 a k\n\n2026-01-01T00:00:00Z a k\n", 3, "mixed_times"),
        ("# head\n0 a\n", 2, "too_few_keys"),
        ("0\n", 1, "too_few_keys"),
        ("0 a # k\n", 1, "too_few_keys"),
        ("0 a cost=2\n", 1, "too_few_keys"),
        ("0 a cost=2 cost=2\n", 1, "too_few_keys"),
        ("0 a k z\n", 1, "too_many_keys"),
        ("0 a k cost=1 cost=1\n", 1, "too_many_keys"),
        ("0 a k cost=0\n", 1, "bad_cost"),
        ("0 a k cost=\n", 1, "bad_cost"),
        ("0 a k cost=+1\n", 1, "bad_cost"),
        ("0 a k cost=-1\n", 1, "bad_cost"),
        ("0 a k cost=4294967296\n", 1, "bad_cost"),
        (&long, 1, "line_too_long"),
    ] {
        let args = ["--policy", "first=9/s", "--policy", "second=9/s", "-"];
        let answer = simulate(&args, trace.as_bytes());
        assert_eq!(answer.code, 2, "{trace:.40}");
        let told = format!("line {line}: ");
        assert!(answer.stderr.starts_with(&told), "{trace:.40}: {}", answer.stderr);
        assert!(answer.stderr.contains(&format!("({reason})")), "{trace:.40}: {}", answer.stderr);
        assert!(!answer.stderr.contains("kkk") && !answer.stderr.contains("ten"), "{trace:.40}");

        let json = simulate(&[&["--json"], &args[..]].concat(), trace.as_bytes()).json();
        assert_eq!(json["error"], "trace");
        assert_eq!(
            (&json["problems"][0]["line"], &json["problems"][0]["error"]),
            (&line.into(), &reason.into())
        );
        // What came before it was decided.
        assert!(json["rows"].is_array());
    }
    let huge = simulate(&["--policy", "a=9/s", "--summary", "-"], b"0 k cost=4294967295\n");
    assert_eq!(huge.code, 1);
    assert!(huge.stdout.contains("never"), "{huge:?}");
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let args = ["--json", "--policy", "a=9/s", "--summary", "-"];
    let answer = simulate(&args, b"0 k\n1 \xff\n");
    assert_eq!(error(&answer), (2, "trace".to_owned()));
    assert_eq!(answer.json()["problems"][0]["error"], "not_utf8");
    for empty in [&b""[..], b"\n\n", b"# nothing\n"] {
        assert_eq!(error(&simulate(&args, empty)), (2, "input".to_owned()));
    }
    // A damaged archive, and one that is cut off.
    assert_eq!(error(&simulate(&args, b"\x1f\x8b\x08\0")), (2, "input".to_owned()));
    let missing = ["--json", "--policy", "a=9/s", "--summary", "no-such-file"];
    assert_eq!(error(&simulate(&missing, b"")), (2, "input".to_owned()));
}

/// A key may be anything but white space; a terminal sees none of what would steer it.
#[test]
fn nothing_steers_the_terminal() {
    let answer = simulate(&["--policy", "a=9/s", "-"], "0 \u{1b}[31mred\u{202e}ключ\n".as_bytes());
    assert_eq!(answer.code, 0);
    assert!(answer.stdout.contains("\\u001b[31mred\\u202eключ\n"), "{answer:?}");
    let json = simulate(&["--json", "--policy", "a=9/s", "-"], "0 \u{1b}[31m\n".as_bytes());
    assert_eq!(json.json()["rows"][0]["keys"][0], "\u{1b}[31m");
}

#[test]
fn policies_that_do_not_fit_are_refused() {
    for (policies, says) in [
        (&["a=100"][..], "100/min"),
        (&["100/s"], "NAME=QUOTA"),
        (&["A=100/s"], "lower-case"),
        (&["=100/s"], "lower-case"),
        (&["a=100/m"], "write `min`"),
        (&["a=0/s"], "zero"),
        (&["a=99999999/s"], "tokens a second"),
        (&["a=1/s", "b=1/s", "a=2/s"], "two policies have one name"),
    ] {
        let mut args: Vec<&str> = policies.iter().flat_map(|policy| ["--policy", policy]).collect();
        args.extend(["--rate", "1/s", "--for", "1s"]);
        let answer = simulate(&args, b"");
        assert_eq!(answer.code, 2, "{policies:?}");
        assert!(answer.stderr.contains(says), "{policies:?}: {}", answer.stderr);
    }
}

#[test]
fn traffic_that_does_not_fit_is_refused() {
    let policy = ["--json", "--policy", "a=1/s"];
    for (args, word) in [
        (&[][..], "usage"),
        (&["--rate", "1/s"], "usage"),
        (&["--for", "1s", "-"], "usage"),
        (&["--rate", "1/s", "--for", "1s", "-"], "usage"),
        (&["--burst", "1", "-"], "usage"),
        (&["--keys", "2", "-"], "usage"),
        (&["--rate", "1/s", "--for", "1s", "--keys", "0"], "usage"),
        (&["--rate", "1/m", "--for", "1s"], "usage"),
        (&["--rate", "1", "--for", "1s"], "usage"),
        (&["--rate", "1/s", "--for", "0s"], "usage"),
        (&["--max-keys", "0", "-"], "usage"),
        (&["--rate", "4000000/s", "--for", "1h"], "rate"),
        (&["--rate", "1/s", "--for", "1s", "--burst", "4294967295"], "rate"),
        (&["--rate", "4294967295/ms", "--for", "500000000years"], "rate"),
    ] {
        let answer = simulate(&[&policy[..], args].concat(), b"0 k\n");
        assert_eq!(answer.code, 2, "{args:?}: {answer:?}");
        assert_eq!(error(&answer), (2, word.to_owned()), "{args:?}");
    }
}

/// A reader that has seen enough is no failure, and no reason to keep what nobody reads.
#[test]
fn a_reader_may_stop_early() {
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Command, Stdio};

    let mut child = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .args(["ratelimit", "simulate", "--policy", "a=9/s", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(lines(20_000, |n| format!("{n} k")).as_bytes());
    });
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let rest = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(first.contains("VERDICT"));
    assert_eq!((rest.status.code(), rest.stderr.as_slice()), (Some(0), &b""[..]));
}
