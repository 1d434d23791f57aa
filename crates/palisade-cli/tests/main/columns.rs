//! `password inspect`, `needs-rehash` and `wrap`: columns of stored hashes.

use serde_json::json;

use crate::command::{PEPPER, palisade, palisade_in};
use crate::passwords::BCRYPT;

/// As strong as the default asks.
const STRONG: &str = "$argon2id$v=19$m=19456,t=2,p=1$YWFhYWFhYWFhYWFhYWFhYQ$YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE";

/// As strong as [`CHEAP`] asks.
const CHEAP_HASH: &str = "$argon2id$v=19$m=64,t=1,p=1$YWFhYWFhYWFhYWFhYWFhYQ$YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE";

const CHEAP: [&str; 4] = ["--memory", "64KiB", "--passes", "1"];

const PEPPERED: &str = "$hmac-sha256$2026a$argon2id$v=19$m=64,t=1,p=1$YWFhYWFhYWFhYWFhYWFhYQ$YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE";

/// Two good lines among those that no file of hashes should have.
fn hostile() -> Vec<u8> {
    let mut lines = format!("{STRONG}\r\n\nnonsense-secret\n").into_bytes();
    lines.extend(b"\xff\xfe\na\0b\n");
    lines.extend(vec![b'x'; 1 << 20]);
    lines.extend(format!("\n{BCRYPT}").bytes());
    lines
}

/// The problems of [`hostile`].
const FAULTS: [(u64, &str); 5] = [
    (2, "hash_empty"),
    (3, "hash_unsupported"),
    (4, "hash_encoding"),
    (5, "hash_unsupported"),
    (6, "line_too_long"),
];

fn run(args: &[&str], stdin: &[u8]) -> (i32, String, String) {
    let answer = palisade(&[&["password"], args].concat(), stdin);
    (answer.code, answer.stdout, answer.stderr)
}

#[test]
fn one_hash_is_described_in_full() {
    let (code, text, _) = run(&["inspect"], PEPPERED.as_bytes());
    assert_eq!(code, 0);
    assert_eq!(
        text,
        "scheme      argon2id\n\
         parameters  v=19 m=64 t=1 p=1\n\
         memory      64 KiB\n\
         peppers     2026a\n\
         wrapped     no\n"
    );
    let answer = palisade(&["--json", "password", "inspect"], PEPPERED.as_bytes()).json();
    let row = json!({
        "line": 1, "scheme": "argon2id", "parameters": { "v": 19, "m": 64, "t": 1, "p": 1 },
        "memory_bytes": 65536, "peppers": ["2026a"], "wrapped": false,
    });
    let expected = json!({ "rows": [row], "valid": true, "hashes": 1, "unreadable": 0 });
    assert_eq!(answer, expected);
}

#[test]
fn many_hashes_are_a_line_each() {
    let (code, text, notes) = run(&["inspect"], format!("{STRONG}\n{BCRYPT}\n").as_bytes());
    assert_eq!((code, notes.as_str()), (0, ""));
    assert_eq!(text, "1\t19 MiB\targon2id v=19 m=19456 t=2 p=1\n2\t-\tbcrypt version=2a cost=5\n");
}

#[test]
fn what_cannot_be_read_is_told_by_its_line() {
    let (code, text, problems) = run(&["inspect"], &hostile());
    assert_eq!((code, text.lines().count()), (1, 2));
    assert!(problems.ends_with("5 of 7 lines cannot be read\n"), "{problems}");
    assert!(!problems.contains("nonsense-secret") && problems.len() < 1000);
    for (line, reason) in FAULTS {
        let found = problems.lines().find(|text| text.starts_with(&format!("line {line}: ")));
        assert!(found.unwrap().ends_with(&format!("({reason})")), "{problems}");
    }

    for tally in [&[][..], &["--tally"]] {
        let args = [&["--json", "password", "inspect"], tally].concat();
        let answer = palisade(&args, &hostile());
        assert_eq!(answer.code, 1);
        let json = answer.json();
        let list = if tally.is_empty() { "rows" } else { "problems" };
        let faults = json[list].as_array().unwrap().iter().filter(|row| row["error"].is_string());
        let faults: Vec<_> =
            faults.map(|row| (row["line"].clone(), row["error"].clone())).collect();
        let expected = FAULTS.map(|(line, reason)| (line.into(), reason.into()));
        assert_eq!(faults, expected, "{json}");
        assert_eq!((&json["valid"], &json["hashes"]), (&false.into(), &7.into()));
    }
}

