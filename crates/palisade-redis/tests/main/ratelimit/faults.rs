//! What servers say when they refuse a user.

use std::time::SystemTime;

use palisade_ratelimit::{FailurePolicy, Request, Source};
use palisade_redis::Fault;
use palisade_testkit::servers::{RedisCluster, RedisServer};

use super::{limiter, slow};
use crate::support::fresh_namespace;

/// A limiter at this address meets this fault, and no other.
async fn meets(url: &str, fault: Fault) {
    let limiter = limiter(url, &fresh_namespace(), FailurePolicy::Closed).build().unwrap();
    let policy = slow("refused", 10);
    let request = Request::new(&policy, "x").within(&policy, "y");
    for count in 1..=2 {
        let decision = limiter.check(&request, SystemTime::now()).await;
        assert_eq!(decision.source(), Source::FailedClosed);
        assert_eq!(limiter.counters().faults(fault), count, "{:?}", limiter.counters());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_without_a_right_is_forbidden() {
    let server = RedisServer::start();
    let url = server.url().replace("redis://", "redis://limits:secret@");
    let all = ["+evalsha", "+eval", "+mget", "+set", "+time", "+ping"];
    for missing in all.iter().filter(|right| **right != "+ping") {
        let mut user = vec!["ACL", "SETUSER", "limits", "reset", "on", ">secret", "~*", "-@all"];
        user.extend(all.iter().filter(|right| *right != missing));
        server.command(&user);
        meets(&url, Fault::Forbidden).await;
    }
    let mut user = vec!["ACL", "SETUSER", "limits", "reset", "on", ">secret", "~other:*", "-@all"];
    user.extend(all);
    server.command(&user);
    meets(&url, Fault::Forbidden).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_told_from_a_server_that_is_gone() {
    let (single, cluster) = (RedisServer::start(), RedisCluster::start());
    for url in [single.url(), cluster.url()] {
        meets(&url.replace("://", "://nobody:wrong@"), Fault::Unauthenticated).await;
    }
    for server in cluster.nodes().iter().chain([&single]) {
        server.command(&["ACL", "SETUSER", "default", "resetpass", ">secret"]);
    }
    for url in [single.url(), cluster.url()] {
        meets(&url, Fault::Unauthenticated).await;
    }
}
