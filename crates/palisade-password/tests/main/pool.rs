//! The pool under load. What has to be seen while it happens is held at a gate: a legacy scheme that
//! computes nothing until it is told to.

use std::future::Future;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::SystemTime;

use palisade_password::{
    Argon2id, Cost, HashPool, Hasher, LegacyFailure, LegacyScheme, MemoryBudget, Password, Pending,
    PoolBuildError, PoolError, PoolStatus, Queue, RehashReason, Verdict, VerifyError,
};

const NOW: SystemTime = SystemTime::UNIX_EPOCH;
const MIB: u64 = 1024 * 1024;

/// `gate$<MiB>$<digest>`: says when a computation begins, and waits until the gate is open.
struct Gate {
    begun: Mutex<Sender<u64>>,
    open: Arc<(Mutex<bool>, Condvar)>,
}

impl LegacyScheme for Gate {
    fn name(&self) -> &'static str {
        "gate"
    }

    fn prefix(&self) -> &'static str {
        "gate$"
    }

    fn split<'a>(&self, stored: &'a str) -> Option<(&'a str, &'a str)> {
        Some(stored.split_at(stored.rfind('$')? + 1))
    }

    fn digest(&self, password: &[u8], head: &str) -> Result<String, LegacyFailure> {
        assert!(password != b"panic", "as it was told to");
        self.begun.lock().unwrap().send(self.memory_bytes(head) / MIB).unwrap();
        let (open, changed) = &*self.open;
        drop(changed.wait_while(open.lock().unwrap(), |open| !*open).unwrap());
        Ok(String::from_utf8_lossy(password).into_owned())
    }

    fn memory_bytes(&self, head: &str) -> u64 {
        head.split('$').nth(1).and_then(|mib| mib.parse::<u64>().ok()).unwrap_or(0) * MIB
    }
}

/// A pool of small hashes with a gate.
struct Gated {
    pool: HashPool,
    begun: Receiver<u64>,
    open: Arc<(Mutex<bool>, Condvar)>,
    password: Password,
}

impl Gated {
    fn new(workers: usize, budget_mib: u32, queue: usize) -> Self {
        let (begun, receiver) = channel();
        let open = Arc::new((Mutex::new(false), Condvar::new()));
        let gate = Gate { begun: Mutex::new(begun), open: open.clone() };
        let hasher = Hasher::builder().mint(small()).legacy(gate).build().unwrap();
        let budget = MemoryBudget::mib(budget_mib);
        let pool = HashPool::with_workers(hasher, workers, budget, Queue::bounded(queue)).unwrap();
        Self { pool, begun: receiver, open, password: Password::new("right").unwrap() }
    }

    /// A job that stops at the gate, with so much memory.
    fn job(&self, mib: u64) -> Pending<Verdict, VerifyError> {
        self.pool.verify(&self.password, &format!("gate${mib}$right"), NOW)
    }

    /// Waits until a job stands at the gate.
    fn begun(&self) -> u64 {
        self.begun.recv().unwrap()
    }

    fn open(&self) {
        *self.open.0.lock().unwrap() = true;
        self.open.1.notify_all();
    }

    /// Waits until the pool is in a state, which it has to come to.
    fn until(&self, reached: impl Fn(PoolStatus) -> bool) {
        while !reached(self.pool.status()) {
            std::thread::yield_now();
        }
    }
}

fn small() -> Argon2id {
    Argon2id::new(1024, 1, 1).unwrap()
}

fn small_pool(workers: usize, budget_mib: u32, queue: usize) -> HashPool {
    let hasher = Hasher::builder().mint(small()).build().unwrap();
    HashPool::with_workers(hasher, workers, MemoryBudget::mib(budget_mib), Queue::bounded(queue))
        .unwrap()
}

fn password() -> Password {
    Password::new("correct horse").unwrap()
}

fn is_match<E>(answer: &Result<Verdict, E>) -> bool {
    matches!(answer, Ok(Verdict::Match { .. }))
}

