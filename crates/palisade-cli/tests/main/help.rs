//! The help, and how the command ends.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::command::palisade;

/// Commands that only hold others.
const GROUPS: [&[&str]; 10] = [
    &["allowlist"],
    &["epoch"],
    &["key"],
    &["password"],
    &["password", "breached"],
    &["ratelimit"],
    &["secret"],
    &["session"],
    &["webhook"],
    &["webhook", "secret"],
];

#[test]
fn every_command_explains_itself() {
    let commands: [(&[&str], bool); 41] = [
        (&[], false),
        (&["secret"], false),
        (&["secret", "generate"], false),
        (&["key"], false),
        (&["key", "mint"], false),
        (&["key", "parse"], true),
        (&["key", "digest"], true),
        (&["key", "verify"], true),
        (&["key", "mask"], true),
        (&["key", "formats"], false),
        (&["password"], false),
        (&["password", "hash"], true),
        (&["password", "verify"], true),
        (&["password", "inspect"], true),
        (&["password", "needs-rehash"], true),
        (&["password", "wrap"], true),
        (&["password", "tune"], false),
        (&["password", "breached"], false),
        (&["password", "breached", "build"], true),
        (&["password", "breached", "check"], true),
        (&["session"], false),
        (&["session", "inspect"], true),
        (&["session", "verify"], true),
        (&["epoch"], false),
        (&["epoch", "now"], false),
        (&["epoch", "window"], false),
        (&["allowlist"], false),
        (&["allowlist", "check"], false),
        (&["allowlist", "lint"], false),
        (&["allowlist", "diff"], false),
        (&["allowlist", "stats"], false),
        (&["ratelimit"], false),
        (&["ratelimit", "simulate"], false),
        (&["webhook"], false),
        (&["webhook", "sign"], true),
        (&["webhook", "verify"], true),
        (&["webhook", "headers"], false),
        (&["webhook", "secret"], false),
        (&["webhook", "secret", "generate"], false),
        (&["webhook", "secret", "inspect"], true),
        (&["completions"], false),
    ];
    for (command, reads_secret) in commands {
        for flag in ["-h", "--help"] {
            let help = palisade(&[command, &[flag]].concat(), b"");
            assert_eq!((help.code, help.stderr.as_str()), (0, ""), "{command:?}");
            assert!(help.stdout.contains("Usage: palisade"), "{command:?}");
            assert!(!reads_secret || help.stdout.contains("stdin"), "{command:?} {flag}");
            let is_group = command.is_empty() || GROUPS.contains(&command);
            assert!(is_group || help.stdout.contains("Example"), "{command:?} {flag}");
        }
    }
}

/// The width of the terminal says where lines end, so a sentence has no line break of its own.
#[test]
fn help_breaks_no_sentence() {
    for command in [
        &["allowlist", "lint"][..],
        &["password", "wrap"],
        &["ratelimit", "simulate"],
        &["session", "verify"],
        &["webhook", "sign"],
        &["webhook", "verify"],
    ] {
        let mut palisade = Command::new(env!("CARGO_BIN_EXE_palisade"));
        let help = palisade.args(command).arg("--help").env("COLUMNS", "80").output().unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        let mut lines = help.lines().skip_while(|line| *line != "Options:").peekable();
        while let Some(line) = lines.next() {
            let goes_on = lines.peek().is_some_and(|next| next.starts_with(char::is_lowercase));
            assert!(!goes_on || line.len() > 70, "{command:?}: {line}");
        }
    }
}

#[test]
fn help_is_shown_when_nothing_is_asked() {
    for command in [&[][..]].iter().chain(&GROUPS) {
        let answer = palisade(command, b"");
        assert_eq!(answer.code, 2);
        assert!(answer.stderr.contains("Usage: palisade"));
    }
    assert!(palisade(&["--version"], b"").stdout.starts_with("palisade "));
}

#[test]
fn a_reader_may_stop_early() {
    // A first line and no more, of an output that fills more than a pipe's buffer.
    let formats: Vec<String> = (0..2000).map(|n| format!("--format=f{n}")).collect();
    let mut child = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .args(["key", "formats"])
        .args(&formats)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let rest = child.wait_with_output().unwrap();
    assert!(first.starts_with("FORMAT"));
    assert_eq!((rest.status.code(), rest.stderr.as_slice()), (Some(0), &b""[..]));
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_written_is_an_error() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .args(["key", "mint", "--format", "acme_live"])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(!output.stderr.is_empty());
}
