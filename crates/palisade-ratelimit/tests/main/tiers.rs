//! Several tiers in one decision.

use std::time::Duration;

use palisade_ratelimit::{Limited, MemoryLimiter, Quota, Request, Share, Source, Verdict};

use crate::samples::{NOON, at, policy};

#[test]
fn a_request_is_counted_in_all_tiers_or_in_none() {
    let limiter = MemoryLimiter::new(100).unwrap();
    let account = policy("account", Quota::per_minute(10).unwrap());
    let key = policy("key", Quota::per_minute(2).unwrap());
    let request = Request::new(&account, "acct").within(&key, "one");
    for _ in 0..2 {
        assert_eq!(limiter.check(&request, at(NOON)).verdict(), Verdict::Allowed);
    }
    for _ in 0..100 {
        let decision = limiter.check(&request, at(NOON));
        assert_eq!(decision.verdict(), Verdict::Denied { retry_after: Duration::from_secs(30) });
        assert_eq!(decision.tiers()[0].verdict(), Verdict::Allowed);
        assert_eq!(decision.tiers()[0].remaining(), 8, "nothing was taken from the account");
    }
    let other = Request::new(&account, "acct").within(&key, "two");
    assert_eq!(limiter.check(&other, at(NOON)).tiers()[0].remaining(), 7);
}

#[test]
fn keys_are_counted_within_the_widest_tier() {
    let limiter = MemoryLimiter::new(100).unwrap();
    let account = policy("account", Quota::per_minute(10).unwrap());
    let key = policy("key", Quota::per_minute(1).unwrap());
    for (group, name) in
        [("a", "k"), ("b", "k"), ("ab", "c"), ("a", "bc"), ("", "abc"), ("abc", "")]
    {
        let request = Request::new(&account, group).within(&key, name);
        assert_eq!(limiter.check(&request, at(NOON)).verdict(), Verdict::Allowed, "{group} {name}");
    }
    // Nor is a key within another the same as the key alone, whatever bytes it is made of.
    assert_eq!(limiter.check(&Request::new(&key, "k"), at(NOON)).verdict(), Verdict::Allowed);
    let forged = b"\x01\0\0\0\0\0\0\0ak";
    assert_eq!(limiter.check(&Request::new(&key, forged), at(NOON)).verdict(), Verdict::Allowed);
}

#[test]
fn the_same_tier_twice_is_charged_twice() {
    let limiter = MemoryLimiter::new(100).unwrap();
    let account = policy("account", Quota::per_minute(100).unwrap());
    let key = policy("key", Quota::per_minute(3).unwrap());
    let twice = Request::new(&account, "a").within(&key, "k").within(&key, "k");
    let decision = limiter.check(&twice, at(NOON));
    assert_eq!(decision.verdict(), Verdict::Allowed);
    assert_eq!(decision.tiers()[2].remaining(), 1);
    assert!(matches!(limiter.peek(&twice, at(NOON)).verdict(), Verdict::Denied { .. }));
    assert!(matches!(limiter.check(&twice, at(NOON)).verdict(), Verdict::Denied { .. }));
    let once = Request::new(&account, "a").within(&key, "k");
    assert_eq!(limiter.check(&once, at(NOON)).verdict(), Verdict::Allowed, "one was left");
}

#[test]
fn many_tiers_are_no_special_case() {
    let limiter = MemoryLimiter::new(1_000).unwrap();
    let policies: Vec<_> =
        (1..=20).map(|n| policy(&format!("p{n}"), Quota::per_minute(n).unwrap())).collect();
    let mut request = Request::new(&policies[19], "group");
    for policy in &policies[..19] {
        request = request.within(policy, "key");
    }
    assert_eq!(limiter.check(&request, at(NOON)).tightest().unwrap().policy().name(), "p1");
    assert_eq!(
        limiter.check(&request, at(NOON)).verdict(),
        Verdict::Denied { retry_after: Duration::from_mins(1) }
    );
}

#[test]
fn the_tightest_tier_is_the_one_in_the_way() {
    let limiter = MemoryLimiter::new(100).unwrap();
    let account = policy("account", Quota::per_minute(10).unwrap());
    let key = policy("key", Quota::per_second(4).unwrap());
    let request = |cost| Request::new(&account, "a").within(&key, "k").cost(cost);
    let name = |cost| {
        let decision = limiter.check(&request(cost), at(NOON));
        decision.tightest().unwrap().policy().name().to_owned()
    };
    assert_eq!(name(1), "key", "three are left rather than nine");
    assert_eq!(name(8), "key", "never, while the account has room");
    for other in ["b", "c"] {
        let _ = limiter.check(&Request::new(&account, "a").within(&key, other).cost(4), at(NOON));
    }
    let _ = limiter.check(&request(1), at(NOON));
    let decision = limiter.check(&request(4), at(NOON));
    let tiers = decision.tiers().iter();
    assert_eq!(tiers.filter(|tier| tier.verdict() != Verdict::Allowed).count(), 2);
    assert_eq!(decision.tightest().unwrap().policy().name(), "account", "it refuses for longest");
    assert_eq!(decision.verdict(), decision.tightest().unwrap().verdict());
}