#[test]
fn answers_on_a_thread() {
    let pool = small_pool(2, 4, 8);
    let hash = pool.hash(&password()).wait().unwrap();
    let verdict = pool.verify(&password(), hash.as_str(), NOW).wait().unwrap();
    assert!(matches!(verdict, Verdict::Match { rehash: None, .. }));
}

#[tokio::test]
async fn answers_on_an_executor() {
    let pool = small_pool(2, 4, 8);
    let hash = pool.hash(&password()).await.unwrap();
    assert!(is_match(&pool.verify(&password(), hash.as_str(), NOW).await));
    let other = pool.verify_unknown_user(&password(), "nobody", NOW).await.unwrap();
    assert_eq!(other, Verdict::Mismatch);
    let old = "$2b$04$xnFVhJsTzsFBTeP3PpgbMeMREb6rdKV9faW54Sx.yg9plf4jY8qT6";
    let old_password = Password::new("I9VfYlacJiwiK").unwrap();
    let verdict = pool.verify(&old_password, old, NOW).await.unwrap();
    assert!(matches!(verdict, Verdict::Match { rehash: Some(RehashReason::Scheme), .. }));
    let new = pool.rehash(&old_password, old).await.unwrap();
    assert!(new.as_str().starts_with("$argon2id$"));
    let wrapped = pool.wrap(old, NOW).await.unwrap().unwrap();
    assert!(is_match(&pool.verify(&old_password, wrapped.as_str(), NOW).await));
}

#[test]
fn jobs_begin_only_within_the_budget() {
    let gated = Gated::new(6, 32, 16);
    let jobs: Vec<_> = (0..6).map(|_| gated.job(10)).collect();
    for _ in 0..3 {
        gated.begun();
    }
    // Three have 30 of 32 MiB; the other three workers are free, and their jobs wait.
    let status = gated.pool.status();
    assert_eq!((status.running, status.queued, status.memory_bytes), (3, 3, 30 * MIB));
    gated.open();
    assert!(jobs.into_iter().all(|job| is_match(&job.wait())));
    gated.until(|status| status.running == 0 && status.memory_bytes == 0);
}

#[test]
fn a_small_job_does_not_overtake_a_large_one_that_waits() {
    let gated = Gated::new(3, 32, 16);
    let (first, large, small) = (gated.job(10), gated.job(30), gated.job(1));
    assert_eq!(gated.begun(), 10);
    assert_eq!(gated.pool.status().queued, 2);
    gated.open();
    assert!(is_match(&first.wait()) && is_match(&large.wait()) && is_match(&small.wait()));
    assert_eq!((gated.begun(), gated.begun()), (30, 1));
}

#[test]
fn a_disconnect_frees_nothing_before_the_job_ends() {
    let gated = Gated::new(1, 32, 16);
    let job = gated.job(10);
    gated.begun();
    drop(job);
    let status = gated.pool.status();
    assert_eq!((status.running, status.memory_bytes), (1, 10 * MIB));
    gated.open();
    gated.until(|status| status.running == 0 && status.memory_bytes == 0);
}

#[test]
fn a_disconnect_takes_a_waiting_job_out_of_the_queue() {
    let gated = Gated::new(1, 32, 2);
    let running = gated.job(1);
    gated.begun();
    let (given_up, kept) = (gated.job(2), gated.job(3));
    assert!(matches!(gated.job(4).wait(), Err(PoolError::Busy(_))));
    drop(given_up);
    let late = gated.job(5);
    gated.open();
    assert!(is_match(&running.wait()) && is_match(&kept.wait()) && is_match(&late.wait()));
    assert_eq!((gated.begun(), gated.begun()), (3, 5), "the one that was given up never began");
}

