//! What this process knows when Redis goes.

use std::time::{Duration, SystemTime};

use palisade_ratelimit::{
    FailurePolicy, PER_DAY, Policy, Quota, Request, Share, Source, TierState, Verdict,
};
use palisade_redis::{Event, InvalidLimiter};
use palisade_testkit::servers::RedisServer;

use super::{Told, limiter, slow};
use crate::support::{eventually, fresh_namespace};

#[tokio::test(flavor = "multi_thread")]
async fn who_has_used_up_a_limit_stays_throttled() {
    let server = RedisServer::start();
    let failure = FailurePolicy::Local(Share::WHOLE);
    let limiter = limiter(&server.url(), &fresh_namespace(), failure).build().unwrap();
    let policy = slow("warm", 5);
    let now = SystemTime::now();
    let greedy = Request::new(&policy, "greedy");
    for _ in 0..5 {
        assert_eq!(limiter.check(&greedy, now).await.source(), Source::Shared);
    }
    server.kill();
    eventually("the breaker opens", async || {
        let decision = limiter.check(&greedy, now).await;
        assert_eq!(decision.source(), Source::Local);
        assert!(matches!(decision.verdict(), Verdict::Denied { .. }));
        !limiter.is_shared()
    })
    .await;
    let modest = limiter.check(&Request::new(&policy, "modest"), now).await;
    assert_eq!((modest.source(), modest.verdict()), (Source::Local, Verdict::Allowed));
    assert_eq!(modest.tiers()[0].remaining(), 4);
}

/// Each limiter stands for a process.
#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_another_process_has_used_up_is_used_up_here() {
    let server = RedisServer::start();
    let (namespace, failure) = (fresh_namespace(), FailurePolicy::Local(Share::WHOLE));
    let build = || limiter(&server.url(), &namespace, failure).build().unwrap();
    let (one, other) = (build(), build());
    let quota = Quota::window(3, 300 * PER_DAY).unwrap();
    let window = Policy::new("window", quota).unwrap();
    let (account, key) = (slow("account", 100), slow("key", 3));
    let now = SystemTime::now();
    let greedy = Request::new(&account, "a").within(&key, "greedy").within(&window, "w");
    let first_of_all = Request::new(&key, "alone");
    for request in [&greedy, &first_of_all] {
        for _ in 0..3 {
            assert_eq!(one.check(request, now).await.verdict(), Verdict::Allowed);
        }
        let denied = other.check(request, now).await;
        assert_eq!(denied.source(), Source::Shared);
        assert!(matches!(denied.verdict(), Verdict::Denied { .. }));
    }
    server.kill();
    for request in [&greedy, &first_of_all] {
        let denied = other.check(request, now).await;
        assert_eq!(denied.source(), Source::Local);
        assert!(matches!(denied.verdict(), Verdict::Denied { .. }), "{denied:?}");
    }
    let tiers = other.peek(&greedy, now).await;
    let left: Vec<u32> = tiers.tiers().iter().map(TierState::remaining).collect();
    assert_eq!(left, [100, 0, 0], "the tier that did not refuse is left alone");
    let modest = Request::new(&account, "a").within(&key, "modest");
    assert_eq!(other.check(&modest, now).await.verdict(), Verdict::Allowed);
}

