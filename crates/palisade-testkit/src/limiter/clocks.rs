//! Clocks that step, and that do not agree.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use palisade_ratelimit::{Limiter, Request, Verdict};

use super::sample::{DAY, HOUR, SECOND, check, left, micros_of, passes, peek, policy, wait};

/// When the clock goes back by an hour, whoever was throttled waits for one token by the new time, and not for an hour.
pub async fn a_clock_that_steps_back_locks_nobody_out<L: Limiter>(open: impl AsyncFn() -> Arc<L>) {
    let limiter = open().await;
    let bucket = policy("bucket", "10 + 1/s");
    let request = Request::new(&bucket, "key");
    assert!(passes(&*limiter, &request.clone().cost(10), HOUR).await);
    // It owes one whole bucket, as it did.
    assert_eq!(wait(&*limiter, &request, 0).await, SECOND);
    assert_eq!(wait(&*limiter, &request, SECOND - 1).await, 1);
    assert!(passes(&*limiter, &request, SECOND).await);
    assert_eq!(left(&peek(&*limiter, &request, 6 * SECOND).await), [5]);

    // A window that has gone back keeps what it counted, and ends when its own minute does.
    let window = policy("window", "3/min fixed");
    let request = Request::new(&window, "key");
    assert!(passes(&*limiter, &request.clone().cost(2), HOUR).await);
    let decision = check(&*limiter, &request, 0).await;
    assert_eq!((decision.verdict(), left(&decision)), (Verdict::Allowed, vec![0]));
    assert_eq!(wait(&*limiter, &request, 0).await, 60 * SECOND);
    assert!(passes(&*limiter, &request.clone().cost(3), 60 * SECOND).await);
}

/// The same after a clock that was a day ahead for a moment, and in every tier.
pub async fn a_clock_that_steps_ahead_and_back_locks_nobody_out<L: Limiter>(
    open: impl AsyncFn() -> Arc<L>,
) {
    let limiter = open().await;
    let (bucket, window) = (policy("bucket", "10 + 1/s"), policy("window", "20/min fixed"));
    let request = Request::new(&bucket, "a").within(&window, "b");
    assert!(passes(&*limiter, &request.clone().cost(10), 0).await);
    assert!(passes(&*limiter, &request.clone().cost(10), DAY).await);
    let refused = check(&*limiter, &request, SECOND).await;
    assert_eq!(micros_of(refused.verdict()), SECOND);
    assert!(passes(&*limiter, &request, 2 * SECOND).await);
    assert_eq!(left(&peek(&*limiter, &request, 60 * SECOND).await), [10, 20]);
}

/// Callers who read the clock up to a minute before the one who came last count at the time of that one: they get nothing
/// that the others did not leave.
pub async fn a_clock_a_little_behind_gets_nothing_more<L: Limiter>(open: impl AsyncFn() -> Arc<L>) {
    let limiter = open().await;
    for behind in [1, 1_000, SECOND - 1, SECOND, 5 * SECOND, 60 * SECOND] {
        let key = behind.to_string();
        let bucket = policy("bucket", "5 + 1/s");
        let request = Request::new(&bucket, &key);
        assert!(passes(&*limiter, &request.clone().cost(5), HOUR).await);
        for _ in 0..3 {
            assert_eq!(wait(&*limiter, &request, HOUR - behind).await, SECOND);
        }

        let window = policy("window", "5/10s fixed");
        let request = Request::new(&window, &key);
        assert!(passes(&*limiter, &request.clone().cost(5), HOUR).await);
        assert_eq!(wait(&*limiter, &request, HOUR - behind).await, 10 * SECOND);
    }
}

/// A clock before 1970, at it, and at the end of time: odd answers are allowed, a crash and a lock-out are not.
pub async fn extreme_times_are_survived<L: Limiter>(open: impl AsyncFn() -> Arc<L>) {
    let limiter = open().await;
    let epoch = SystemTime::UNIX_EPOCH;
    let times = [
        epoch,
        epoch.checked_sub(Duration::from_hours(1)).unwrap_or(epoch),
        epoch + Duration::from_micros(1),
        // The last second of the years 9999 and 2262, and the furthest that a system may have.
        epoch + Duration::from_secs(253_402_300_799),
        epoch + Duration::from_nanos(u64::MAX >> 1),
        epoch.checked_add(Duration::from_secs(1 << 60)).unwrap_or(epoch),
    ];
    for (name, quota) in [
        ("bucket", "2/s"),
        ("slow", "2/400day"),
        ("window", "2/s fixed"),
        ("long", "2/400day fixed"),
    ] {
        for (n, time) in times.iter().enumerate() {
            let policy = policy(name, quota);
            let key = n.to_string();
            let request = Request::new(&policy, &key);
            for expected in [true, true, false] {
                let decision = limiter.check(&request, *time).await;
                assert_eq!(decision.verdict() == Verdict::Allowed, expected, "{quota}, time {n}");
            }
            // Back in the year 2100.
            let decision = limiter.check(&request, super::sample::at(0)).await;
            let wait = micros_of(decision.verdict());
            assert!(wait <= 400 * DAY, "{quota}, time {n}: {wait}");
        }
    }
}
