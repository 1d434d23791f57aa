//! Connections to servers that are there, absent, stopped, killed, restarted, or no Redis at all.

use std::io::{Read, Write};
use std::net::TcpListener;

use palisade_redis::{ConnectError, RedisDatabase, RedisOptions};
use palisade_testkit::servers::{RedisCluster, RedisServer, shared_cluster, shared_redis};

use crate::support::{Wire, ends, eventually, open};

async fn connect(url: &str) -> Result<RedisDatabase, ConnectError> {
    ends(RedisDatabase::connect(RedisOptions::parse(url).unwrap())).await
}

#[tokio::test]
async fn a_server_and_a_cluster_are_connected_to() {
    for url in [shared_redis().url(), shared_cluster().url()] {
        connect(&url).await.unwrap().ping().await.unwrap();
        open(&url).ping().await.unwrap();
    }
    connect(&format!("{}/3", shared_redis().url())).await.unwrap().ping().await.unwrap();
}

#[tokio::test]
async fn one_seed_of_a_cluster_is_enough() {
    let cluster = shared_cluster();
    let absent = RedisServer::start();
    absent.kill();
    let port = cluster.nodes()[1].port();
    let url = format!("redis-cluster://127.0.0.1:{},127.0.0.1:{port}", absent.port());
    connect(&url).await.unwrap().ping().await.unwrap();
}

#[tokio::test]
async fn an_absent_server_is_no_error_once_it_is_there() {
    let redis = RedisServer::start();
    redis.kill();
    let error = connect(&redis.url()).await.unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable(_)), "{error:?}");

    let database = open(&redis.url());
    let error = ends(database.ping()).await.unwrap_err();
    assert_eq!(error.reason(), "redis_unreachable");
    redis.restart();
    eventually("the database connects", async || database.ping().await.is_ok()).await;
}

