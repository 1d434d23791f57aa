//! The small shell process that a server runs below, so that it never outlives the test.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A running guard. It ends, and its server with it, when this value is dropped or its process dies:
/// either closes the pipe that the guard reads.
#[derive(Debug)]
pub(super) struct Guard {
    process: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    folder: PathBuf,
}

impl Guard {
    /// Starts a guard, and below it a server with these arguments.
    pub(super) fn start(arguments: &[String]) -> Self {
        require_redis();
        let mut process = Command::new("sh")
            .args(["-c", include_str!("guard.sh"), "guard"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A Ctrl-C in the terminal is for the tests; the guard follows them by itself.
            .process_group(0)
            .spawn()
            .expect("`sh` can be started");
        let orders = process.stdin.take();
        let answers = process.stdout.take().expect("the guard has a standard output");
        let mut guard =
            Self { process, orders, answers: BufReader::new(answers), folder: PathBuf::new() };
        guard.folder = PathBuf::from(guard.answer());
        guard
    }

    /// What the server has written since its last start.
    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Gives an order of `guard.sh` and waits until it is done.
    pub(super) fn order(&mut self, order: &str) {
        let orders = self.orders.as_mut().expect("the pipe is open until the guard is dropped");
        writeln!(orders, "{order}").expect("the guard reads its orders");
        assert_eq!(self.answer(), "done", "the guard has done: {order}");
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the guard answers");
        assert!(!line.is_empty(), "the guard of the server has ended");
        line.trim_end().to_owned()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.orders.take());
        // Nothing can be done about an error here, and the next test does not depend on it.
        let _ = self.process.wait();
    }
}

fn require_redis() {
    let found = Command::new("redis-server").arg("--version").stdout(Stdio::null()).status();
    assert!(
        found.is_ok_and(|status| status.success()),
        "these tests need a Redis server; install it with: apt-get install redis-server"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Once it is killed and gone, the number of its process may be that of any other.
    #[test]
    fn a_server_that_was_killed_gets_no_more_signals() {
        const NOTES: &str = r#"kill() { echo "$1" >>"$NOTES"; command kill "$@"; }"#;
        let folder = tempfile::tempdir().unwrap();
        let notes = folder.path().join("notes");
        let script = format!("{NOTES}\n{}", include_str!("guard.sh"));
        let mut guard = Command::new("sh")
            .args(["-c", &script, "guard", "--bind", "127.0.0.1", "--save", "", "--port", "0"])
            .env("NOTES", &notes)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut orders = guard.stdin.take().unwrap();
        for order in ["pause", "resume", "kill", "pause", "resume", "kill", "start", "kill"] {
            writeln!(orders, "{order}").unwrap();
        }
        drop(orders);
        assert!(guard.wait().unwrap().success());
        let notes = std::fs::read_to_string(notes).unwrap();
        assert_eq!(notes.lines().collect::<Vec<_>>(), ["-STOP", "-CONT", "-KILL", "-KILL"]);
    }
}
