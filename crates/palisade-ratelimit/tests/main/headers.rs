//! What clients are told.

use std::time::{Duration, SystemTime};

use palisade_ratelimit::{
    Decision, HeaderStyle, Limited, MemoryLimiter, PER_SECOND, Quota, Request, ResetAs,
    preset::glacis, preset::glassmkr,
};

use crate::samples::{NOON, at, policy};

fn headers(decision: &Decision<'_>, style: HeaderStyle, now: SystemTime) -> Vec<String> {
    decision.headers(style, now).map(|(name, value)| format!("{name}: {value}")).collect()
}

const LEGACY: HeaderStyle = HeaderStyle::Legacy(ResetAs::Delta);

#[test]
fn the_draft_names_every_policy_and_the_tightest_limit() {
    let limiter = MemoryLimiter::new(100).unwrap();
    let request =
        Request::new(&glassmkr::PER_ACCOUNT, "a").within(&glassmkr::PER_KEY, "k").cost(250);
    let decision = limiter.check(&request, at(NOON));
    assert_eq!(
        headers(&decision, HeaderStyle::Draft, at(NOON)),
        [
            r#"ratelimit-policy: "per-account";q=5000;w=10, "per-key";q=1000;w=10"#,
            r#"ratelimit: "per-key";r=750;t=3"#,
        ]
    );
}

#[test]
fn a_reset_is_an_epoch_or_a_delta() {
    let limiter = MemoryLimiter::new(100).unwrap();
    let now = at(NOON + 1);
    let decision = limiter.check(&Request::new(&glacis::PER_KEY, "k").cost(100), now);
    assert_eq!(
        headers(&decision, LEGACY, now),
        ["x-ratelimit-limit: 1000", "x-ratelimit-remaining: 900", "x-ratelimit-reset: 6",]
    );
    let epoch = headers(&decision, HeaderStyle::Legacy(ResetAs::Epoch), now);
    assert_eq!(epoch[2], format!("x-ratelimit-reset: {}", NOON / 1_000_000 + 7), "rounded up");
}

#[test]
fn retry_after_is_rounded_up_and_never_zero() {
    let limiter = MemoryLimiter::new(100).unwrap();
    let fast = policy("fast", Quota::per_second(1_000).unwrap());
    let slow = policy("slow", Quota::bucket(1).refill(1, Duration::from_millis(1_001)).unwrap());
    for (policy, cost, expected) in [(&fast, 1_000, "1"), (&slow, 1, "2")] {
        let request = Request::new(policy, "k").cost(cost);
        let _ = limiter.check(&request, at(NOON));
        let decision = limiter.check(&request.cost(1), at(NOON));
        let retry = headers(&decision, LEGACY, at(NOON)).pop().unwrap();
        assert_eq!(retry, format!("retry-after: {expected}"));
        let Err(Limited::Later { retry_after }) = decision.require() else { panic!("allowed") };
        assert!(retry_after > Duration::ZERO);
        let seconds = decision.require().unwrap_err().retry_after_seconds();
        assert_eq!(seconds.unwrap().to_string(), expected);
    }
}

/// Whoever waits for as long as he is told passes.
#[test]
fn retry_after_is_enough() {
    for tokens in [1, 3, 7, 10, 600, 999] {
        let limiter = MemoryLimiter::new(1_000).unwrap();
        let policy = policy(&format!("p{tokens}"), Quota::per_second(tokens).unwrap());
        let request = Request::new(&policy, "k");
        while limiter.check(&request, at(NOON)).require().is_ok() {}
        let refused = limiter.check(&request, at(NOON));
        let retry: u64 = refused.headers(LEGACY, at(NOON)).last().unwrap().1.parse().unwrap();
        assert!(limiter.check(&request, at(NOON + retry * 1_000_000)).require().is_ok());
    }
}

#[test]
fn what_never_passes_says_no_time_to_retry() {
    let limiter = MemoryLimiter::new(100).unwrap();
    let request = Request::new(&glacis::PER_KEY, "k").cost(1_001);
    let decision = limiter.check(&request, at(NOON));
    assert!(headers(&decision, LEGACY, at(NOON)).iter().all(|header| !header.starts_with("retry")));
}

#[test]
fn nobody_knows_so_nothing_is_told() {
    let open = Decision::failed_open();
    assert!(open.require().is_ok());
    assert!(headers(&open, HeaderStyle::Draft, at(NOON)).is_empty());
    let closed = Decision::failed_closed(Duration::from_millis(1_200));
    assert_eq!(headers(&closed, LEGACY, at(NOON)), ["retry-after: 2"]);
    let error = closed.require().unwrap_err();
    assert_eq!(error.reason(), "rate_limit_unavailable");
    assert_eq!(error.to_string(), "requests cannot be counted at the moment; try again in 2 s");
    assert_eq!(
        Decision::failed_closed(Duration::ZERO).require().unwrap_err().retry_after(),
        Some(PER_SECOND)
    );
}

#[test]
fn a_policy_that_counts_twice_is_named_once() {
    let limiter = MemoryLimiter::new(100).unwrap();
    let policy = policy("both", Quota::per_minute(5).unwrap());
    let decision = limiter.check(&Request::new(&policy, "a").within(&policy, "b"), at(NOON));
    assert_eq!(
        headers(&decision, HeaderStyle::Draft, at(NOON))[0],
        r#"ratelimit-policy: "both";q=5;w=60"#
    );
}
