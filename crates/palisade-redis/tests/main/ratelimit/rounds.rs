//! How often the server is asked, and what is left there.

use std::time::SystemTime;

use palisade_ratelimit::{
    FailurePolicy, PER_HOUR, PER_SECOND, Policy, Quota, Request, Source, Verdict,
};
use palisade_testkit::servers::{RedisServer, shared_redis};

use super::{calls, counter, limiter, slow};
use crate::support::fresh_namespace;

#[tokio::test]
async fn several_tiers_are_one_round_trip() {
    let server = RedisServer::start();
    let limiter =
        limiter(&server.url(), &fresh_namespace(), FailurePolicy::Closed).build().unwrap();
    let (ip, account, key) = (slow("ip", 1_000), slow("account", 1_000), slow("key", 1_000));
    let now = SystemTime::now();
    // The first call of all loads the script.
    assert_eq!(limiter.check(&Request::new(&ip, "a"), now).await.source(), Source::Shared);
    server.command(&["CONFIG", "RESETSTAT"]);

    let two = Request::new(&account, "a").within(&key, "b");
    let three = Request::new(&ip, "a").within(&account, "b").within(&key, "c");
    for _ in 0..10 {
        assert_eq!(limiter.check(&two, now).await.verdict(), Verdict::Allowed);
        assert_eq!(limiter.check(&three, now).await.verdict(), Verdict::Allowed);
        assert_eq!(limiter.peek(&three, now).await.verdict(), Verdict::Allowed);
    }
    let count = |command| calls(&server, command);
    assert_eq!((count("evalsha"), count("eval"), count("script|load")), (30, 0, 0));
    // Inside the server: one look at all tiers, one look at the clock, and one write a tier.
    assert_eq!((count("mget"), count("time"), count("set")), (30, 30, 50));
}

#[tokio::test]
async fn a_denied_request_and_a_free_one_write_nothing() {
    let server = RedisServer::start();
    let limiter =
        limiter(&server.url(), &fresh_namespace(), FailurePolicy::Closed).build().unwrap();
    let (wide, narrow) = (slow("wide", 10), slow("narrow", 1));
    let now = SystemTime::now();
    let request = Request::new(&wide, "a").within(&narrow, "b");
    assert_eq!(limiter.check(&request, now).await.verdict(), Verdict::Allowed);
    server.command(&["CONFIG", "RESETSTAT"]);
    for _ in 0..5 {
        let denied = limiter.check(&request, now).await;
        assert!(matches!(denied.verdict(), Verdict::Denied { .. }));
        assert_eq!(denied.tiers()[0].remaining(), 9);
        assert_eq!(limiter.check(&request.clone().cost(0), now).await.verdict(), Verdict::Allowed);
    }
    assert_eq!(calls(&server, "set"), 0);
}

#[tokio::test]
async fn what_can_never_pass_is_not_asked() {
    let server = RedisServer::start();
    for failure in [FailurePolicy::Open, FailurePolicy::Closed] {
        let limiter = limiter(&server.url(), &fresh_namespace(), failure).build().unwrap();
        let (wide, narrow) = (slow("wide", 100), slow("narrow", 5));
        let request = Request::new(&wide, "a").within(&narrow, "b").cost(6);
        let decision = limiter.check(&request, SystemTime::now()).await;
        assert_eq!((decision.verdict(), decision.source()), (Verdict::Never, Source::Local));
    }
    assert_eq!(calls(&server, "eval") + calls(&server, "evalsha"), 0);
}

#[tokio::test]
async fn states_have_all_digits_and_an_end() {
    let (server, namespace) = (shared_redis(), fresh_namespace());
    let limiter = limiter(&server.url(), &namespace, FailurePolicy::Closed).build().unwrap();
    let bucket = Policy::new("b", Quota::bucket(10).refill(3, PER_SECOND).unwrap()).unwrap();
    let window = Policy::new("w", Quota::window(10, PER_HOUR).unwrap()).unwrap();
    let request = Request::new(&bucket, "x").within(&window, "y").cost(2);
    let time = server.command(&["TIME"]).replace('\n', " ");
    let (seconds, _) = time.split_once(' ').unwrap();
    assert_eq!(limiter.check(&request, SystemTime::UNIX_EPOCH).await.verdict(), Verdict::Allowed);

    let name = counter(&namespace, &bucket, "x");
    let until = server.command(&["GET", &name]);
    assert_eq!(until.len(), 16);
    // Two tokens of a third of a second, from the clock of the server and not from that of the caller.
    let until: u64 = until.parse().unwrap();
    let began: u64 = seconds.parse::<u64>().unwrap() * 1_000_000;
    assert!(until >= began + 666_668);
    let ttl: i64 = server.command(&["PTTL", &name]).parse().unwrap();
    assert!((-2..=667).contains(&ttl), "{ttl}");

    let name = format!("{namespace}:rl:{{x}}:w:w10-3600000000:y");
    let state = server.command(&["GET", &name]);
    let (until, count) = state.split_once(' ').unwrap();
    assert_eq!((until.parse::<u64>().unwrap() % 3_600_000_000, count), (0, "2"));
    let ttl: i64 = server.command(&["PTTL", &name]).parse().unwrap();
    assert!((1..=3_600_000).contains(&ttl), "{ttl}");
}

