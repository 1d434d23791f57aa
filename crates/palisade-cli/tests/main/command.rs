//! Running the command.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A pepper that no loader refuses.
pub(crate) const PEPPER: &str = "f1w9BKZzgNoEVpRAYoUNZfAKkc_eOcMd9NHDhOBqSHY";

/// A well-formed key of the default shape, from the published vectors.
pub(crate) const KEY: &str = "gmk_acct_live_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg_VZS5";

/// What the command answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Answer {
    /// The one JSON object on stdout.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.stdout.lines().count(), 1, "{self:?}");
        assert_eq!(self.stderr, "", "with --json nothing else is said");
        let value: Value = serde_json::from_str(&self.stdout).unwrap();
        assert!(value.is_object(), "{value}");
        value
    }
}

/// Runs the command in an empty environment.
pub(crate) fn palisade(args: &[&str], stdin: &[u8]) -> Answer {
    palisade_in(args, stdin, &[])
}

/// Runs the command with these environment variables alone.
pub(crate) fn palisade_in(args: &[&str], stdin: &[u8], env: &[(&str, &str)]) -> Answer {
    let mut child = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .args(args)
        .env_clear()
        .envs(env.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The command reads no more than it needs, so that a long text meets a closed pipe.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    Answer {
        code: status.code().expect("no signal ends it"),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}
