//! Never more than the limit, whoever comes at once.

use std::sync::Barrier;
use std::time::Duration;

use palisade_ratelimit::{MemoryLimiter, Policy, Quota, Request, Verdict};

use crate::samples::{NOON, at};

const THREADS: u64 = 8;

/// What one thread did in a round: the newest time that it came with, and how often it was admitted.
fn round(limiter: &MemoryLimiter, policy: &Policy, cost: u32, since: u64, seed: u64) -> (u64, u64) {
    let (mut dice, mut now, mut newest, mut admitted) = (seed, since, since, 0);
    for _ in 0..200 {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // Mostly a little on, now and then a little back.
        now = (now + (dice >> 33) % 40).saturating_sub((dice >> 50) % 20);
        newest = newest.max(now);
        let request = Request::new(policy, "key").cost(cost);
        admitted += u64::from(limiter.check(&request, at(now)).verdict() == Verdict::Allowed);
    }
    (newest, admitted)
}

/// Eight threads, each by a clock that the others' do not quite agree with. Between any two moments at which all of them
/// rest, no more is admitted than the capacity and what was refilled.
#[test]
fn eight_threads_are_never_admitted_too_often() {
    for (capacity, cost) in [(1, 1), (10, 1), (10, 3), (50, 1)] {
        let quota = Quota::bucket(capacity).refill(1, Duration::from_micros(997)).unwrap();
        let policy = Policy::new("hot", quota).unwrap();
        let limiter = MemoryLimiter::new(1_000).unwrap();
        let mut rests = vec![(NOON, 0)];
        for number in 0..100 {
            let (since, before) = *rests.last().unwrap();
            let start = Barrier::new(8);
            let rounds: Vec<(u64, u64)> = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..THREADS)
                    .map(|thread| {
                        let (limiter, policy, start) = (&limiter, &policy, &start);
                        scope.spawn(move || {
                            start.wait();
                            round(limiter, policy, cost, since, number * THREADS + thread)
                        })
                    })
                    .collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            let newest = rounds.iter().map(|(newest, _)| *newest).max().unwrap();
            let admitted: u64 = rounds.iter().map(|(_, admitted)| *admitted).sum();
            rests.push((newest, before + admitted));
        }
        assert!(rests.last().unwrap().1 > 0);
        let interval = u64::try_from(quota.interval().as_micros()).unwrap();
        for (from, (start, before)) in rests.iter().enumerate() {
            for (end, after) in rests.iter().skip(from) {
                let most = u64::from(capacity) + (end - start) / interval;
                let taken = (after - before) * u64::from(cost);
                assert!(taken <= most, "{taken} of {most} within {} us", end - start);
            }
        }
    }
}
