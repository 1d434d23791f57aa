//! The feed of revocations.

mod caches;
mod following;

use std::sync::{Arc, Mutex};

use palisade_redis::{
    Following, InvalidRevokedId, Namespace, Notice, Revocation, RevocationFeed, RevokedId,
};
use palisade_testkit::servers::{RedisCluster, RedisServer, shared_cluster, shared_redis};

use crate::support::{Wire, ends, eventually, fresh_namespace, open};

fn feed(url: &str, namespace: &Namespace) -> RevocationFeed {
    RevocationFeed::new(open(url), namespace.clone())
}

fn key(number: usize) -> Revocation {
    Revocation::Key(format!("key_{number}").parse().unwrap())
}

/// A follower that writes down what it is told.
struct Listener {
    heard: Arc<Mutex<Vec<Notice>>>,
    following: Following,
}

impl Listener {
    async fn new(feed: &RevocationFeed) -> Self {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&heard);
        let following =
            ends(feed.follow(move |notice| notes.lock().unwrap().push(notice.clone()))).await;
        Self { heard, following }
    }

    /// One that is connected, and has heard what goes with it.
    async fn connected(feed: &RevocationFeed) -> Self {
        let listener = Self::new(feed).await;
        assert!(listener.following.is_connected());
        listener.hears(&[Notice::Everything, Notice::Connected]).await;
        listener.heard.lock().unwrap().clear();
        listener
    }

    fn heard(&self) -> Vec<Notice> {
        self.heard.lock().unwrap().clone()
    }

    async fn hears(&self, expected: &[Notice]) {
        eventually(&format!("{expected:?} is heard"), async || {
            self.heard().len() >= expected.len()
        })
        .await;
        assert_eq!(self.heard(), expected);
    }

    /// Waits for a notice, whatever comes before it.
    async fn comes_to(&self, expected: &Notice) {
        eventually(&format!("{expected:?}"), async || self.heard().contains(expected)).await;
    }
}

/// A feed on which something was announced before. The first announcement of all is `Everything`.
async fn used_feed(url: &str, namespace: &Namespace) -> RevocationFeed {
    let feed = feed(url, namespace);
    announce(&feed, &key(0)).await;
    feed
}

/// Announces, as a service would that is told to try again.
async fn announce(feed: &RevocationFeed, revocation: &Revocation) {
    eventually("it is announced", async || ends(feed.announce(revocation)).await.is_ok()).await;
}

#[tokio::test]
async fn all_followers_hear_everything_in_order() {
    for url in [shared_redis().url(), shared_cluster().url()] {
        let namespace = fresh_namespace();
        let announcers = [used_feed(&url, &namespace).await, feed(&url, &namespace)];
        let mut listeners = Vec::new();
        // More than there are nodes, so that each node has one.
        for _ in 0..8 {
            listeners.push(Listener::connected(&feed(&url, &namespace)).await);
        }
        let mut expected = Vec::new();
        for number in 0..50 {
            let id: RevokedId = format!("id_{number}").parse().unwrap();
            let revocation = match number % 3 {
                0 => Revocation::Key(id),
                1 => Revocation::Session(id),
                _ => Revocation::User(id),
            };
            announcers[number % 2].announce(&revocation).await.unwrap();
            expected.push(Notice::Revoked(revocation));
        }
        for listener in &listeners {
            listener.hears(&expected).await;
        }
        announcers[0].announce(&Revocation::Everything).await.unwrap();
        for listener in &listeners {
            listener.comes_to(&Notice::Everything).await;
        }
    }
}

#[tokio::test]
async fn feeds_of_two_namespaces_do_not_meet() {
    let url = shared_redis().url();
    let one = feed(&url, &fresh_namespace());
    let other = used_feed(&url, &fresh_namespace()).await;
    let listener = Listener::connected(&other).await;
    one.announce(&key(1)).await.unwrap();
    other.announce(&key(2)).await.unwrap();
    listener.hears(&[Notice::Revoked(key(2))]).await;
}

#[tokio::test]
async fn feeds_of_two_databases_do_not_meet() {
    let (url, namespace) = (shared_redis().url(), fresh_namespace());
    let one = feed(&format!("{url}/1"), &namespace);
    let other = used_feed(&format!("{url}/2"), &namespace).await;
    let listener = Listener::connected(&other).await;
    one.announce(&key(1)).await.unwrap();
    other.announce(&key(2)).await.unwrap();
    listener.hears(&[Notice::Revoked(key(2))]).await;
}

