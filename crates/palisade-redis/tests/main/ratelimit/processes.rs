//! Several processes share a limit, and never give more away than it has.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use palisade_ratelimit::{FailurePolicy, PER_SECOND, Policy, Quota, Request, Source, Verdict};
use palisade_redis::Namespace;
use palisade_testkit::servers::RedisServer;

use super::limiter;

/// Where the server is, for a process that another one has started to help.
const HELPS: &str = "PALISADE_TEST_HAMMERS";

const TASKS: usize = 8;
const PROCESSES: usize = 4;
const CAPACITY: u32 = 300;
const EACH_SECOND: u32 = 400;
const LASTS: Duration = Duration::from_secs(2);

/// Asks from eight tasks for a while, and returns how many requests passed.
async fn hammer(url: &str) -> u64 {
    let namespace = Namespace::new("hammered").unwrap();
    let limiter = limiter(url, &namespace, FailurePolicy::Closed).build().unwrap();
    let start = Instant::now();
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let limiter = limiter.clone();
            tokio::spawn(async move {
                let quota = Quota::bucket(CAPACITY).refill(EACH_SECOND, PER_SECOND).unwrap();
                let hot = Policy::new("hot", quota).unwrap();
                let wide = Policy::new("wide", Quota::per_second(1_000_000).unwrap()).unwrap();
                let key = task.to_string();
                let mut admitted = 0;
                while start.elapsed() < LASTS {
                    let cost = 1 + u32::try_from(task % 2).unwrap();
                    let request = Request::new(&hot, "x").within(&wide, &key).cost(cost);
                    let decision = limiter.check(&request, SystemTime::now()).await;
                    if (decision.source(), decision.verdict()) == (Source::Shared, Verdict::Allowed)
                    {
                        admitted += u64::from(cost);
                    }
                }
                admitted
            })
        })
        .collect();
    let mut admitted = 0;
    for task in tasks {
        admitted += task.await.unwrap();
    }
    admitted
}

/// The clock of the server, in microseconds.
fn server_time(server: &RedisServer) -> u64 {
    let time = server.command(&["TIME"]);
    let (seconds, micros) = time.split_once('\n').unwrap();
    seconds.trim().parse::<u64>().unwrap() * 1_000_000 + micros.trim().parse::<u64>().unwrap()
}

fn at_most(micros: u64) -> u64 {
    u64::from(CAPACITY) + micros * u64::from(EACH_SECOND) / 1_000_000
}

/// One process. Where another one has named a server, this helps it and says how many requests passed.
#[tokio::test(flavor = "multi_thread")]
async fn one_process_admits_no_more_than_the_limit() {
    if let Ok(url) = std::env::var(HELPS) {
        println!("admitted={}", hammer(&url).await);
        return;
    }
    let server = RedisServer::start();
    let before = server_time(&server);
    let admitted = hammer(&server.url()).await;
    let most = at_most(server_time(&server) - before);
    assert!((u64::from(CAPACITY)..=most).contains(&admitted), "{admitted} of {most}");
}

#[test]
fn four_processes_admit_no_more_than_the_limit() {
    let server = RedisServer::start();
    let before = server_time(&server);
    let children: Vec<_> = (0..PROCESSES)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "--nocapture"])
                .arg("ratelimit::processes::one_process_admits_no_more_than_the_limit")
                .env(HELPS, server.url())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let mut admitted = 0;
    for child in children {
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}");
        let said = text.split("admitted=").nth(1).unwrap();
        admitted += said.split_whitespace().next().unwrap().parse::<u64>().unwrap();
    }
    let most = at_most(server_time(&server) - before);
    assert!((u64::from(CAPACITY)..=most).contains(&admitted), "{admitted} of {most}");
}
