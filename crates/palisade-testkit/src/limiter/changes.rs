//! Quotas that change while keys are counted.

use std::sync::Arc;

use palisade_ratelimit::{Limiter, Request};

use super::sample::{HOUR, SECOND, left, passes, peek, policy, take, wait};

/// What was used stays used, and the rest counts by the new quota.
pub async fn a_larger_quota_counts_from_then_on<L: Limiter>(open: impl AsyncFn() -> Arc<L>) {
    let limiter = open().await;
    let (small, large) = (policy("bucket", "2 + 1/s"), policy("bucket", "20 + 1/s"));
    assert!(passes(&*limiter, &Request::new(&small, "k").cost(2), 0).await);
    let request = Request::new(&large, "k");
    assert_eq!(take(&*limiter, &request, 0).await, [17]);
    assert!(passes(&*limiter, &request.clone().cost(17), 0).await);
    assert_eq!(wait(&*limiter, &request, 0).await, SECOND);

    let (small, large) = (policy("window", "2/h fixed"), policy("window", "20/h fixed"));
    assert!(passes(&*limiter, &Request::new(&small, "k").cost(2), 0).await);
    assert_eq!(take(&*limiter, &Request::new(&large, "k"), 0).await, [17]);
}

/// Nobody owes more than the new quota ever asks for.
pub async fn a_smaller_quota_counts_from_then_on<L: Limiter>(open: impl AsyncFn() -> Arc<L>) {
    let limiter = open().await;
    let (large, small) = (policy("bucket", "3600 + 1/s"), policy("bucket", "5 + 1/s"));
    assert!(passes(&*limiter, &Request::new(&large, "k").cost(3_600), 0).await);
    let request = Request::new(&small, "k");
    assert_eq!(wait(&*limiter, &request, 0).await, SECOND);
    assert!(passes(&*limiter, &request, SECOND).await);
    assert_eq!(left(&peek(&*limiter, &request, HOUR).await), [5]);

    // A window that took more than it may now is used up, and ends as it would.
    let (large, small) = (policy("window", "50/h fixed"), policy("window", "5/h fixed"));
    assert!(passes(&*limiter, &Request::new(&large, "k").cost(40), 0).await);
    let request = Request::new(&small, "k");
    assert_eq!(left(&peek(&*limiter, &request, 1).await), [0]);
    assert_eq!(wait(&*limiter, &request, 1).await, HOUR - 1);
    assert!(passes(&*limiter, &request, HOUR).await);
    // Of an hour that became a minute, the minute counts.
    let minute = policy("window", "5/min fixed");
    assert!(passes(&*limiter, &Request::new(&small, "short").cost(5), 0).await);
    let request = Request::new(&minute, "short");
    assert_eq!(wait(&*limiter, &request, 0).await, 60 * SECOND);
    assert!(passes(&*limiter, &request, 60 * SECOND).await);
}

/// A bucket that becomes a window begins at nothing, and the bucket is still there when it comes back.
pub async fn another_kind_counts_anew<L: Limiter>(open: impl AsyncFn() -> Arc<L>) {
    let limiter = open().await;
    let (bucket, window) = (policy("both", "2/h"), policy("both", "2/min fixed"));
    assert!(passes(&*limiter, &Request::new(&bucket, "k").cost(2), 0).await);
    assert_eq!(take(&*limiter, &Request::new(&window, "k"), 0).await, [1]);
    assert_eq!(left(&peek(&*limiter, &Request::new(&bucket, "k"), 0).await), [0]);
    assert_eq!(take(&*limiter, &Request::new(&window, "k"), 0).await, [0]);
}
