//! Several tiers in one decision.

use std::sync::Arc;

use palisade_ratelimit::{Limiter, Request, TierState, Verdict};

use super::sample::{SECOND, check, left, micros_of, passes, peek, policy, take};

/// Where one of the tiers refuses, in whatever place, none is charged.
pub async fn all_tiers_are_charged_or_none<L: Limiter>(open: impl AsyncFn() -> Arc<L>) {
    let limiter = open().await;
    let quotas = [("a", "100 + 1/min"), ("b", "5/h fixed"), ("c", "5 + 1/min"), ("d", "5/h fixed")];
    let policies = quotas.map(|(name, quota)| policy(name, quota));
    let [a, b, c, d] = &policies;
    // What is taken before leaves four in one of the tiers, and five or more in all others.
    for (key, before) in [
        ("0", Request::new(a, "0").cost(96)),
        ("1", Request::new(a, "1").within(b, "b")),
        ("2", Request::new(a, "2").within(c, "c")),
        ("3", Request::new(a, "3").within(d, "d")),
    ] {
        assert!(passes(&*limiter, &before, 0).await);
        let all = Request::new(a, key).within(b, "b").within(c, "c").within(d, "d");
        let before = left(&peek(&*limiter, &all, 0).await);
        for _ in 0..3 {
            let refused = check(&*limiter, &all.clone().cost(5), 0).await;
            assert_ne!(refused.verdict(), Verdict::Allowed, "{key}");
            assert_eq!(left(&refused), before, "{key}: a refused request was charged");
        }
        let after: Vec<u32> = before.iter().map(|left| left - 4).collect();
        assert_eq!(take(&*limiter, &all.clone().cost(4), 0).await, after, "{key}");
    }
    // What waits longest is the wait of all.
    let (fast, slow) = (policy("fast", "1/s"), policy("slow", "1/min"));
    let both = Request::new(&fast, "x").within(&slow, "y");
    assert!(passes(&*limiter, &both, 0).await);
    assert_eq!(micros_of(check(&*limiter, &both, 0).await.verdict()), 60 * SECOND);
    assert_eq!(micros_of(check(&*limiter, &both, 59 * SECOND).await.verdict()), SECOND);
}

/// The tiers of a decision are those of the request, in its order, each with its own numbers.
pub async fn the_order_of_tiers_is_kept<L: Limiter>(open: impl AsyncFn() -> Arc<L>) {
    let limiter = open().await;
    let policies = [
        policy("first", "9 + 1/min"),
        policy("second", "4/h fixed"),
        policy("third", "7 + 1/min"),
        policy("fourth", "6/h fixed"),
        policy("fifth", "5 + 1/min"),
        policy("sixth", "8 + 1/min"),
    ];
    let [first, rest @ ..] = &policies;
    let request = rest
        .iter()
        .fold(Request::new(first, "a"), |request, policy| request.within(policy, policy.name()));
    let decision = check(&*limiter, &request, 0).await;
    assert_eq!(left(&decision), [8, 3, 6, 5, 4, 7]);
    let names: Vec<&str> = decision.tiers().iter().map(|tier| tier.policy().name()).collect();
    assert_eq!(names, ["first", "second", "third", "fourth", "fifth", "sixth"]);
    let limits: Vec<u32> = decision.tiers().iter().map(TierState::limit).collect();
    assert_eq!(limits, [9, 4, 7, 6, 5, 8]);
    let tightest = decision.tightest().expect("there are tiers");
    assert_eq!(tightest.policy().name(), "second");
    assert!(!decision.is_overflow());
}

/// The same key within another group is another counter, and so is the key of a first tier.
pub async fn a_key_is_counted_within_its_group<L: Limiter>(open: impl AsyncFn() -> Arc<L>) {
    let limiter = open().await;
    let (account, key) = (policy("account", "100 + 1/min"), policy("key", "2 + 1/min"));
    let within = |group: &'static str| Request::new(&account, group).within(&key, "key");
    assert_eq!(take(&*limiter, &within("a"), 0).await, [99, 1]);
    assert_eq!(take(&*limiter, &within("b"), 0).await, [99, 1]);
    assert_eq!(take(&*limiter, &within("a"), 0).await, [98, 0]);
    assert_eq!(take(&*limiter, &within("b"), 0).await, [98, 0]);
    assert_eq!(take(&*limiter, &Request::new(&key, "key"), 0).await, [1]);
    // The group is the key of the first tier, whatever its policy, and not the tier between.
    let other = policy("other", "100 + 1/min");
    let deep = Request::new(&other, "a").within(&account, "b").within(&key, "key");
    assert_eq!(left(&peek(&*limiter, &deep, 0).await), [100, 100, 0]);
}

/// All keys of an account draw on the account.
pub async fn the_widest_tier_is_shared<L: Limiter>(open: impl AsyncFn() -> Arc<L>) {
    let limiter = open().await;
    let (account, key) = (policy("account", "5 + 1/min"), policy("key", "4 + 1/min"));
    let with = |key_id: &'static str| Request::new(&account, "a").within(&key, key_id);
    assert_eq!(take(&*limiter, &with("x").cost(4), 0).await, [1, 0]);
    assert_eq!(take(&*limiter, &with("y"), 0).await, [0, 3]);
    let refused = check(&*limiter, &with("z"), 0).await;
    assert_eq!((micros_of(refused.verdict()), left(&refused)), (60 * SECOND, vec![0, 4]));
    assert_eq!(refused.tightest().expect("there are tiers").policy().name(), "account");
    assert_eq!(take(&*limiter, &Request::new(&account, "b"), 0).await, [4]);
}

/// One tier twice in a request is charged twice, or not at all.
pub async fn a_tier_that_comes_twice_is_charged_twice<L: Limiter>(open: impl AsyncFn() -> Arc<L>) {
    let limiter = open().await;
    for (name, quota) in [("bucket", "5 + 1/min"), ("window", "5/h fixed")] {
        let (wide, twice) = (policy("wide", "100 + 1/min"), policy(name, quota));
        let once = Request::new(&wide, name).within(&twice, "k");
        let double = once.clone().within(&twice, "k");
        assert!(passes(&*limiter, &double.clone().cost(2), 0).await);
        assert_eq!(left(&peek(&*limiter, &once, 0).await), [98, 1], "{quota}");
        // One fits, and one more does not.
        assert!(!passes(&*limiter, &double, 0).await, "{quota}");
        assert_eq!(left(&peek(&*limiter, &once, 0).await), [98, 1], "{quota}");
        assert!(passes(&*limiter, &once, 0).await, "{quota}");
    }
}

/// One key under two policies, or under one name as a bucket and as a window, is two counters.
pub async fn policies_do_not_meet<L: Limiter>(open: impl AsyncFn() -> Arc<L>) {
    let limiter = open().await;
    let policies = [
        policy("a", "1/day"),
        policy("a", "1/day fixed"),
        policy("b", "1/day"),
        policy("ab", "1/day"),
        policy("a.b", "1/day"),
        policy("a-b", "1/day fixed"),
    ];
    for policy in &policies {
        assert!(passes(&*limiter, &Request::new(policy, "b"), 0).await, "{policy:?}");
        assert!(passes(&*limiter, &Request::new(policy, "a").within(policy, "b"), 0).await);
    }
    for policy in &policies {
        assert!(!passes(&*limiter, &Request::new(policy, "b"), 0).await, "{policy:?}");
    }
}