#[test]
fn kinds_are_counted() {
    let column = format!("{BCRYPT}\n{STRONG}\n{BCRYPT}\n{}", STRONG.replace("YWE", "YmE"));
    let (code, text, _) = run(&["inspect", "--tally"], format!("{column}\n{BCRYPT}").as_bytes());
    assert_eq!(code, 0);
    assert_eq!(
        text,
        "  HASHES   SHARE  KIND\n       \
         3   60.0%  bcrypt version=2a cost=5\n       \
         2   40.0%  argon2id v=19 m=19456 t=2 p=1\n"
    );
}

#[test]
fn one_hash_needs_it_or_not() {
    for (stored, args, code, said) in [
        (STRONG, &[][..], 1, "no\n"),
        (BCRYPT, &[], 0, "scheme\n"),
        (STRONG, &["--memory", "64MiB"], 0, "parameters\n"),
        // Never weaker: what is stronger than asked for is left alone.
        (STRONG, &CHEAP, 1, "no\n"),
        (STRONG, &["--scheme", "bcrypt"], 1, "no\n"),
    ] {
        let answer = run(&[&["needs-rehash"], args].concat(), stored.as_bytes());
        assert_eq!((answer.0, answer.1.as_str(), answer.2.as_str()), (code, said, ""), "{args:?}");
    }
    let (code, said, _) = run(&["needs-rehash"], b"nonsense");
    assert_eq!((code, said.as_str()), (2, ""));
}

#[test]
fn many_hashes_are_told_by_their_line() {
    let column = format!("{STRONG}\n{BCRYPT}\r\n{STRONG}\n{CHEAP_HASH}\n");
    let (code, said, notes) = run(&["needs-rehash"], column.as_bytes());
    assert_eq!((code, said.as_str()), (0, "2\tscheme\n4\tparameters\n"));
    assert_eq!(notes, "2 of 4 hashes should be made anew: parameters 1, scheme 1\n");

    let json = palisade(&["--json", "password", "needs-rehash"], column.as_bytes()).json();
    assert_eq!(
        json,
        json!({
            "rows": [{ "line": 2, "reason": "scheme" }, { "line": 4, "reason": "parameters" }],
            "needs_rehash": true, "hashes": 4, "needing": 2,
            "reasons": { "parameters": 1, "scheme": 1 }, "unreadable": 0,
        })
    );
    let (code, said, _) = run(&["needs-rehash"], format!("{STRONG}\n{STRONG}").as_bytes());
    assert_eq!((code, said.as_str()), (1, ""));
    let answer = palisade(&["--json", "password", "needs-rehash"], &hostile());
    assert_eq!((answer.code, &answer.json()["error"]), (2, &"hash_unreadable".into()));
}

#[test]
fn an_input_without_a_hash_is_an_error() {
    for command in [&["inspect"][..], &["inspect", "--tally"], &["needs-rehash"], &["wrap"]] {
        let (code, said, why) = run(command, b"");
        assert_eq!((code, said.as_str()), (2, ""), "{command:?}");
        assert!(why.contains("no stored hash"), "{why}");
        let (code, _, _) = run(&[command, &["--file", "/nowhere"]].concat(), b"");
        assert_eq!(code, 2);
    }
    let answer = palisade(&["--json", "password", "inspect"], b"");
    assert_eq!((answer.code, &answer.json()["error"]), (2, &"input".into()));
}

#[test]
fn weak_hashes_are_wrapped_in_their_order() {
    let column = format!("ann\t{BCRYPT}\nbob\t{CHEAP_HASH}\r\ncy\td\t{BCRYPT}");
    let args = [&["wrap", "--tab"], &CHEAP[..]].concat();
    let (code, said, notes) = run(&args, column.as_bytes());
    assert_eq!((code, notes.as_str()), (0, "wrapped 2 of 3 hashes\n"));
    let lines: Vec<_> = said.split('\n').collect();
    assert!(lines[0].starts_with("ann\t$wrap$argon2id$v=19$m=64,t=1,p=1$"), "{said}");
    assert_eq!(lines[1], format!("bob\t{CHEAP_HASH}\r"), "as it was, to the byte");
    assert!(lines[2].starts_with("cy\td\t$wrap$argon2id$") && lines.len() == 3, "{said}");
    let wrapped = lines[0].split_once('\t').unwrap().1;
    let verify = ["password", "verify", "--hash-env", "STORED"];
    assert_eq!(palisade_in(&verify, b"U*U", &[("STORED", wrapped)]).code, 0);
    assert_eq!(palisade_in(&verify, b"U*V", &[("STORED", wrapped)]).code, 1);

    let (_, said, _) = run(&[&args[..], &["--only-changed"]].concat(), column.as_bytes());
    assert!(!said.contains("bob") && said.contains("ann") && said.contains("cy"), "{said}");
    // Once is enough.
    let (code, again, _) = run(&[&["wrap"], &CHEAP[..]].concat(), wrapped.as_bytes());
    assert_eq!((code, again.as_str()), (0, wrapped));
}

