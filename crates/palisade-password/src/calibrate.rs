//! Finding the cost that a machine can afford, under the load that it will have.

use std::thread;
use std::time::{Duration, Instant};

use crate::{
    Argon2id, Backend, BuildError, HashError, HashPool, Hasher, Limits, MemoryBudget, Mint,
    Password, PoolBuildError, PoolError, Queue,
};

/// What hashing may cost on this machine.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// How long a login may wait for its hash: of a hundred, ninety-nine wait no longer.
    pub time: Duration,
    /// The memory of all hashes together: the budget of the [`HashPool`].
    pub memory: MemoryBudget,
    /// How many logins there are at any one time.
    pub concurrency: usize,
    /// Which code computes Argon2.
    pub backend: Backend,
}

/// A load that a pool is put under to be measured.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// How many logins there are at any one time: each begins when the one before it has its answer.
    pub concurrency: usize,
    /// The budget of the pool. It decides how many hashes are computed at once.
    pub memory: MemoryBudget,
    /// For how long, at least.
    pub lasting: Duration,
    /// Which code computes Argon2.
    pub backend: Backend,
}

/// What a machine did under a [`Load`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Measurement {
    /// What was hashed with.
    pub mint: Mint,
    /// How many hashes were measured.
    pub hashes: usize,
    /// Half of the logins waited no longer for their hash.
    pub p50: Duration,
    /// Of a hundred logins, ninety-nine waited no longer. Of fewer, the one that waited longest.
    pub p99: Duration,
    /// Hashes a second, of all workers together.
    pub per_second: f64,
}

/// The answer of [`calibrate`].
#[derive(Clone, Debug)]
pub struct Calibration {
    recommended: Option<Argon2id>,
    measurements: Vec<Measurement>,
}

impl Calibration {
    /// The parameters to take: the most memory, and with it the most passes, that stay within the
    /// target; the procedure of RFC 9106 section 4. Nothing when nothing does that is as strong as the
    /// OWASP Password Storage Cheat Sheet asks.
    #[must_use]
    pub fn recommended(&self) -> Option<Argon2id> {
        self.recommended
    }

    /// How the recommended parameters did.
    #[must_use]
    pub fn measurement(&self) -> Option<&Measurement> {
        let wanted = Mint::Argon2id(self.recommended?);
        self.measurements.iter().rev().find(|measured| measured.mint == wanted)
    }

    /// Everything that was measured, by memory and passes.
    #[must_use]
    pub fn measurements(&self) -> &[Measurement] {
        &self.measurements
    }
}

/// How far a calibration is.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Progress {
    /// Steps that are done.
    pub done: usize,
    /// Steps that there are.
    pub of: usize,
    /// What is measured now.
    pub measuring: Argon2id,
}

/// The sizes of memory that are tried, in MiB: those that OWASP names, and steps beyond.
const MEMORY_MIB: [u32; 9] = [7, 9, 12, 19, 32, 46, 64, 128, 256];

/// For how long each setting is measured.
const LASTING: Duration = Duration::from_millis(700);

/// The fewest hashes of each login that are measured.
const ROUNDS: usize = 4;

/// Finds the strongest parameters of Argon2id that this machine can afford *under this load*. A single
/// hash on an idle machine says little: others take the caches and the bandwidth of the memory.
///
/// It hashes in a [`HashPool`] of the given budget, for some seconds, and tells `progress` of each
/// step. Run it where the service will run.
///
/// # Errors
///
/// [`CalibrateError`].
///
/// # Examples
///
/// ```no_run
/// use palisade_password::{Backend, MemoryBudget, Target, calibrate};
/// use std::time::Duration;
///
/// let target = Target {
///     time: Duration::from_millis(250),
///     memory: MemoryBudget::mib(1024),
///     concurrency: 4,
///     backend: Backend::Portable,
/// };
/// let found = calibrate(&target, |step| eprintln!("{} of {}", step.done, step.of))?;
/// println!("{:?}", found.recommended());
/// # Ok::<(), palisade_password::CalibrateError>(())
/// ```
pub fn calibrate(
    target: &Target,
    progress: impl FnMut(Progress),
) -> Result<Calibration, CalibrateError> {
    let load = Load {
        concurrency: target.concurrency,
        memory: target.memory,
        lasting: LASTING,
        backend: target.backend,
    };
    let workers = thread::available_parallelism().map_or(1, usize::from).min(target.concurrency);
    search(target, workers, |params| measure(params, &load), progress)
}

