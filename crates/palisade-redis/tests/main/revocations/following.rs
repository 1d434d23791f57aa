//! How a follower treats its handler, its caller and its server.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use palisade_redis::{Namespace, Notice, RedisDatabase, RedisOptions, RevocationFeed};
use palisade_testkit::servers::{RedisServer, shared_redis};

use super::{Listener, announce, feed, key, used_feed};
use crate::support::{eventually, fresh_namespace};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_becomes_everything() {
    const FLOOD: usize = 100_000;
    let redis = RedisServer::start();
    let namespace = Namespace::new("n").unwrap();
    let feed = feed(&redis.url(), &namespace);
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (closed, gate) = std::sync::mpsc::channel::<()>();
    let following = {
        let (heard, gate) = (Arc::clone(&heard), Mutex::new(gate));
        feed.follow(move |notice| {
            // Slow: nothing goes on while the gate is closed.
            let _ = gate.lock().unwrap().recv();
            heard.lock().unwrap().push(notice.clone());
        })
        .await
    };
    assert!(following.is_connected());
    redis.command(&[
        "EVAL",
        "for n = 1, tonumber(ARGV[1]) do
             redis.call('SET', KEYS[1], n .. ' a')
             redis.call('PUBLISH', ARGV[2], n .. ' a key key_' .. n)
         end",
        "1",
        "n:revocations",
        &FLOOD.to_string(),
        "n:revoked:0",
    ]);
    drop(closed);
    // A server that was busy for so long may count as gone for a moment; after that all is as before.
    let mut next = FLOOD;
    eventually("announcements are heard one by one again", async || {
        next += 1;
        announce(&feed, &key(next)).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        heard.lock().unwrap().contains(&Notice::Revoked(key(next)))
    })
    .await;
    let heard = heard.lock().unwrap();
    assert!(heard.len() < FLOOD / 2, "{} notices were queued", heard.len());
    assert!(heard.iter().filter(|notice| **notice == Notice::Everything).count() >= 2);
}

#[tokio::test]
async fn a_handler_that_panics_forgets_everything_once_and_hears_the_next_notice() {
    let feed = used_feed(&shared_redis().url(), &fresh_namespace()).await;
    let heard = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&heard);
    let following = feed
        .follow(move |notice| {
            assert_ne!(*notice, Notice::Revoked(key(1)), "on purpose");
            notes.lock().unwrap().push(notice.clone());
        })
        .await;
    announce(&feed, &key(1)).await;
    announce(&feed, &key(2)).await;
    let expected =
        [Notice::Everything, Notice::Connected, Notice::Everything, Notice::Revoked(key(2))];
    eventually("the second is heard", async || *heard.lock().unwrap() == expected).await;
    assert_eq!(following.panics(), 1);
}

#[tokio::test]
async fn a_handler_that_panics_over_everything_is_told_once_more_and_not_for_ever() {
    let feed = feed(&shared_redis().url(), &fresh_namespace());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&heard);
    let following = feed
        .follow(move |notice| {
            notes.lock().unwrap().push(notice.clone());
            assert_ne!(*notice, Notice::Everything, "on purpose");
        })
        .await;
    let expected = [Notice::Everything, Notice::Everything, Notice::Connected];
    eventually("it goes on", async || *heard.lock().unwrap() == expected).await;
    assert_eq!(following.panics(), 2);
}

#[tokio::test]
async fn a_dropped_follower_is_gone() {
    let redis = RedisServer::start();
    let feed = feed(&redis.url(), &Namespace::new("n").unwrap());
    let followers = || redis.command(&["PUBSUB", "NUMSUB", "n:revoked:0"]);
    let listener = Listener::connected(&feed).await;
    assert_eq!(followers(), "n:revoked:0\n1");
    drop(listener.following);
    eventually("nobody follows", async || followers() == "n:revoked:0\n0").await;
    announce(&feed, &key(1)).await;
    assert_eq!(*listener.heard.lock().unwrap(), []);
}

/// A caller that gives up while the first attempt is under way leaves no task behind.
#[tokio::test]
async fn a_follower_that_nobody_waited_for_is_gone() {
    let redis = RedisServer::start();
    redis.pause();
    let options = RedisOptions::parse(&redis.url()).unwrap();
    let patient = options.connect_timeout(Duration::from_mins(1)).unwrap();
    let feed = RevocationFeed::new(RedisDatabase::open(patient), Namespace::new("n").unwrap());
    let held = Arc::new(());
    let handler = Arc::clone(&held);
    let follow = feed.follow(move |_| assert!(Arc::strong_count(&handler) > 0));
    tokio::time::timeout(Duration::from_millis(100), follow).await.unwrap_err();
    eventually("the handler is dropped", async || Arc::strong_count(&held) == 1).await;
    redis.resume();
}

/// Only a lower bound is asked for, which no slow machine undercuts.
#[tokio::test]
async fn a_server_that_cuts_right_after_the_handshake_is_asked_ever_less_often() {
    let redis = RedisServer::start();
    let feed = used_feed(&redis.url(), &Namespace::new("n").unwrap()).await;
    let listener = Listener::connected(&feed).await;
    let start = Instant::now();
    for count in 1..=7 {
        redis.command(&["CLIENT", "KILL", "TYPE", "pubsub"]);
        eventually("it is back", async || listener.heard().len() == 2 * count).await;
    }
    for pair in listener.heard().chunks(2) {
        assert_eq!(pair, [Notice::Disconnected, Notice::Connected]);
    }
    // Half of 50, 100, 200, 400, 800, 1000 and 1000 ms.
    assert!(start.elapsed() > Duration::from_millis(1_700), "{:?}", start.elapsed());
}
