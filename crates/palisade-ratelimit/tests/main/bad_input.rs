//! What configuration, clients and clocks can do wrong.

use std::time::{Duration, SystemTime};

use palisade_ratelimit::{
    Bucket, FailurePolicy, InvalidQuota, MemoryLimiter, PER_SECOND, Policy, Quota, Request, Verdict,
};

use crate::samples::{NOON, at, policy};

const HOUR: u64 = 3_600_000_000;

#[test]
fn quotas_that_make_no_sense_are_refused() {
    let bucket = Quota::bucket;
    for (quota, error) in [
        (bucket(0).refill(1, PER_SECOND), InvalidQuota::NoCapacity),
        (bucket(1).refill(0, PER_SECOND), InvalidQuota::NoRefill),
        (bucket(1).refill(1, Duration::ZERO), InvalidQuota::NoPeriod),
        (bucket(1).refill(1_000_001, PER_SECOND), InvalidQuota::TooFast),
        (bucket(1).refill(u32::MAX, Duration::from_nanos(1)), InvalidQuota::TooFast),
        (bucket(u32::MAX).refill(1, Duration::MAX), InvalidQuota::TooLong),
        (bucket(1).refill(1, Duration::MAX), InvalidQuota::TooLong),
        (bucket(401).refill(1, Duration::from_hours(24)), InvalidQuota::TooLong),
        (bucket(u32::MAX).refill(1, PER_SECOND), InvalidQuota::TooLong),
        (Quota::window(0, PER_SECOND), InvalidQuota::NoCapacity),
        (Quota::window(1, Duration::ZERO), InvalidQuota::TooShort),
        (Quota::window(1, Duration::from_micros(999)), InvalidQuota::TooShort),
        (Quota::window(1, Duration::from_hours(401 * 24)), InvalidQuota::TooLong),
        (Quota::window(u32::MAX, Duration::MAX), InvalidQuota::TooLong),
        (Quota::per_second(0), InvalidQuota::NoCapacity),
        (Quota::per_minute(u32::MAX), InvalidQuota::TooFast),
    ] {
        assert_eq!(quota, Err(error));
    }
}

#[test]
fn quotas_at_the_edge_are_built() {
    let day = Duration::from_hours(24);
    let quota = |bucket: Bucket, tokens, period| bucket.refill(tokens, period).unwrap();
    assert_eq!(quota(Quota::bucket(400), 1, day).span(), 400 * day);
    assert_eq!(
        quota(Quota::bucket(u32::MAX), 1_000_000, PER_SECOND).interval(),
        Duration::from_micros(1)
    );
    assert_eq!(Quota::window(1, 400 * day).unwrap().span(), 400 * day);
    // Rounded up, so that never more is allowed than was said.
    assert_eq!(quota(Quota::bucket(1), 3, PER_SECOND).interval(), Duration::from_micros(333_334));
    assert_eq!(
        quota(Quota::bucket(1), 1, Duration::from_nanos(1_001)).interval(),
        Duration::from_micros(2)
    );
}

#[test]
fn names_of_policies_are_plain() {
    let quota = Quota::per_minute(1).unwrap();
    for name in ["a", "per-ip", "per_key.v2", "0", &"x".repeat(64)] {
        assert!(Policy::new(name.to_owned(), quota).is_ok(), "{name}");
    }
    for name in
        ["", "A", "per ip", "-a", "_a", ".a", "a\"", "a\n", "a:b", "{a}", "ä", &"x".repeat(65)]
    {
        assert!(Policy::new(name.to_owned(), quota).is_err(), "{name}");
    }
}

#[test]
fn failure_policies_are_read_exactly() {
    for text in ["open", "closed", "local:1/4", "local:3/4", "local:1/1"] {
        assert_eq!(text.parse::<FailurePolicy>().unwrap().to_string(), text);
    }
    for text in [
        "",
        "Open",
        "open ",
        "local",
        "local:",
        "local:1",
        "local:0/4",
        "local:5/4",
        "local:1/0",
        "local:+1/4",
        "local:1/99999999999",
        "local:1/4/4",
    ] {
        assert!(text.parse::<FailurePolicy>().is_err(), "{text}");
    }
}

