//! The arithmetic of a token bucket.

use std::sync::Arc;
use std::time::Duration;

use palisade_ratelimit::{Limiter, Request, Verdict};

use super::sample::{HOUR, SECOND, check, left, micros_of, passes, policy, take, wait};

/// As many as the capacity pass at once, and no more.
pub async fn a_bucket_gives_its_capacity_at_once<L: Limiter>(open: impl AsyncFn() -> Arc<L>) {
    let limiter = open().await;
    let policy = policy("bucket", "100 + 10/s");
    let request = Request::new(&policy, "key");
    for n in 1..=100 {
        let decision = check(&*limiter, &request, 0).await;
        assert_eq!((decision.verdict(), left(&decision)), (Verdict::Allowed, vec![100 - n]));
        let reset = decision.tiers()[0].reset_after();
        assert_eq!(reset, Duration::from_millis(100) * n, "after {n}");
    }
    let decision = check(&*limiter, &request, 0).await;
    assert_eq!((micros_of(decision.verdict()), left(&decision)), (SECOND / 10, vec![0]));
    assert_eq!(decision.tiers()[0].reset_after(), Duration::from_secs(10));
}

/// Each interval brings one token, to the microsecond, also where the interval was rounded up.
pub async fn a_bucket_is_refilled_token_by_token<L: Limiter>(open: impl AsyncFn() -> Arc<L>) {
    let limiter = open().await;
    for (start, name, quota, interval) in [
        (0, "tenth", "3 + 10/s", 100_000),
        (HOUR, "third", "3 + 3/s", 333_334),
        (2 * HOUR, "dense", "3 + 1000000/s", 1),
    ] {
        let policy = policy(name, quota);
        let request = Request::new(&policy, "key");
        assert!(passes(&*limiter, &request.clone().cost(3), start).await);
        for n in 1..=10 {
            let due = start + n * interval;
            assert_eq!(wait(&*limiter, &request, due - 1).await, 1, "{quota}, token {n}");
            assert!(passes(&*limiter, &request, due).await, "{quota}, token {n}");
        }
    }
}

/// However long nobody comes, a bucket holds no more than its capacity.
pub async fn a_bucket_fills_up_to_its_brim<L: Limiter>(open: impl AsyncFn() -> Arc<L>) {
    let limiter = open().await;
    let policy = policy("bucket", "5 + 1/s");
    let request = Request::new(&policy, "key");
    assert!(passes(&*limiter, &request.clone().cost(5), 0).await);
    // Not quite full, full to the microsecond, and long after.
    assert_eq!(wait(&*limiter, &request.clone().cost(5), 5 * SECOND - 1).await, 1);
    assert!(passes(&*limiter, &request.clone().cost(5), 5 * SECOND).await);
    assert!(passes(&*limiter, &request.clone().cost(5), HOUR).await);
    assert_eq!(wait(&*limiter, &request, HOUR).await, SECOND);
}

/// A request takes all that it costs, or nothing.
pub async fn costs_are_taken_whole<L: Limiter>(open: impl AsyncFn() -> Arc<L>) {
    let limiter = open().await;
    let policy = policy("bucket", "10 + 1/s");
    let cost = |cost| Request::new(&policy, "key").cost(cost);
    assert_eq!(take(&*limiter, &cost(7), 0).await, [3]);
    let refused = check(&*limiter, &cost(4), 0).await;
    assert_eq!((micros_of(refused.verdict()), left(&refused)), (SECOND, vec![3]));
    assert_eq!(take(&*limiter, &cost(3), 0).await, [0]);
    assert_eq!(wait(&*limiter, &cost(10), 0).await, 10 * SECOND);
}

/// Whoever comes too early loses nothing by it.
pub async fn a_refused_request_takes_nothing<L: Limiter>(open: impl AsyncFn() -> Arc<L>) {
    let limiter = open().await;
    let policy = policy("bucket", "2 + 1/s");
    let request = Request::new(&policy, "key");
    assert!(passes(&*limiter, &request.clone().cost(2), 0).await);
    for micros in 0..100 {
        let early = micros * SECOND / 100;
        assert_eq!(wait(&*limiter, &request, early).await, SECOND - early);
    }
    assert!(passes(&*limiter, &request, SECOND).await);
}