#[test]
fn a_full_queue_is_busy_at_once_and_says_when_to_come_back() {
    let gated = Gated::new(1, 32, 1);
    let running = gated.job(1);
    gated.begun();
    let waiting = gated.job(1);
    let Err(PoolError::Busy(busy)) = gated.job(1).wait() else { panic!("not busy") };
    assert!(busy.retry_after().as_secs() >= 1);
    assert_eq!(busy.retry_after().subsec_nanos(), 0);
    gated.open();
    assert!(is_match(&running.wait()) && is_match(&waiting.wait()));
}

#[test]
fn every_one_of_a_storm_has_an_answer_or_is_told_busy() {
    let pool = small_pool(2, 2, 8);
    let hash = pool.hash(&password()).wait().unwrap();
    let (answered, busy) = std::thread::scope(|scope| {
        let client = || {
            let (mut answered, mut busy) = (0, 0);
            for _ in 0..100 {
                match pool.verify(&password(), hash.as_str(), NOW).wait() {
                    Ok(Verdict::Match { .. }) => answered += 1,
                    Err(PoolError::Busy(_)) => busy += 1,
                    other => panic!("{other:?}"),
                }
            }
            (answered, busy)
        };
        let clients: Vec<_> = (0..20).map(|_| scope.spawn(client)).collect();
        let sums = clients.into_iter().map(|client| client.join().unwrap());
        sums.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    });
    assert_eq!(answered + busy, 2000);
    assert!(answered > 0 && busy > 0, "{answered} answered, {busy} busy");
}

#[test]
fn a_scheme_that_panics_is_lost_alone() {
    let gated = Gated::new(1, 32, 16);
    let panicking = Password::new("panic").unwrap();
    let lost = gated.pool.verify(&panicking, "gate$1$right", NOW).wait();
    assert!(matches!(lost, Err(PoolError::Lost)));
    gated.open();
    assert!(is_match(&gated.job(1).wait()));
    gated.until(|status| status.running == 0 && status.memory_bytes == 0);
}

#[test]
fn what_is_queued_is_answered_after_the_pool_is_dropped() {
    let gated = Gated::new(1, 32, 16);
    let jobs: Vec<_> = (0..5).map(|_| gated.job(1)).collect();
    gated.begun();
    let Gated { pool, open, begun: _begun, .. } = gated;
    drop(pool);
    *open.0.lock().unwrap() = true;
    open.1.notify_all();
    assert!(jobs.into_iter().all(|job| is_match(&job.wait())));
}

#[test]
fn what_could_never_begin_is_refused() {
    let gated = Gated::new(1, 32, 16);
    let Err(PoolError::Failed(VerifyError::TooCostly(refused))) = gated.job(33).wait() else {
        panic!("not refused")
    };
    assert_eq!((refused.what(), refused.limit()), (Cost::Memory, 32 * MIB));
    let bomb = "$argon2id$v=19$m=8388608,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ";
    let refused = gated.pool.verify(&password(), bomb, NOW).wait();
    assert!(matches!(refused, Err(PoolError::Failed(VerifyError::TooCostly(_)))));
}

#[test]
fn memory_is_kept_for_the_next_hash_and_given_up_for_a_larger_one() {
    let pool = small_pool(2, 3, 8);
    for _ in 0..4 {
        pool.hash(&password()).wait().unwrap();
    }
    let hash = |mib: u32| {
        let big = Hasher::builder().mint(Argon2id::new(mib * 1024, 1, 1).unwrap()).build().unwrap();
        big.hash(&password()).unwrap().into_string()
    };
    let (three, one) = (hash(3), hash(1));
    // The whole budget: what is idle has to go.
    assert!(is_match(&pool.verify(&password(), &three, NOW).wait()));
    assert!(pool.status().memory_bytes <= 3 * MIB);
    assert!(is_match(&pool.verify(&password(), &one, NOW).wait()));
}