/// Tries each size of memory: with one pass, then with as many as that promises to leave time for, then
/// with fewer until the target is met.
fn search(
    target: &Target,
    workers: usize,
    mut measure: impl FnMut(Argon2id) -> Result<Measurement, CalibrateError>,
    mut progress: impl FnMut(Progress),
) -> Result<Calibration, CalibrateError> {
    if target.concurrency == 0 || target.time.is_zero() {
        return Err(CalibrateError::NothingAsked);
    }
    let limits = Limits::default();
    let each = target.memory.as_bytes() / workers.max(1) as u64;
    let sizes: Vec<u32> = MEMORY_MIB
        .into_iter()
        .map(|mib| mib * 1024)
        .filter(|kib| u64::from(*kib) * 1024 <= each.min(limits.argon2_memory))
        .collect();
    if sizes.is_empty() {
        return Err(CalibrateError::TooLittleMemory { each });
    }

    let mut found = Calibration { recommended: None, measurements: Vec::new() };
    for (done, &memory_kib) in sizes.iter().enumerate() {
        let mut measured = |passes: u32| {
            let params = Argon2id::new(memory_kib, passes, 1)?;
            progress(Progress { done, of: sizes.len(), measuring: params });
            let measurement = measure(params)?;
            found.measurements.push(measurement);
            Ok::<_, CalibrateError>((params, measurement.p99))
        };
        let (_, one_pass) = measured(1)?;
        let by_work = limits.argon2_work / (u64::from(memory_kib) * 1024);
        let most = limits.argon2_passes.min(u32::try_from(by_work).unwrap_or(u32::MAX));
        let mut passes = affordable(1, one_pass, target.time).min(most);
        while passes > 1 {
            let (_, p99) = measured(passes)?;
            if p99 <= target.time {
                break;
            }
            passes = affordable(passes, p99, target.time).min(passes - 1);
        }
        if one_pass <= target.time && passes >= owasp_passes(memory_kib) {
            // Sizes ascend: the last that fits has the most memory.
            found.recommended = Some(Argon2id::new(memory_kib, passes, 1)?);
        }
    }
    found.measurements.sort_by_key(|measured| match measured.mint {
        Mint::Argon2id(params) => (params.memory_kib(), params.passes()),
        Mint::Bcrypt(params) => (0, params.cost()),
    });
    Ok(found)
}

/// How many passes there is time for, going by what so many took; at least one.
fn affordable(passes: u32, taken: Duration, time: Duration) -> u32 {
    let each = taken.as_nanos() / u128::from(passes);
    u32::try_from(time.as_nanos() / each.max(1)).unwrap_or(u32::MAX).max(1)
}

/// The fewest passes that OWASP allows with this much memory: 46 MiB and 1, 19 and 2, 12 and 3, 9 and
/// 4, 7 and 5.
fn owasp_passes(memory_kib: u32) -> u32 {
    match memory_kib / 1024 {
        46.. => 1,
        19.. => 2,
        12.. => 3,
        9.. => 4,
        _ => 5,
    }
}

/// Puts a pool that mints these parameters under a load.
///
/// # Errors
///
/// [`CalibrateError`].
pub fn measure(mint: impl Into<Mint>, load: &Load) -> Result<Measurement, CalibrateError> {
    if load.concurrency == 0 {
        return Err(CalibrateError::NothingAsked);
    }
    let mint = mint.into();
    let hasher = Hasher::builder().mint(mint).backend(load.backend).build()?;
    let pool = HashPool::new(hasher, load.memory, Queue::bounded(load.concurrency.max(1)))?;
    let password = Password::new("a password to measure with").map_err(|_| HashError::NotText)?;
    // The first hash of each worker pays for its memory; a service pays once.
    let warm: Vec<_> = (0..load.concurrency).map(|_| pool.hash(&password)).collect();
    for pending in warm {
        pending.wait()?;
    }

    let start = Instant::now();
    let results: Vec<Result<Vec<Duration>, PoolError<HashError>>> = thread::scope(|scope| {
        let login = || {
            let mut waits = Vec::new();
            while waits.len() < ROUNDS || start.elapsed() < load.lasting {
                let begun = Instant::now();
                pool.hash(&password).wait()?;
                waits.push(begun.elapsed());
            }
            Ok(waits)
        };
        let spawn = |_| thread::Builder::new().spawn_scoped(scope, login);
        let logins: Vec<_> = (0..load.concurrency).map(spawn).collect::<Result<_, _>>()?;
        Ok(logins.into_iter().map(|login| login.join().unwrap_or(Err(PoolError::Lost))).collect())
    })
    .map_err(|error: std::io::Error| PoolBuildError::Thread(error.kind()))?;
    let lasted = start.elapsed();
    let mut waits = Vec::new();
    for result in results {
        waits.extend(result?);
    }
    waits.sort_unstable();
    let at = |percent: usize| waits.get(waits.len() * percent / 100);
    let (Some(&p50), Some(&p99)) = (at(50), at(99)) else {
        return Err(CalibrateError::NothingAsked);
    };
    #[expect(clippy::cast_precision_loss, reason = "a count of hashes is far below 2^52")]
    let per_second = waits.len() as f64 / lasted.as_secs_f64();
    Ok(Measurement { mint, hashes: waits.len(), p50, p99, per_second })
}

