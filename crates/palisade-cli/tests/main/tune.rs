//! `password tune`, with little to measure.

use crate::command::palisade;

const LITTLE: [&str; 6] = ["--memory", "7MiB", "--concurrency", "1", "--target", "60s"];

#[test]
fn the_strongest_that_keeps_the_target_is_found() {
    let answer = palisade(&[&["--json", "password", "tune"], &LITTLE[..]].concat(), b"");
    assert_eq!(answer.code, 0, "{answer:?}");
    let json = answer.json();
    assert_eq!((&json["found"], &json["recommended"]["memory_kib"]), (&true.into(), &7168.into()));
    assert_eq!(json["code"], "Argon2id::new(7168, 16, 1)?");
    assert!(json["recommended"]["p99_ms"].as_f64() >= json["recommended"]["p50_ms"].as_f64());
    assert!(json["recommended"]["per_second"].as_f64() > Some(0.0));
    assert_eq!(json["measured"].as_array().unwrap().len(), 2);
}

#[test]
fn nothing_is_found_where_the_time_is_short() {
    let args = ["password", "tune", "--memory", "7MiB", "--concurrency", "1", "--target", "1us"];
    let answer = palisade(&args, b"");
    assert_eq!((answer.code, answer.stderr.as_str()), (1, ""), "{answer:?}");
    assert!(answer.stdout.starts_with("Nothing as strong as OWASP asks"), "{answer:?}");
    assert!(answer.stdout.contains("MEMORY"), "{answer:?}");
}

#[test]
fn what_cannot_be_measured_is_an_error() {
    for (args, reason) in [
        (["--memory", "6MiB"], "calibration"),
        (["--memory", "1GB"], "usage"),
        (["--target", "250"], "usage"),
        (["--target", "0ms"], "usage"),
        (["--concurrency", "0"], "usage"),
    ] {
        let answer = palisade(&[&["--json", "password", "tune"], &args[..]].concat(), b"");
        assert_eq!((answer.code, &answer.json()["error"]), (2, &reason.into()), "{args:?}");
    }
    let answer = palisade(&["password", "tune", "--memory", "1GB"], b"");
    assert!(answer.stderr.contains("KiB, MiB or GiB"), "{answer:?}");
    let answer = palisade(&["password", "tune", "--target", "250"], b"");
    assert!(answer.stderr.contains("250ms or 1s"), "{answer:?}");
}
