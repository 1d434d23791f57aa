//! `password breached`.

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use crate::command::{Answer, palisade};

const LIST: &str = "password\n123456\r\nletmein\n\npassword\n";

/// The SHA-1 of `letmein` and of `password`, seen 1,000 times and twice.
const HASHES: &str = "B7A875FC1EA228B9061041B7CEC4BD3C52AB3CE3:1000\n\
                      5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8:2\r\n";

fn build(filter: &Path, extra: &[&str], stdin: &[u8]) -> Answer {
    let args = ["password", "breached", "build", "--output", filter.to_str().unwrap()];
    palisade(&[&args[..], extra].concat(), stdin)
}

fn check(filter: &Path, extra: &[&str], password: &[u8]) -> Answer {
    let args = ["password", "breached", "check", "--filter", filter.to_str().unwrap()];
    palisade(&[&args[..], extra].concat(), password)
}

#[test]
fn a_filter_knows_its_passwords() {
    let folder = tempfile::tempdir().unwrap();
    let filter = folder.path().join("filter");
    let built = build(&filter, &[], LIST.as_bytes());
    assert_eq!((built.code, built.stderr.as_str()), (0, ""), "{built:?}");
    assert!(built.stdout.starts_with("3 passwords in "), "{built:?}");
    for password in ["password", "123456", "letmein\n"] {
        let found = check(&filter, &[], password.as_bytes());
        assert_eq!((found.code, found.stdout.as_str()), (0, "probably breached\n"), "{password}");
    }
    let found = check(&filter, &["--json"], b"password").json();
    assert_eq!(found, json!({ "breached": true, "passwords": 3 }));
    let others =
        (0..100).filter(|n| check(&filter, &[], format!("other {n}").as_bytes()).code == 1);
    assert!(others.count() > 90);
}

#[test]
fn lists_may_be_several_and_compressed() {
    let folder = tempfile::tempdir().unwrap();
    let (plain, gzip) = (folder.path().join("list"), folder.path().join("list.gz"));
    std::fs::write(&plain, "one\n").unwrap();
    let mut encoder = GzEncoder::new(std::fs::File::create(&gzip).unwrap(), Compression::default());
    encoder.write_all(LIST.as_bytes()).unwrap();
    encoder.finish().unwrap();

    let filter = folder.path().join("filter");
    let lists = [plain.to_str().unwrap(), gzip.to_str().unwrap()];
    let built = build(&filter, &[&["--json"], &lists[..]].concat(), b"").json();
    assert_eq!((&built["passwords"], &built["fingerprint_bits"]), (&4.into(), &8.into()));
    assert_eq!(built["bytes"], std::fs::metadata(&filter).unwrap().len());
    assert_eq!(check(&filter, &[], b"letmein").code, 0);

    // Cut off in the middle.
    let whole = std::fs::read(&gzip).unwrap();
    let cut = build(&filter, &["--json"], &whole[..whole.len() - 10]);
    assert_eq!((cut.code, &cut.json()["error"]), (2, &"list".into()));
    assert_eq!(check(&filter, &[], b"one").code, 0, "the filter is as it was");
}

#[test]
fn hashes_are_taken_by_their_count() {
    let folder = tempfile::tempdir().unwrap();
    let filter = folder.path().join("filter");
    let args = ["--format", "sha1", "--least-count", "3", "--fingerprint", "16", "--json"];
    let built = build(&filter, &args, HASHES.as_bytes()).json();
    assert_eq!((&built["passwords"], &built["fingerprint_bits"]), (&1.into(), &16.into()));
    assert_eq!(check(&filter, &[], b"letmein").code, 0);
    assert_eq!(check(&filter, &[], b"password").code, 1);
}

#[test]
fn what_is_no_list_or_no_filter() {
    let folder = tempfile::tempdir().unwrap();
    let filter = folder.path().join("filter");
    let huge = vec![b'a'; 1 << 20];
    for (args, stdin, reason) in [
        (&[][..], &b""[..], "list"),
        (&[], &huge, "list"),
        (&["--format", "sha1"], LIST.as_bytes(), "list"),
        (&["--least-count", "3"], LIST.as_bytes(), "usage"),
        (&["--fingerprint", "9"], LIST.as_bytes(), "usage"),
        (&["/nowhere"], b"", "input"),
        (&["--format", "md5"], b"", "usage"),
    ] {
        let answer = build(&filter, &[&["--json"], args].concat(), stdin);
        assert_eq!((answer.code, &answer.json()["error"]), (2, &reason.into()), "{args:?}");
    }
    assert!(!filter.exists());
    let answer = build(Path::new("/nowhere/at/all"), &["--json"], LIST.as_bytes());
    assert_eq!((answer.code, &answer.json()["error"]), (2, &"output".into()));

    std::fs::write(&filter, LIST).unwrap();
    for filter in [&filter, Path::new("/nowhere")] {
        let answer = check(filter, &["--json"], b"password");
        assert_eq!((answer.code, &answer.json()["error"]), (2, &"filter".into()));
    }
    build(&filter, &[], LIST.as_bytes());
    let long = check(&filter, &["--json"], &huge);
    assert_eq!((long.code, &long.json()["error"]), (2, &"password_too_long".into()));
}
