//! What ten million distinct keys do to a limiter for one million: its memory, and that of the process.
//!
//! Run by hand: `cargo run --release -p palisade-benches --bin key_flood`.

use std::error::Error;
use std::fs;
use std::time::{Duration, SystemTime};

use palisade_ratelimit::{MemoryLimiter, PER_DAY, Policy, Quota, Request, Verdict};

const MILLION: u64 = 1_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let policy = Policy::new("per-ip", Quota::bucket(10).refill(10, PER_DAY)?)?;
    let before = resident()?;
    let limiter = MemoryLimiter::new(usize::try_from(MILLION)?)?;
    let start = SystemTime::now();
    let throttled = Request::new(&policy, "throttled");
    while limiter.check(&throttled, start).verdict() == Verdict::Allowed {}
    println!(
        "| distinct keys | of the table | of the process | keys that are counted | in the shared bucket |"
    );
    println!("|--:|--:|--:|--:|--:|");
    for n in 0..=10 * MILLION {
        // A hundred thousand a second.
        let now = start + Duration::from_micros(10 * n);
        if n > 0 && (n == MILLION || n % (5 * MILLION) == 0) {
            println!(
                "| {} million | {:.1} MB | {:.1} MB | {} | {} |",
                n / MILLION,
                megabytes(limiter.memory()),
                megabytes(resident()?.saturating_sub(before)),
                limiter.live_keys(now),
                limiter.overflowed(),
            );
        }
        let _ = limiter.check(&Request::new(&policy, &u128::from(n).to_be_bytes()), now);
    }
    let end = start + Duration::from_micros(100 * MILLION);
    let still = limiter.check(&throttled, end).verdict() != Verdict::Allowed;
    println!(
        "\nThe key that was throttled before is {}throttled after.",
        if still { "" } else { "not " }
    );
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "nobody has so much memory")]
fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

/// The memory of this process that is in use, in bytes.
fn resident() -> Result<usize, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    let kilobytes: usize = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes * 1_024)
}
