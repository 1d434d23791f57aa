//! The answer of a job, once it is there: to be awaited on any executor, or waited for.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::PoolError;

/// An answer that a worker of a [`HashPool`](crate::HashPool) will give: `await` it on any executor, or
/// [`wait`](Self::wait) for it on a thread.
///
/// Dropped, it takes its job out of the queue; a job that has begun goes on to its end, and its memory
/// stays counted until then.
#[must_use = "without being awaited, the job is taken out of the queue"]
pub struct Pending<T, E> {
    slot: Arc<Slot<Answer<T, E>>>,
}

type Answer<T, E> = Result<T, PoolError<E>>;

struct Slot<A> {
    state: Mutex<State<A>>,
    filled: Condvar,
    /// How many jobs of the pool nobody waits for any more.
    abandoned: Arc<AtomicUsize>,
}

struct State<A> {
    answer: Option<A>,
    waker: Option<Waker>,
    /// Whether an answer was given, even if it has been taken since.
    answered: bool,
    /// Nobody waits any more, and there was no answer yet.
    abandoned: bool,
}

impl<A> Slot<A> {
    fn new(answer: Option<A>, jobs: Arc<AtomicUsize>) -> Arc<Self> {
        let answered = answer.is_some();
        let state = State { answer, waker: None, answered, abandoned: false };
        Arc::new(Self { state: Mutex::new(state), filled: Condvar::new(), abandoned: jobs })
    }

    fn lock(&self) -> MutexGuard<'_, State<A>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fill(&self, answer: A) {
        let waker = {
            let mut state = self.lock();
            if std::mem::replace(&mut state.answered, true) {
                return;
            }
            state.answer = Some(answer);
            state.waker.take()
        };
        self.filled.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T, E> Pending<T, E> {
    /// An answer that is there already.
    pub(super) fn ready(answer: Answer<T, E>) -> Self {
        Self { slot: Slot::new(Some(answer), Arc::default()) }
    }

    /// An answer to come, and where it will be put.
    pub(super) fn new(abandoned: Arc<AtomicUsize>) -> (Reply<T, E>, Self) {
        let slot = Slot::new(None, abandoned);
        (Reply { slot: slot.clone() }, Self { slot })
    }

    /// Blocks this thread until the answer is there. In async code, `await` it instead.
    ///
    /// # Errors
    ///
    /// [`PoolError`].
    pub fn wait(self) -> Answer<T, E> {
        let mut state = self.slot.lock();
        loop {
            if let Some(answer) = state.take() {
                return answer;
            }
            state = self.slot.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl<T, E> Future for Pending<T, E> {
    type Output = Answer<T, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.slot.lock();
        if let Some(answer) = state.take() {
            return Poll::Ready(answer);
        }
        match &mut state.waker {
            Some(waker) => waker.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        Poll::Pending
    }
}

impl<T, E> State<Answer<T, E>> {
    /// The answer, once it is there; afterwards, that it is lost, so that nobody waits for ever.
    fn take(&mut self) -> Option<Answer<T, E>> {
        let answer = self.answer.take();
        answer.or_else(|| self.answered.then_some(Err(PoolError::Lost)))
    }
}

impl<T, E> Drop for Pending<T, E> {
    fn drop(&mut self) {
        let waker = {
            let mut state = self.slot.lock();
            if !state.answered {
                state.abandoned = true;
                self.slot.abandoned.fetch_add(1, Ordering::Relaxed);
            }
            state.waker.take()
        };
        // Foreign code, which may ask the pool for something: not under a lock, and not later by a worker.
        drop(waker);
    }
}

impl<T, E> fmt::Debug for Pending<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pending")
    }
}

/// Where a worker puts the answer. Dropped without one, it says that the job was lost.
pub(super) struct Reply<T, E> {
    slot: Arc<Slot<Answer<T, E>>>,
}

impl<T, E> Reply<T, E> {
    pub(super) fn is_abandoned(&self) -> bool {
        self.slot.lock().abandoned
    }

    pub(super) fn send(self, answer: Result<T, E>) {
        self.slot.fill(answer.map_err(PoolError::Failed));
    }
}

impl<T, E> Drop for Reply<T, E> {
    fn drop(&mut self) {
        // Too late where an answer was sent: the first one stays.
        self.slot.fill(Err(PoolError::Lost));
        if self.slot.lock().abandoned {
            self.slot.abandoned.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