#[tokio::test]
async fn an_absent_cluster_is_no_error_once_it_is_there() {
    let cluster = RedisCluster::start();
    let database = open(&cluster.url());
    let used = open(&cluster.url());
    used.ping().await.unwrap();
    for node in cluster.nodes() {
        node.kill();
    }
    let error = ends(database.ping()).await.unwrap_err();
    assert_eq!(error.reason(), "redis_unreachable");
    ends(used.ping()).await.unwrap_err();
    for node in cluster.nodes() {
        node.restart();
    }
    eventually("both databases connect", async || {
        database.ping().await.is_ok() && used.ping().await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn credentials_are_checked() {
    let redis = RedisServer::with_options(&["--requirepass", "a:b@c/d%"]);
    let port = redis.port();
    connect(&format!("redis://:a%3Ab%40c%2Fd%25@127.0.0.1:{port}")).await.unwrap();
    connect(&format!("redis://default:a%3Ab%40c%2Fd%25@127.0.0.1:{port}")).await.unwrap();
    for credentials in ["", ":wr0ng@", "nobody:wr0ng@", "nobody:a%3Ab%40c%2Fd%25@"] {
        let error = connect(&format!("redis://{credentials}127.0.0.1:{port}")).await.unwrap_err();
        assert!(matches!(error, ConnectError::Credentials(_)), "{credentials}: {error:?}");
        assert!(!format!("{error} {error:?}").contains("wr0ng"));
    }
}

#[tokio::test]
async fn credentials_are_checked_by_a_cluster() {
    let node = RedisServer::with_options(&["--requirepass", "right", "--cluster-enabled", "yes"]);
    for credentials in ["", ":wr0ng@"] {
        let url = format!("redis-cluster://{credentials}127.0.0.1:{}", node.port());
        let error = connect(&url).await.unwrap_err();
        assert!(matches!(error, ConnectError::Credentials(_)), "{credentials}: {error:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_no_cluster_says_so() {
    let url = shared_redis().url().replace("redis://", "redis-cluster://");
    let error = connect(&url).await.unwrap_err();
    assert!(matches!(error, ConnectError::Refused(_)), "{error:?}");
    let error = connect(&format!("{}/200", shared_redis().url())).await.unwrap_err();
    assert!(matches!(error, ConnectError::Refused(_)), "{error:?}");
}

#[tokio::test]
async fn a_password_that_is_corrected_works_without_a_restart() {
    let redis = RedisServer::start();
    let database = open(&format!("redis://late:secret@127.0.0.1:{}", redis.port()));
    assert_eq!(ends(database.ping()).await.unwrap_err().reason(), "redis_credentials");
    redis.command(&["ACL", "SETUSER", "late", "on", ">secret", "+@all", "~*"]);
    eventually("the user is let in", async || database.ping().await.is_ok()).await;
}

#[tokio::test]
async fn a_restart_is_recovered_from() {
    let redis = RedisServer::start();
    let database = connect(&redis.url()).await.unwrap();
    for _ in 0..3 {
        redis.restart();
        eventually("the database is back", async || database.ping().await.is_ok()).await;
        // It stays well.
        for _ in 0..20 {
            database.ping().await.unwrap();
        }
    }
    redis.kill();
    eventually("the end is noticed", async || ends(database.ping()).await.is_err()).await;
    redis.restart();
    eventually("the database is back", async || database.ping().await.is_ok()).await;
}

#[tokio::test]
async fn a_stopped_server_is_a_timeout_and_recovered_from() {
    let redis = RedisServer::start();
    let database = connect(&redis.url()).await.unwrap();
    redis.pause();
    for _ in 0..5 {
        let error = ends(database.ping()).await.unwrap_err();
        assert!(matches!(error, ConnectError::Timeout(_)), "{error:?}");
    }
    let error = connect(&redis.url()).await.unwrap_err();
    assert!(matches!(error, ConnectError::Timeout(_)), "{error:?}");
    redis.resume();
    eventually("the database is back", async || database.ping().await.is_ok()).await;
}

/// Nobody tells that such a connection is dead, and who gives up early never sees the timeout.
#[tokio::test]
async fn callers_with_deadlines_of_their_own_recover_from_a_silent_cut() {
    let wire = Wire::to(shared_redis().port());
    let database = connect(&wire.url()).await.unwrap();
    let quick = async || {
        let deadline = std::time::Duration::from_millis(50);
        matches!(tokio::time::timeout(deadline, database.ping()).await, Ok(Ok(())))
    };
    for _ in 0..2 {
        eventually("the database answers", quick).await;
        wire.cut();
        assert!(!quick().await);
    }
    eventually("the database is back", quick).await;
}

#[tokio::test]
async fn a_silent_cut_is_a_timeout_and_recovered_from() {
    let wire = Wire::to(shared_redis().port());
    let database = connect(&wire.url()).await.unwrap();
    wire.cut();
    let error = ends(database.ping()).await.unwrap_err();
    assert!(matches!(error, ConnectError::Timeout(_)), "{error:?}");
    eventually("the database is back", async || database.ping().await.is_ok()).await;
}

#[tokio::test]
async fn a_cluster_is_recovered_from_a_stop_of_one_node() {
    let cluster = RedisCluster::start();
    let database = connect(&cluster.url()).await.unwrap();
    cluster.nodes()[0].pause();
    ends(database.ping()).await.unwrap_err();
    cluster.nodes()[0].resume();
    cluster.wait_until_complete();
    eventually("the database is back", async || database.ping().await.is_ok()).await;
}

#[tokio::test]
async fn what_is_no_redis_is_a_typed_error() {
    let answers: [&[u8]; 6] = [
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        b"\0\0\0\0\0\0\0\0",
        b"$99999999999999\r\n",
        b"*1000000000\r\n",
        b"",
        b"+OK\r\n",
    ];
    for scheme in ["redis", "redis-cluster"] {
        for answer in answers {
            let port = impostor(answer);
            let url = format!("{scheme}://127.0.0.1:{port}");
            let error = connect(&url).await.unwrap_err();
            println!("{scheme} {:?}: {error:?}", String::from_utf8_lossy(answer));
            ends(open(&url).ping()).await.unwrap_err();
        }
    }
}

/// A server that gives everyone this answer to everything, on a port of its own, until the process ends.
fn impostor(answer: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut buffer = [0; 1024];
                while stream.read(&mut buffer).is_ok_and(|read| read > 0) {
                    if stream.write_all(answer).is_err() {
                        break;
                    }
                }
            });
        }
    });
    port
}

#[test]
fn a_database_outlives_its_runtime() {
    let redis = RedisServer::start();
    let database = open(&redis.url());
    for _ in 0..3 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            eventually("the database connects", async || ends(database.ping()).await.is_ok()).await;
        });
    }
    redis.kill();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        eventually("the end is noticed", async || ends(database.ping()).await.is_err()).await;
    });
    // Nobody looks after the link now.
    drop(runtime);
    redis.restart();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        eventually("the database is back", async || ends(database.ping()).await.is_ok()).await;
    });
}
