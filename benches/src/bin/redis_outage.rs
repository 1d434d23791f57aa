//! How long requests wait for a decision while Redis is stopped, gone or full, and what is decided.
//!
//! Run by hand: `cargo run --release -p palisade-benches --bin redis_outage [-- OPTIONS]`. It starts a Redis of
//! its own, and ends with status 1 when one request in a hundred of a phase waited longer than the deadline and
//! 5 ms. The first requests of an outage count too.

use std::error::Error;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

use clap::Parser;
use palisade_ratelimit::{FailurePolicy, Request, preset::glassmkr};
use palisade_redis::{Namespace, RedisDatabase, RedisLimiter, RedisOptions};
use palisade_testkit::servers::RedisServer;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

/// What a decision may take beside the deadline.
const BESIDE: Duration = Duration::from_millis(5);

/// Stop a Redis under load, and see how long requests wait
#[derive(Parser)]
struct Options {
    /// How many clients send requests
    #[arg(long, default_value_t = 32)]
    clients: u32,
    /// How many requests each of them sends in a second
    #[arg(long, default_value_t = 50)]
    rate: u32,
    /// How long each phase lasts, in seconds
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How long a decision waits for Redis, in milliseconds
    #[arg(long, default_value_t = 20)]
    deadline: u64,
    /// What answers without Redis: `open`, `closed`, or `local:1/4`
    #[arg(long, default_value = "local:1/4")]
    policy: FailurePolicy,
}

/// What is done to the server before a phase.
type Change = fn(&RedisServer);

const PHASES: [(&str, Change); 7] = [
    ("healthy", |_| ()),
    ("stopped", RedisServer::pause),
    ("continued", RedisServer::resume),
    ("killed", RedisServer::kill),
    ("restarted", RedisServer::restart),
    ("full", |server| drop(server.command(&["CONFIG", "SET", "maxmemory", "1"]))),
    ("emptied", |server| drop(server.command(&["CONFIG", "SET", "maxmemory", "0"]))),
];

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let options = Options::parse();
    let server = RedisServer::start();
    let database = RedisDatabase::connect(RedisOptions::parse(&server.url())?).await?;
    let deadline = Duration::from_millis(options.deadline);
    let limiter = RedisLimiter::builder(database, Namespace::new("outage")?, options.policy)
        .deadline(deadline)
        .on_event(|event| println!("           {event:?}"))
        .build()?;
    let mut in_time = true;
    for (name, change) in PHASES {
        change(&server);
        let mut waits = phase(&limiter, &options).await;
        waits.sort_unstable();
        let (median, slow) = (of(&waits, 50), of(&waits, 99));
        println!(
            "{name:<10} {:>6} requests, p50 {median:>9.1?}, p99 {slow:>9.1?}, longest {:>9.1?}",
            waits.len(),
            of(&waits, 100),
        );
        in_time &= slow <= deadline + BESIDE;
    }
    let counters = limiter.counters();
    println!("{counters:?}");
    Ok(if in_time { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How long each request of a phase waited.
async fn phase(limiter: &RedisLimiter, options: &Options) -> Vec<Duration> {
    let mut clients = JoinSet::new();
    let lasts = Duration::from_secs(options.seconds);
    for client in 0..options.clients {
        let (limiter, pause) = (limiter.clone(), Duration::from_secs(1) / options.rate.max(1));
        clients.spawn(async move {
            let (account, key) = (format!("acct_{}", client % 4), format!("key_{client}"));
            let (start, mut waits) = (Instant::now(), Vec::new());
            let mut ticks = interval(pause);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while start.elapsed() < lasts {
                ticks.tick().await;
                let request =
                    Request::new(&glassmkr::PER_ACCOUNT, &account).within(&glassmkr::PER_KEY, &key);
                let asked = Instant::now();
                let _ = limiter.check(&request, SystemTime::now()).await;
                waits.push(asked.elapsed());
            }
            waits
        });
    }
    clients.join_all().await.concat()
}

/// The wait that so many of a hundred did not exceed.
fn of(sorted: &[Duration], percent: usize) -> Duration {
    let last = sorted.len().saturating_sub(1);
    sorted.get(last * percent / 100).copied().unwrap_or_default()
}