#[test]
fn a_pool_that_could_do_nothing_is_not_built() {
    let hasher = || Hasher::builder().build().unwrap();
    let of = |workers, mib, queue| {
        HashPool::with_workers(hasher(), workers, MemoryBudget::mib(mib), Queue::bounded(queue))
            .err()
    };
    assert!(matches!(of(1, 18, 1), Some(PoolBuildError::Budget { .. })));
    assert_eq!(of(0, 64, 1), Some(PoolBuildError::Nothing));
    assert_eq!(of(1, 64, 0), Some(PoolBuildError::Nothing));
    assert_eq!(of(1, 19, 1), None);
}

/// A workspace that is larger than a worker's share is not kept, or the others would never find memory.
#[test]
fn one_large_row_leaves_the_others_their_memory() {
    let gated = Gated::new(4, 8, 16);
    let large = Hasher::builder().mint(Argon2id::new(8 * 1024, 1, 1).unwrap()).build().unwrap();
    let large = large.hash(&password()).unwrap().into_string();
    assert!(is_match(&gated.pool.verify(&password(), &large, NOW).wait()));
    gated.until(|status| status.running == 0);
    assert!(gated.pool.status().memory_bytes <= 2 * MIB, "{:?}", gated.pool.status());
    let jobs: Vec<_> = (0..4).map(|_| gated.job(2)).collect();
    for _ in 0..4 {
        gated.begun();
    }
    gated.open();
    assert!(jobs.into_iter().all(|job| is_match(&job.wait())));
}

/// A waker is foreign code, and may ask the pool for something.
#[test]
fn the_waker_of_a_job_that_was_given_up_never_runs_under_the_lock() {
    struct Asks(HashPool);
    impl std::task::Wake for Asks {
        fn wake(self: Arc<Self>) {
            let _ = self.0.status();
        }
    }
    impl Drop for Asks {
        fn drop(&mut self) {
            let _ = self.0.status();
        }
    }
    let gated = Gated::new(1, 32, 2);
    let running = gated.job(1);
    gated.begun();
    let mut given_up: Vec<_> = (0..2).map(|_| gated.job(1)).collect();
    for job in &mut given_up {
        let waker = Arc::new(Asks(gated.pool.clone())).into();
        let polled = std::pin::pin!(job).poll(&mut std::task::Context::from_waker(&waker));
        assert!(polled.is_pending());
    }
    drop(given_up.pop());
    // It takes the place of the one that was given up, which is dropped here; the other by the worker.
    let late = gated.job(1);
    drop(given_up);
    gated.open();
    assert!(is_match(&running.wait()) && is_match(&late.wait()));
    assert!(is_match(&gated.job(1).wait()));
}

#[tokio::test]
async fn an_answer_that_was_taken_is_not_waited_for_again() {
    let pool = small_pool(1, 1, 1);
    let mut pending = pool.hash(&password());
    assert!((&mut pending).await.is_ok());
    assert!(matches!((&mut pending).await, Err(PoolError::Lost)));
    assert!(matches!(pending.wait(), Err(PoolError::Lost)));
}

#[test]
fn a_wrapping_that_would_not_fit_in_the_budget_is_refused() {
    let pepper = palisade_secret::MacKey::dangerous_any_length(&[7; 32]);
    let hasher = Hasher::builder()
        .mint(Argon2id::new(8 * 1024, 1, 1).unwrap())
        .peppers(palisade_secret::Keyring::new("p".parse().unwrap(), pepper))
        .accept_unpeppered_until(NOW + std::time::Duration::from_secs(1))
        .build()
        .unwrap();
    let pool = HashPool::with_workers(hasher, 1, MemoryBudget::mib(20), Queue::bounded(4)).unwrap();
    // 16 MiB, and 8 for what would be laid around it: each fits, and not both.
    let scrypt =
        "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI";
    assert!(pool.check(scrypt, NOW).is_ok());
    let refused = pool.wrap(scrypt, NOW).wait();
    assert!(matches!(refused, Err(PoolError::Failed(_))), "{refused:?}");

    let above = "$argon2id$v=19$m=32768,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ";
    assert!(pool.hasher().check(above, NOW).is_ok());
    assert!(matches!(pool.check(above, NOW), Err(VerifyError::TooCostly(_))));
}
