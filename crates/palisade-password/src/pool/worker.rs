//! The threads of a pool, and what they share.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::ledger::{Grant, Ledger, Step};
use super::pending::Reply;
use super::{Busy, PoolStatus};
use crate::Hasher;
use crate::memory::Workspace;
use crate::stored::Memory;

/// How long nothing is hashed before the memory is wiped. Long enough that a steady load never pays
/// for it, short enough that what came of a password does not lie about.
const IDLE: Duration = Duration::from_millis(200);

/// What the handles and the workers of a pool share.
pub(super) struct Shared {
    pub(super) hasher: Hasher,
    pub(super) budget: u64,
    workers: usize,
    longest_queue: usize,
    /// The most bytes that are kept for the next hash: the share of one worker. More would keep the others
    /// from theirs.
    kept: u64,
    /// How many jobs there are that nobody waits for any more.
    pub(super) abandoned: Arc<AtomicUsize>,
    state: Mutex<State>,
    /// A job came, a job ended and its memory is free, or the pool closed.
    changed: Condvar,
}

struct State {
    queue: VecDeque<Job>,
    ledger: Ledger,
    running: usize,
    open: bool,
    /// How long a job takes, as a moving average.
    typical: Duration,
}

/// Work for one worker.
pub(super) struct Job {
    memory: Memory,
    work: Box<dyn Work>,
}

/// What is done, and who wants to know.
trait Work: Send {
    fn is_abandoned(&self) -> bool;
    fn run(self: Box<Self>, hasher: &Hasher, workspace: &mut Workspace);
}

struct Answered<T, E, F> {
    reply: Reply<T, E>,
    work: F,
}

impl<T, E, F> Work for Answered<T, E, F>
where
    T: Send,
    E: Send,
    F: FnOnce(&Hasher, &mut Workspace) -> Result<T, E> + Send,
{
    fn is_abandoned(&self) -> bool {
        self.reply.is_abandoned()
    }

    fn run(self: Box<Self>, hasher: &Hasher, workspace: &mut Workspace) {
        let Self { reply, work } = *self;
        reply.send(work(hasher, workspace));
    }
}

impl Job {
    pub(super) fn new<T: Send + 'static, E: Send + 'static>(
        memory: Memory,
        reply: Reply<T, E>,
        work: impl FnOnce(&Hasher, &mut Workspace) -> Result<T, E> + Send + 'static,
    ) -> Self {
        Self { memory, work: Box::new(Answered { reply, work }) }
    }
}