#[tokio::test]
async fn a_key_without_an_end_gets_one() {
    let (server, namespace) = (shared_redis(), fresh_namespace());
    let limiter = limiter(&server.url(), &namespace, FailurePolicy::Closed).build().unwrap();
    let policy = slow("immortal", 10);
    let request = Request::new(&policy, "x");
    let name = counter(&namespace, &policy, "x");
    assert_eq!(limiter.check(&request, SystemTime::now()).await.verdict(), Verdict::Allowed);
    assert_eq!(server.command(&["PERSIST", &name]), "1");
    assert_eq!(server.command(&["PTTL", &name]), "-1");
    assert_eq!(limiter.check(&request, SystemTime::now()).await.verdict(), Verdict::Allowed);
    assert!(server.command(&["PTTL", &name]).parse::<i64>().unwrap() > 0);
}

#[tokio::test]
async fn a_changed_limit_begins_anew() {
    let namespace = fresh_namespace();
    let limiter =
        limiter(&shared_redis().url(), &namespace, FailurePolicy::Closed).build().unwrap();
    let now = SystemTime::now();
    let limit = |capacity| {
        let quota = Quota::bucket(capacity).refill(1, PER_HOUR).unwrap();
        Policy::new("limit", quota).unwrap()
    };
    let (wide, narrow) = (limit(10), limit(4));
    for _ in 0..6 {
        let request = Request::new(&wide, "x");
        assert_eq!(limiter.check(&request, now).await.verdict(), Verdict::Allowed);
    }
    // Two versions of a service that run side by side do not undo what the other counted.
    let lowered = limiter.check(&Request::new(&narrow, "x"), now).await;
    assert_eq!((lowered.verdict(), lowered.tiers()[0].remaining()), (Verdict::Allowed, 3));
    let raised = limiter.check(&Request::new(&wide, "x"), now).await;
    assert_eq!((raised.verdict(), raised.tiers()[0].remaining()), (Verdict::Allowed, 3));
}

#[tokio::test]
async fn strange_keys_count() {
    let namespace = fresh_namespace();
    let limiter =
        limiter(&shared_redis().url(), &namespace, FailurePolicy::Closed).build().unwrap();
    let policy = slow("strange", 1);
    let huge = "x".repeat(1 << 20);
    for key in ["", "{", "}", "{}", "a}b{c", "a\r\nb", "\0", "#", huge.as_str(), &huge[1..]] {
        let request = Request::new(&policy, key).within(&policy, key);
        let first = limiter.check(&request, SystemTime::now()).await;
        assert_eq!((first.verdict(), first.source()), (Verdict::Allowed, Source::Shared));
        let second = limiter.check(&request, SystemTime::now()).await;
        assert!(matches!(second.verdict(), Verdict::Denied { .. }));
    }
}

/// What the README says a user at Redis needs is enough.
#[tokio::test]
async fn a_user_with_few_permissions_is_enough() {
    let (server, namespace) = (RedisServer::start(), fresh_namespace());
    let keys = format!("~{namespace}:*");
    let mut user = vec!["ACL", "SETUSER", "limits", "on", ">secret", "resetkeys", &keys, "-@all"];
    user.extend(["+evalsha", "+eval", "+mget", "+set", "+time", "+ping"]);
    server.command(&user);
    let url = server.url().replace("redis://", "redis://limits:secret@");
    let limiter = limiter(&url, &namespace, FailurePolicy::Closed).build().unwrap();
    let policy = slow("few", 10);
    let request = Request::new(&policy, "x").within(&policy, "y");
    let decision = limiter.check(&request, SystemTime::now()).await;
    assert_eq!(decision.source(), Source::Shared, "{:?}", limiter.counters());
}
