//! Lists that are compressed, large, damaged, not there, or full of tricks.

use crate::command::Answer;
use crate::lists::{Files, LIST, error, gzip, lines, said};

#[test]
fn lists_may_be_compressed() {
    let (one, two) = LIST.split_at(LIST.find("192.").unwrap());
    let members = [gzip(one.as_bytes()), gzip(two.as_bytes())].concat();
    let whole = gzip(LIST.as_bytes());
    let mut damaged = whole.clone();
    let middle = damaged.len() - 6;
    damaged[middle] ^= 1;
    let files = Files::new(&[
        ("members.gz", &members),
        ("cut.gz", &whole[..whole.len() - 9]),
        ("head.gz", &whole[..3]),
        ("damaged.gz", &damaged),
        ("trailing.gz", &[&whole[..], b"more"].concat()),
        // The name tells nothing.
        ("plain.gz", LIST.as_bytes()),
    ]);
    for list in ["members.gz", "plain.gz"] {
        assert_eq!(files.run(&["--json", "stats", list], b"").json()["entries"], 4, "{list}");
    }
    assert_eq!(files.run(&["--json", "stats", "-"], &members).json()["entries"], 4);
    for list in ["cut.gz", "head.gz", "damaged.gz", "trailing.gz"] {
        for args in [
            &["check", list, "10.0.0.1"][..],
            &["lint", list],
            &["stats", list],
            &["diff", list, "plain.gz"],
        ] {
            let answer = files.run(&[&["--json"], args].concat(), b"");
            assert_eq!(error(&answer), (2, "input".into()), "{args:?}");
        }
    }
}

#[test]
fn a_large_list_has_its_bounds_and_no_bar_in_a_pipe() {
    let large = lines(6_000, |n| format!("10.{}.{}.0/24 {:>0180}", n >> 8 & 255, n & 255, n % 100));
    assert!(large.len() > 1 << 20);
    let files = Files::new(&[("large.txt", large.as_bytes())]);
    for (args, stdin) in
        [(&["stats", "large.txt"][..], &b""[..]), (&["stats", "-"], large.as_bytes())]
    {
        let text = files.run(args, stdin);
        assert_eq!(said(&text).0, 0);
        assert!(text.stdout.starts_with("entries     6000\n"));
        assert_eq!(files.run(&[&["--json"], args].concat(), stdin).json()["entries"], 6_000);
    }
    for command in
        [&["stats", "large.txt"][..], &["lint", "large.txt"], &["check", "large.txt", "::1"]]
    {
        let limited = [&["--json"], &command[..1], &["--max-entries", "5999"], &command[1..]];
        let answer = files.run(&limited.concat(), b"");
        assert_eq!(error(&answer), (2, "list_too_large".into()), "{command:?}");
    }
    assert_eq!(files.run(&["stats", "--max-entries", "6000", "large.txt"], b"").code, 0);
}

#[test]
fn what_cannot_be_read() {
    let files = Files::new(&[("list.txt", LIST.as_bytes())]);
    let folder = files.path("").display().to_string();
    for list in ["/nowhere/at/all", &folder] {
        for args in [&["check", list, "10.0.0.1"][..], &["lint", list], &["stats", list]] {
            let answer = files.run(&[&["--json"], args].concat(), b"");
            assert_eq!(error(&answer), (2, "input".into()), "{args:?}");
        }
    }
}

/// Neither the name of a file nor a label moves the cursor or turns the direction.
#[test]
fn nothing_steers_the_terminal() {
    let evil = "\u{1b}]0;title\u{7}\u{9b}31m.txt";
    let label = "safe \u{200c}live\u{200d}";
    let list = format!("10.0.0.0/8 {label}\n");
    let files = Files::new(&[("list.txt", list.as_bytes()), ("new.txt", b"10.0.0.0/8 b\n")]);
    #[cfg(unix)]
    std::fs::write(files.path(evil), "10.0.0.0/8 \u{1b}[31mred\nfoo\u{1b}\n").unwrap();
    for args in [
        &["check", "list.txt", "10.0.0.1"][..],
        &["check", "--explain", "list.txt", "10.0.0.1", "11.0.0.1"],
        &["lint", "list.txt"],
        &["stats", "list.txt"],
        &["diff", "list.txt", "new.txt"],
        &["check", "list.txt", evil],
        &["check", evil, "10.0.0.1"],
        &["lint", evil],
        &["stats", evil],
        &["diff", "list.txt", evil],
        &["diff", "list.txt", "new.txt", evil],
        &["stats", "--empty", evil],
    ] {
        for json in [&[][..], &["--json"]] {
            let Answer { stdout, stderr, .. } = files.run(&[json, args].concat(), b"");
            let said = stdout + &stderr;
            let steers = |c: char| c != '\n' && (c.is_control() || !c.is_ascii());
            assert!(!said.is_empty() && !said.contains(steers), "{args:?} {said:?}");
        }
    }
    let check = files.run(&["check", "list.txt", "10.0.0.1"], b"");
    assert_eq!(check.stdout, "10.0.0.1 allowed 10.0.0.0/8 safe \\u200clive\\u200d\n");
    let json = files.run(&["--json", "check", "list.txt", "10.0.0.1"], b"").json();
    assert_eq!(json["rows"][0]["label"], label);
}