#[test]
fn keys_are_any_bytes() {
    let limiter = MemoryLimiter::new(1_000).unwrap();
    let once = policy("once", Quota::per_minute(1).unwrap());
    let huge = vec![b'x'; 1 << 20];
    let huger = vec![b'x'; (1 << 20) + 1];
    let keys: [&[u8]; 12] = [
        b"",
        b"\0",
        b"\0\0",
        b"{",
        b"}",
        b"{a}b",
        b"a\nb",
        b"a\r\nb",
        b"\xff\xfe",
        "ключ".as_bytes(),
        &huge,
        &huger,
    ];
    for key in keys {
        assert_eq!(limiter.check(&Request::new(&once, key), at(NOON)).verdict(), Verdict::Allowed);
    }
    for key in keys {
        assert_ne!(limiter.check(&Request::new(&once, key), at(NOON)).verdict(), Verdict::Allowed);
    }
    let request = Request::new(&once, "who@example.com");
    assert!(!format!("{request:?} {limiter:?}").contains("who"));
}

#[test]
fn a_clock_that_steps_back_locks_nobody_out() {
    let limiter = MemoryLimiter::new(1_000).unwrap();
    let bucket = policy("bucket", Quota::bucket(10).refill(1, PER_SECOND).unwrap());
    let window = policy("window", Quota::window(10, Duration::from_mins(1)).unwrap());
    for policy in [&bucket, &window] {
        let request = Request::new(policy, "k");
        let spend = |now| {
            (0..100)
                .filter(|_| limiter.check(&request, at(now)).verdict() == Verdict::Allowed)
                .count()
        };
        assert_eq!(spend(NOON), 10);
        let back = NOON - HOUR;
        assert_eq!(spend(back), 0, "{}: what was used stays used", policy.name());
        let wait = match limiter.peek(&request, at(back)).verdict() {
            Verdict::Denied { retry_after } => retry_after,
            other => panic!("{other:?}"),
        };
        assert!(wait <= policy.quota().span(), "{}: {wait:?}", policy.name());
        let later = back + u64::try_from(wait.as_micros()).unwrap();
        assert!(spend(later) > 0, "{}", policy.name());
    }
}

#[test]
fn threads_with_slightly_older_clocks_gain_nothing() {
    let limiter = MemoryLimiter::new(1_000).unwrap();
    let bucket = policy("bucket", Quota::bucket(5).refill(1, PER_SECOND).unwrap());
    let window = policy("window", Quota::window(5, PER_SECOND).unwrap());
    for policy in [&bucket, &window] {
        let request = Request::new(policy, "k");
        let mut admitted = 0;
        for n in 0..1_000 {
            let now = NOON + 10 - n % 20;
            admitted += usize::from(limiter.check(&request, at(now)).verdict() == Verdict::Allowed);
        }
        assert_eq!(admitted, 5, "{}", policy.name());
    }
}

#[test]
fn a_clock_that_steps_ahead_and_back_ends_well() {
    let limiter = MemoryLimiter::new(1_000).unwrap();
    let policy = policy("bucket", Quota::bucket(10).refill(1, PER_SECOND).unwrap());
    let request = Request::new(&policy, "k");
    let spend = |now| {
        (0..100).filter(|_| limiter.check(&request, at(now)).verdict() == Verdict::Allowed).count()
    };
    assert_eq!(spend(NOON), 10);
    assert_eq!(spend(NOON + 24 * HOUR), 10);
    assert_eq!(spend(NOON + 1), 0, "as if it had been used just now");
    assert_eq!(spend(NOON + 10_000_001), 10);
}

