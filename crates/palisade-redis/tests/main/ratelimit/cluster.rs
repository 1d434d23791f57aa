//! A Cluster, and one whose masters fail.

use std::time::{Duration, SystemTime};

use palisade_ratelimit::{FailurePolicy, Request, Source, Verdict};
use palisade_redis::Event;
use palisade_testkit::servers::{RedisCluster, shared_cluster};

use super::{Told, limiter, slow};
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
    let (namespace, told) = (fresh_namespace(), Told::default());
    let builder = limiter(&cluster.url(), &namespace, FailurePolicy::Open);
    let limiter = told.listen(builder).deadline(Duration::from_millis(500)).build().unwrap();
    let policy = slow("moved", 100_000);
    let request = Request::new(&policy, "x");
    let check = async || limiter.check(&request, SystemTime::now()).await.source();
    assert_eq!(check().await, Source::Shared);

    let name = format!("{namespace}:rl:{{x}}:moved:b");
    let dead = cluster.master_of(&name);
    dead.kill();
    eventually("the breaker opens", async || {
        assert_eq!(check().await, Source::FailedOpen);
        !limiter.is_shared()
    })
    .await;
    cluster.wait_for_promotion(dead, &name);
    eventually("the new master is asked", async || {
        let source = check().await;
        assert!([Source::Shared, Source::FailedOpen].contains(&source));
        source == Source::Shared && limiter.is_shared()
    })
    .await;
    let all = told.all();
    assert!(
        matches!(all[..], [Event::Opened { .. }, Event::Closed { .. }]),
        "{all:?}, {:?}",
        limiter.counters()
    );
}
