//! A process in another language that is asked about requests.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::cases::Case;

/// What a receiver makes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Verdict(bool),
    /// The service did not start, by its secret, or failed by a mistake of its own.
    Error(String),
}

const ERRORS: &str = "errors.txt";

/// A process that answers a line of JSON with a line of JSON.
pub(super) struct Peer {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    folder: TempDir,
}

impl Peer {
    /// `None` when the program is missing. One that ends before its first line has found a mistake.
    pub(super) fn start(mut command: Command, folder: TempDir) -> Option<Self> {
        let mut child = command
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Never ours: Node makes the pipes that it inherits non-blocking, and the test runner's writes fail.
            .stderr(File::create(folder.path().join(ERRORS)).unwrap())
            .spawn()
            .ok()?;
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut peer = Self { child, input, output: BufReader::new(output), folder };
        peer.next();
        Some(peer)
    }

    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}{}", self.errors()))
    }

    /// What the process has complained of.
    fn errors(&self) -> String {
        std::fs::read_to_string(self.folder.path().join(ERRORS)).unwrap()
    }

    pub(super) fn ask(&mut self, case: &Case) -> Answer {
        let (part, kind) = &case.odd;
        let request = json!({
            "scheme": case.scheme,
            "secret": case.secret,
            "headers": case.headers,
            "body": base16ct::lower::encode_string(&case.body),
            "now": case.now,
            "odd": [part, kind],
        });
        writeln!(self.input, "{request}").unwrap();
        let answer = self.next();
        match (answer["verdict"].as_bool(), answer["error"].as_str()) {
            (Some(verdict), None) => Answer::Verdict(verdict),
            (None, Some(error)) => Answer::Error(error.to_owned()),
            _ => panic!("{answer} is not understood"),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder with the test's own driver, and the guide's code block of a language under a name.
pub(super) fn folder(driver: &str, language: &str, block: &str) -> TempDir {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let guide = std::fs::read_to_string(root.join("../../docs/guides/webhooks.md")).unwrap();
    let (_, code) =
        guide.split_once(&format!("```{language}\n")).expect("the guide has the language");
    let (code, _) = code.split_once("```\n").expect("the block has an end");
    let folder = tempfile::tempdir().unwrap();
    // The guide's Go is a package for a service; a program is needed to run it.
    std::fs::write(folder.path().join(block), code.replace("package receiver", "package main"))
        .unwrap();
    std::fs::copy(root.join("tests/interop").join(driver), folder.path().join(driver)).unwrap();
    folder
}
