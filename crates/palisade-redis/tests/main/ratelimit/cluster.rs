//! A Cluster, and one whose masters fail.

use std::time::{Duration, SystemTime};

use palisade_ratelimit::{FailurePolicy, Request, Source, Verdict};
use palisade_redis::Event;
use palisade_testkit::servers::{RedisCluster, shared_cluster};

use super::outage::{POLICIES, is_declared};
use super::{Told, counter, limiter, slow};
use crate::support::{eventually, fresh_namespace};

#[tokio::test(flavor = "multi_thread")]
async fn the_tiers_of_a_request_are_in_one_slot() {
    let namespace = fresh_namespace();
    let limiter =
        limiter(&shared_cluster().url(), &namespace, FailurePolicy::Closed).build().unwrap();
    let (account, key, route) = (slow("account", 3), slow("key", 2), slow("route", 9));
    // Of a hundred accounts every node has some.
    for number in 0..100 {
        let name = format!("{{acct}} {number}");
        let request = Request::new(&account, &name).within(&key, "key}{").within(&route, "GET /");
        for verdict in [true, true, false] {
            let decision = limiter.check(&request, SystemTime::now()).await;
            assert_eq!(decision.source(), Source::Shared);
            assert_eq!(decision.verdict() == Verdict::Allowed, verdict);
        }
    }
    assert_eq!(limiter.counters().opened, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_fails_and_its_replica_takes_over() {
    let cluster = RedisCluster::with_replicas();
    let namespace = fresh_namespace();
    let rows = POLICIES.map(|failure| {
        let told = Told::default();
        let builder = limiter(&cluster.url(), &namespace, failure);
        let limiter = told.listen(builder).deadline(Duration::from_millis(500)).build().unwrap();
        (failure, limiter, told)
    });
    let policy = slow("moved", 100_000);
    let request = Request::new(&policy, "x");
    for (_, limiter, _) in &rows {
        let decision = limiter.check(&request, SystemTime::now()).await;
        assert_eq!(decision.source(), Source::Shared);
    }

    let name = counter(&namespace, &policy, "x");
    let dead = cluster.master_of(&name);
    dead.kill();
    for (failure, limiter, _) in &rows {
        eventually("the breaker opens", async || {
            is_declared(&limiter.check(&request, SystemTime::now()).await, *failure);
            !limiter.is_shared()
        })
        .await;
    }
    cluster.wait_for_promotion(dead, &name);
    for (_, limiter, told) in &rows {
        eventually("the new master is asked", async || {
            limiter.check(&request, SystemTime::now()).await.source() == Source::Shared
        })
        .await;
        assert!(limiter.is_shared());
        let all = told.all();
        assert!(
            matches!(all[..], [Event::Opened { .. }, Event::Closed { .. }]),
            "{all:?}, {:?}",
            limiter.counters()
        );
    }
}
