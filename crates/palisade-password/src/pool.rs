//! Hashing for a service: a fixed set of workers, a budget of memory, a queue with an end.

mod ledger;
mod pending;
mod worker;

use std::fmt;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

pub use pending::Pending;

use crate::error::{Cost, TooCostly};
use crate::stored::Memory;
use crate::{
    HashError, Hasher, Inspection, Password, PasswordHash, Verdict, VerifyError, Workspace,
    WrapError,
};
use worker::{Job, Shared};

/// A fixed set of threads that hash, within a budget of memory.
///
/// Argon2 takes memory so that an attacker has to. Without a bound, a burst of logins takes it from the
/// service as well: each thread keeps its own, and the system ends the process. Here, every byte is
/// counted against one budget, so have one pool in a process; what does not fit waits in a queue, and when that
/// is full, the answer is [`Busy`] at once. The memory of a hash is kept for the next one, which is
/// faster than memory that is fresh, and wiped when nothing has been hashed for a moment.
///
/// Clones share the pool. When the last one goes, the workers finish what is queued, and end.
///
/// # Examples
///
/// ```
/// use palisade_password::{Hasher, HashPool, MemoryBudget, Password, Queue, Verdict};
/// use std::time::SystemTime;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let hasher = Hasher::builder().build()?;
/// let pool = HashPool::new(hasher, MemoryBudget::mib(64), Queue::bounded(32))?;
/// let password = Password::new("correct horse battery staple")?;
///
/// // In async code, `.await` stands where `.wait()` does.
/// let hash = pool.hash(&password).wait()?;
/// let verdict = pool.verify(&password, hash.as_str(), SystemTime::now()).wait()?;
/// assert!(matches!(verdict, Verdict::Match { .. }));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct HashPool {
    shared: Arc<Owner>,
}

/// What the handles share; when the last one goes, so does this.
struct Owner(Arc<Shared>);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl HashPool {
    /// Starts a pool with a worker for each core, or as many as new hashes fit in the budget.
    ///
    /// # Errors
    ///
    /// [`PoolBuildError`].
    pub fn new(hasher: Hasher, budget: MemoryBudget, queue: Queue) -> Result<Self, PoolBuildError> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let fitting = budget.bytes.checked_div(hasher.mint().memory_bytes());
        let fitting = fitting.and_then(|fitting| usize::try_from(fitting).ok());
        Self::with_workers(hasher, cores.min(fitting.unwrap_or(cores)).max(1), budget, queue)
    }

    /// Starts a pool with so many workers. Those that find no memory in the budget wait for it.
    ///
    /// # Errors
    ///
    /// [`PoolBuildError`].
    pub fn with_workers(
        hasher: Hasher,
        workers: usize,
        budget: MemoryBudget,
        queue: Queue,
    ) -> Result<Self, PoolBuildError> {
        let needs = hasher.mint().memory_bytes();
        if needs > budget.bytes {
            return Err(PoolBuildError::Budget { needs, has: budget.bytes });
        }
        if workers == 0 || queue.jobs == 0 {
            return Err(PoolBuildError::Nothing);
        }
        let shared = Arc::new(Shared::new(hasher, workers, budget.bytes, queue.jobs));
        let pool = Self { shared: Arc::new(Owner(shared.clone())) };
        for number in 0..workers {
            let shared = shared.clone();
            // Where one cannot be started, dropping `pool` ends those before it.
            thread::Builder::new()
                .name(format!("palisade-hash-{number}"))
                .spawn(move || worker::run(&shared))
                .map_err(|error| PoolBuildError::Thread(error.kind()))?;
        }
        Ok(pool)
    }

    /// The policy.
    #[must_use]
    pub fn hasher(&self) -> &Hasher {
        &self.shared.0.hasher
    }

    /// As [`Hasher::hash`].
    pub fn hash(&self, password: &Password) -> Pending<PasswordHash, HashError> {
        self.submit_hash(password, None)
    }

    /// As [`Hasher::rehash`].
    pub fn rehash(&self, password: &Password, stored: &str) -> Pending<PasswordHash, HashError> {
        self.submit_hash(password, Some(stored.to_owned()))
    }

    /// As [`Hasher::verify`].
    pub fn verify(
        &self,
        password: &Password,
        stored: &str,
        now: SystemTime,
    ) -> Pending<Verdict, VerifyError> {
        self.submit_verify(password, stored.into(), now, |verdict| verdict)
    }

    /// As [`Hasher::verify_unknown_user`].
    pub fn verify_unknown_user(
        &self,
        password: &Password,
        login: &str,
        now: SystemTime,
    ) -> Pending<Verdict, VerifyError> {
        let fits = |memory| self.shared.0.fits(memory).is_ok();
        let stored = self.hasher().stand_in(login, now, fits);
        self.submit_verify(password, stored, now, |_| Verdict::Mismatch)
    }

    /// As [`Hasher::wrap`].
    pub fn wrap(&self, stored: &str, now: SystemTime) -> Pending<Option<PasswordHash>, WrapError> {
        let mint = self.hasher().mint().memory_bytes();
        let old = match self.hasher().read(stored, 0, now) {
            Ok(stored) => stored.memory(),
            Err(error) => return Pending::ready(Err(PoolError::Failed(error.into()))),
        };
        // Whoever logs in will need both, so a wrapping that would not fit is none.
        if let Err(error) = self.shared.0.fits(Memory { argon2: old.argon2.max(mint), ..old }) {
            let error = WrapError::Stored(error.into());
            return Pending::ready(Err(PoolError::Failed(error)));
        }
        // One outer hash; the old one is not computed.
        let memory = Memory { argon2: mint, beside: 0 };
        let stored = stored.to_owned();
        self.submit(memory, move |hasher, workspace| hasher.wrap_in(&stored, now, workspace))
    }

    /// As [`Hasher::check`], and whether the hash fits in the budget.
    ///
    /// # Errors
    ///
    /// The [`VerifyError`] that [`verify`](Self::verify) would give whatever the password.
    pub fn check(&self, stored: &str, now: SystemTime) -> Result<Inspection, VerifyError> {
        let stored = self.hasher().read(stored, 0, now)?;
        self.shared.0.fits(stored.memory())?;
        Ok(Inspection::of(&stored))
    }

    /// What the pool is doing.
    #[must_use]
    pub fn status(&self) -> PoolStatus {
        self.shared.0.status()
    }

    fn submit_verify(
        &self,
        password: &Password,
        stored: Arc<str>,
        now: SystemTime,
        answer: fn(Verdict) -> Verdict,
    ) -> Pending<Verdict, VerifyError> {
        let len = password.expose_secret().len();
        let memory = match self.hasher().read(&stored, len, now) {
            Ok(stored) => stored.memory(),
            Err(error) => return Pending::ready(Err(PoolError::Failed(error))),
        };
        if let Err(error) = self.shared.0.fits(memory) {
            return Pending::ready(Err(PoolError::Failed(error.into())));
        }
        let password = password.clone();
        self.submit(memory, move |hasher, workspace| {
            hasher.verify_in(&password, &stored, now, workspace).map(answer)
        })
    }

    fn submit_hash(
        &self,
        password: &Password,
        stored: Option<String>,
    ) -> Pending<PasswordHash, HashError> {
        let argon2 = match self.hasher().mint_over(stored.as_deref()) {
            Ok(mint) => mint.memory_bytes(),
            Err(error) => return Pending::ready(Err(PoolError::Failed(error))),
        };
        let memory = Memory { argon2, beside: 0 };
        if let Err(error) = self.shared.0.fits(memory) {
            let error = HashError::Stored(error.into());
            return Pending::ready(Err(PoolError::Failed(error)));
        }
        let password = password.clone();
        self.submit(memory, move |hasher, workspace| {
            hasher.hash_in(&password, stored.as_deref(), workspace)
        })
    }

    fn submit<T: Send + 'static, E: Send + 'static>(
        &self,
        memory: Memory,
        work: impl FnOnce(&Hasher, &mut Workspace) -> Result<T, E> + Send + 'static,
    ) -> Pending<T, E> {
        let (reply, pending) = Pending::new(self.shared.0.abandoned.clone());
        match self.shared.0.push(Job::new(memory, reply, work)) {
            Ok(()) => pending,
            Err(busy) => Pending::ready(Err(PoolError::Busy(busy))),
        }
    }
}

