//! Ten thousand logins at once on a budget of 64 MiB: the memory stays within its bound, and everyone
//! gets an answer or a typed `Busy`.
//!
//! Run by hand: `cargo run --release -p palisade-benches --bin login_storm [-- OPTIONS]`. It ends with
//! status 1 when an answer was lost or the peak of the process (`VmHWM`) was above the budget and 48 MiB.

use std::error::Error;
use std::fs;
use std::process::ExitCode;
use std::time::{Instant, SystemTime};

use clap::Parser;
use palisade_password::{
    Argon2id, Backend, HashPool, Hasher, MemoryBudget, Password, PoolError, Queue, Verdict,
};
use tokio::task::JoinSet;

/// What the process may take beside the budget, in MiB.
const BESIDE: u64 = 48;

/// Let many log in at once, and see what that does to the memory
#[derive(Parser)]
struct Options {
    /// How many log in at once
    #[arg(long, default_value_t = 10_000)]
    logins: usize,
    /// The budget, in MiB
    #[arg(long, default_value_t = 64)]
    budget: u32,
    /// The places in the queue
    #[arg(long, default_value_t = 256)]
    queue: usize,
    /// The workers; without it, as many as there are cores and memory for
    #[arg(long)]
    workers: Option<usize>,
    /// Compute with the SIMD backend
    #[arg(long)]
    simd: bool,
    /// Let the stored hashes be of many sizes, up to the whole budget
    #[arg(long)]
    mixed: bool,
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let options = Options::parse();
    let backend = if options.simd { Backend::Simd } else { Backend::Portable };
    let hasher = Hasher::builder().mint(Argon2id::OWASP).backend(backend).build()?;
    let budget = MemoryBudget::mib(options.budget);
    let queue = Queue::bounded(options.queue);
    let pool = match options.workers {
        None => HashPool::new(hasher, budget, queue)?,
        Some(workers) => HashPool::with_workers(hasher, workers, budget, queue)?,
    };
    let password = Password::new("correct horse battery staple")?;
    let stored = if options.mixed {
        mixed(options.budget)
    } else {
        vec![pool.hash(&password).await?.into_string()]
    };

    let start = Instant::now();
    let mut logins = JoinSet::new();
    for number in 0..options.logins {
        let (pool, password) = (pool.clone(), password.clone());
        let stored = stored[number % stored.len()].clone();
        logins.spawn(async move { pool.verify(&password, &stored, SystemTime::now()).await });
    }
    let (mut answered, mut busy, mut failed) = (0_usize, 0_usize, 0_usize);
    while let Some(login) = logins.join_next().await {
        match login? {
            Ok(Verdict::Match { .. } | Verdict::Mismatch) => answered += 1,
            Err(PoolError::Busy(_)) => busy += 1,
            Err(error) => {
                eprintln!("{error}");
                failed += 1;
            }
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let peak = peak_mib()?;
    let bound = u64::from(options.budget) + BESIDE;
    println!(
        "{} logins at once: {answered} answered, {busy} busy, {failed} failed, {} lost, {seconds:.1} s",
        options.logins,
        options.logins - answered - busy - failed,
    );
    println!("peak memory (VmHWM): {peak} MiB, of at most {bound}; {:?}", pool.status());
    let all_answered = failed == 0 && answered + busy == options.logins;
    Ok(if all_answered && peak <= bound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Stored hashes of many sizes: of Argon2id up to the whole budget, of scrypt, and of bcrypt.
fn mixed(budget: u32) -> Vec<String> {
    let tag = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let sizes = [8, 19, 12, 46, 64, 7, 32].into_iter().filter(|mib| *mib <= budget);
    let argon2 =
        sizes.map(|mib| format!("$argon2id$v=19$m={},t=1,p=1$c2FsdHNhbHQ${tag}", mib * 1024));
    argon2
        .chain([
            format!("$scrypt$ln=14,r=8,p=1$c2FsdHNhbHQ${tag}"),
            "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW".to_owned(),
        ])
        .collect()
}

/// The most memory that this process ever had, in MiB.
fn peak_mib() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: u64 =
        line.and_then(|line| line.trim().strip_suffix(" kB")).ok_or("no VmHWM")?.parse()?;
    Ok(kib.div_ceil(1024))
}
