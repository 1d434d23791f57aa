//! What the program answers, with its headers.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::WHOAMI;
use crate::process::Process;

/// Longer than anything takes that is waited for here.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Value,
}

impl Answer {
    /// The value of a header; empty where it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        let line = self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.unwrap_or_default()
    }

    /// What is left of which limit; empty where nobody counted.
    pub(crate) fn left(&self) -> &str {
        self.header("ratelimit").rsplit_once(";t=").unwrap_or_default().0
    }

    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }
}

/// Asks who the caller is.
pub(crate) fn whoami(gate: &Process, key: &str) -> Answer {
    let mut stream = gate.connect();
    let request = format!(
        "GET {WHOAMI} HTTP/1.1\r\nHost: gate\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").expect("every request is answered");
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_owned(), body: serde_json::from_str(body).unwrap() }
}

/// Asks until the answer is yes.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