#[test]
fn never_is_no_matter_of_time() {
    let limiter = MemoryLimiter::new(100).unwrap();
    let key = policy("key", Quota::per_second(4).unwrap());
    for cost in [5, u32::MAX] {
        let decision = limiter.check(&Request::new(&key, "k").cost(cost), at(NOON));
        assert_eq!(decision.verdict(), Verdict::Never);
        assert_eq!(decision.require(), Err(Limited::Never));
        assert_eq!(decision.require().unwrap_err().retry_after(), None);
        assert_eq!(decision.tightest().unwrap().remaining(), 4, "nothing was taken");
    }
    assert_eq!(
        limiter.check(&Request::new(&key, "k").cost(4), at(NOON)).verdict(),
        Verdict::Allowed
    );
}

#[test]
fn a_cost_of_zero_takes_nothing_and_is_allowed() {
    let limiter = MemoryLimiter::new(100).unwrap();
    let key = policy("key", Quota::per_second(1).unwrap());
    let free = Request::new(&key, "k").cost(0);
    for _ in 0..10 {
        assert_eq!(limiter.check(&free, at(NOON)).tightest().unwrap().remaining(), 1);
    }
    assert_eq!(limiter.live_keys(at(NOON)), 0);
    assert_eq!(limiter.check(&Request::new(&key, "k"), at(NOON)).verdict(), Verdict::Allowed);
    let decision = limiter.check(&free, at(NOON));
    assert_eq!(
        (decision.verdict(), decision.tightest().unwrap().remaining()),
        (Verdict::Allowed, 0)
    );
}

#[test]
fn a_peek_says_what_a_check_would_and_changes_nothing() {
    let limiter = MemoryLimiter::new(100).unwrap();
    let key = policy("key", Quota::per_second(3).unwrap());
    let request = Request::new(&key, "k").cost(2);
    for _ in 0..10 {
        let peek = limiter.peek(&request, at(NOON));
        assert_eq!((peek.verdict(), peek.tightest().unwrap().remaining()), (Verdict::Allowed, 3));
    }
    assert_eq!(limiter.check(&request, at(NOON)).tightest().unwrap().remaining(), 1);
    let peek = limiter.peek(&request, at(NOON));
    assert_eq!(peek.verdict(), limiter.check(&request, at(NOON)).verdict());
    assert_eq!(peek.tightest().unwrap().remaining(), 1);
}

#[test]
fn a_share_is_a_part_of_every_limit() {
    let quarter = Share::one_of(4).unwrap();
    let limiter = MemoryLimiter::builder(100).share(quarter).build().unwrap();
    let key = policy("key", Quota::per_minute(100).unwrap());
    let request = Request::new(&key, "k");
    let decision = limiter.check(&request, at(NOON));
    let tier = decision.tightest().unwrap();
    assert_eq!((tier.limit(), tier.remaining()), (25, 24));
    assert_eq!(tier.quota().interval(), Duration::from_millis(2_400));
    assert_eq!(decision.source(), Source::Local);
    // More than the share, not more than the limit: that is for later, not for never.
    let big = limiter.check(&request.clone().cost(26), at(NOON)).verdict();
    assert_eq!(big, Verdict::Denied { retry_after: Duration::from_mins(1) });
    assert_eq!(limiter.check(&request.cost(101), at(NOON)).verdict(), Verdict::Never);
    // Never less than one.
    let small = policy("small", Quota::window(2, Duration::from_mins(1)).unwrap());
    assert_eq!(limiter.check(&Request::new(&small, "k"), at(NOON)).tightest().unwrap().limit(), 1);
    assert!(Share::fraction_of(0, 4).is_err() && Share::fraction_of(5, 4).is_err());
}

#[test]
fn what_another_limiter_allowed_is_recorded_even_where_it_does_not_fit() {
    let limiter = MemoryLimiter::new(100).unwrap();
    let key = policy("key", Quota::per_minute(10).unwrap());
    let window = policy("window", Quota::window(10, Duration::from_mins(1)).unwrap());
    for policy in [&key, &window] {
        let request = Request::new(policy, "k").cost(7);
        limiter.record(&request, at(NOON));
        assert_eq!(limiter.peek(&request, at(NOON)).tightest().unwrap().remaining(), 3);
        for _ in 0..5 {
            limiter.record(&request, at(NOON));
        }
        let peek = limiter.peek(&request.clone().cost(1), at(NOON));
        let tier = peek.tightest().unwrap();
        assert_eq!((tier.remaining(), tier.reset_after()), (0, Duration::from_mins(1)));
        limiter.record(&request.cost(0), at(NOON));
    }
}
