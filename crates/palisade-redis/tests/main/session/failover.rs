//! A Cluster whose node with the sessions fails.

use std::time::Duration;

use palisade_session::SessionStore;
use palisade_testkit::servers::{RedisCluster, shared_cluster};

use super::{always, begin, is_live, key, open, open_for, reason, signed_out, user};
use crate::support::{eventually, fresh_namespace};

/// What the replica had received is there when it takes over, and the store goes on with it.
#[tokio::test]
async fn a_replica_takes_over_with_what_it_received() {
    let cluster = RedisCluster::with_replicas();
    let namespace = fresh_namespace();
    let records = key(&namespace, "records");
    let store = open(&cluster.url(), &namespace).await;
    let over = begin(&store, user(1), 1).await;
    store.revoke_user(&user(1), signed_out()).await.unwrap();
    let live = begin(&store, user(1), 2).await;
    let master = cluster.master_of(&records);
    eventually("the replica has it all", async || {
        let replication = master.command(&["INFO", "replication"]);
        let offset = |name: &str| {
            let (_, rest) = replication.split_once(name).unwrap();
            rest.split([',', '\r']).next().unwrap().to_owned()
        };
        offset("master_repl_offset:") == offset(",offset=")
    })
    .await;

    let impatient = open_for(&cluster.url(), &namespace, Duration::from_millis(300)).await;
    master.kill();
    for _ in 0..3 {
        // Nobody knows who is signed in, and nobody says that he does.
        let error = impatient.load(&live.id).await.unwrap_err();
        let expected = ["redis_unreachable", "redis_timeout", "redis_cluster_down"];
        assert!(expected.contains(&reason(&error)), "{error:?}");
    }
    cluster.wait_for_promotion(master, &records);
    eventually("the store answers", async || store.ping().await.is_ok()).await;
    assert!(!is_live(&store, &over.id).await.unwrap());
    assert!(is_live(&store, &live.id).await.unwrap());
    assert_eq!(store.revoke_user(&user(1), signed_out()).await.unwrap(), 1);
    assert!(!is_live(&store, &live.id).await.unwrap());
    assert!(store.list(&user(1), &always(), 9).await.unwrap().is_empty());
}

/// All keys of a store are on one node, whatever the users and sessions are called.
#[tokio::test]
async fn a_store_lives_on_one_node() {
    let cluster = shared_cluster();
    let namespace = fresh_namespace();
    let store = open(&cluster.url(), &namespace).await;
    for (n, name) in (0..).zip(["{a}", "}", "{b}:{c}", "x"]) {
        begin(&store, name.parse().unwrap(), n).await;
    }
    let keys = ["records", "order", "generations"].map(|kind| key(&namespace, kind));
    let ports = keys.each_ref().map(|key| cluster.master_of(key).port());
    assert_eq!(ports, [ports[0]; 3]);
    let all: Vec<&str> = ["EXISTS"].into_iter().chain(keys.iter().map(String::as_str)).collect();
    assert_eq!(cluster.master_of(&keys[0]).command(&all), "3");
}
