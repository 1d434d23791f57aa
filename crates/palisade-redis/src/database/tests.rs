//! Commands and scripts, which the stores alone can send.

use std::io::{Read, Write};

use palisade_testkit::servers::{RedisCluster, RedisServer, shared_cluster, shared_redis};
use redis::{Cmd, ErrorKind, RedisError, ServerErrorKind};

use super::{RedisDatabase, Script};
use crate::RedisOptions;

fn open(url: &str) -> RedisDatabase {
    RedisDatabase::open(RedisOptions::parse(url).unwrap())
}

fn command(words: &[&str]) -> Cmd {
    let mut command = Cmd::new();
    for word in words {
        command.arg(*word);
    }
    command
}

fn kind(result: Result<String, RedisError>) -> ErrorKind {
    result.unwrap_err().kind()
}

/// How often each command came, as the server counts them.
fn calls(server: &RedisServer, name: &str) -> u64 {
    let stats = server.command(&["INFO", "commandstats"]);
    let line = stats.lines().find(|line| line.starts_with(&format!("cmdstat_{name}:")));
    let count = line.and_then(|line| line.split("calls=").nth(1)?.split(',').next()?.parse().ok());
    count.unwrap_or(0)
}

const ECHO: &str = "return {KEYS[1], ARGV[1], ARGV[2]}";

#[tokio::test]
async fn a_script_gets_its_keys_and_arguments() {
    let script = Script::new(ECHO);
    for database in [open(&shared_redis().url()), open(&shared_cluster().url())] {
        for key in ["echo-a", "echo-b", "echo-c", "echo-d", "echo-e"] {
            let call = script.call(&[key]).arg("one").arg(2);
            let answer: (String, String, u8) = database.run_script(&call).await.unwrap();
            assert_eq!(answer, (key.to_owned(), "one".to_owned(), 2));
        }
    }
}

#[tokio::test]
async fn a_known_script_is_one_round_trip_and_a_flushed_one_two() {
    let redis = RedisServer::start();
    let database = open(&redis.url());
    let script = Script::new(ECHO);
    let call = script.call(&["key"]).arg("a").arg("b");
    let run = async || database.run_script::<Vec<String>>(&call).await.unwrap();
    run().await;
    assert_eq!((calls(&redis, "evalsha"), calls(&redis, "eval")), (1, 1));
    run().await;
    run().await;
    assert_eq!((calls(&redis, "evalsha"), calls(&redis, "eval")), (3, 1));
    redis.command(&["SCRIPT", "FLUSH"]);
    assert_eq!(run().await, ["key", "a", "b"]);
    assert_eq!((calls(&redis, "evalsha"), calls(&redis, "eval")), (4, 2));
    run().await;
    assert_eq!((calls(&redis, "evalsha"), calls(&redis, "eval")), (5, 2));
}

#[tokio::test]
async fn an_error_of_a_script_is_not_taken_for_a_missing_one() {
    let redis = RedisServer::start();
    let database = open(&redis.url());
    let script = Script::new("redis.call('INCR', KEYS[1]) return redis.error_reply('NOPE no')");
    for count in 1..=3 {
        let error = database.run_script::<String>(&script.call(&["key"])).await.unwrap_err();
        assert_eq!(error.code(), Some("NOPE"), "{error}");
        assert_eq!(redis.command(&["GET", "key"]), count.to_string());
    }
}

#[tokio::test]
async fn the_kinds_of_errors_can_be_told_apart() {
    let single =
        RedisServer::with_options(&["--maxmemory", "1", "--maxmemory-policy", "noeviction"]);
    let database = open(&single.url());
    let error = database.run::<String>(&command(&["SET", "a", "b"])).await.unwrap_err();
    assert_eq!(error.code(), Some("OOM"), "{error}");
    single.command(&["CONFIG", "SET", "maxmemory", "0"]);
    single.command(&["SET", "text", "x"]);
    let error = database.run::<String>(&command(&["INCR", "text"])).await;
    assert_eq!(kind(error), ErrorKind::Server(ServerErrorKind::ResponseError));
    single.command(&["REPLICAOF", "127.0.0.1", "1"]);
    let error = database.run::<String>(&command(&["SET", "a", "b"])).await;
    assert_eq!(kind(error), ErrorKind::Server(ServerErrorKind::ReadOnly));
    single.command(&["REPLICAOF", "NO", "ONE"]);
    single.command(&["ACL", "SETUSER", "default", "-set"]);
    let error = database.run::<String>(&command(&["SET", "a", "b"])).await;
    assert_eq!(kind(error), ErrorKind::Server(ServerErrorKind::NoPerm));

    let cluster = shared_cluster();
    let database = open(&cluster.url());
    let script = Script::new("return redis.call('EXISTS', KEYS[1], KEYS[2])");
    let error = database.run_script::<String>(&script.call(&["{a}1", "{b}1"])).await;
    assert_eq!(kind(error), ErrorKind::Server(ServerErrorKind::CrossSlot));
    // A Cluster's node in the place of a server.
    let elsewhere =
        cluster.nodes().iter().find(|node| node.port() != cluster.master_of("a").port());
    let node = open(&elsewhere.unwrap().url());
    let error = node.run::<String>(&command(&["GET", "a"])).await;
    assert_eq!(kind(error), ErrorKind::Server(ServerErrorKind::Moved));
}