impl Shared {
    pub(super) fn new(hasher: Hasher, workers: usize, budget: u64, longest_queue: usize) -> Self {
        let state = State {
            queue: VecDeque::new(),
            ledger: Ledger::new(budget),
            running: 0,
            open: true,
            typical: Duration::ZERO,
        };
        let kept = (budget / workers.max(1) as u64).max(hasher.mint().memory_bytes());
        Self {
            hasher,
            budget,
            workers,
            longest_queue,
            kept,
            abandoned: Arc::default(),
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    /// Nothing that runs under the lock panics; were it to, the state would still be whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a job, unless the queue is full.
    pub(super) fn push(&self, job: Job) -> Result<(), Busy> {
        let mut given_up = VecDeque::new();
        let mut state = self.lock();
        // Only where there is something to find: a flood must not keep the workers from the lock.
        if state.queue.len() >= self.longest_queue && self.abandoned.load(Ordering::Relaxed) > 0 {
            let queue = std::mem::take(&mut state.queue);
            (given_up, state.queue) = queue.into_iter().partition(|job| job.work.is_abandoned());
        }
        let refused = if state.queue.len() < self.longest_queue {
            state.queue.push_back(job);
            None
        } else {
            Some(Busy { retry_after: self.time_to_empty(&state) })
        };
        drop(state);
        // With what they hold, which is not ours to run under the lock.
        drop(given_up);
        if let Some(busy) = refused {
            return Err(busy);
        }
        // All of them: one that is woken may have to wait for memory, and another not.
        self.changed.notify_all();
        Ok(())
    }

    /// In which time the workers should be done with what waits: whole seconds, at least one.
    fn time_to_empty(&self, state: &State) -> Duration {
        let jobs = state.queue.len() + state.running;
        let rounds = u32::try_from(jobs.div_ceil(self.workers)).unwrap_or(u32::MAX);
        let time = state.typical.saturating_mul(rounds);
        Duration::from_secs(time.as_secs().saturating_add(1))
    }

    pub(super) fn status(&self) -> PoolStatus {
        let state = self.lock();
        PoolStatus {
            workers: self.workers,
            running: state.running,
            queued: state.queue.len(),
            memory_bytes: state.ledger.reserved(),
        }
    }

    pub(super) fn close(&self) {
        self.lock().open = false;
        self.changed.notify_all();
    }

    /// The next job with its memory; nothing when the pool is closed and its queue is empty.
    ///
    /// A job that waits for memory is not overtaken, or a stream of small ones could keep it waiting
    /// for ever.
    fn next(&self) -> Option<(Job, Grant)> {
        let mut state = self.lock();
        loop {
            if state.queue.front().is_some_and(|job| job.work.is_abandoned()) {
                let given_up = state.queue.pop_front();
                drop(state);
                drop(given_up);
                state = self.lock();
                continue;
            }
            if let Some(need) = state.queue.front().map(|job| job.memory) {
                match state.ledger.step(need, || self.hasher.workspace()) {
                    Step::Begin(grant) => {
                        let job = state.queue.pop_front()?;
                        state.running += 1;
                        return Some((job, grant));
                    }
                    Step::Drop(workspaces) => state = self.drop_all(state, workspaces),
                    Step::Wait => state = self.wait(state),
                }
            } else if !state.open {
                return None;
            } else if state.ledger.holds_secrets() {
                state = self.wait_and_wipe(state);
            } else {
                state = self.wait(state);
            }
        }
    }

    /// Drops workspaces, which wipes them and takes a while, and only then counts their memory as free.
    fn drop_all<'a>(
        &'a self,
        state: MutexGuard<'a, State>,
        workspaces: Vec<Workspace>,
    ) -> MutexGuard<'a, State> {
        drop(state);
        let bytes = workspaces.iter().map(Workspace::held).sum();
        drop(workspaces);
        let mut state = self.lock();
        state.ledger.dropped(bytes);
        self.changed.notify_all();
        state
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for work; if none comes for a moment, wipes the memory that no job has.
    fn wait_and_wipe<'a>(&'a self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let (mut state, waited) =
            self.changed.wait_timeout(state, IDLE).unwrap_or_else(PoisonError::into_inner);
        if !waited.timed_out() {
            return state;
        }
        // One at a time: a job that comes meanwhile finds the others.
        while state.queue.is_empty()
            && let Some(mut workspace) = state.ledger.take_used()
        {
            drop(state);
            workspace.wipe();
            state = self.lock();
            state.ledger.give_back_wiped(workspace);
        }
        // One may have come that waits for this memory.
        self.changed.notify_all();
        state
    }

    fn done(&self, workspace: Workspace, charged: u64, taken: Duration) {
        let mut state = self.lock();
        state.running -= 1;
        state.ledger.give_back(workspace, charged);
        state.typical =
            if state.typical.is_zero() { taken } else { (state.typical * 7 + taken) / 8 };
        drop(state);
        self.changed.notify_all();
    }
}

/// What each thread does.
pub(super) fn run(shared: &Shared) {
    while let Some((job, grant)) = shared.next() {
        let Grant { mut workspace, charged } = grant;
        let start = Instant::now();
        // A panic takes the reply with it, which tells the one who waits; the worker goes on.
        let _ = catch_unwind(AssertUnwindSafe(|| job.work.run(&shared.hasher, &mut workspace)));
        if workspace.held() > shared.kept {
            workspace = shared.hasher.workspace();
        }
        shared.done(workspace, charged, start.elapsed());
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::{Argon2id, Password, PasswordHash};

    #[test]
    fn memory_is_wiped_when_nothing_is_hashed() {
        let hasher = Hasher::builder().mint(Argon2id::new(1024, 1, 1).unwrap()).build().unwrap();
        let shared = Arc::new(Shared::new(hasher, 1, 1024 * 1024, 8));
        let worker = thread::spawn({
            let shared = shared.clone();
            move || run(&shared)
        });
        let (reply, pending) =
            super::super::Pending::<PasswordHash, crate::HashError>::new(Arc::default());
        let memory = Memory { argon2: 1024 * 1024, beside: 0 };
        let password = Password::new("password").unwrap();
        let job = Job::new(memory, reply, move |hasher, workspace| {
            hasher.hash_in(&password, None, workspace)
        });
        shared.push(job).unwrap();
        pending.wait().unwrap();
        while shared.status().running > 0 || shared.lock().ledger.holds_secrets() {
            thread::yield_now();
        }
        assert_eq!(shared.status().memory_bytes, 1024 * 1024, "kept for the next hash");
        shared.close();
        worker.join().unwrap();
    }
}
