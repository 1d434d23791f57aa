//! A random walk beside the limiter in memory.

use std::sync::Arc;
use std::time::Duration;

use palisade_ratelimit::{Decision, Limiter, MemoryLimiter, Policy, Request, Verdict};

use super::sample::{DAY, HOUR, SECOND, at, check, peek, policy};
use crate::dice::Dice;

/// Policies by name, each with the quotas that it has by turns: a quota may change while its keys live.
const QUOTAS: [(&str, [&str; 3]); 5] = [
    ("small", ["3 + 1/s", "5 + 7/s", "1 + 3/min"]),
    ("large", ["100 + 10/s", "10 + 1000000/s", "100 + 10/s"]),
    ("slow", ["40 + 1/10day", "40 + 1/min", "40 + 1/10day"]),
    ("window", ["4/min fixed", "6/min fixed", "4/s fixed"]),
    ("day", ["9/day fixed", "2/7day fixed", "2/90s fixed"]),
];

const KEYS: [&str; 3] = ["a", "b {c}", "d\n"];

/// Some thousand random steps on few keys, with a clock that jumps both ways and quotas that change: the same answers.
pub async fn it_answers_like_the_memory_limiter<L: Limiter>(open: impl AsyncFn() -> Arc<L>) {
    let handles = [open().await, open().await];
    let oracle = MemoryLimiter::new(100_000).expect("it is for a sound number of keys");
    let policies = QUOTAS.map(|(name, quotas)| quotas.map(|quota| policy(name, quota)));
    let mut dice = Dice(7);
    let mut now = 40 * DAY;
    touch_all(&*handles[0], &oracle, &policies, now).await;
    for step in 0..3_000 {
        now = moved(now, &mut dice);
        let variant = pick(&mut dice, 6).saturating_sub(3);
        let mut tier = || {
            let policy: &Policy = &policies[pick(&mut dice, 5)][variant];
            (policy, KEYS[pick(&mut dice, 3)])
        };
        let (first, key) = tier();
        let mut request = Request::new(first, key);
        for _ in 0..step % 4 {
            let (policy, key) = tier();
            request = request.within(policy, key);
        }
        let cost = match dice.below(12) {
            0 => u64::from(u32::MAX),
            1..=2 => dice.below(12),
            _ => dice.below(4),
        };
        let request = request.cost(u32::try_from(cost).unwrap_or(u32::MAX));
        let limiter = &*handles[pick(&mut dice, 2)];
        // A request that is never allowed need not reach the counters, so it must not mend any either.
        let is_never =
            request.tiers().iter().any(|tier| request.costs() > tier.policy().quota().capacity());
        let (expected, answer) = if is_never || dice.below(5) == 0 {
            (oracle.peek(&request, at(now)), peek(limiter, &request, now).await)
        } else {
            (oracle.check(&request, at(now)), check(limiter, &request, now).await)
        };
        assert_eq!(seen(&answer), seen(&expected), "step {step}, {now} us: {request:?}");
    }
}

fn moved(now: u64, dice: &mut Dice) -> u64 {
    match dice.below(16) {
        0..=4 => now,
        5..=9 => now + dice.below(2 * SECOND),
        10..=11 => now + dice.below(120 * SECOND),
        12..=14 => now + DAY,
        _ => now - HOUR,
    }
}

fn pick(dice: &mut Dice, below: u64) -> usize {
    usize::try_from(dice.below(below)).unwrap_or_default()
}

/// Counts every key once, so that from then on no limiter comes upon a key that it has to make room for: it might take
/// that of a key which is over, and comes back with the clock.
async fn touch_all(
    limiter: &impl Limiter,
    oracle: &MemoryLimiter,
    policies: &[[Policy; 3]],
    now: u64,
) {
    let wide = policy("wide", "1000/day");
    for policy in policies.iter().flatten() {
        for group in KEYS {
            let alone = Request::new(policy, group);
            let mut requests = vec![alone];
            requests.extend(KEYS.map(|key| Request::new(&wide, group).within(policy, key)));
            for request in requests {
                let expected = oracle.check(&request, at(now));
                assert_eq!(seen(&check(limiter, &request, now).await), seen(&expected));
            }
        }
    }
}

type Seen = (Verdict, Vec<(Verdict, u32, u32, Duration)>);

/// What a client sees. Of a request that is never allowed, what the counters hold need not be told.
fn seen(decision: &Decision<'_>) -> Seen {
    if decision.verdict() == Verdict::Never {
        return (Verdict::Never, Vec::new());
    }
    let tiers = decision
        .tiers()
        .iter()
        .map(|tier| (tier.verdict(), tier.limit(), tier.remaining(), tier.reset_after()));
    (decision.verdict(), tiers.collect())
}
