//! Keeps a connection up.

mod care;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::{Cmd, ErrorKind, RedisError, ServerErrorKind, Value};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use self::care::{Task, look_after};
use super::connection::{Connection, timed_out};
use super::script::Call;
use crate::RedisOptions;

/// A connection that is replaced when it fails. A clone is the same link.
#[derive(Clone)]
pub(super) struct Link {
    shared: Arc<Shared>,
}

struct Shared {
    options: RedisOptions,
    state: watch::Sender<State>,
    next_number: AtomicU64,
}

/// Where the link stands.
#[derive(Clone)]
enum State {
    /// Nobody has asked for a connection, or nobody looks after it any more.
    Idle,
    /// The first attempt after that, or after a loss, is under way. Callers wait for it.
    Trying,
    /// Connected.
    Up(Up),
    /// The last attempt failed like this, and the next one is due within about a second.
    Down(RedisError),
}

#[derive(Clone)]
struct Up {
    connection: Connection,
    number: u64,
    since: Instant,
    /// A task is finding out whether it still works.
    in_doubt: bool,
}

/// What is asked of the server.
#[derive(Clone, Copy)]
pub(super) enum Request<'a> {
    Command(&'a Cmd),
    Script(&'a Call<'a>),
}

/// How long a connection is left alone after it was checked.
const CALM: Duration = Duration::from_millis(500);

/// How much longer than one node a whole Cluster may take to connect: the seeds, then all nodes, and the
/// question who has which keys.
const CLUSTER_FACTOR: u32 = 3;

impl Link {
    pub(super) fn new(options: RedisOptions) -> Self {
        let state = watch::Sender::new(State::Idle);
        Self { shared: Arc::new(Shared { options, state, next_number: AtomicU64::new(0) }) }
    }

    pub(super) fn options(&self) -> &RedisOptions {
        &self.shared.options
    }

    /// Sends a request and waits for the answer, as long as the options say.
    pub(super) async fn exchange(&self, request: Request<'_>) -> Result<Value, RedisError> {
        self.exchange_noting(request, || ()).await
    }

    /// The same, and calls `leaves` right before the request may leave.
    pub(super) async fn exchange_noting(
        &self,
        request: Request<'_>,
        leaves: impl FnOnce(),
    ) -> Result<Value, RedisError> {
        let Up { mut connection, number, .. } =
            timeout(self.options().connecting(), self.up()).await.map_err(|_| timed_out())??;
        // A caller with a deadline of its own drops this future before the timeout says anything.
        let mut watched = Watched { shared: &self.shared, number, verdict: Verdict::Doubtful };
        leaves();
        let answer = timeout(self.options().answering(), connection.exchange(request)).await;
        let answer = answer.unwrap_or_else(|_| Err(timed_out()));
        watched.verdict = Verdict::of(&answer);
        answer
    }

    /// Waits for the first attempt to connect, however long that takes.
    pub(super) async fn wait_until_up(&self) -> Result<(), RedisError> {
        self.up().await.map(drop)
    }

    async fn up(&self) -> Result<Up, RedisError> {
        if let State::Up(up) = &*self.shared.state.borrow() {
            return Ok(up.clone());
        }
        let mut state = self.shared.state.subscribe();
        loop {
            match &*state.borrow_and_update() {
                State::Up(up) => return Ok(up.clone()),
                State::Down(error) => return Err(error.clone()),
                State::Idle | State::Trying => {}
            }
            self.shared.begin();
            state.changed().await.map_err(|_| timed_out())?;
        }
    }
}

/// What an answer says about the connection that it came by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Sound,
    Doubtful,
    /// What was the master is a replica now. Its name may stand for another server since.
    Demoted,
    /// Of no use any more.
    Lost,
}

impl Verdict {
    fn of(answer: &Result<Value, RedisError>) -> Self {
        match answer {
            Err(error) if error.is_unrecoverable_error() => Self::Lost,
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly) => {
                Self::Demoted
            }
            Err(error) if error.is_io_error() => Self::Doubtful,
            Ok(_) | Err(_) => Self::Sound,
        }
    }
}

/// Reports the connection when an exchange ends, or is dropped.
struct Watched<'a> {
    shared: &'a Arc<Shared>,
    number: u64,
    verdict: Verdict,
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        self.shared.judge(self.number, self.verdict);
    }
}

impl Shared {
    /// Begins to connect, unless somebody does already.
    fn begin(self: &Arc<Self>) {
        let begins = self.state.send_if_modified(|state| {
            let idle = matches!(state, State::Idle);
            if idle {
                *state = State::Trying;
            }
            idle
        });
        if begins {
            look_after(self, Task::Restore);
        }
    }

    /// Takes note of what was seen of the connection with this number.
    fn judge(self: &Arc<Self>, number: u64, verdict: Verdict) {
        if verdict == Verdict::Sound {
            return;
        }
        let mut replace = false;
        let begins = self.state.send_if_modified(|state| match state {
            State::Up(up) if up.number == number => {
                replace = match verdict {
                    // A Cluster is more than one connection, and most of them may be well.
                    _ if self.options.is_cluster() => false,
                    Verdict::Lost => true,
                    // Not over and over, where the name still stands for a replica.
                    Verdict::Demoted => up.since.elapsed() > CALM,
                    Verdict::Sound | Verdict::Doubtful => false,
                };
                let begins = replace || !up.in_doubt;
                up.in_doubt = true;
                if replace {
                    *state = State::Trying;
                }
                begins
            }
            _ => false,
        });
        match begins {
            true if replace => look_after(self, Task::Restore),
            true => look_after(self, Task::Check(number)),
            false => {}
        }
    }

    /// The connection with this number, unless it was replaced.
    fn connection(&self, number: u64) -> Option<Connection> {
        match &*self.state.borrow() {
            State::Up(up) if up.number == number => Some(up.connection.clone()),
            _ => None,
        }
    }

    /// Replaces the connection with this number; no, when somebody else has done so.
    fn replace(&self, number: u64, by: State) -> bool {
        self.state.send_if_modified(|state| {
            let is_it = matches!(state, State::Up(up) if up.number == number);
            if is_it {
                *state = by;
            }
            is_it
        })
    }

    async fn open(self: &Arc<Self>) -> Result<Up, RedisError> {
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        let weak = Arc::downgrade(self);
        let lost = move || {
            if let Some(shared) = weak.upgrade() {
                shared.judge(number, Verdict::Lost);
            }
        };
        let factor = if self.options.is_cluster() { CLUSTER_FACTOR } else { 1 };
        let opening = Connection::open(&self.options, lost);
        let connection = timeout(self.options.connecting() * factor, opening)
            .await
            .map_err(|_| timed_out())??;
        Ok(Up { connection, number, since: Instant::now(), in_doubt: false })
    }
}