impl Shared {
    /// Refuses what could never begin.
    fn fits(&self, memory: Memory) -> Result<(), TooCostly> {
        crate::limits::at_most(Cost::Memory, memory.total(), self.budget)
    }
}

impl fmt::Debug for HashPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HashPool").field("status", &self.status()).finish_non_exhaustive()
    }
}

/// How many bytes of memory the hashes of a pool may take together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryBudget {
    bytes: u64,
}

impl MemoryBudget {
    /// So many MiB, of 1,048,576 bytes.
    #[must_use]
    pub const fn mib(mib: u32) -> Self {
        Self { bytes: mib as u64 * 1024 * 1024 }
    }

    /// So many bytes.
    #[must_use]
    pub const fn bytes(bytes: u64) -> Self {
        Self { bytes }
    }

    /// How many bytes.
    #[must_use]
    pub const fn as_bytes(self) -> u64 {
        self.bytes
    }
}

/// How many jobs may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queue {
    jobs: usize,
}

impl Queue {
    /// At most so many.
    #[must_use]
    pub const fn bounded(jobs: usize) -> Self {
        Self { jobs }
    }
}

/// What a [`HashPool`] is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStatus {
    /// How many workers there are.
    pub workers: usize,
    /// How many jobs run.
    pub running: usize,
    /// How many jobs wait.
    pub queued: usize,
    /// How many bytes running jobs have, and idle memory that is kept for the next ones.
    pub memory_bytes: u64,
}

/// A job of a pool came to nothing.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PoolError<E> {
    /// It failed, or could never begin.
    #[error(transparent)]
    Failed(E),
    /// The queue is full; it was not begun.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// It began, and panicked. Only a [`LegacyScheme`](crate::LegacyScheme) can.
    #[error("the hash was given up, since the scheme panicked")]
    Lost,
}

/// Too many wait already. Answer 503 with `Retry-After`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being checked; try again in {} s", self.retry_after.as_secs())]
pub struct Busy {
    retry_after: Duration,
}

impl Busy {
    /// In which time those that wait now should be done: whole seconds, at least one.
    #[must_use]
    pub fn retry_after(&self) -> Duration {
        self.retry_after
    }
}

/// A pool cannot be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PoolBuildError {
    /// Not one new hash fits in the budget.
    #[error("a new hash takes {needs} bytes of memory, and the budget is {has}")]
    Budget {
        /// Bytes that a new hash takes.
        needs: u64,
        /// Bytes of the budget.
        has: u64,
    },
    /// No worker, or no place in the queue.
    #[error("a pool needs a worker and a place in its queue")]
    Nothing,
    /// The system started no thread.
    #[error("the system started no thread: {0}")]
    Thread(std::io::ErrorKind),
}
