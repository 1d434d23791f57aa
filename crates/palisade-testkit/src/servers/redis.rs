//! One server.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::guard::Guard;
use super::{ports, resp, wait_until};

/// A Redis server of its own, empty and without persistence, on a free port of 127.0.0.1.
///
/// It is killed, and its folder removed, when the value is dropped or the process ends.
#[derive(Debug)]
pub struct RedisServer {
    port: u16,
    guard: Mutex<Guard>,
}

impl RedisServer {
    /// Starts a server and waits until it answers.
    #[must_use]
    pub fn start() -> Self {
        Self::with_options(&[])
    }

    /// Starts a server with more options of the command line, such as `&["--maxmemory", "2mb"]`.
    ///
    /// # Panics
    ///
    /// When the server does not take the options; the panic shows what it says.
    #[must_use]
    pub fn with_options(options: &[&str]) -> Self {
        loop {
            let port = ports::free();
            let fixed = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port"];
            let mut arguments: Vec<String> = fixed.map(str::to_owned).into();
            arguments.push(port.to_string());
            arguments.extend(options.iter().map(|&option| option.to_owned()));
            let guard = Guard::start(&arguments);
            if is_ready(&guard) {
                return Self { port, guard: Mutex::new(guard) };
            }
            // Somebody else was given the port in the meantime: another one, then.
        }
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address as a URL: `redis://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Sends one command and gives its answer as text: the parts of an array as lines, nothing as an
    /// empty text.
    ///
    /// # Panics
    ///
    /// When the answer is an error, or does not come within five seconds.
    pub fn command(&self, arguments: &[&str]) -> String {
        self.try_command(arguments)
            .unwrap_or_else(|error| panic!("{arguments:?} is answered with: {error}"))
    }

    /// Sends one command. An error, of the server or of the connection, comes back as its text.
    ///
    /// # Errors
    ///
    /// The server's error, such as `READONLY …`, or what is wrong with the connection.
    pub fn try_command(&self, arguments: &[&str]) -> Result<String, String> {
        resp::command(self.port, arguments)
    }

    /// Kills the server, as a crash of its machine would: by SIGKILL. It is gone when this returns.
    pub fn kill(&self) {
        self.guard().order("kill");
    }

    /// Stops the server with SIGSTOP: it keeps its port and its connections and answers nothing.
    pub fn pause(&self) {
        self.guard().order("pause");
    }

    /// Lets a paused server go on: SIGCONT.
    pub fn resume(&self) {
        self.guard().order("resume");
    }

    /// Kills the server and starts it again on the same port, without its data: only what it wrote down because
    /// its options say `--appendonly yes` comes back. A server that is already killed is started.
    pub fn restart(&self) {
        let mut guard = self.guard();
        guard.order("kill");
        guard.order("start");
        assert!(is_ready(&guard), "the port of a restarted server is taken");
    }

    fn guard(&self) -> MutexGuard<'_, Guard> {
        self.guard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits until a server that has just been started takes connections; no when its port was taken.
///
/// The log says so rather than an answer, which could come from a stranger on that port.
fn is_ready(guard: &Guard) -> bool {
    let mut ready = None;
    wait_until("the server starts", || {
        let log = guard.log();
        if log.contains("Ready to accept connections") {
            ready = Some(true);
        } else if log.contains("Address already in use") {
            ready = Some(false);
        } else {
            assert!(!log.contains("FATAL CONFIG FILE ERROR"), "{log}");
        }
        ready.is_some()
    });
    ready == Some(true)
}
