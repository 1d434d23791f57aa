//! What this process knows when Redis goes.

use std::time::{Duration, SystemTime};

use palisade_ratelimit::{FailurePolicy, Request, Share, Source, Verdict};
use palisade_redis::InvalidLimiter;
use palisade_testkit::servers::RedisServer;

use super::{limiter, slow};
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
