//! The servers for tests, as a store author uses them.

use std::io::BufRead;
use std::path::Path;
use std::process::{Command, Stdio};

use palisade_testkit::servers::{RedisCluster, RedisServer, shared_cluster, shared_redis};

#[test]
fn a_server_answers_until_it_is_killed() {
    let redis = RedisServer::start();
    assert_eq!(redis.command(&["SET", "key", "value"]), "OK");
    assert_eq!(redis.command(&["GET", "key"]), "value");
    assert_eq!(redis.command(&["GET", "other"]), "");
    assert_eq!(redis.command(&["MGET", "key", "other"]), "value\n");
    assert_eq!(redis.command(&["EXISTS", "key", "other"]), "1");
    assert!(redis.try_command(&["NONSENSE"]).unwrap_err().starts_with("ERR unknown command"));
    redis.kill();
    redis.try_command(&["PING"]).unwrap_err();
}

#[test]
fn a_restarted_server_is_empty_and_keeps_its_port() {
    let redis = RedisServer::start();
    let url = redis.url();
    for _ in 0..3 {
        redis.command(&["SET", "key", "value"]);
        // Not even what somebody had it write to the disk is left.
        redis.command(&["SAVE"]);
        redis.restart();
        assert_eq!(redis.command(&["GET", "key"]), "");
    }
    redis.kill();
    redis.restart();
    assert_eq!(redis.command(&["PING"]), "PONG");
    assert_eq!(redis.url(), url);
}

#[test]
fn a_paused_server_answers_when_it_goes_on() {
    let redis = RedisServer::start();
    redis.pause();
    redis.try_command(&["PING"]).unwrap_err();
    redis.resume();
    assert_eq!(redis.command(&["PING"]), "PONG");
}

#[test]
fn options_reach_the_server() {
    let redis = RedisServer::with_options(&["--maxmemory", "3mb", "--databases", "2"]);
    assert_eq!(redis.command(&["CONFIG", "GET", "maxmemory"]), "maxmemory\n3145728");
    assert_eq!(redis.command(&["CONFIG", "GET", "databases"]), "databases\n2");
}

#[test]
#[should_panic(expected = "FATAL CONFIG FILE ERROR")]
fn an_option_that_redis_does_not_know_is_shown() {
    drop(RedisServer::with_options(&["--no-such-option", "1"]));
}

#[test]
fn a_dropped_server_leaves_nothing() {
    let redis = RedisServer::start();
    let folder = redis.command(&["CONFIG", "GET", "dir"]);
    let folder = Path::new(folder.lines().nth(1).unwrap());
    assert!(folder.is_dir());
    let port = redis.port();
    drop(redis);
    assert!(!folder.exists());
    std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
}

/// Starts this very test as another process, kills that, and looks for what it has left.
#[test]
fn a_server_dies_with_its_process() {
    const CHILD: &str = "PALISADE_TEST_OF_A_KILLED_PROCESS";
    if std::env::var_os(CHILD).is_some() {
        let redis = RedisServer::start();
        println!("\n{}", redis.command(&["CONFIG", "GET", "dir"]));
        println!("pid {}", redis.command(&["INFO", "server"]).replace("\r\n", " "));
        loop {
            std::thread::park();
        }
    }
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["servers::a_server_dies_with_its_process", "--exact", "--nocapture"])
        .env(CHILD, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufReader::new(child.stdout.take().unwrap()).lines();
    let mut line = || lines.next().unwrap().unwrap();
    while line() != "dir" {}
    let folder = line();
    let info = line();
    let port = info.split("tcp_port:").nth(1).unwrap().split(' ').next().unwrap();
    let port: u16 = port.parse().unwrap();
    assert!(Path::new(&folder).is_dir());

    child.kill().unwrap();
    child.wait().unwrap();
    let is_gone =
        || !Path::new(&folder).exists() && std::net::TcpListener::bind(("127.0.0.1", port)).is_ok();
    wait_until(is_gone);
}

#[test]
fn the_shared_server_is_one() {
    assert_eq!(shared_redis().port(), shared_redis().port());
    assert_eq!(shared_redis().command(&["PING"]), "PONG");
}

#[test]
fn a_cluster_shares_the_keys_and_redirects() {
    let cluster = shared_cluster();
    assert_eq!(cluster.nodes().len(), 3);
    let mut masters: Vec<u16> = Vec::new();
    for key in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        let master = cluster.master_of(key);
        assert_eq!(master.command(&["SET", key, "value"]), "OK");
        masters.push(master.port());
        let other = cluster.nodes().iter().find(|node| node.port() != master.port()).unwrap();
        assert!(other.try_command(&["GET", key]).unwrap_err().starts_with("MOVED "));
    }
    masters.sort_unstable();
    masters.dedup();
    assert_eq!(masters.len(), 3);
    let seeds = cluster.nodes().iter().map(|node| format!("127.0.0.1:{}", node.port()));
    assert_eq!(cluster.url(), format!("redis-cluster://{}", seeds.collect::<Vec<_>>().join(",")));
}

#[test]
fn a_replica_takes_over() {
    let cluster = RedisCluster::with_replicas();
    let master = cluster.master_of("key");
    master.command(&["SET", "key", "value"]);

    let dead = cluster.fail_over("key");
    assert_eq!(dead.port(), master.port());
    let promoted = cluster.master_of("key");
    assert_ne!(promoted.port(), dead.port());
    assert_eq!(promoted.command(&["GET", "key"]), "value");

    dead.restart();
    cluster.wait_until_complete();
    assert_eq!(cluster.master_of("key").port(), promoted.port());
}

fn wait_until(reached: impl Fn() -> bool) {
    let start = std::time::Instant::now();
    while !reached() {
        assert!(start.elapsed().as_secs() < 60, "in vain");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}
