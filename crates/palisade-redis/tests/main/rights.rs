//! The rights that the front page names: enough for every part, on a server and on a Cluster.

use std::time::SystemTime;

use palisade_ratelimit::{FailurePolicy, Request, Source, preset::glassmkr};
use palisade_redis::{
    Namespace, RedisDatabase, RedisLimiter, RedisOptions, RedisReplays, RedisSessionStore,
    Revocation, RevocationFeed,
};
use palisade_session::{NewSession, SessionPolicy, Sessions};
use palisade_testkit::replay_store::replay_keys;
use palisade_testkit::servers::{RedisCluster, RedisServer};
use palisade_webhook::ReplayStore;

use crate::support::{ends, rights};

/// The parts that have a rule on the front page; the last one is for a Cluster.
const PARTS: [&str; 7] = [
    "Every part",
    "Rate limits",
    "Webhook replays",
    "Revocations",
    "Sessions",
    "With another database than 0",
    "On a Cluster",
];

#[tokio::test]
async fn a_user_with_few_rights_can_do_all_in_its_namespace_and_nothing_beside_it() {
    let single = RedisServer::start();
    let cluster = RedisCluster::start();
    let (alone, on_a_cluster) = PARTS.split_at(PARTS.len() - 1);
    for rule in rights(alone) {
        single.command(&rule.split(' ').collect::<Vec<_>>());
    }
    for rule in rights(alone).into_iter().chain(rights(on_a_cluster)) {
        for node in cluster.nodes() {
            node.command(&rule.split(' ').collect::<Vec<_>>());
        }
    }
    for url in [single.url(), format!("{}/1", single.url()), cluster.url()] {
        let url = url.replace("://", "://gatehouse:secret@");
        let options = RedisOptions::parse(&url).unwrap();
        let database = ends(RedisDatabase::connect(options)).await.unwrap();
        database.ping().await.unwrap();
        database.warnings().await.unwrap();
        assert_eq!(what_works(&database, "gatehouse").await, [true; 5], "{url}");
        assert_eq!(what_works(&database, "stranger").await, [false; 5], "{url}");
    }
}

/// What harms everybody on the server, and what tells the names of all keys.
#[test]
fn a_user_with_few_rights_can_harm_nobody_else() {
    let redis = RedisServer::start();
    for rule in rights(&PARTS) {
        redis.command(&rule.split(' ').collect::<Vec<_>>());
    }
    let may = |command: &str| {
        let words = ["ACL", "DRYRUN", "gatehouse"].into_iter().chain(command.split(' '));
        redis.command(&words.collect::<Vec<_>>()) == "OK"
    };
    for command in [
        "FLUSHALL",
        "FLUSHDB",
        "SWAPDB 0 1",
        "KEYS *",
        "SCAN 0",
        "RANDOMKEY",
        "DBSIZE",
        "SCRIPT FLUSH",
        "SCRIPT KILL",
        "FUNCTION FLUSH",
        "CLIENT KILL TYPE normal",
        "CLIENT LIST",
        "CLIENT PAUSE 1000",
        "CONFIG GET *",
        "CONFIG SET maxmemory 1",
        "ACL LIST",
        "ACL SETUSER gatehouse allkeys",
        "SHUTDOWN NOSAVE",
        "REPLICAOF NO ONE",
        "CLUSTER RESET",
        "DEBUG SLEEP 1",
        "MONITOR",
        "MIGRATE 127.0.0.1 1 gatehouse:revocations 0 1",
        "GET stranger:revocations",
        "GET {gatehouse:revocations",
        "PUBLISH stranger:revoked:0 x",
        "SUBSCRIBE stranger:revoked:0",
        "PSUBSCRIBE *",
    ] {
        assert!(!may(command), "{command}");
    }
    for command in ["GET gatehouse:revocations", "SUBSCRIBE gatehouse:revoked:0"] {
        assert!(may(command), "{command}");
    }
}

/// Whether replays, announcements, following, sessions and limits work.
async fn what_works(database: &RedisDatabase, namespace: &str) -> [bool; 5] {
    let namespace = Namespace::new(namespace).unwrap();
    let now = SystemTime::now();
    let mut replays_work = false;
    let replays = RedisReplays::new(database.clone(), namespace.clone());
    for key in replay_keys(5) {
        replays_work = replays.insert_if_absent(&key, now, now).await.is_ok()
            && replays.insert_if_absent(&key, now, now).await.is_ok()
            && replays.remove(&key).await.is_ok();
    }
    let feed = RevocationFeed::new(database.clone(), namespace.clone());
    let following = ends(feed.follow(|_| ())).await;
    let announces = feed.announce(&Revocation::Everything).await.is_ok();
    let store = RedisSessionStore::new(database.clone(), namespace.clone());
    let sessions = Sessions::opaque(store, SessionPolicy::default());
    let signs_in = match sessions.begin(&"usr_01".parse().unwrap()).await {
        Ok(sign_in) => sessions.create(sign_in, NewSession::default(), now).await.is_ok(),
        Err(_) => false,
    };
    let limiter = RedisLimiter::builder(database.clone(), namespace, FailurePolicy::Closed)
        .deadline(std::time::Duration::from_secs(1))
        .build()
        .unwrap();
    let decision = limiter.check(&Request::new(&glassmkr::PER_ACCOUNT, "acct_42"), now).await;
    let limits = decision.source() == Source::Shared;
    [replays_work, following.is_connected(), announces, signs_in, limits]
}
