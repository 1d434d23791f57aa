//! The limiter answers like the naive one.

use std::time::Duration;

use palisade_ratelimit::{Decision, MemoryLimiter, Policy, Quota, Request, Verdict};
use proptest::prelude::*;

use crate::naive::{Naive, Says};
use crate::samples::{NOON, at};

fn quota() -> impl Strategy<Value = Quota> {
    let bucket = (1..20_u32, 1..10_u32, 1..5_000_000_u64).prop_map(|(capacity, tokens, micros)| {
        Quota::bucket(capacity).refill(tokens, Duration::from_micros(micros * 10)).unwrap()
    });
    let window = (1..20_u32, 1_000..5_000_000_u64)
        .prop_map(|(limit, micros)| Quota::window(limit, Duration::from_micros(micros)).unwrap());
    prop_oneof![3 => bucket, 1 => window]
}

/// One call: how much later it comes, its tiers as policy and key, what it costs, and whether it is a peek.
type Step = (u64, Vec<(usize, u8)>, u32, bool);

fn step() -> impl Strategy<Value = Step> {
    let later = prop_oneof![3 => Just(0), 3 => 1..100_000_u64, 1 => 0..100_000_000_u64];
    let tiers = prop::collection::vec((0..3_usize, 0..3_u8), 1..5);
    let cost = prop_oneof![6 => Just(1), 2 => 0..5_u32, 1 => 0..30_u32];
    (later, tiers, cost, prop::bool::weighted(0.2))
}

/// No tier comes twice: the naive limiter looks at each before it takes from any.
fn distinct(tiers: &[(usize, u8)]) -> Vec<(usize, u8)> {
    let mut seen = Vec::new();
    for tier in tiers {
        if !seen.contains(tier) {
            seen.push(*tier);
        }
    }
    seen
}

fn said(decision: &Decision<'_>) -> Vec<(Says, u32)> {
    let says = |verdict| match verdict {
        Verdict::Allowed => Says::Allowed,
        Verdict::Denied { retry_after } => Says::After(retry_after),
        Verdict::Never => Says::Never,
    };
    decision.tiers().iter().map(|tier| (says(tier.verdict()), tier.remaining())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn memory_answers_like_paper(
        quotas in prop::array::uniform3(quota()),
        steps in prop::collection::vec(step(), 1..200),
        keys in prop_oneof![Just(1_000_usize), Just(40)],
    ) {
        let policies: Vec<Policy> = quotas
            .iter()
            .zip(["a", "b", "c"])
            .map(|(quota, name)| Policy::new(name, *quota).unwrap())
            .collect();
        let limiter = MemoryLimiter::new(keys).unwrap();
        let mut naive = Naive::default();
        let mut now = NOON;
        for (later, tiers, cost, is_peek) in steps {
            now += later;
            let tiers = distinct(&tiers);
            let (first_policy, first_key) = tiers[0];
            let first = [first_key];
            let keys: Vec<[u8; 1]> = tiers.iter().map(|(_, key)| [*key]).collect();
            let mut request = Request::new(&policies[first_policy], &first).cost(cost);
            let mut named = vec![(format!("{first_policy} {first_key}"), quotas[first_policy])];
            for ((policy, key), bytes) in tiers.iter().zip(&keys).skip(1) {
                request = request.within(&policies[*policy], bytes);
                named.push((format!("{policy} {first_key}/{key}"), quotas[*policy]));
            }
            let decision = if is_peek {
                limiter.peek(&request, at(now))
            } else {
                limiter.check(&request, at(now))
            };
            let (allowed, says) = naive.check(&named, cost, now, !is_peek);
            prop_assert_eq!(decision.verdict() == Verdict::Allowed, allowed);
            prop_assert_eq!(said(&decision), says);
            prop_assert!(!decision.is_overflow());
        }
    }
}