#[tokio::test]
async fn a_late_follower_forgets_everything_once() {
    let feed = feed(&shared_redis().url(), &fresh_namespace());
    for number in 0..5 {
        feed.announce(&key(number)).await.unwrap();
    }
    let listener = Listener::connected(&feed).await;
    feed.announce(&key(5)).await.unwrap();
    listener.hears(&[Notice::Revoked(key(5))]).await;
}

#[tokio::test]
async fn a_follower_can_come_before_the_server() {
    let redis = RedisServer::start();
    redis.kill();
    let feed = feed(&redis.url(), &Namespace::new("n").unwrap());
    let listener = Listener::new(&feed).await;
    assert!(!listener.following.is_connected());
    listener.hears(&[Notice::Disconnected]).await;
    ends(feed.announce(&key(1))).await.unwrap_err();
    redis.restart();
    listener.comes_to(&Notice::Connected).await;
    assert!(listener.following.is_connected());
    announce(&feed, &key(1)).await;
    listener.comes_to(&Notice::Everything).await;
    announce(&feed, &key(2)).await;
    listener.comes_to(&Notice::Revoked(key(2))).await;
}

#[tokio::test]
async fn what_was_missed_while_the_connection_was_cut_is_everything() {
    let redis = RedisServer::start();
    let namespace = Namespace::new("n").unwrap();
    let feed = used_feed(&redis.url(), &namespace).await;
    let listener = Listener::connected(&feed).await;
    // Nothing was missed: the caches stay.
    redis.command(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    listener.hears(&[Notice::Disconnected, Notice::Connected]).await;
    announce(&feed, &key(1)).await;
    listener.hears(&[Notice::Disconnected, Notice::Connected, Notice::Revoked(key(1))]).await;
    listener.heard.lock().unwrap().clear();
    // Something was: the server does not let the follower back in before it is announced.
    redis.command(&["ACL", "SETUSER", "default", "-subscribe"]);
    redis.command(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    listener.comes_to(&Notice::Disconnected).await;
    assert!(!listener.following.is_connected());
    announce(&feed, &key(2)).await;
    redis.command(&["ACL", "SETUSER", "default", "+subscribe"]);
    listener.hears(&[Notice::Disconnected, Notice::Everything, Notice::Connected]).await;
}

#[tokio::test]
async fn a_server_that_stops_or_begins_anew_is_noticed() {
    let redis = RedisServer::start();
    let feed = used_feed(&redis.url(), &Namespace::new("n").unwrap()).await;
    let listener = Listener::connected(&feed).await;
    announce(&feed, &key(1)).await;
    listener.comes_to(&Notice::Revoked(key(1))).await;
    redis.pause();
    listener.comes_to(&Notice::Disconnected).await;
    assert!(!listener.following.is_connected());
    redis.resume();
    listener.comes_to(&Notice::Connected).await;
    // The numbers begin again, and come to where they were before.
    listener.heard.lock().unwrap().clear();
    redis.restart();
    announce(&feed, &key(2)).await;
    listener.comes_to(&Notice::Connected).await;
    listener.comes_to(&Notice::Everything).await;
    announce(&feed, &key(3)).await;
    listener.comes_to(&Notice::Revoked(key(3))).await;
}

#[tokio::test]
async fn a_silent_cut_is_noticed() {
    let redis = RedisServer::start();
    let wire = Wire::to(redis.port());
    let namespace = Namespace::new("n").unwrap();
    let listener = Listener::connected(&feed(&wire.url(), &namespace)).await;
    let direct = feed(&redis.url(), &namespace);
    wire.cut();
    announce(&direct, &key(1)).await;
    listener.hears(&[Notice::Disconnected, Notice::Everything, Notice::Connected]).await;
}

#[tokio::test]
async fn a_message_that_gets_lost_is_noticed() {
    let redis = RedisServer::start();
    let feed = used_feed(&redis.url(), &Namespace::new("n").unwrap()).await;
    let listener = Listener::connected(&feed).await;
    announce(&feed, &key(1)).await;
    listener.hears(&[Notice::Revoked(key(1))]).await;
    // The number grows, and nobody hears of it.
    redis.command(&["SET", "n:revocations", "3 abc"]);
    listener.comes_to(&Notice::Everything).await;
    listener.comes_to(&Notice::Connected).await;
    announce(&feed, &key(3)).await;
    listener.comes_to(&Notice::Revoked(key(3))).await;
    // The same when the next announcement comes sooner.
    listener.heard.lock().unwrap().clear();
    redis.command(&["SET", "n:revocations", "5 abc"]);
    announce(&feed, &key(5)).await;
    listener.comes_to(&Notice::Everything).await;
    // And when the server has lost its data.
    listener.heard.lock().unwrap().clear();
    redis.command(&["FLUSHALL"]);
    listener.comes_to(&Notice::Everything).await;
}

#[tokio::test]
async fn garbage_is_everything_and_stops_nothing() {
    let redis = RedisServer::start();
    let feed = used_feed(&redis.url(), &Namespace::new("n").unwrap()).await;
    let listener = Listener::connected(&feed).await;
    let mebibyte = "x".repeat(1 << 20);
    let long = format!("1 a key {}", "k".repeat(129));
    for (count, text) in
        ["", "junk", "1 a key", "1 a what x", "-1 a key x", "\r\n", &long, &mebibyte]
            .into_iter()
            .enumerate()
    {
        redis.command(&["PUBLISH", "n:revoked:0", text]);
        listener.hears(&vec![Notice::Everything; count + 1]).await;
    }
    announce(&feed, &key(1)).await;
    listener.comes_to(&Notice::Revoked(key(1))).await;
    // With a key of somebody else in the place of the counter nobody knows what was missed.
    redis.command(&["DEL", "n:revocations"]);
    redis.command(&["HSET", "n:revocations", "a", "b"]);
    let error = ends(feed.announce(&key(2))).await.unwrap_err();
    assert_eq!(error.reason(), "revocation_unannounced");
    listener.comes_to(&Notice::Disconnected).await;
    redis.command(&["SET", "n:revocations", "junk"]);
    announce(&feed, &key(3)).await;
    listener.comes_to(&Notice::Connected).await;
}

#[tokio::test]
async fn a_full_server_still_announces() {
    let redis = RedisServer::start();
    let feed = feed(&redis.url(), &Namespace::new("n").unwrap());
    announce(&feed, &key(0)).await;
    let listener = Listener::connected(&feed).await;
    redis.command(&["CONFIG", "SET", "maxmemory", "1"]);
    let mut expected = Vec::new();
    for number in 1..=5 {
        announce(&feed, &key(number)).await;
        expected.push(Notice::Revoked(key(number)));
        listener.hears(&expected).await;
    }
    redis.command(&["CONFIG", "SET", "maxmemory", "0"]);
    announce(&feed, &key(6)).await;
    expected.push(Notice::Revoked(key(6)));
    listener.hears(&expected).await;
}

/// Without a number, equal announcements are as many as there are.
#[tokio::test]
async fn what_has_no_number_is_everything_each_time() {
    let redis = RedisServer::start();
    let listener = Listener::connected(&feed(&redis.url(), &Namespace::new("n").unwrap())).await;
    for count in 1..=3 {
        redis.command(&["PUBLISH", "n:revoked:0", "0 0 key key_1"]);
        listener.hears(&vec![Notice::Everything; count]).await;
    }
}

#[tokio::test]
async fn a_failover_is_survived() {
    let cluster = RedisCluster::with_replicas();
    let namespace = Namespace::new("n").unwrap();
    let feed = used_feed(&cluster.url(), &namespace).await;
    let mut listeners = Vec::new();
    for _ in 0..8 {
        listeners.push(Listener::connected(&feed).await);
    }
    announce(&feed, &key(1)).await;
    for listener in &listeners {
        listener.comes_to(&Notice::Revoked(key(1))).await;
    }
    cluster.fail_over("n:revocations");
    announce(&feed, &key(2)).await;
    for listener in &listeners {
        eventually("the second revocation is heard", async || {
            let heard = listener.heard();
            heard.contains(&Notice::Revoked(key(2))) || heard.contains(&Notice::Everything)
        })
        .await;
        eventually("all are connected", async || listener.following.is_connected()).await;
    }
    announce(&feed, &key(3)).await;
    for listener in &listeners {
        eventually("the third revocation is heard", async || {
            let heard = listener.heard();
            heard.contains(&Notice::Revoked(key(3))) || heard.contains(&Notice::Everything)
        })
        .await;
    }
}

#[test]
fn ids_are_bounded() {
    for good in ["a", "~", "usr_01", &"x".repeat(128)] {
        assert_eq!(good.parse::<RevokedId>().unwrap().as_str(), good);
    }
    for bad in ["", " ", "a b", "a\n", "ä", "\u{7f}", &"x".repeat(129), &"x".repeat(1 << 20)] {
        assert_eq!(bad.parse::<RevokedId>(), Err(InvalidRevokedId));
    }
    #[cfg(feature = "session")]
    {
        use palisade_session::{SessionId, UserId};
        let (session, user): (SessionId, UserId) =
            ("a-1".parse().unwrap(), "usr_1".parse().unwrap());
        assert_eq!(Revocation::from(&session), Revocation::Session("a-1".parse().unwrap()));
        assert_eq!(Revocation::from(&user), Revocation::User("usr_1".parse().unwrap()));
    }
}
