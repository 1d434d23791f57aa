//! The program itself, in a folder of its own, and a client of few words.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::gate::GENEROUS;

/// Longer than any start or stop takes, on a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running gatehouse.
pub(crate) struct Process {
    child: Child,
    pub(crate) addr: String,
    /// What it said on stdout.
    pub(crate) greeting: String,
}

/// The command in this folder, with no variables but these.
pub(crate) fn command(folder: &Path, vars: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatehouse"));
    command.current_dir(folder).env_clear().env("GATEHOUSE_ADDR", "127.0.0.1:0");
    command.envs(vars.iter().copied()).stdin(Stdio::null());
    command
}

/// Runs a start that is to fail, and returns what it says on stderr.
pub(crate) fn refused(folder: &Path, vars: &[(&str, &str)]) -> String {
    let Output { status, stdout, stderr } = command(folder, vars).output().unwrap();
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1), "{stderr}");
    assert!(stdout.is_empty(), "stdout is for starts that succeed");
    stderr
}

impl Process {
    /// Starts it and waits until it serves. Its stderr is added to the file `stderr` of the folder. No limit is met,
    /// unless the variables say so.
    pub(crate) fn start(folder: &Path, vars: &[(&str, &str)]) -> Self {
        // Of two values of one variable, the last one holds.
        Self::with_usual_limits(folder, &[GENEROUS.as_slice(), vars].concat())
    }

    /// The same with the limits that everybody has who says nothing.
    pub(crate) fn with_usual_limits(folder: &Path, vars: &[(&str, &str)]) -> Self {
        let stdout = folder.join("stdout");
        let stderr = File::options().create(true).append(true).open(folder.join("stderr")).unwrap();
        let mut child = command(folder, vars)
            .stdout(File::create(&stdout).unwrap())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let begun = Instant::now();
        let addr = loop {
            let said = fs::read_to_string(&stdout).unwrap();
            if let Some((first, _)) = said.split_once('\n') {
                break first.strip_prefix("gatehouse listens at http://").unwrap().to_owned();
            }
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none() && begun.elapsed() < PATIENCE, "{}", log(folder));
            std::thread::sleep(Duration::from_millis(5));
        };
        let mut process = Self { child, addr, greeting: String::new() };
        assert_eq!(process.get("/healthz", "").0, 200);
        process.greeting = fs::read_to_string(&stdout).unwrap();
        process
    }

    /// The admin key that a first start shows.
    pub(crate) fn admin(&self) -> String {
        let line = self.greeting.lines().find_map(|line| line.strip_prefix("ADMIN="));
        line.expect("a first start").to_owned()
    }

    pub(crate) fn get(&self, path: &str, key: &str) -> (u16, Value) {
        self.call("GET", path, key, "")
    }

    pub(crate) fn post(&self, path: &str, key: &str, body: &str) -> (u16, Value) {
        self.call("POST", path, key, body)
    }

    pub(crate) fn call(&self, method: &str, path: &str, key: &str, body: &str) -> (u16, Value) {
        let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
        let length = body.len();
        let (status, body) = self.raw(
            format!(
                "{method} {path} HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n\
                 Authorization: Bearer {key}\r\n{kind}Content-Length: {length}\r\n\r\n{body}"
            )
            .as_bytes(),
        );
        (status, serde_json::from_str(&body).unwrap_or(Value::Null))
    }

    /// Sends these bytes and reads until the end.
    pub(crate) fn raw(&self, bytes: &[u8]) -> (u16, String) {
        let mut stream = self.connect();
        // The answer may come, and the connection end, before all of it is sent.
        let _ = stream.write_all(bytes);
        read_reply(stream)
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.addr).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not stop");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Asks it to stop, and expects that it ends well.
    pub(crate) fn stop(mut self) {
        self.signal("-TERM");
        assert_eq!(self.wait().code(), Some(0));
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The status and the body of a reply.
pub(crate) fn read_reply(mut stream: TcpStream) -> (u16, String) {
    let mut bytes = Vec::new();
    // A connection that is reset after its answer has an answer still.
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    (status, body.to_owned())
}

/// All that it said on stderr in this folder.
pub(crate) fn log(folder: &Path) -> String {
    fs::read_to_string(folder.join("stderr")).unwrap()
}

/// Whether any part of the key's secret that is long enough to be told from chance is in the text.
pub(crate) fn holds_part_of(text: &str, key: &str) -> bool {
    let body = key.rsplit('_').nth(1).unwrap();
    assert_eq!(body.len(), 43);
    body.as_bytes().windows(8).any(|window| text.contains(std::str::from_utf8(window).unwrap()))
}
