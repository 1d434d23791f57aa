//! Two processes, one database, one Redis.

use std::process::Command;

use palisade_testkit::servers::{RedisServer, shared_cluster};

use super::answer::{until, whoami};
use crate::process::{Process, command, log, refused};

/// What every process here has: no machine is so busy that Redis misses this deadline while it lives.
fn vars<'a>(url: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&[("REDIS_URL", url), ("RATE_LIMIT_DEADLINE_MS", "1000")], more].concat()
}

#[test]
fn two_processes_share_every_limit() {
    let (redis, folder) = (RedisServer::start(), tempfile::tempdir().unwrap());
    let url = redis.url();
    let vars = vars(&url, &[("RATE_LIMIT_PER_IP", "60 + 1/h"), ("RATE_LIMIT_PER_KEY", "20 + 1/h")]);
    let one = Process::start(folder.path(), &vars);
    let admin = one.admin();
    let two = Process::start(folder.path(), &vars);
    for n in (0..20).rev() {
        let gate = if n % 2 == 0 { &one } else { &two };
        let answer = whoami(gate, &admin);
        assert_eq!((answer.status, answer.left()), (200, &*format!("\"per-key\";r={n}")));
    }
    for gate in [&one, &two] {
        let answer = whoami(gate, &admin);
        assert_eq!((answer.status, answer.code()), (429, "RATE_LIMITED"));
        assert!(answer.header("retry-after").parse::<u32>().unwrap() > 3000);
    }
    // 22 requests took 22 of the address.
    let passed = (0..60).filter(|n| {
        let gate = if n % 3 == 0 { &one } else { &two };
        whoami(gate, "junk").status == 401
    });
    assert_eq!(passed.count(), 38);
    one.stop();
    two.stop();

    // What was used up outlives the processes.
    let again = Process::start(folder.path(), &vars);
    assert_eq!(whoami(&again, "junk").status, 429);
    again.stop();
    let said = log(folder.path());
    assert!(!said.contains("Redis"), "{said}");
}

/// On a Cluster too, whichever of its nodes an account or an address is on.
#[test]
fn on_a_cluster() {
    let folder = tempfile::tempdir().unwrap();
    let url = shared_cluster().url();
    let more = [("RATE_LIMIT_FAILURE", "closed"), ("RATE_LIMIT_PER_KEY", "10 + 1/h")];
    let gate = Process::start(folder.path(), &vars(&url, &more));
    for n in 0..5 {
        let owner = format!("org_{n}");
        let issued =
            command(folder.path(), &[]).args(["issue-admin-key", &owner]).output().unwrap();
        let key = String::from_utf8(issued.stdout).unwrap();
        let key = key.split_whitespace().find(|word| word.starts_with("gate_acct_live_")).unwrap();
        for left in (0..10).rev() {
            let answer = whoami(&gate, key);
            assert_eq!((answer.status, answer.left()), (200, &*format!("\"per-key\";r={left}")));
        }
        assert_eq!(whoami(&gate, key).status, 429);
    }
    gate.stop();
    assert!(!log(folder.path()).contains("Redis"));
}

/// What the README shows, with another port: its lines are run as they are, and answered as it says.
#[test]
fn the_lines_of_the_readme() {
    let readme = include_str!("../../../README.md");
    let (_, section) = readme.split_once("## Rate limits\n").unwrap();
    let mut blocks = section.split("```").skip(1).step_by(2);
    let (lines, shown) = (blocks.next().unwrap(), blocks.next().unwrap());
    let limit = lines.split('\'').nth(1).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let gate = Process::start(folder.path(), &[("RATE_LIMIT_PER_IP", limit)]);
    let line = lines.lines().find(|line| line.starts_with("for ")).unwrap();
    let line = line.replace("127.0.0.1:8080", &gate.addr);
    let run = Command::new("sh").args(["-ec", &line]).output().unwrap();
    assert!(run.status.success() && run.stderr.is_empty(), "is there a curl? {run:?}");
    let said = String::from_utf8(run.stdout).unwrap().replace('\r', "");
    let statuses: Vec<&str> = said.lines().filter(|line| line.starts_with("HTTP/1.1 ")).collect();
    assert_eq!(statuses[..3], ["HTTP/1.1 401 Unauthorized"; 3]);
    let (_, last) = said.split_once("HTTP/1.1 429").unwrap();
    for shown in shown.trim_start_matches("text").trim().lines().skip(1) {
        // Time goes on between the requests, so the seconds are left out.
        let known = shown.split_once(";t=").map_or(shown, |(known, _)| known);
        let known = known.strip_prefix("retry-after: ").map_or(known, |_| "retry-after: ");
        let known = known.split_once("again in").map_or(known, |(known, _)| known);
        assert!(last.contains(known), "{known} is not in {last}");
    }
    gate.stop();
}

/// A server that makes room by dropping counters gives limits away.
#[test]
fn a_server_that_drops_keys() {
    let redis =
        RedisServer::with_options(&["--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"]);
    let (folder, url) = (tempfile::tempdir().unwrap(), redis.url());
    let gate = Process::start(folder.path(), &vars(&url, &[]));
    until("the log says it", || log(folder.path()).contains("redis_evicts"));
    gate.stop();
    assert!(!log(folder.path()).contains("redis_forgets"));
}

/// Two services on one server count apart, where they are told so.
#[test]
fn a_namespace_for_each_service() {
    let (redis, folder) = (RedisServer::start(), tempfile::tempdir().unwrap());
    let url = redis.url();
    let start = |namespace| {
        let more = [("RATE_LIMIT_PER_IP", "10 + 1/h"), ("REDIS_NAMESPACE", namespace)];
        Process::start(folder.path(), &vars(&url, &more))
    };
    let (one, two) = (start("one"), start("two"));
    for _ in 0..10 {
        assert_eq!(whoami(&one, "junk").status, 401);
    }
    assert_eq!((whoami(&one, "junk").status, whoami(&two, "junk").status), (429, 401));
    let names = redis.command(&["KEYS", "*"]);
    assert!(names.lines().all(|name| name.starts_with("one:") || name.starts_with("two:")));
    one.stop();
    two.stop();
}

/// Neither the password of Redis nor a login name is anywhere to be read.
#[test]
fn what_is_secret_stays_so() {
    let redis = RedisServer::with_options(&["--requirepass", "hunter2hunter2"]);
    let folder = tempfile::tempdir().unwrap();
    let url = |password: &str| redis.url().replace("redis://", &format!("redis://:{password}@"));
    let (right, wrong) = (url("hunter2hunter2"), url("hunter3hunter3"));
    let login = r#"{"login":"ann@hidden.example","password":"sesame-open-the-door"}"#;
    for url in [&right, &wrong] {
        let more = [("GATEHOUSE_LOG", "trace"), ("RATE_LIMIT_FAILURE", "open")];
        let gate = Process::start(folder.path(), &vars(url, &more));
        assert_eq!(gate.post("/api/v1/auth/login", "", login).0, 401);
        assert_eq!(whoami(&gate, "junk").left().is_empty(), url == &wrong);
        gate.stop();
    }
    let said = log(folder.path());
    assert!(said.contains("redis_credentials"), "{said}");
    for secret in ["hunter", "hidden.example", "sesame"] {
        assert!(!said.contains(secret), "{said}");
    }
    for broken in ["http://:hunter2@127.0.0.1", "redis://:hunter2@127.0.0.1:port", "hunter2"] {
        let said = refused(folder.path(), &[("REDIS_URL", broken)]);
        assert!(said.contains("REDIS_URL") && !said.contains("hunter"), "{said}");
    }
}
