//! Calls at once, on several threads and through two handles.

use std::sync::Arc;

use palisade_ratelimit::{Limiter, Policy, Request};

use super::sample::{SECOND, left, passes, peek, policy};
use crate::at_once::at_once;
use crate::dice::Dice;

const TASKS: u64 = 8;

async fn two<L: Limiter>(open: impl AsyncFn() -> Arc<L>) -> [Arc<L>; 2] {
    [open().await, open().await]
}

fn turn<L>(handles: &[Arc<L>; 2], n: u64) -> Arc<L> {
    let [even, odd] = handles;
    Arc::clone(if n.is_multiple_of(2) { even } else { odd })
}

/// Of many requests in one microsecond exactly as many pass as the quota has.
pub async fn a_bucket_at_once_is_never_overdrawn<L: Limiter + 'static>(
    open: impl AsyncFn() -> Arc<L>,
) {
    let handles = two(open).await;
    for (name, quota, cost) in [
        ("bucket", "20/min", 1),
        ("weighted", "20/min", 3),
        ("window", "20/min fixed", 1),
        ("heavy", "20/min fixed", 7),
    ] {
        for round in 0..5 {
            let policy = policy(name, quota);
            let key = format!("round {round}");
            let passed = at_once((0..TASKS).map(|n| {
                let (limiter, policy, key) = (turn(&handles, n), policy.clone(), key.clone());
                async move {
                    let request = Request::new(&policy, &key).cost(cost);
                    let mut passed = 0;
                    for _ in 0..10 {
                        passed += u32::from(passes(&*limiter, &request, 0).await);
                    }
                    passed
                }
            }))
            .await;
            let sum: u32 = passed.iter().sum();
            assert_eq!(sum, 20 / cost, "{quota} at a cost of {cost}: {passed:?}");
        }
    }
}

/// Requests that meet in the widest tier, each with a tier of its own that has less: at the end the sums agree, so
/// nothing was charged for a refusal and nothing was lost.
pub async fn tiers_at_once_are_charged_together<L: Limiter + 'static>(
    open: impl AsyncFn() -> Arc<L>,
) {
    let handles = two(open).await;
    let (wide, narrow) = (policy("wide", "30/day"), policy("narrow", "6/day fixed"));
    for round in 0..5 {
        let group = format!("round {round}");
        let passed = at_once((0..TASKS).map(|n| {
            let (limiter, group) = (turn(&handles, n), group.clone());
            let (wide, narrow) = (wide.clone(), narrow.clone());
            async move {
                // Two tasks share a key.
                let key = [u8::try_from(n / 2).expect("small")];
                let request = Request::new(&wide, &group).within(&narrow, &key);
                let mut passed = 0;
                for _ in 0..5 {
                    passed += u32::from(passes(&*limiter, &request, 0).await);
                }
                passed
            }
        }))
        .await;
        // Four keys with six each are less than the thirty of all.
        assert_eq!(passed.iter().sum::<u32>(), 24, "{passed:?}");
        for (key, passed) in (0_u8..).zip(passed.chunks(2)) {
            assert_eq!(passed.iter().sum::<u32>(), 6, "{passed:?}");
            let key = [key];
            let request = Request::new(&wide, &group).within(&narrow, &key).cost(0);
            assert_eq!(left(&peek(&*handles[0], &request, 0).await), [6, 0]);
        }
    }
}

/// In any span of time no more passes than the capacity and what was refilled in it, though the clocks of the callers go
/// their own ways: between any two moments at which all of them rest.
pub async fn no_span_of_time_admits_too_much<L: Limiter + 'static>(open: impl AsyncFn() -> Arc<L>) {
    let handles = two(open).await;
    for (quota, cost) in [("1 + 1/997us", 1), ("10 + 1/997us", 1), ("10 + 1/997us", 3)] {
        let policy = policy("hot", quota);
        let key = format!("{quota}, {cost}");
        // Until when the callers came, and how much had passed.
        let mut rests = vec![(SECOND, 0)];
        for round in 0..12 {
            let (since, before) = *rests.last().expect("there is the first");
            let walks = at_once((0..TASKS).map(|n| {
                let (limiter, policy, key) = (turn(&handles, n), policy.clone(), key.clone());
                async move { walk(&*limiter, &policy, &key, cost, since, 100 * round + n).await }
            }))
            .await;
            let newest = walks.iter().map(|(newest, _)| *newest).fold(since, u64::max);
            let passed: u64 = walks.iter().map(|(_, passed)| *passed).sum();
            rests.push((newest, before + passed));
        }
        let (_, all) = rests.last().expect("there is the first");
        assert!(*all > 0);
        let quota = policy.quota();
        let interval = u64::try_from(quota.interval().as_micros()).expect("it is short");
        for (from, (start, before)) in rests.iter().enumerate() {
            for (end, after) in rests.iter().skip(from) {
                let most = u64::from(quota.capacity()) + (end - start) / interval;
                let taken = (after - before) * u64::from(cost);
                assert!(taken <= most, "{taken} of {most} within {} us", end - start);
            }
        }
    }
}

/// The newest time of one caller, and how many of its requests passed.
async fn walk(
    limiter: &impl Limiter,
    policy: &Policy,
    key: &str,
    cost: u32,
    start: u64,
    seed: u64,
) -> (u64, u64) {
    let (mut dice, mut now, mut newest, mut passed) = (Dice(seed), start, start, 0);
    for _ in 0..25 {
        // Mostly a little on, now and then a little back.
        now = now + dice.below(200) - dice.below(100);
        newest = newest.max(now);
        passed += u64::from(passes(limiter, &Request::new(policy, key).cost(cost), now).await);
    }
    (newest, passed)
}
