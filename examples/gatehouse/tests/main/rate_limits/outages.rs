//! Redis goes while the program serves, and comes back.
//!
//! Whatever happens to it, each request is answered, and by what the operator said.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use palisade_testkit::servers::RedisServer;

use super::answer::{Answer, until, whoami};
use crate::process::{Process, log};

const GONE: &str = "rate limits are decided without Redis from now on";
const BACK: &str = "rate limits are decided by Redis again";

/// A program that counts on a Redis of its own, and strangers who never stop to ask.
struct Scene {
    redis: RedisServer,
    folder: tempfile::TempDir,
    gate: Arc<Process>,
    admin: String,
    failure: &'static str,
    done: Arc<AtomicBool>,
    crowd: Vec<JoinHandle<Vec<u16>>>,
}

impl Scene {
    fn begin(failure: &'static str) -> Self {
        let redis = RedisServer::start();
        Self::begin_with(redis, failure)
    }

    fn begin_with(redis: RedisServer, failure: &'static str) -> Self {
        let (folder, url) = (tempfile::tempdir().unwrap(), redis.url());
        let gate = Process::start(
            folder.path(),
            &[
                ("REDIS_URL", &url),
                ("RATE_LIMIT_FAILURE", failure),
                ("RATE_LIMIT_DEADLINE_MS", "1000"),
                ("RATE_LIMIT_PER_IP", "1000000 + 1000/h"),
                ("RATE_LIMIT_PER_KEY", "20 + 1/h"),
                ("RATE_LIMIT_PER_LOGIN_AND_IP", "10 + 1/h"),
            ],
        );
        let (admin, gate) = (gate.admin(), Arc::new(gate));
        let done = Arc::new(AtomicBool::new(false));
        let ask = || {
            let (gate, done) = (Arc::clone(&gate), Arc::clone(&done));
            std::thread::spawn(move || {
                let mut statuses = Vec::new();
                while !done.load(Ordering::SeqCst) {
                    statuses.push(whoami(&gate, "junk").status);
                    std::thread::sleep(Duration::from_millis(5));
                }
                statuses
            })
        };
        let crowd = vec![ask(), ask()];
        Self { redis, folder, gate, admin, failure, done, crowd }
    }

    fn ask(&self) -> Answer {
        whoami(&self.gate, &self.admin)
    }

    /// Whether a stranger is counted by the whole limit, as Redis does alone.
    fn is_shared(&self) -> bool {
        whoami(&self.gate, "junk").header("ratelimit-policy").contains("q=1000000;")
    }

    /// Redis counts, and four requests of the key are gone.
    fn four_are_used(&self) {
        for n in (16..20).rev() {
            let answer = self.ask();
            assert_eq!((answer.status, answer.left()), (200, &*format!("\"per-key\";r={n}")));
        }
    }

    /// Without Redis, what the operator said holds.
    fn the_policy_holds(&self) {
        let answers = std::iter::repeat_with(|| self.ask()).take(12);
        match self.failure {
            "open" => answers.for_each(|answer| {
                assert_eq!((answer.status, answer.left()), (200, ""));
            }),
            "closed" => answers.for_each(|answer| {
                assert_eq!((answer.status, answer.code()), (503, "RATE_LIMIT_UNAVAILABLE"));
                assert_eq!((answer.header("retry-after"), answer.left()), ("1", ""));
            }),
            // Half of the limit, of which this process knows that four are gone.
            _ => answers.enumerate().for_each(|(n, answer)| {
                let expected = if n < 6 { 200 } else { 429 };
                assert_eq!(answer.status, expected, "{n}: {}", answer.body);
                assert!(answer.header("ratelimit-policy").contains("\"per-key\";q=10;"));
            }),
        }
    }

    fn is_mended(&self) {
        until("Redis counts again", || self.is_shared());
        assert!(self.ask().header("ratelimit-policy").contains("\"per-key\";q=20;"));
    }

    /// Ends it, and gives what the log said.
    fn end(self) -> String {
        self.done.store(true, Ordering::SeqCst);
        let statuses: Vec<u16> =
            self.crowd.into_iter().flat_map(|asker| asker.join().unwrap()).collect();
        assert!(statuses.len() > 10);
        let may_refuse = self.failure == "closed";
        let expected = |status: &u16| *status == 401 || (may_refuse && *status == 503);
        assert!(statuses.iter().all(expected), "{statuses:?}");
        Arc::into_inner(self.gate).unwrap().stop();
        log(self.folder.path())
    }
}

