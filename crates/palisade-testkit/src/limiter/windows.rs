//! The arithmetic of a fixed window.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use palisade_ratelimit::{Limiter, Request, Verdict};

use super::sample::{DAY, HOUR, SECOND, check, left, micros_of, passes, policy, take, wait};

/// At the end of a window everything is given anew, and not before.
pub async fn a_window_begins_anew<L: Limiter>(open: impl AsyncFn() -> Arc<L>) {
    let limiter = open().await;
    let policy = policy("window", "3/min fixed");
    let request = Request::new(&policy, "key");
    for round in 0..3 {
        let start = round * 60 * SECOND;
        for n in 1..=3 {
            let decision = check(&*limiter, &request, start + n).await;
            assert_eq!(
                (decision.verdict(), left(&decision)),
                (Verdict::Allowed, vec![3 - u32::try_from(n).expect("small")])
            );
            assert_eq!(decision.tiers()[0].reset_after(), Duration::from_micros(60 * SECOND - n));
        }
        assert_eq!(wait(&*limiter, &request, start + 4).await, 60 * SECOND - 4);
        assert_eq!(wait(&*limiter, &request, start + 60 * SECOND - 1).await, 1);
    }
}

/// Windows are cut by UTC, at full minutes, hours and days, whenever the first request comes; a length that divides no
/// day is counted from 1970.
pub async fn a_window_is_cut_by_utc<L: Limiter>(open: impl AsyncFn() -> Arc<L>) {
    let limiter = open().await;
    for (name, quota, first, end) in [
        ("minute", "1/min fixed", 59 * SECOND, 60 * SECOND),
        ("hour", "1/h fixed", HOUR - 1, HOUR),
        ("day", "1/day fixed", 3 * HOUR, DAY / 2),
        ("quarter", "1/15min fixed", HOUR / 3, HOUR / 2),
    ] {
        let policy = policy(name, quota);
        let request = Request::new(&policy, "key");
        assert!(passes(&*limiter, &request, first).await);
        assert_eq!(wait(&*limiter, &request, first).await, end - first, "{quota}");
        assert!(passes(&*limiter, &request, end).await, "{quota}");
    }
    let odd = policy("odd", "1/7919ms fixed");
    let request = Request::new(&odd, "key");
    let end = SystemTime::UNIX_EPOCH + Duration::from_millis(7_919) * 400_000_000;
    let before = limiter.check(&request, end - Duration::from_micros(1)).await;
    assert_eq!(before.verdict(), Verdict::Allowed);
    assert_eq!(limiter.check(&request, end).await.verdict(), Verdict::Allowed);
    let after = limiter.check(&request, end).await.verdict();
    assert_eq!(micros_of(after), 7_919_000);
}

/// A window counts what requests cost, and a refused one adds nothing.
pub async fn a_window_counts_costs<L: Limiter>(open: impl AsyncFn() -> Arc<L>) {
    let limiter = open().await;
    let policy = policy("window", "10/h fixed");
    let cost = |cost| Request::new(&policy, "key").cost(cost);
    assert_eq!(take(&*limiter, &cost(7), 0).await, [3]);
    let refused = check(&*limiter, &cost(4), 1).await;
    assert_eq!((micros_of(refused.verdict()), left(&refused)), (HOUR - 1, vec![3]));
    assert_eq!(take(&*limiter, &cost(3), 2).await, [0]);
    assert_eq!(wait(&*limiter, &cost(1), 3).await, HOUR - 3);
    assert_eq!(take(&*limiter, &cost(10), HOUR).await, [0]);
}