#[tokio::test]
async fn keys_without_a_place_are_counted() {
    let failure = FailurePolicy::Local(Share::WHOLE);
    let builder = limiter("redis://127.0.0.1:1", &fresh_namespace(), failure);
    let limiter = builder.local_keys(1).build().unwrap();
    assert_eq!(limiter.counters().overflowed, 0);
    let policy = slow("many", 1_000);
    let mut overflowed = 0;
    for number in 0..100 {
        let key = number.to_string();
        let decision = limiter.check(&Request::new(&policy, &key), SystemTime::now()).await;
        overflowed += u64::from(decision.is_overflow());
    }
    assert!(overflowed > 0);
    assert_eq!(limiter.counters().overflowed, overflowed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_gives_its_share_away() {
    let server = RedisServer::start();
    server.kill();
    let failure = FailurePolicy::Local(Share::one_of(4).unwrap());
    let limiter = limiter(&server.url(), &fresh_namespace(), failure).build().unwrap();
    let policy = slow("shared", 40);
    let request = Request::new(&policy, "x");
    let mut admitted = 0;
    for _ in 0..40 {
        let decision = limiter.check(&request, SystemTime::now()).await;
        assert_eq!(decision.source(), Source::Local);
        admitted += u32::from(decision.verdict() == Verdict::Allowed);
    }
    assert_eq!(admitted, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_takes_nothing() {
    let server = RedisServer::start();
    let failure = FailurePolicy::Local(Share::WHOLE);
    let limiter = limiter(&server.url(), &fresh_namespace(), failure).build().unwrap();
    let policy = slow("looked", 2);
    let request = Request::new(&policy, "x");
    for _ in 0..5 {
        let shared = limiter.peek(&request, SystemTime::now()).await;
        assert_eq!((shared.source(), shared.tiers()[0].remaining()), (Source::Shared, 2));
    }
    server.kill();
    for _ in 0..5 {
        let local = limiter.peek(&request, SystemTime::now()).await;
        assert_eq!((local.source(), local.tiers()[0].remaining()), (Source::Local, 2));
    }
}

#[tokio::test]
async fn choices_out_of_bounds_make_no_limiter() {
    let build =
        |change: fn(palisade_redis::RedisLimiterBuilder) -> palisade_redis::RedisLimiterBuilder| {
            let builder = limiter("redis://127.0.0.1:1", &fresh_namespace(), FailurePolicy::Closed);
            change(builder).build().map(drop)
        };
    let second = Duration::from_secs(1);
    assert_eq!(build(|builder| builder), Ok(()));
    assert_eq!(build(|builder| builder.deadline(Duration::from_millis(1))), Ok(()));
    for deadline in [Duration::ZERO, Duration::from_micros(999), second + Duration::from_nanos(1)] {
        let builder = limiter("redis://127.0.0.1:1", &fresh_namespace(), FailurePolicy::Closed);
        assert_eq!(builder.deadline(deadline).build().err(), Some(InvalidLimiter::Deadline));
    }
    let breaker = Err(InvalidLimiter::Breaker);
    assert_eq!(build(|b| b.breaker(0, Duration::from_secs(1), Duration::from_secs(1))), breaker);
    assert_eq!(build(|b| b.breaker(3, Duration::ZERO, Duration::from_secs(1))), breaker);
    assert_eq!(build(|b| b.breaker(3, Duration::from_secs(2), Duration::from_secs(1))), breaker);
    assert_eq!(build(|b| b.breaker(3, Duration::from_secs(1), Duration::from_secs(61))), breaker);
    let build = |keys| {
        let local = FailurePolicy::Local(Share::WHOLE);
        let builder = limiter("redis://127.0.0.1:1", &fresh_namespace(), local);
        builder.local_keys(keys).build().map(drop)
    };
    let keys = Err(InvalidLimiter::LocalKeys);
    assert_eq!(build(0), keys);
    assert_eq!(build(usize::MAX), keys);
}

/// Two limiters beside each other: one breaker and one line in the log, but each has a policy and places of its own.
#[tokio::test(flavor = "multi_thread")]
async fn limiters_beside_each_other_stand_in_apart() {
    let server = RedisServer::start();
    let told = Told::default();
    let builder = limiter(&server.url(), &fresh_namespace(), FailurePolicy::Closed);
    let guesses = told.listen(builder).build().unwrap();
    let addresses = guesses.beside(FailurePolicy::Local(Share::WHOLE), 8).unwrap();
    let accounts = guesses.beside(FailurePolicy::Local(Share::WHOLE), 8).unwrap();
    let (policy, now) = (slow("one", 5), SystemTime::now());
    let account = Request::new(&policy, "account");
    for limiter in [&guesses, &addresses, &accounts] {
        assert_eq!(limiter.check(&account, now).await.source(), Source::Shared);
    }
    server.kill();
    eventually("the breaker opens", async || {
        let _ = guesses.check(&account, now).await;
        !addresses.is_shared()
    })
    .await;
    assert_eq!(guesses.check(&account, now).await.source(), Source::FailedClosed);
    for n in 0..200 {
        let key = format!("flood {n}");
        let decision = addresses.check(&Request::new(&policy, &key), now).await;
        assert_eq!(decision.source(), Source::Local);
    }
    assert!(addresses.counters().overflowed > 0);
    let decision = accounts.check(&account, now).await;
    assert!(!decision.is_overflow());
    assert_eq!((decision.source(), decision.tiers()[0].remaining()), (Source::Local, 3));
    let opened = told.all().iter().filter(|event| matches!(event, Event::Opened { .. })).count();
    assert_eq!(opened, 1);
    assert_eq!(guesses.beside(FailurePolicy::Open, 0).err(), Some(InvalidLimiter::LocalKeys));
    let most = guesses.beside(FailurePolicy::Closed, 100_000_001);
    assert_eq!(most.err(), Some(InvalidLimiter::LocalKeys));
}
