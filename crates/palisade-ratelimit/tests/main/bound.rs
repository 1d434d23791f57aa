//! Never more than the limit, whoever comes at once.

use std::sync::Barrier;
use std::time::Duration;

use palisade_ratelimit::{MemoryLimiter, Policy, Quota, Request, Verdict};

use crate::samples::{NOON, at};

/// In any span, no more is admitted than the capacity and what was refilled in it.
fn assert_bounded(quota: Quota, admitted: &mut [u64], cost: u32) {
    admitted.sort_unstable();
    let (capacity, interval) = (u128::from(quota.capacity()), quota.interval().as_micros());
    for (from, start) in admitted.iter().enumerate() {
        for (to, end) in admitted.iter().enumerate().skip(from) {
            let taken = u128::from(cost) * (to - from + 1) as u128;
            let refilled = u128::from(end - start) / interval;
            assert!(taken <= capacity + refilled, "{taken} within {} us", end - start);
        }
    }
}

/// Eight threads, each by a clock that the others' do not quite agree with.
#[test]
fn eight_threads_are_never_admitted_too_often() {
    for (capacity, cost, seed) in [(1, 1, 1), (10, 1, 2), (10, 3, 3), (50, 1, 4)] {
        let quota = Quota::bucket(capacity).refill(1, Duration::from_micros(997)).unwrap();
        let policy = Policy::new("hot", quota).unwrap();
        let limiter = MemoryLimiter::new(1_000).unwrap();
        let start = Barrier::new(8);
        let mut admitted = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8_u64)
                .map(|thread| {
                    let (limiter, policy, start) = (&limiter, &policy, &start);
                    scope.spawn(move || {
                        let mut dice = seed * 8 + thread;
                        let (mut now, mut admitted) = (NOON, Vec::new());
                        start.wait();
                        for _ in 0..4_000 {
                            dice = dice
                                .wrapping_mul(6_364_136_223_846_793_005)
                                .wrapping_add(1_442_695_040_888_963_407);
                            // Mostly a little on, now and then a little back.
                            now = (now + (dice >> 33) % 40).saturating_sub((dice >> 50) % 20);
                            let request = Request::new(policy, "key").cost(cost);
                            if limiter.check(&request, at(now)).verdict() == Verdict::Allowed {
                                admitted.push(now);
                            }
                        }
                        admitted
                    })
                })
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        assert!(!admitted.is_empty());
        assert_bounded(quota, &mut admitted, cost);
    }
}
