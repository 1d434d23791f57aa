//! On the clock of the caller, Redis says what the limiter in process says.

use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use palisade_ratelimit::{
    Decision, FailurePolicy, MemoryLimiter, PER_DAY, PER_MINUTE, PER_SECOND, Policy, Quota,
    Request, Source, Verdict,
};
use palisade_redis::RedisLimiter;
use palisade_testkit::servers::{shared_cluster, shared_redis};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::database;
use crate::support::fresh_namespace;

/// Policies by name, each with the quotas that it has by turns: a quota may change while its keys live.
fn policies() -> Vec<Vec<Policy>> {
    let bucket = |capacity, tokens, period| Quota::bucket(capacity).refill(tokens, period).unwrap();
    let window = |limit, length| Quota::window(limit, length).unwrap();
    let named = |name: &'static str, quotas: Vec<Quota>| {
        quotas.into_iter().map(|quota| Policy::new(name, quota).unwrap()).collect()
    };
    vec![
        named(
            "small",
            vec![bucket(3, 1, PER_SECOND), bucket(5, 7, PER_SECOND), bucket(1, 3, PER_MINUTE)],
        ),
        named("large", vec![bucket(100, 10, PER_SECOND), bucket(10, 1_000_000, PER_SECOND)]),
        named("slow", vec![bucket(40, 1, 10 * PER_DAY), bucket(40, 1, PER_MINUTE)]),
        named("window", vec![window(4, PER_MINUTE), window(6, PER_MINUTE), window(4, PER_SECOND)]),
        named("day", vec![window(9, PER_DAY), window(2, 7 * PER_DAY), window(2, PER_DAY / 1000)]),
    ]
}

#[derive(Clone, Debug)]
struct Step {
    clock: Clock,
    /// Which of its quotas each policy has at the moment.
    variant: usize,
    /// Policy and key.
    tiers: Vec<(usize, usize)>,
    cost: u32,
    peek: bool,
}

#[derive(Clone, Copy, Debug)]
enum Clock {
    Forward(Duration),
    Back(Duration),
}

fn steps() -> impl Strategy<Value = (u64, Vec<Step>)> {
    let micros = |range: std::ops::Range<u64>| range.prop_map(Duration::from_micros);
    let clock = prop_oneof![
        3 => Just(Clock::Forward(Duration::ZERO)),
        4 => micros(0..2_000_000).prop_map(Clock::Forward),
        2 => micros(0..120_000_000).prop_map(Clock::Forward),
        2 => micros(0..50).prop_map(Clock::Back),
        1 => micros(0..2_000_000).prop_map(Clock::Back),
        1 => Just(Clock::Back(Duration::from_hours(1))),
        1 => Just(Clock::Forward(Duration::from_hours(24))),
    ];
    let tier = (0..5_usize, 0..3_usize);
    let cost =
        prop_oneof![6 => 0..4_u32, 1 => 4..12_u32, 1 => prop_oneof![Just(101), Just(u32::MAX)]];
    let step = (clock, 0..6_usize, vec(tier, 1..5), cost, prop::bool::weighted(0.2))
        .prop_map(|(clock, variant, tiers, cost, peek)| Step { clock, variant, tiers, cost, peek });
    // The year 2027, the first minutes of 1970, and the last year that is told apart.
    let start = prop_oneof![4 => Just(1_800_000_000), 1 => Just(60), 1 => Just(8_725_000_000)];
    (start, vec(step, 1..60))
}

/// What a client sees of a decision.
fn seen(decision: &Decision<'_>) -> (Verdict, Vec<impl Debug + PartialEq + use<>>) {
    let tiers = decision.tiers().iter().map(|tier| {
        (tier.verdict(), tier.limit(), tier.remaining(), tier.reset_after(), tier.policy().clone())
    });
    (decision.verdict(), tiers.collect())
}

/// Walks Redis and memory through one schedule.
///
/// Memory gives away the place of a counter that is over, and it is missed should the clock step back. Which
/// ones go is chance, since places are chosen by a hash under a secret. So there are several limiters in
/// process, and one of them must agree from the first step to the last.
async fn walk(
    redis: &RedisLimiter,
    memories: &[MemoryLimiter],
    case: u64,
    start: u64,
    steps: &[Step],
) {
    let mut memories: Vec<&MemoryLimiter> = memories.iter().collect();
    let policies = policies();
    let mut now = SystemTime::UNIX_EPOCH + Duration::from_secs(start);
    // Some keys go into the names as they are, and some do not.
    let keys = [format!("{case}/a"), format!("{case} {{b}}"), format!("{case}\n\u{1f512}")];
    for step in steps {
        now = match step.clock {
            Clock::Forward(by) => now + by,
            Clock::Back(by) => now.checked_sub(by).unwrap(),
        };
        let tiers: Vec<(&Policy, &str)> = step
            .tiers
            .iter()
            .map(|(policy, key)| {
                let variants = &policies[*policy];
                (&variants[step.variant % variants.len()], keys[*key].as_str())
            })
            .collect();
        let (first, others) = tiers.split_first().unwrap();
        let mut request = Request::new(first.0, first.1).cost(step.cost);
        for (policy, key) in others {
            request = request.within(policy, *key);
        }
        if tiers.iter().any(|(policy, _)| step.cost > policy.quota().capacity()) {
            let decision = redis.check(&request, now).await;
            assert_eq!((decision.verdict(), decision.source()), (Verdict::Never, Source::Local));
            continue;
        }
        let shared = if step.peek {
            redis.peek(&request, now).await
        } else {
            redis.check(&request, now).await
        };
        assert_eq!(shared.source(), Source::Shared, "{:?}", redis.counters());
        let mut local = None;
        memories.retain(|memory| {
            let decision =
                if step.peek { memory.peek(&request, now) } else { memory.check(&request, now) };
            let agrees = seen(&decision) == seen(&shared);
            local = Some(decision);
            agrees
        });
        assert!(!memories.is_empty(), "at {now:?}: {step:?}: {shared:?} is not {local:?}");
    }
}

fn several() -> Vec<MemoryLimiter> {
    (0..5).map(|_| MemoryLimiter::new(50_000).unwrap()).collect()
}

fn both_agree(url: &str, cases: u32) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (database, namespace) = (database(url), fresh_namespace());
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let case = std::cell::Cell::new(0);
    TestRunner::new(config)
        .run(&steps(), |(start, steps)| {
            case.set(case.get() + 1);
            // Each limiter remembers the newest time, so all of them are new.
            let redis =
                RedisLimiter::builder(database.clone(), namespace.clone(), FailurePolicy::Closed)
                    .deadline(Duration::from_secs(1))
                    .dangerous_callers_clock()
                    .build()
                    .unwrap();
            runtime.block_on(walk(&redis, &several(), case.get(), start, &steps));
            let counters = redis.counters();
            assert_eq!((counters.garbled, counters.failed_closed), (0, 0));
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_server_agrees_with_memory() {
    both_agree(&shared_redis().url(), 256);
}

#[test]
fn a_cluster_agrees_with_memory() {
    both_agree(&shared_cluster().url(), 64);
}