#[test]
fn clocks_beyond_all_reason_are_clamped() {
    let limiter = MemoryLimiter::new(1_000).unwrap();
    let policy = policy("bucket", Quota::bucket(2).refill(1, PER_SECOND).unwrap());
    let end = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 60);
    let before = SystemTime::UNIX_EPOCH - Duration::from_hours(1);
    for (key, now) in [("a", before), ("b", SystemTime::UNIX_EPOCH), ("c", end)] {
        let request = Request::new(&policy, key);
        let verdicts: Vec<_> = (0..3).map(|_| limiter.check(&request, now).verdict()).collect();
        assert_eq!(verdicts.iter().filter(|verdict| **verdict == Verdict::Allowed).count(), 2);
    }
}

/// Half of the callers read the clock long before they come, as behind a slow database.
#[test]
fn late_callers_give_nothing_back() {
    let bucket = policy("bucket", Quota::bucket(1_000).refill(100, PER_SECOND).unwrap());
    let window = policy("window", Quota::window(1_000, Duration::from_hours(24)).unwrap());
    for (policy, late) in [(&bucket, 5_000_000), (&bucket, 60_000_000), (&window, 1_500_000)] {
        let limiter = MemoryLimiter::new(1_000).unwrap();
        let request = Request::new(policy, "k");
        // A turn of the day lies between the two times.
        let midnight = NOON + 12 * HOUR;
        let admitted = (0..100_000).filter(|n| {
            let now = if n % 2 == 0 { midnight } else { midnight - late };
            limiter.check(&request, at(now)).verdict() == Verdict::Allowed
        });
        assert_eq!(admitted.count(), 1_000, "{} late by {late} us", policy.name());
    }
}

#[test]
fn a_limiter_has_a_size() {
    for keys in [0, 100_000_001, usize::MAX] {
        assert!(MemoryLimiter::new(keys).is_err(), "{keys}");
    }
    assert!(MemoryLimiter::new(1).is_ok());
}

#[test]
fn a_limit_that_changes_while_keys_live_counts_anew() {
    let limiter = MemoryLimiter::new(1_000).unwrap();
    let left = |policy: &Policy, cost| {
        let request = Request::new(policy, "k").cost(cost);
        limiter.check(&request, at(NOON)).tightest().unwrap().remaining()
    };
    let with = |quota| policy("key", quota);
    let generous = with(Quota::bucket(100).refill(1, PER_SECOND).unwrap());
    let small = with(Quota::bucket(10).refill(1, PER_SECOND).unwrap());
    let slow = with(Quota::bucket(10).refill(1, Duration::from_mins(1)).unwrap());
    let window = with(Quota::window(10, Duration::from_mins(1)).unwrap());
    let long = with(Quota::window(10, Duration::from_hours(1)).unwrap());
    for (policy, expected) in [(&generous, 95), (&small, 5), (&slow, 5), (&window, 5), (&long, 5)] {
        assert_eq!(left(policy, 5), expected);
    }
    // Back again: what was used under that limit is used still.
    assert_eq!(left(&generous, 5), 90);
}

/// Two versions of a service side by side, or two plans of one name: neither undoes what the other counted.
#[test]
fn two_quotas_of_one_name_do_not_undo_each_other() {
    let limiter = MemoryLimiter::new(1_000).unwrap();
    let old = policy("key", Quota::bucket(1_000).refill(100, PER_SECOND).unwrap());
    let new = policy("key", Quota::bucket(10).refill(1, PER_SECOND).unwrap());
    let mut admitted = [0, 0];
    for n in 0..20_000 {
        let request = Request::new(if n % 2 == 0 { &old } else { &new }, "k");
        let allowed = limiter.check(&request, at(NOON)).verdict() == Verdict::Allowed;
        admitted[n % 2] += u32::from(allowed);
    }
    assert_eq!(admitted, [1_000, 10]);
}