#[test]
fn rows_come_under_a_pepper_by_wrapping() {
    let peppers = format!("2026a:{PEPPER}");
    let env = [("PEPPERS", peppers.as_str())];
    let args = [&["password", "wrap", "--peppers-env", "PEPPERS"], &CHEAP[..]].concat();
    let answer = palisade_in(&args, CHEAP_HASH.as_bytes(), &env);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(answer.stdout.starts_with("$hmac-sha256$2026a$wrap$argon2id$"), "{answer:?}");
}

#[test]
fn many_hashes_keep_their_order() {
    let column = (0..300).fold(String::new(), |column, n| format!("{column}{n}\t{BCRYPT}\n"));
    let args = [&["wrap", "--tab", "--workers", "3", "--budget", "128KiB"], &CHEAP[..]].concat();
    let (code, said, _) = run(&args, column.as_bytes());
    assert_eq!(code, 0);
    let keys: Vec<usize> =
        said.lines().map(|line| line.split_once('\t').unwrap().0.parse().unwrap()).collect();
    assert!(keys.iter().copied().eq(0..300));
    let salts: std::collections::HashSet<_> = said.lines().map(|line| &line[20..]).collect();
    assert_eq!(salts.len(), 300, "each has a salt of its own");
}

#[test]
fn a_file_is_replaced_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("column");
    let args = [&["wrap", "--output", path.to_str().unwrap()], &CHEAP[..]].concat();
    std::fs::write(&path, "what was there").unwrap();
    let spare = folder.path().join("spare");
    std::fs::write(&spare, hostile()).unwrap();
    let spare = spare.to_str().unwrap();
    for (extra, stdin) in [(&[][..], hostile()), (&["--file", spare], Vec::new())] {
        let (code, said, problems) = run(&[&args[..], extra].concat(), &stdin);
        assert_eq!((code, said.as_str()), (2, ""));
        assert!(problems.ends_with(
            "error: 5 lines cannot be wrapped; mend or leave them out, and wrap again\n"
        ));
        assert!(!problems.contains("nonsense-secret"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "what was there");
        let json = palisade(&[&["--json", "password"], &args[..], extra].concat(), &stdin).json();
        assert_eq!(json["error"], "hash_unreadable");
        assert_eq!(json["problems"].as_array().unwrap().len(), FAULTS.len());
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "no draft is left");

    let json = palisade(&[&["--json", "password"], &args[..]].concat(), BCRYPT.as_bytes()).json();
    assert_eq!(json, json!({ "hashes": 1, "wrapped": 1, "unchanged": 0 }));
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("$wrap$"));
    // In place: what is read is what is replaced.
    let again = [&args[..], &["--file", path.to_str().unwrap()]].concat();
    let (code, said, _) = run(&again, b"");
    assert_eq!((code, said.as_str()), (0, "wrapped 0 of 1 hashes\n"));
}

#[test]
fn what_wrapping_refuses() {
    let folder = tempfile::tempdir().unwrap();
    for (args, reason) in [
        (&["--scheme", "bcrypt"][..], "policy"),
        (&["--budget", "1MiB"], "policy"),
        (&["--workers", "0"], "usage"),
        (&["--budget", "much"], "usage"),
        (&["--output", folder.path().to_str().unwrap()], "output"),
        (&["--output", "/nowhere/at/all"], "output"),
        (&["--tab", "--output", "/tmp"], "output"),
        (&["--peppers-env", "NOT_SET"], "peppers"),
    ] {
        let output = if args.contains(&"--output") { &[][..] } else { &["--output", "/nowhere/x"] };
        let args = [&["--json", "password", "wrap"], args, output].concat();
        let answer = palisade(&args, STRONG.as_bytes());
        assert_eq!((answer.code, &answer.json()["error"]), (2, &reason.into()), "{args:?}");
    }
    let answer = palisade(&["--json", "password", "wrap"], STRONG.as_bytes());
    assert_eq!((answer.code, &answer.json()["error"]), (2, &"usage".into()));
    // Stdout ends where a line cannot be wrapped.
    let bomb = STRONG.replace("m=19456", "m=8388608").replace("$argon2id", "$argon2i");
    let column = format!("{CHEAP_HASH}\n{bomb}\n{CHEAP_HASH}\n");
    let (code, said, why) = run(&[&["wrap"], &CHEAP[..]].concat(), column.as_bytes());
    assert_eq!((code, said), (2, format!("{CHEAP_HASH}\n")));
    assert!(why.starts_with("line 2: ") && why.contains("hash_too_costly"), "{why}");
}