/// One line when it went and one when it came back, whatever the number of requests.
fn says_it_once(said: &str) {
    assert_eq!((said.matches(GONE).count(), said.matches(BACK).count()), (1, 1), "{said}");
}

fn survives(failure: &'static str, goes: fn(&RedisServer), comes: fn(&RedisServer)) -> String {
    let scene = Scene::begin(failure);
    scene.four_are_used();
    goes(&scene.redis);
    scene.the_policy_holds();
    comes(&scene.redis);
    scene.is_mended();
    let said = scene.end();
    says_it_once(&said);
    assert!(said.contains(&format!("policy={failure}")), "{said}");
    said
}

#[test]
fn killed_and_open() {
    survives("open", RedisServer::kill, RedisServer::restart);
}

#[test]
fn killed_and_closed() {
    survives("closed", RedisServer::kill, RedisServer::restart);
}

#[test]
fn killed_and_local() {
    survives("local:1/2", RedisServer::kill, RedisServer::restart);
}

#[test]
fn stopped_and_open() {
    survives("open", RedisServer::pause, RedisServer::resume);
}

#[test]
fn stopped_and_closed() {
    survives("closed", RedisServer::pause, RedisServer::resume);
}

#[test]
fn stopped_and_local() {
    survives("local:1/2", RedisServer::pause, RedisServer::resume);
}

/// Whoever waits for a full server to mend itself waits for ever: that is an error in the log.
#[test]
fn full() {
    let fill = |redis: &RedisServer| drop(redis.command(&["CONFIG", "SET", "maxmemory", "1"]));
    let empty = |redis: &RedisServer| drop(redis.command(&["CONFIG", "SET", "maxmemory", "0"]));
    let said = survives("closed", fill, empty);
    let errors: Vec<&str> = said.lines().filter(|line| line.contains("ERROR")).collect();
    assert!(!errors.is_empty() && errors.iter().all(|line| line.contains("redis_out_of_memory")));
}

#[test]
fn read_only() {
    let follow = |redis: &RedisServer| drop(redis.command(&["REPLICAOF", "127.0.0.1", "1"]));
    let lead = |redis: &RedisServer| drop(redis.command(&["REPLICAOF", "NO", "ONE"]));
    let said = survives("local:1/2", follow, lead);
    let errors: Vec<&str> = said.lines().filter(|line| line.contains("ERROR")).collect();
    assert!(!errors.is_empty() && errors.iter().all(|line| line.contains("redis_read_only")));
}

/// Even where everything is let pass, passwords are not for the guessing: each process counts those for itself.
#[test]
fn open_is_not_open_to_guesses() {
    let scene = Scene::begin("open");
    let guess = |n: u32| {
        let body = format!(r#"{{"login":"ann","password":"guess number {n}"}}"#);
        scene.gate.post("/api/v1/auth/login", "", &body).0
    };
    assert_eq!((guess(1), guess(2)), (401, 401));
    scene.redis.kill();
    for n in 3..=15 {
        assert_eq!(guess(n), if n <= 10 { 401 } else { 429 }, "{n}");
    }
    scene.redis.restart();
    scene.is_mended();
    says_it_once(&scene.end());
}

/// Restarted while requests come: perhaps nobody notices, and if so, it is over.
#[test]
fn restarted() {
    let scene = Scene::begin("open");
    scene.four_are_used();
    for _ in 0..3 {
        scene.redis.restart();
        scene.is_mended();
    }
    let said = scene.end();
    assert_eq!(said.matches(GONE).count(), said.matches(BACK).count(), "{said}");
}

/// A service starts without Redis, and finds it once it is there.
#[test]
fn absent_at_the_start() {
    let redis = RedisServer::start();
    redis.kill();
    let scene = Scene::begin_with(redis, "local:1/2");
    for n in 0..12 {
        assert_eq!(scene.ask().status, if n < 10 { 200 } else { 429 }, "{n}");
    }
    scene.redis.restart();
    scene.is_mended();
    says_it_once(&scene.end());
}