/// The cost cannot be measured.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CalibrateError {
    /// No login at all, or no time for one.
    #[error("give a time above zero and at least one login at a time")]
    NothingAsked,
    /// There is less for each hash than the least that OWASP allows.
    #[error(
        "the memory leaves {each} bytes for each of the hashes that are computed at once, and 7 MiB is the least"
    )]
    TooLittleMemory {
        /// Bytes for each hash.
        each: u64,
    },
    /// The pool cannot be started.
    #[error(transparent)]
    Pool(#[from] PoolBuildError),
    /// The parameters cannot be minted.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The parameters do not exist.
    #[error(transparent)]
    Parameters(#[from] crate::InvalidParameters),
    /// A hash failed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// A hash failed in the pool.
    #[error(transparent)]
    Work(#[from] PoolError<HashError>),
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine that needs a millisecond for each MiB and pass, and a little more under load.
    #[expect(clippy::unnecessary_wraps, reason = "it stands in for a measurement that may fail")]
    fn machine(params: Argon2id) -> Result<Measurement, CalibrateError> {
        let time =
            Duration::from_micros(u64::from(params.memory_kib() * params.passes()) * 1000 / 1024);
        let mint = params.into();
        Ok(Measurement { mint, hashes: 100, p50: time, p99: time * 11 / 10, per_second: 1.0 })
    }

    fn tune(time_ms: u64, mib: u32, concurrency: usize) -> Result<Calibration, CalibrateError> {
        let target = Target {
            time: Duration::from_millis(time_ms),
            memory: MemoryBudget::mib(mib),
            concurrency,
            backend: Backend::Portable,
        };
        search(&target, concurrency.min(2), machine, |_| {})
    }

    fn recommended(time_ms: u64, mib: u32, concurrency: usize) -> Option<(u32, u32)> {
        let found = tune(time_ms, mib, concurrency).unwrap().recommended()?;
        Some((found.memory_kib() / 1024, found.passes()))
    }

    #[test]
    fn memory_first_and_then_passes() {
        assert_eq!(recommended(250, 1024, 4), Some((128, 1)));
        assert_eq!(recommended(1000, 1024, 4), Some((256, 3)));
        assert_eq!(recommended(250, 64, 4), Some((32, 7)));
        assert_eq!(recommended(50, 1024, 1), Some((19, 2)));
        // Passes have a limit, or what is recommended could not be verified.
        assert_eq!(recommended(3_600_000, 14, 2), Some((7, 16)));
    }

    #[test]
    fn nothing_weaker_than_owasp_is_recommended() {
        assert_eq!(recommended(30, 1024, 4), None);
        assert!(tune(30, 1024, 4).unwrap().measurement().is_none());
    }

    #[test]
    fn what_cannot_be_measured() {
        assert!(matches!(tune(250, 13, 2), Err(CalibrateError::TooLittleMemory { .. })));
        assert!(matches!(tune(0, 64, 2), Err(CalibrateError::NothingAsked)));
        assert!(matches!(tune(250, 64, 0), Err(CalibrateError::NothingAsked)));
    }

    #[test]
    fn a_real_machine() {
        let load = Load {
            concurrency: 3,
            memory: MemoryBudget::mib(4),
            lasting: Duration::ZERO,
            backend: Backend::Portable,
        };
        let measured = measure(Argon2id::new(1024, 1, 1).unwrap(), &load).unwrap();
        assert_eq!(measured.hashes, 3 * ROUNDS);
        assert!(measured.p50 <= measured.p99);
        assert!(measured.per_second > 0.0);
    }
}
