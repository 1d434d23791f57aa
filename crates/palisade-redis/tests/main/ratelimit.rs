//! Rate limits on real servers.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod cluster;
mod conformance;
mod counters;
mod fake;
mod faults;
mod garbled;
mod model;
mod outage;
mod processes;
mod rounds;
mod stand_in;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use palisade_ratelimit::{FailurePolicy, PER_DAY, Policy, Quota};
use palisade_redis::{
    Event, Namespace, RedisDatabase, RedisLimiter, RedisLimiterBuilder, RedisOptions,
};

/// A database whose own timeouts are far beyond the deadlines of a limiter.
fn database(url: &str) -> RedisDatabase {
    let options = RedisOptions::parse(url).unwrap();
    RedisDatabase::open(options.answer_timeout(Duration::from_secs(10)).unwrap())
}

/// A limiter that waits as long as one may, since the machine may be busy, and tries often.
fn limiter(url: &str, namespace: &Namespace, failure: FailurePolicy) -> RedisLimiterBuilder {
    RedisLimiter::builder(database(url), namespace.clone(), failure)
        .deadline(Duration::from_secs(1))
        .breaker(3, Duration::from_millis(20), Duration::from_millis(200))
}

/// A bucket that is not refilled while a test runs.
fn slow(name: &'static str, capacity: u32) -> Policy {
    Policy::new(name, Quota::bucket(capacity).refill(capacity, 300 * PER_DAY).unwrap()).unwrap()
}

/// What a limiter told.
#[derive(Clone, Debug, Default)]
struct Told(Arc<Mutex<Vec<Event>>>);

impl Told {
    fn listen(&self, builder: RedisLimiterBuilder) -> RedisLimiterBuilder {
        let told = Arc::clone(&self.0);
        builder.on_event(move |event| told.lock().unwrap().push(*event))
    }

    fn all(&self) -> Vec<Event> {
        self.0.lock().unwrap().clone()
    }
}

/// The calls of a command that a server counts.
fn calls(server: &palisade_testkit::servers::RedisServer, command: &str) -> u64 {
    let stats = server.command(&["INFO", "commandstats"]);
    let line = stats.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:")));
    let Some(line) = line else { return 0 };
    line.split([',', '=']).nth(1).unwrap().parse().unwrap()
}

/// What the counter of a first tier is called on the server.
fn counter(namespace: &Namespace, policy: &Policy, key: &str) -> String {
    let quota = policy.quota();
    let kind = if quota.kind() == palisade_ratelimit::Kind::Window { 'w' } else { 'b' };
    let (capacity, interval) = (quota.capacity(), quota.interval().as_micros());
    format!("{namespace}:rl:{{{key}}}:{}:{kind}{capacity}-{interval}", policy.name())
}
