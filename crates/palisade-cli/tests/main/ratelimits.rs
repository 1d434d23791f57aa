//! `palisade ratelimit simulate`: what it answers.

use serde_json::json;

use crate::command::{Answer, palisade};
use crate::lists::{gzip, lines, said};

const TIERS: [&str; 4] = ["--policy", "per-account=4 + 1/s", "--policy", "per-key=2/min"];

fn simulate(args: &[&str], stdin: &[u8]) -> Answer {
    palisade(&[&["ratelimit", "simulate"], args].concat(), stdin)
}

#[test]
fn a_trace_becomes_a_timeline() {
    let trace =
        "# account, key\n0 a x\n0.5 a x cost=2\n\n1.25 a y cost=2 # dear\n1.25 a z cost=3\n";
    let answer = simulate(&[&TIERS[..], &["-"]].concat(), trace.as_bytes());
    assert_eq!(
        said(&answer),
        (
            1,
            "      TIME  VERDICT  BY                RETRY   COST  per-account  per-key  KEYS
         0  allowed  -                     -      1            3        1  a x
       0.5  denied   per-key            29.5      2            3        1  a x
      1.25  allowed  -                     -      2            2        0  a y
      1.25  never    per-key               -      3            2        2  a z

requests      4 over 1.25 s
admitted      2, at a cost of 3
denied        1
never         1, for they cost more than a limit ever allows
first denial  line 3 at 0.5, by per-key
longest wait  29.5 s, line 3 at 0.5, by per-key
per-account   4 + 1/s: refused 0, lowest level 2
per-key       2/min: refused 2, lowest level 0
"
        )
    );
    let json = simulate(&[&["--json"], &TIERS[..], &["-"]].concat(), trace.as_bytes());
    assert_eq!(json.code, 1);
    let json = json.json();
    assert_eq!(json["rows"].as_array().unwrap().len(), 4);
    assert_eq!(
        json["rows"][1],
        json!({
            "request": 2, "line": 3, "time": 0.5, "keys": ["a", "x"], "cost": 2,
            "verdict": "denied", "policy": "per-key", "retry_after": 29.5,
            "tiers": [
                { "policy": "per-account", "remaining": 3, "reset_after": 0.5 },
                { "policy": "per-key", "remaining": 1, "reset_after": 29.5 },
            ],
        })
    );
    let refused = json!({
        "request": 2, "line": 3, "time": 0.5, "policy": "per-key", "retry_after": 29.5,
    });
    for (field, value) in [
        ("passed", json!(false)),
        ("requests", json!(4)),
        ("admitted", json!(2)),
        ("denied", json!(1)),
        ("never", json!(1)),
        ("cost", json!(8)),
        ("cost_admitted", json!(3)),
        ("first_denial", refused.clone()),
        ("longest_wait", refused),
        ("steps_back", json!(0)),
        ("overflowed", json!(0)),
        ("first_time", json!(0.0)),
        ("last_time", json!(1.25)),
    ] {
        assert_eq!(json[field], value, "{field}");
    }
    assert_eq!(
        json["tiers"][1],
        json!({ "policy": "per-key", "quota": "2/min", "refused": 2, "lowest": 0 })
    );
}

#[test]
fn all_pass() {
    let answer = simulate(&["--policy", "a=1/s", "--summary", "-"], b"0 k\n1 k\n2.000001 k\n");
    let (code, text) = said(&answer);
    assert_eq!(code, 0);
    assert!(text.starts_with("requests  3 over 2.000001 s\n"), "{text}");
    let json = simulate(&["--json", "--policy", "a=1/s", "--summary", "-"], b"0 k\n1 k\n").json();
    assert_eq!(json["rows"], json!(null));
    assert_eq!(
        (&json["passed"], &json["first_denial"], &json["longest_wait"]),
        (&json!(true), &json!(null), &json!(null))
    );
}

/// Of a bucket of 100 with 10 a second, 20 a second take 100 + 10 × 30.
#[test]
fn traffic_is_steady() {
    let args = ["--policy", "per-ip=100 + 10/s", "--rate", "20/s", "--for", "30s"];
    let json = simulate(&[&["--json", "--summary"], &args[..]].concat(), b"").json();
    assert_eq!((&json["requests"], &json["last_time"]), (&json!(600), &json!(29.95)));
    assert_eq!((&json["admitted"], &json["denied"]), (&json!(399), &json!(201)));
    // The bucket is empty when twice the surplus was taken.
    assert_eq!(json["first_denial"]["time"], json!(9.95));

    let burst = [&["--json", "--summary"], &args[..], &["--burst", "150"]].concat();
    let json = simulate(&burst, b"").json();
    assert_eq!((&json["requests"], &json["first_denial"]["request"]), (&json!(750), &json!(101)));

    // Two clients have a bucket each, and half the requests.
    let two = simulate(&[&["--summary"], &args[..], &["--keys", "2"]].concat(), b"");
    assert_eq!(two.code, 0, "{two:?}");
    // A third of a second is no whole number of microseconds, and is kept all the same.
    let thirds = ["--json", "--summary", "--policy", "a=3/s", "--rate", "3/s", "--for", "1h"];
    let json = simulate(&thirds, b"").json();
    assert_eq!(
        (&json["requests"], &json["last_time"]),
        (&json!(10_800), &json!(3_599.666_666_666))
    );
}

