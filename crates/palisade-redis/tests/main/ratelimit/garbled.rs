//! Somebody has written into the counters.

use std::time::{Duration, SystemTime};

use palisade_ratelimit::{FailurePolicy, PER_HOUR, Policy, Quota, Request, Source, Verdict};
use palisade_testkit::servers::shared_redis;

use super::{counter, limiter};
use crate::support::fresh_namespace;

const NINES: &str = "99999999999999999999999999999999999999999999999999";

/// Puts each text where a counter is, and sees that the limit counts as used up, once.
async fn used_up_by(policy: Policy, texts: &[&str]) {
    let (server, namespace) = (shared_redis(), fresh_namespace());
    for (place, text) in texts.iter().enumerate() {
        let limiter = limiter(&server.url(), &namespace, FailurePolicy::Open).build().unwrap();
        let key = place.to_string();
        let request = Request::new(&policy, &key);
        let name = counter(&namespace, &policy, &key);
        server.command(&["SET", &name, text]);

        let peeked = limiter.peek(&request, SystemTime::now()).await;
        assert!(matches!(peeked.verdict(), Verdict::Denied { .. }), "{text:?}");
        assert_eq!(server.command(&["GET", &name]), *text, "a look changes nothing");
        for garbled in [2, 2] {
            let decision = limiter.check(&request, SystemTime::now()).await;
            assert_eq!(decision.source(), Source::Shared, "{text:?}");
            let Verdict::Denied { retry_after } = decision.verdict() else { panic!("{text:?}") };
            assert!(retry_after <= policy.quota().span(), "{text:?}");
            assert_eq!(decision.tiers()[0].remaining(), 0);
            assert_eq!(limiter.counters().garbled, garbled, "{text:?}");
        }
        assert_ne!(server.command(&["GET", &name]), *text, "it is mended");
        assert!(server.command(&["PTTL", &name]).parse::<i64>().unwrap() > 0);
    }
}

#[tokio::test]
async fn a_bucket_that_makes_no_sense_is_empty() {
    let texts = [
        "",
        "x",
        "-5",
        "+5",
        "1e400",
        "1e15",
        "nan",
        "inf",
        "-inf",
        "0x10",
        " 5",
        "5 ",
        "1.5",
        "5 5",
        "\0",
        "17999999999999999",
        NINES,
    ];
    let bucket = Policy::new("b", Quota::per_minute(10).unwrap()).unwrap();
    used_up_by(bucket, &texts).await;
}

#[tokio::test]
async fn a_window_that_makes_no_sense_is_used_up() {
    let nines = format!("{NINES} 1");
    let taken = format!("1800000000000000 {NINES}");
    let texts = [
        "", "x", "5", "5 ", " 5", "5 -1", "-5 1", "5  1", "5 1 1", "nan nan", "1e400 0", "5 0x1",
        "\0 \0", &nines, &taken,
    ];
    let window = Policy::new("w", Quota::window(10, PER_HOUR).unwrap()).unwrap();
    used_up_by(window, &texts).await;
}

#[tokio::test]
async fn a_value_of_another_type_is_no_counter() {
    let (server, namespace) = (shared_redis(), fresh_namespace());
    let limiter = limiter(&server.url(), &namespace, FailurePolicy::Open).build().unwrap();
    let policy = super::slow("typed", 3);
    let name = counter(&namespace, &policy, "x");
    server.command(&["RPUSH", &name, "1"]);
    let decision = limiter.check(&Request::new(&policy, "x"), SystemTime::now()).await;
    assert_eq!((decision.verdict(), decision.source()), (Verdict::Allowed, Source::Shared));
    assert_eq!(decision.tiers()[0].remaining(), 2);
    assert_eq!(server.command(&["TYPE", &name]), "string");
}

/// A state far ahead locks nobody out: it is cut down to one empty bucket, for good.
#[tokio::test]
async fn a_time_far_ahead_is_cut_down() {
    let (server, namespace) = (shared_redis(), fresh_namespace());
    let limiter = limiter(&server.url(), &namespace, FailurePolicy::Open).build().unwrap();
    let policy = Policy::new("ahead", Quota::per_minute(10).unwrap()).unwrap();
    let request = Request::new(&policy, "x");
    let name = counter(&namespace, &policy, "x");
    server.command(&["SET", &name, "8999999999999999"]);
    let decision = limiter.check(&request, SystemTime::now()).await;
    assert!(matches!(decision.verdict(), Verdict::Denied { .. }));
    assert_eq!(decision.tiers()[0].reset_after(), Duration::from_mins(1));
    assert_eq!(limiter.counters().garbled, 0);
    let again = limiter.check(&request, SystemTime::now()).await;
    assert!(again.tiers()[0].reset_after() < Duration::from_mins(1), "the debt shrinks");
}

/// A state may lie one second exactly beyond what its quota looks back before it is cut down.
#[tokio::test]
async fn one_second_is_forgiven() {
    let (server, namespace) = (shared_redis(), fresh_namespace());
    let builder = limiter(&server.url(), &namespace, FailurePolicy::Open);
    let limiter = builder.dangerous_callers_clock().build().unwrap();
    let policy = Policy::new("edge", Quota::per_minute(10).unwrap()).unwrap();
    let name = counter(&namespace, &policy, "x");
    let now = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
    for (until, left) in [("1800000061000000", 61), ("1800000061000001", 60)] {
        server.command(&["SET", &name, until]);
        let decision = limiter.peek(&Request::new(&policy, "x"), now).await;
        assert_eq!(decision.tiers()[0].reset_after(), Duration::from_secs(left));
    }
}