#[tokio::test]
async fn a_cluster_without_a_master_is_down_and_comes_back() {
    let cluster = RedisCluster::start();
    let database = open(&cluster.url());
    let set = async |key: &str| database.run::<String>(&command(&["SET", key, "x"])).await;
    set("a").await.unwrap();
    let master = cluster.master_of("a");
    master.kill();
    set("a").await.unwrap_err();
    eventually(async || {
        matches!(set("a").await, Err(error)
            if error.kind() == ErrorKind::Server(ServerErrorKind::ClusterDown))
    })
    .await;
    master.restart();
    eventually(async || set("a").await.is_ok()).await;
}

#[tokio::test]
async fn a_failover_is_followed_by_commands_and_scripts() {
    let cluster = RedisCluster::with_replicas();
    let database = open(&cluster.url());
    let script = Script::new("return redis.call('INCR', KEYS[1])");
    let increment = async || database.run_script::<u64>(&script.call(&["counter"])).await;
    assert_eq!(increment().await.unwrap(), 1);
    let dead = cluster.fail_over("counter");
    eventually(async || increment().await.is_ok()).await;
    let count = increment().await.unwrap();
    assert_eq!(cluster.master_of("counter").command(&["GET", "counter"]), count.to_string());
    // The old master comes back as a replica, and nothing else changes.
    dead.restart();
    cluster.wait_until_complete();
    assert_eq!(increment().await.unwrap(), count + 1);
}

#[tokio::test]
async fn a_stopped_master_is_replaced_by_its_replica() {
    let cluster = RedisCluster::with_replicas();
    let database = open(&cluster.url());
    let set = async || database.run::<String>(&command(&["SET", "a", "x"])).await;
    set().await.unwrap();
    let master = cluster.master_of("a");
    master.pause();
    eventually(async || set().await.is_ok()).await;
    master.resume();
    cluster.wait_until_complete();
    eventually(async || set().await.is_ok()).await;
}

#[tokio::test]
async fn a_slot_on_its_way_is_followed() {
    let cluster = RedisCluster::start();
    let database = open(&cluster.url());
    let script = Script::new("return redis.call('INCR', KEYS[1])");
    let increment = async || database.run_script::<u64>(&script.call(&["key"])).await;
    let source = cluster.master_of("key");
    let target = cluster.nodes().iter().find(|node| node.port() != source.port()).unwrap();
    let slot = source.command(&["CLUSTER", "KEYSLOT", "key"]);
    let id = |node: &RedisServer| node.command(&["CLUSTER", "MYID"]);
    database.run::<String>(&command(&["SET", "{key}stays", "x"])).await.unwrap();
    target.command(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &id(source)]);
    source.command(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &id(target)]);
    // The key is not there yet, so it is made where the slot goes to.
    assert_eq!(increment().await.unwrap(), 1);
    assert_eq!(increment().await.unwrap(), 2);
    let port = target.port().to_string();
    source.command(&["MIGRATE", "127.0.0.1", &port, "{key}stays", "0", "5000"]);
    for node in [target, source] {
        node.command(&["CLUSTER", "SETSLOT", &slot, "NODE", &id(target)]);
    }
    assert_eq!(increment().await.unwrap(), 3);
}

/// The server does the command, and ends the connection before it answers.
#[tokio::test]
async fn a_command_without_an_answer_is_not_sent_again() {
    for cluster in [false, true] {
        let whole = cluster.then(RedisCluster::start);
        let single = (!cluster).then(RedisServer::start);
        let url = whole.as_ref().map_or_else(|| single.as_ref().unwrap().url(), RedisCluster::url);
        let server =
            whole.as_ref().map_or_else(|| single.as_ref().unwrap(), |whole| whole.master_of("key"));
        let patience = std::time::Duration::from_secs(5);
        let options = RedisOptions::parse(&url).unwrap().answer_timeout(patience).unwrap();
        let database = RedisDatabase::open(options);
        let increment = async || database.run::<u64>(&command(&["INCR", "key"])).await;
        let mut unanswered = 0;
        for _ in 0..10 {
            eventually(async || database.run::<u64>(&command(&["EXISTS", "key"])).await.is_ok())
                .await;
            let before: u64 = server.command(&["GET", "key"]).parse().unwrap_or(0);
            // Accepted before the pause, so that its order comes in the same turn as the command.
            let mut killer = std::net::TcpStream::connect(("127.0.0.1", server.port())).unwrap();
            killer.write_all(b"PING\r\n").unwrap();
            killer.read_exact(&mut [0; 7]).unwrap();
            server.pause();
            let kill = async {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                killer.write_all(b"CLIENT KILL TYPE normal\r\n").unwrap();
                server.resume();
            };
            let (answer, ()) = tokio::join!(increment(), kill);
            unanswered += u32::from(answer.is_err());
            let after: u64 = server.command(&["GET", "key"]).parse().unwrap_or(0);
            assert!(after <= before + 1, "the command was done {} times", after - before);
        }
        assert!(unanswered > 0, "every command had an answer");
    }
}

async fn eventually(mut reached: impl AsyncFnMut() -> bool) {
    for _ in 0..6_000 {
        if reached().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("in vain");
}
