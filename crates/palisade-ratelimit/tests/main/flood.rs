//! A full limiter.

use std::time::Duration;

use palisade_ratelimit::{MemoryLimiter, PER_SECOND, Policy, Quota, Request, Verdict};

use crate::samples::{NOON, at, policy};

const SECOND: u64 = 1_000_000;

fn is_allowed(limiter: &MemoryLimiter, policy: &Policy, key: &str, now: u64) -> bool {
    limiter.check(&Request::new(policy, key), at(now)).verdict() == Verdict::Allowed
}

/// Ten an hour, so that nothing becomes free meanwhile.
fn hourly() -> Policy {
    policy("hourly", Quota::bucket(10).refill(10, Duration::from_hours(1)).unwrap())
}

#[test]
fn a_flood_of_new_keys_neither_frees_a_throttled_key_nor_takes_memory() {
    let (limiter, policy) = (MemoryLimiter::new(1_000).unwrap(), hourly());
    while is_allowed(&limiter, &policy, "attacker", NOON) {}
    let memory = limiter.memory();
    for n in 0..300_000_u64 {
        is_allowed(&limiter, &policy, &format!("flood {n}"), NOON + n);
    }
    assert_eq!(limiter.memory(), memory, "memory is at its bound");
    assert!(!is_allowed(&limiter, &policy, "attacker", NOON + 300_000));
    let live = limiter.live_keys(at(NOON + 300_000));
    assert!((1_000..2_000).contains(&live), "{live} of room for a little more than 1,000");
}

#[test]
fn unknown_keys_share_one_bucket_when_there_is_no_place() {
    let (limiter, policy) = (MemoryLimiter::new(100).unwrap(), hourly());
    let mut admitted = 0;
    for n in 0..10_000 {
        admitted += usize::from(is_allowed(&limiter, &policy, &format!("flood {n}"), NOON));
    }
    let places = limiter.live_keys(at(NOON));
    assert_eq!(admitted, places + 10, "each known key once, and all others together ten times");
    assert_eq!(limiter.overflowed(), 10_000 - places as u64);
    let stranger = Request::new(&policy, "one more");
    let decision = limiter.check(&stranger, at(NOON));
    assert!(decision.is_overflow() && decision.verdict() != Verdict::Allowed);
    assert!(limiter.peek(&stranger, at(NOON)).is_overflow());
}

#[test]
fn keys_that_are_known_go_on_as_before_in_a_full_limiter() {
    let (limiter, policy) = (MemoryLimiter::new(100).unwrap(), hourly());
    for _ in 0..4 {
        assert!(is_allowed(&limiter, &policy, "known", NOON));
    }
    for n in 0..10_000 {
        is_allowed(&limiter, &policy, &format!("flood {n}"), NOON);
    }
    let decision = limiter.check(&Request::new(&policy, "known"), at(NOON));
    assert!(!decision.is_overflow());
    assert_eq!(decision.tightest().unwrap().remaining(), 5);
}

#[test]
fn places_become_free_by_themselves() {
    let policy = policy("seconds", Quota::bucket(5).refill(5, PER_SECOND).unwrap());
    let limiter = MemoryLimiter::new(100).unwrap();
    for round in 0..50 {
        let now = NOON + round * SECOND;
        assert_eq!(limiter.live_keys(at(now)), 0, "round {round}");
        for n in 0..60 {
            let decision = limiter.check(&Request::new(&policy, &format!("{round} {n}")), at(now));
            assert!(!decision.is_overflow(), "round {round}, key {n}");
        }
        assert_eq!(limiter.live_keys(at(now)), 60);
    }
}

/// Each policy has a bucket of its own for the keys that it has no place for.
#[test]
fn the_overflow_of_one_policy_leaves_another_alone() {
    let limiter = MemoryLimiter::new(8).unwrap();
    let (flooded, other) = (hourly(), policy("other", hourly().quota()));
    for n in 0..1_000 {
        is_allowed(&limiter, &flooded, &format!("flood {n}"), NOON);
    }
    let decision = limiter.check(&Request::new(&other, "honest"), at(NOON));
    assert!(decision.is_overflow());
    assert_eq!(decision.verdict(), Verdict::Allowed);
    assert_eq!(decision.tightest().unwrap().remaining(), 9);
}

/// Thousands of policies do not make it grow either: what cannot be counted at all is refused.
#[test]
fn what_cannot_be_counted_is_refused() {
    let limiter = MemoryLimiter::new(1).unwrap();
    let policies: Vec<Policy> =
        (0..4_000).map(|n| policy(&format!("p{n}"), hourly().quota())).collect();
    let memory = limiter.memory();
    let allowed =
        policies.iter().filter(|policy| is_allowed(&limiter, policy, "key", NOON)).count();
    assert!((1_000..2_000).contains(&allowed), "{allowed}");
    assert_eq!(limiter.memory(), memory);
    let last = Request::new(&policies[3_999], "key");
    assert!(matches!(limiter.check(&last, at(NOON)).verdict(), Verdict::Denied { .. }));
    assert_eq!(limiter.check(&last.cost(0), at(NOON)).verdict(), Verdict::Allowed);
}

/// A refused request gives back the places that it reserved.
#[test]
fn a_refused_request_takes_no_place() {
    let limiter = MemoryLimiter::new(1_000).unwrap();
    let (account, key) = (policy("account", hourly().quota()), policy("key", hourly().quota()));
    for n in 0..500 {
        let name = format!("key {n}");
        let request = Request::new(&account, "acct").within(&key, &name);
        let allowed = limiter.check(&request, at(NOON)).verdict() == Verdict::Allowed;
        assert_eq!(allowed, n < 10);
    }
    assert_eq!(limiter.live_keys(at(NOON)), 11);
}
