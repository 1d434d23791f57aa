//! The replay keys of webhooks.

use std::time::{Duration, SystemTime};

use palisade_redis::{Namespace, RedisReplays};
use palisade_testkit::replay_store::replay_keys;
use palisade_testkit::servers::{RedisCluster, RedisServer, shared_cluster, shared_redis};
use palisade_webhook::{Inserted, ReplayKey, ReplayStore};

use crate::support::{Wire, ends, eventually, fresh_namespace, open};

fn replays(url: &str, namespace: &Namespace) -> RedisReplays {
    RedisReplays::new(open(url), namespace.clone())
}

mod on_a_server {
    use super::*;

    palisade_testkit::replay_store_suite!(async {
        let namespace = fresh_namespace();
        (async move || replays(&shared_redis().url(), &namespace), ())
    });
}

mod on_a_cluster {
    use super::*;

    palisade_testkit::replay_store_suite!(async {
        let namespace = fresh_namespace();
        (async move || replays(&shared_cluster().url(), &namespace), ())
    });
}

fn key() -> ReplayKey {
    replay_keys(1)[0]
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

#[tokio::test]
async fn the_server_forgets_an_hour_after_the_end() {
    let redis = RedisServer::start();
    let store = replays(&redis.url(), &Namespace::new("n").unwrap());
    let name = format!("n:replay:{}", key());
    let ttl = || redis.command(&["TTL", &name]).parse::<i64>().unwrap();
    let near = |ttl: i64, wanted: i64| (wanted - 60..=wanted).contains(&ttl);

    // In 1970, in 2100 or today: the difference counts.
    for start in [0, 1_000_000_000, 4_102_488_000] {
        store.insert_if_absent(&key(), at(start + 300), at(start)).await.unwrap();
        let held = redis.command(&["GET", &name]);
        assert!(held.starts_with(&format!("{} ", start + 300)), "{held}");
        assert!(near(ttl(), 3_900), "{}", ttl());
        // A later end lengthens, and an earlier one shortens nothing.
        store.insert_if_absent(&key(), at(start + 600), at(start)).await.unwrap();
        assert!(near(ttl(), 4_200), "{}", ttl());
        store.insert_if_absent(&key(), at(start + 10), at(start)).await.unwrap();
        assert!(near(ttl(), 4_200), "{}", ttl());
        store.remove(&key()).await.unwrap();
        assert_eq!(ttl(), -2);
    }
    // A process whose clock is behind takes part: by its time the key lives longer.
    store.insert_if_absent(&key(), at(10_300), at(10_000)).await.unwrap();
    store.insert_if_absent(&key(), at(8_000), at(7_000)).await.unwrap();
    assert!(near(ttl(), 3_300 + 3_600), "{}", ttl());
    // An end that is over leaves no key for ever.
    store.insert_if_absent(&key(), at(20_000), at(30_000)).await.unwrap();
    assert!(near(ttl(), 3_600), "{}", ttl());
}

#[tokio::test]
async fn namespaces_do_not_meet() {
    let (one, other) = (fresh_namespace(), fresh_namespace());
    let [one, other] = [one, other].map(|name| replays(&shared_redis().url(), &name));
    for store in [&one, &other] {
        assert_eq!(store.insert_if_absent(&key(), at(10), at(0)).await.unwrap(), Inserted::New);
    }
    one.remove(&key()).await.unwrap();
    let again = other.insert_if_absent(&key(), at(10), at(0)).await.unwrap();
    assert_eq!(again, Inserted::Present);
}

#[tokio::test]
async fn a_full_server_takes_nothing_and_forgets_nothing() {
    let redis =
        RedisServer::with_options(&["--maxmemory", "4mb", "--maxmemory-policy", "noeviction"]);
    let store = replays(&redis.url(), &Namespace::new("n").unwrap());
    let keys = replay_keys(20_000);
    // The server itself needs a little more room at one time than at another.
    let (mut held, mut refused) = (Vec::new(), Vec::new());
    for key in &keys {
        match store.insert_if_absent(key, at(100), at(0)).await.unwrap() {
            Inserted::New => held.push(key),
            Inserted::Full => refused.push(key),
            Inserted::Present => panic!("the key was not there"),
        }
        if refused.len() == 100 {
            break;
        }
    }
    assert!((1_000..keys.len() - 100).contains(&held.len()), "{} keys fill 4 MB", held.len());
    for (place, key) in held.iter().enumerate() {
        let again = store.insert_if_absent(key, at(100), at(1)).await.unwrap();
        assert_eq!(again, Inserted::Present, "{place}");
    }
    for key in &refused {
        assert_ne!(store.insert_if_absent(key, at(100), at(1)).await.unwrap(), Inserted::Present);
    }
    // A later end needs no room that is not there: nothing passes either way.
    let later = store.insert_if_absent(&keys[0], at(200), at(1)).await.unwrap();
    assert_ne!(later, Inserted::New);
    // Room comes back with what is taken away.
    for key in &held {
        store.remove(key).await.unwrap();
    }
    let room = store.insert_if_absent(&keys[keys.len() - 1], at(100), at(1)).await.unwrap();
    assert_eq!(room, Inserted::New);
}

#[tokio::test]
async fn nothing_passes_while_the_server_is_away() {
    let redis = RedisServer::start();
    let store = replays(&redis.url(), &Namespace::new("n").unwrap());
    assert_eq!(store.insert_if_absent(&key(), at(100), at(0)).await.unwrap(), Inserted::New);
    redis.pause();
    ends(store.insert_if_absent(&key(), at(100), at(1))).await.unwrap_err();
    ends(store.remove(&key())).await.unwrap_err();
    redis.resume();
    // The removal had no answer, and may have been done.
    eventually("the server answers", async || {
        store.insert_if_absent(&key(), at(100), at(1)).await.is_ok()
    })
    .await;
    redis.kill();
    ends(store.insert_if_absent(&key(), at(100), at(1))).await.unwrap_err();
    ends(store.remove(&key())).await.unwrap_err();
    redis.restart();
    eventually("the server answers", async || {
        store.insert_if_absent(&key(), at(100), at(1)).await.is_ok()
    })
    .await;
    let again = store.insert_if_absent(&key(), at(100), at(1)).await.unwrap();
    assert_eq!(again, Inserted::Present);
}

/// The server does it, and nobody hears of it: the message was not handled, so its next attempt passes.
#[tokio::test]
async fn an_insertion_without_an_answer_is_taken_back() {
    for is_dropped in [false, true] {
        let redis = RedisServer::start();
        let wire = Wire::to(redis.port());
        let namespace = Namespace::new("n").unwrap();
        let (store, other) = (replays(&wire.url(), &namespace), replays(&redis.url(), &namespace));
        let [first, second] = [replay_keys(2)[0], replay_keys(2)[1]];
        assert_eq!(store.insert_if_absent(&first, at(100), at(0)).await.unwrap(), Inserted::New);
        wire.lose_answers();
        let insert = store.insert_if_absent(&second, at(100), at(1));
        if is_dropped {
            tokio::time::timeout(Duration::from_millis(100), insert).await.unwrap_err();
        } else {
            ends(insert).await.unwrap_err();
        }
        eventually("the next attempt passes", async || {
            other.insert_if_absent(&second, at(100), at(2)).await.unwrap() == Inserted::New
        })
        .await;
        // What somebody else has inserted stays, and what was answered stays.
        eventually("the first one answers", async || {
            store.insert_if_absent(&second, at(100), at(2)).await.is_ok()
        })
        .await;
        for key in [&first, &second] {
            let again = other.insert_if_absent(key, at(100), at(2)).await.unwrap();
            assert_eq!(again, Inserted::Present, "dropped: {is_dropped}");
        }
    }
}

/// A duplicate without an answer takes nothing away from the message that passed.
#[tokio::test]
async fn a_duplicate_without_an_answer_changes_nothing() {
    let redis = RedisServer::start();
    let wire = Wire::to(redis.port());
    let namespace = Namespace::new("n").unwrap();
    let (store, other) = (replays(&wire.url(), &namespace), replays(&redis.url(), &namespace));
    assert_eq!(other.insert_if_absent(&key(), at(100), at(0)).await.unwrap(), Inserted::New);
    store.insert_if_absent(&key(), at(100), at(0)).await.unwrap();
    wire.lose_answers();
    ends(store.insert_if_absent(&key(), at(200), at(1))).await.unwrap_err();
    let taken_back = || redis.command(&["INFO", "commandstats"]).contains("cmdstat_eval:calls=2");
    eventually("it was looked whether to take it back", async || taken_back()).await;
    let again = other.insert_if_absent(&key(), at(200), at(199)).await.unwrap();
    assert_eq!(again, Inserted::Present);
}

#[tokio::test]
async fn keys_outlive_a_failover() {
    let cluster = RedisCluster::with_replicas();
    let store = replays(&cluster.url(), &Namespace::new("n").unwrap());
    let name = format!("n:replay:{}", key());
    assert_eq!(store.insert_if_absent(&key(), at(100), at(0)).await.unwrap(), Inserted::New);
    cluster.fail_over(&name);
    eventually("the new master answers", async || {
        match store.insert_if_absent(&key(), at(100), at(1)).await {
            Ok(answer) => {
                assert_eq!(answer, Inserted::Present);
                true
            }
            Err(_) => false,
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_no_replay_key_is_an_error_and_not_an_absent_one() {
    let redis = RedisServer::start();
    let store = replays(&redis.url(), &Namespace::new("n").unwrap());
    let name = format!("n:replay:{}", key());
    for value in [
        "junk", "", "nan", "nan a", "-1 a", "0x7f a", "1e3 a", "inf a", " 9 a", "9", "9 ", "9 x",
        "9 a\n",
    ] {
        redis.command(&["SET", &name, value]);
        store.insert_if_absent(&key(), at(100), at(1)).await.unwrap_err();
        assert_eq!(redis.command(&["GET", &name]), value, "it is left to somebody who can tell");
    }
    redis.command(&["DEL", &name]);
    redis.command(&["HSET", &name, "a", "b"]);
    store.insert_if_absent(&key(), at(100), at(1)).await.unwrap_err();
    let far = SystemTime::UNIX_EPOCH + Duration::from_hours(70_389_528);
    store.insert_if_absent(&key(), far, at(1)).await.unwrap_err();
    store.insert_if_absent(&key(), far, far).await.unwrap_err();
}

#[tokio::test]
async fn a_flushed_script_is_loaded_again() {
    let redis = RedisServer::start();
    let store = replays(&redis.url(), &Namespace::new("n").unwrap());
    assert_eq!(store.insert_if_absent(&key(), at(100), at(0)).await.unwrap(), Inserted::New);
    redis.command(&["SCRIPT", "FLUSH"]);
    assert_eq!(store.insert_if_absent(&key(), at(100), at(0)).await.unwrap(), Inserted::Present);
}
