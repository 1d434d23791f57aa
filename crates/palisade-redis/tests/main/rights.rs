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

use crate::support::ends;

#[tokio::test]
async fn a_user_with_few_rights_can_do_all_in_its_namespace_and_nothing_beside_it() {
    let page = include_str!("../../README.md");
    let rule = page.lines().find_map(|line| line.strip_prefix("`ACL SETUSER gatehouse ")).unwrap();
    let rule: Vec<&str> = rule.trim_end_matches("`.").split(' ').collect();
    let rule = [vec!["ACL", "SETUSER", "gatehouse"], rule].concat();

    let single = RedisServer::start();
    let cluster = RedisCluster::start();
    for node in cluster.nodes().iter().chain([&single]) {
        node.command(&rule);
    }
    for url in [single.url(), cluster.url()] {
        let url = url.replace("://", "://gatehouse:secret@");
        let options = RedisOptions::parse(&url).unwrap();
        let database = ends(RedisDatabase::connect(options)).await.unwrap();
        database.ping().await.unwrap();
        database.warnings().await.unwrap();
        assert_eq!(what_works(&database, "gatehouse").await, [true; 5], "{url}");
        assert_eq!(what_works(&database, "stranger").await, [false; 5], "{url}");
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
