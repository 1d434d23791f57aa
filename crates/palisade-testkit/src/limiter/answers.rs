//! What a decision says.

use std::sync::Arc;

use palisade_ratelimit::{Limiter, Request, Verdict};

use super::sample::{DAY, SECOND, check, left, micros_of, passes, peek, policy, take};

/// A cost of 0 is always allowed, even where nothing is left, and takes nothing.
pub async fn a_cost_of_zero_takes_nothing<L: Limiter>(open: impl AsyncFn() -> Arc<L>) {
    let limiter = open().await;
    let (bucket, window) = (policy("bucket", "2 + 1/min"), policy("window", "2/h fixed"));
    let request = Request::new(&bucket, "a").within(&window, "b");
    let nothing = request.clone().cost(0);
    for expected in [2, 1, 0] {
        for _ in 0..5 {
            let decision = check(&*limiter, &nothing, 0).await;
            assert_eq!(decision.verdict(), Verdict::Allowed);
            assert_eq!(left(&decision), [expected, expected]);
            let decision = peek(&*limiter, &nothing, 0).await;
            assert_eq!(
                (decision.verdict(), left(&decision)),
                (Verdict::Allowed, vec![expected; 2])
            );
        }
        assert_eq!(passes(&*limiter, &request, 0).await, expected > 0);
    }
}

/// More than the capacity is never allowed, which is no matter of waiting; and none of the tiers is charged.
pub async fn a_cost_above_the_capacity_is_never_allowed<L: Limiter>(
    open: impl AsyncFn() -> Arc<L>,
) {
    let limiter = open().await;
    for (name, quota) in [("bucket", "5 + 1/min"), ("window", "5/h fixed")] {
        let wide = policy("wide", "10 + 1/min");
        let narrow = policy(name, quota);
        let cost = |cost| Request::new(&wide, name).within(&narrow, "b").cost(cost);
        for too_much in [6, 10, 11, u32::MAX] {
            let decision = check(&*limiter, &cost(too_much), 0).await;
            assert_eq!(decision.verdict(), Verdict::Never, "{quota}, cost {too_much}");
            assert!(decision.require().is_err());
            let decision = peek(&*limiter, &cost(too_much), 0).await;
            assert_eq!(decision.verdict(), Verdict::Never, "{quota}, cost {too_much}");
        }
        // All of it is still there.
        assert_eq!(take(&*limiter, &cost(5), 0).await, [5, 0], "{quota}");
        // Also when nothing is left, it is never and not later.
        assert_eq!(check(&*limiter, &cost(6), 0).await.verdict(), Verdict::Never);
    }
}

/// However often one looks, nothing is counted.
pub async fn a_peek_changes_nothing<L: Limiter>(open: impl AsyncFn() -> Arc<L>) {
    let limiter = open().await;
    let (bucket, window) = (policy("bucket", "3 + 1/min"), policy("window", "2/h fixed"));
    let request = Request::new(&bucket, "a").within(&window, "b");
    for expected in [[3, 2], [2, 1], [1, 0], [1, 0]] {
        for _ in 0..5 {
            let decision = peek(&*limiter, &request, 0).await;
            assert_eq!(left(&decision), expected);
        }
        passes(&*limiter, &request, 0).await;
    }
}

/// A look says what a check says: of the whole, of every tier, and of how long to wait.
pub async fn a_peek_says_what_a_check_says<L: Limiter>(open: impl AsyncFn() -> Arc<L>) {
    let limiter = open().await;
    let (bucket, window) = (policy("bucket", "4 + 3/s"), policy("window", "9/10s fixed"));
    for step in 0..60 {
        let now = step * 177_777;
        let cost = u32::try_from(step % 5).expect("small");
        let request = Request::new(&bucket, "a").within(&window, "b").cost(cost);
        let look = peek(&*limiter, &request, now).await;
        let done = check(&*limiter, &request, now).await;
        assert_eq!(look.verdict(), done.verdict(), "step {step}");
        let taken = if done.verdict() == Verdict::Allowed { cost } else { 0 };
        for (look, done) in look.tiers().iter().zip(done.tiers()) {
            assert_eq!(look.verdict(), done.verdict(), "step {step}");
            assert_eq!(look.remaining(), done.remaining() + taken, "step {step}");
        }
    }
}

/// A microsecond before the time that a refusal names, the same request is refused; at that time it passes.
pub async fn retry_after_is_exact<L: Limiter>(open: impl AsyncFn() -> Arc<L>) {
    let limiter = open().await;
    // What was taken before, what is asked for, and how much later that is.
    for (n, (quota, taken, cost, later)) in [
        ("1/s", 1, 1, 0),
        ("1/s", 1, 1, 999_999),
        ("3 + 7/s", 3, 2, 1),
        ("1000 + 100/s", 1_000, 1_000, 12_345),
        ("10/min", 6, 9, 777),
        ("5 + 1000000/s", 5, 5, 0),
        ("2/day", 2, 1, SECOND),
        ("1/400day", 1, 1, SECOND),
        ("4/s fixed", 3, 2, 17),
        ("4/10min fixed", 4, 4, 9 * SECOND),
        ("4/min fixed", 4, 1, 60 * SECOND - 1),
    ]
    .into_iter()
    .enumerate()
    {
        let policy = policy("exact", quota);
        // One that has room, beside it: the wait is that of the tier which refuses.
        let roomy = super::sample::policy("roomy", "100000/s");
        let key = format!("key {n}");
        let request = Request::new(&roomy, &key).within(&policy, "key").cost(cost);
        let first = Request::new(&roomy, &key).within(&policy, "key").cost(taken);
        // Long after the row before.
        let start = n as u64 * 1_000 * DAY;
        assert!(passes(&*limiter, &first, start).await, "{quota}");
        let wait = micros_of(check(&*limiter, &request, start + later).await.verdict());
        assert!(wait > 0, "{quota}");
        let due = start + later + wait;
        let early = check(&*limiter, &request, due - 1).await;
        assert_eq!(micros_of(early.verdict()), 1, "{quota}: passes before {wait} us are over");
        assert!(passes(&*limiter, &request, due).await, "{quota}: refused after {wait} us");
    }
}