#[test]
fn dates_are_dates() {
    let trace = "2026-01-01T23:59:59.5Z k\n2026-01-01T23:59:59.75Z k\n2026-01-02T00:00:00Z k\n";
    let answer = simulate(&["--policy", "daily=1/day fixed", "-"], trace.as_bytes());
    let (code, text) = said(&answer);
    assert_eq!(code, 1);
    let verdicts: Vec<&str> = text.lines().take(4).map(|line| &line[..36]).collect();
    assert_eq!(
        verdicts,
        [
            "                       TIME  VERDICT",
            "2026-01-01T23:59:59.500000Z  allowed",
            "2026-01-01T23:59:59.750000Z  denied ",
            "2026-01-02T00:00:00.000000Z  allowed",
        ]
    );
    assert!(
        text.contains("first denial  line 2 at 2026-01-01T23:59:59.750000Z, by daily"),
        "{text}"
    );
    assert!(text.contains("longest wait  0.25 s"), "{text}");
}

/// A clock that steps back is a thing to simulate, and to tell of.
#[test]
fn time_may_go_back() {
    let answer =
        simulate(&["--policy", "a=1/min", "--summary", "-"], b"7200 k\n0 k\n60 k\n7260 k\n");
    assert_eq!(answer.code, 1);
    assert!(answer.stdout.contains("over 7260 s\nadmitted      3"), "{answer:?}");
    assert!(answer.stdout.contains("longest wait  60 s, line 2"), "{answer:?}");
    assert!(answer.stderr.contains("steps back 1 time, first on line 2"), "{answer:?}");
    let json = simulate(&["--json", "--policy", "a=1/min", "--summary", "-"], b"9 k\n0 k\n").json();
    assert_eq!((&json["steps_back"], &json["last_time"]), (&json!(1), &json!(9.0)));
}

#[test]
fn a_long_trace_is_read_as_it_goes() {
    let trace = gzip(lines(50_000, |n| format!("{} key_{}", n / 100, n % 500)).as_bytes());
    let answer = simulate(&["--policy", "a=10 + 1/s", "-"], &trace);
    let (code, text) = said(&answer);
    assert_eq!((code, text.lines().count()), (0, 50_000 + 1 + 5));
    // So many keys that they share a bucket: told, not hidden.
    let args = ["--policy", "a=10 + 1/s", "--max-keys", "10", "--summary", "-"];
    let crowded = simulate(&args, &trace);
    assert_eq!(crowded.code, 1);
    assert!(crowded.stderr.contains("raise --max-keys"), "{crowded:?}");
}

#[test]
fn a_plot_is_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plot.svg");
    let svg = path.to_str().unwrap();
    let args = [&TIERS[..], &["--svg", svg, "--summary", "-"]].concat();
    let trace = lines(1_000, |n| format!("{}.{:03} a k{}", n * n / 100, n, n % 3));
    assert_eq!(simulate(&args, trace.as_bytes()).code, 1);
    let plot = std::fs::read_to_string(&path).unwrap();
    assert!(plot.starts_with("<svg ") && plot.trim_end().ends_with("</svg>"));
    for part in [
        "Requests",
        "admitted",
        "refused",
        "per-account",
        "per-key",
        "% of the capacity",
        "minutes from the start",
        "requests each 100 s",
        "<rect",
        "<polyline",
    ] {
        assert!(plot.contains(part), "{part}");
    }
    // A file of millions of requests is not larger.
    assert!(plot.len() < 300_000, "{}", plot.len());

    // One request, and nothing but refusals.
    for trace in ["5 a k\n", "2026-01-01T00:00:00Z a k cost=9\n"] {
        assert!(simulate(&args, trace.as_bytes()).code < 2);
        let plot = std::fs::read_to_string(&path).unwrap();
        assert!(plot.contains("</svg>") && !plot.contains("NaN") && !plot.contains("inf"));
    }
    assert!(std::fs::read_to_string(&path).unwrap().contains("seconds after 2026-01-01T00:00:00Z"));

    let nowhere = folder.path().join("no/plot.svg");
    let args = [&TIERS[..], &["--svg", nowhere.to_str().unwrap(), "--summary", "-"]].concat();
    let answer = simulate(&args, b"0 a k\n");
    assert_eq!(answer.code, 2);
    assert!(!answer.stderr.contains("plot.svg"), "{answer:?}");
}
