//! `palisade-ratelimit` against governor's keyed limiter.
//!
//! Ours is handed the time, which a service reads once for a request. governor reads a clock of its own at each check,
//! in the time of a few instructions where the processor has a steady counter; a row with a clock that stands still
//! takes that away.

use std::error::Error;
use std::hint::black_box;
use std::net::Ipv6Addr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::SystemTime;

use governor::clock::FakeRelativeClock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{DefaultKeyedRateLimiter, RateLimiter};
use palisade_allowlist::RateKey;
use palisade_ratelimit::{MemoryLimiter, PER_SECOND, Policy, Quota, Request, Verdict};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::Rows;
use crate::Comparison;

type Failed = Box<dyn Error>;

/// How many networks ask in the row of many keys.
const MANY: usize = 1_000_000;

/// How many checks one call of the row with two threads makes, so that starting them does not count.
const SHARED: usize = 400_000;

pub(super) fn rows() -> Rows {
    Ok(vec![
        hot_key()?,
        hot_key_without_clock()?,
        million_keys(),
        two_threads()?,
        bytes_a_key()?,
        three_tiers()?,
    ])
}

/// So large that every check is allowed, for as long as this runs.
fn policy(name: &'static str) -> Result<Policy, Failed> {
    Ok(Policy::new(name, Quota::bucket(u32::MAX).refill(1_000_000, PER_SECOND)?)?)
}

/// So slow that every key stays counted.
fn slow(name: &'static str) -> Result<Policy, Failed> {
    Ok(Policy::new(name, Quota::bucket(100_000).refill(1, PER_SECOND)?)?)
}

fn governor<K: Clone + Eq + std::hash::Hash>() -> Result<DefaultKeyedRateLimiter<K>, Failed> {
    let rate = NonZeroU32::new(1_000_000_000).ok_or("zero")?;
    Ok(RateLimiter::keyed(governor::Quota::per_second(rate)))
}

fn check(limiter: &MemoryLimiter, policy: &Policy, key: &[u8], now: SystemTime) -> bool {
    let decision = limiter.check(&Request::new(policy, key), now);
    decision.verdict() == Verdict::Allowed
}

/// governor with a clock that stands still.
type Still =
    RateLimiter<RateKey, DefaultKeyedStateStore<RateKey>, FakeRelativeClock, NoOpMiddleware<Nanos>>;

fn hot_key_without_clock() -> Result<Comparison, Failed> {
    let (limiter, policy) = (MemoryLimiter::new(10_000), policy("still")?);
    let rate = NonZeroU32::new(1).ok_or("zero")?;
    let burst = NonZeroU32::new(u32::MAX).ok_or("zero")?;
    let theirs = Still::new(
        governor::Quota::per_second(rate).allow_burst(burst),
        DefaultKeyedStateStore::default(),
        FakeRelativeClock::default(),
    );
    let (key, now) = (RateKey::of("2001:db8::1".parse()?), SystemTime::now());
    Ok(Comparison::time(
        "ratelimit/hot_key_still_clock",
        move || check(&limiter, &policy, black_box(&key).as_bytes(), now),
        "governor, keyed, its clock standing still",
        move || theirs.check_key(black_box(&key)).is_ok(),
    ))
}

fn hot_key() -> Result<Comparison, Failed> {
    let (limiter, policy) = (MemoryLimiter::new(10_000), policy("hot")?);
    let theirs = governor::<RateKey>()?;
    let (key, now) = (RateKey::of("2001:db8::1".parse()?), SystemTime::now());
    Ok(Comparison::time(
        "ratelimit/hot_key",
        move || check(&limiter, &policy, black_box(&key).as_bytes(), now),
        "governor, keyed",
        move || theirs.check_key(black_box(&key)).is_ok(),
    ))
}

/// One million keys in random order.
struct Keys {
    keys: Arc<[RateKey]>,
    next: usize,
}

impl Keys {
    fn new(count: usize, seed: u64) -> Self {
        let mut dice = StdRng::seed_from_u64(seed);
        let keys = (0..count).map(|_| RateKey::of(Ipv6Addr::from(dice.random::<u128>()).into()));
        Self { keys: keys.collect(), next: 0 }
    }

    fn next(&mut self) -> &RateKey {
        self.next = if self.next + 1 < self.keys.len() { self.next + 1 } else { 0 };
        &self.keys[self.next]
    }
}

fn million_keys() -> Comparison {
    Comparison::time_prepared("ratelimit/million_keys", "governor, keyed", || {
        let (limiter, policy) = (MemoryLimiter::new(MANY), slow("many")?);
        let theirs = governor::<RateKey>()?;
        let now = SystemTime::now();
        let mut ours = Keys::new(MANY, 7);
        for key in ours.keys.iter() {
            check(&limiter, &policy, key.as_bytes(), now);
            theirs.check_key(key).ok();
        }
        let mut same = Keys { keys: Arc::clone(&ours.keys), next: 0 };
        Ok((
            move || check(&limiter, &policy, ours.next().as_bytes(), now),
            move || theirs.check_key(same.next()).is_ok(),
        ))
    })
}

/// The same number of checks, by two threads of which each has a key of its own, and by one.
fn two_threads() -> Result<Comparison, Failed> {
    let shared = Arc::new((MemoryLimiter::new(100_000), policy("two")?));
    let alone = Arc::clone(&shared);
    let now = SystemTime::now();
    let run = move |limiter: &(MemoryLimiter, Policy), key: &str, checks: usize| {
        (0..checks)
            .filter(|_| check(&limiter.0, &limiter.1, black_box(key.as_bytes()), now))
            .count()
    };
    Ok(Comparison::time(
        "ratelimit/two_threads",
        move || {
            std::thread::scope(|scope| {
                let other = scope.spawn(|| run(&shared, "one", SHARED / 2));
                run(&shared, "two", SHARED / 2) + other.join().unwrap_or_default()
            })
        },
        "one thread",
        move || run(&alone, "three", SHARED),
    ))
}

/// What a million keys take in memory, a key.
fn bytes_a_key() -> Result<Comparison, Failed> {
    let (policy, now) = (slow("bytes")?, SystemTime::now());
    Ok(Comparison::bytes(
        "ratelimit/bytes_a_key",
        move || {
            let limiter = MemoryLimiter::new(MANY);
            for key in Keys::new(MANY, 9).keys.iter() {
                check(&limiter, &policy, key.as_bytes(), now);
            }
            let held = limiter.live_keys(now).max(1);
            limiter.memory().div_ceil(held) as u64
        },
        "the limit",
        || 64,
    ))
}

/// A key within an account behind an address, in one decision, against the three checks that governor needs, which
/// are not all-or-nothing.
fn three_tiers() -> Result<Comparison, Failed> {
    let limiter = MemoryLimiter::new(100_000);
    let policies = [policy("a")?, policy("b")?, policy("c")?];
    let theirs = [governor::<[u8; 8]>()?, governor()?, governor()?];
    let now = SystemTime::now();
    Ok(Comparison::time(
        "ratelimit/three_tiers",
        move || {
            let request = Request::new(&policies[0], black_box(b"acct_042"))
                .within(&policies[1], black_box(b"key_0007"))
                .within(&policies[2], black_box(b"sess_009"));
            limiter.check(&request, now).verdict() == Verdict::Allowed
        },
        "governor, keyed, three times",
        move || {
            theirs[0].check_key(black_box(b"acct_042")).is_ok()
                && theirs[1].check_key(black_box(b"key_0007")).is_ok()
                && theirs[2].check_key(black_box(b"sess_009")).is_ok()
        },
    ))
}
