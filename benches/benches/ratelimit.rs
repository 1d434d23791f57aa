//! What a decision in process costs: by the number of tiers, allowed and denied, found and new, and in a full table.
#![allow(missing_docs, reason = "criterion's macro makes an undocumented function")]
#![allow(clippy::unwrap_used, reason = "a bench may panic")]

use std::hint::black_box;
use std::time::{Duration, SystemTime};

use criterion::{Criterion, criterion_group, criterion_main};
use palisade_ratelimit::{HeaderStyle, MemoryLimiter, PER_DAY, PER_SECOND, Policy, Quota, Request};

fn policy(name: &'static str, quota: Quota) -> Policy {
    Policy::new(name, quota).unwrap()
}

fn wide(name: &'static str) -> Policy {
    policy(name, Quota::bucket(u32::MAX).refill(1_000_000, PER_SECOND).unwrap())
}

fn tiers(criterion: &mut Criterion) {
    let (limiter, now) = (MemoryLimiter::new(10_000).unwrap(), SystemTime::now());
    let policies = ["a", "b", "c"].map(wide);
    let mut group = criterion.benchmark_group("ratelimit tiers");
    for count in 1..=3 {
        group.bench_function(format!("{count}"), |bencher| {
            bencher.iter(|| {
                let mut request = Request::new(&policies[0], black_box("acct_42"));
                for policy in &policies[1..count] {
                    request = request.within(policy, black_box("key_7"));
                }
                limiter.check(&request, now)
            });
        });
    }
    group.finish();
}

fn answers(criterion: &mut Criterion) {
    let (limiter, now) = (MemoryLimiter::new(10_000).unwrap(), SystemTime::now());
    let (wide, once) = (wide("wide"), policy("once", Quota::bucket(1).refill(1, PER_DAY).unwrap()));
    let window = policy("window", Quota::window(u32::MAX, Duration::from_hours(1)).unwrap());
    let mut group = criterion.benchmark_group("ratelimit answers");
    for (name, policy) in [("allowed", &wide), ("denied", &once), ("in a window", &window)] {
        let request = Request::new(policy, "key");
        group.bench_function(name, |bencher| bencher.iter(|| limiter.check(&request, now)));
    }
    let request = Request::new(&wide, "key");
    group.bench_function("peek", |bencher| bencher.iter(|| limiter.peek(&request, now)));
    let decision = limiter.check(&request, now);
    group.bench_function("headers", |bencher| {
        bencher.iter(|| decision.headers(HeaderStyle::Draft, now));
    });
    group.finish();
}

/// A key that was never seen, each time: while there is room, and when there is none.
fn new_keys(criterion: &mut Criterion) {
    let now = SystemTime::now();
    let seconds = policy("seconds", Quota::per_second(1).unwrap());
    let days = policy("days", Quota::bucket(1).refill(1, PER_DAY).unwrap());
    let mut group = criterion.benchmark_group("ratelimit new keys");
    for (name, policy) in [("with room", &seconds), ("in a full table", &days)] {
        let limiter = MemoryLimiter::new(100_000).unwrap();
        let mut n = 0_u64;
        let mut next = |limiter: &MemoryLimiter| {
            n += 1;
            // Ten thousand a second, so that what has passed makes room.
            let now = now + Duration::from_micros(100 * n);
            limiter.check(&Request::new(policy, &n.to_le_bytes()), now).verdict()
        };
        for _ in 0..200_000 {
            next(&limiter);
        }
        group.bench_function(name, |bencher| bencher.iter(|| next(&limiter)));
    }
    group.finish();
}

criterion_group!(benches, tiers, answers, new_keys);
criterion_main!(benches);
