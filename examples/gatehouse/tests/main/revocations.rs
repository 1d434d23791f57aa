//! What one process revokes, and another one has cached.

use std::process::Output;

use palisade_testkit::servers::RedisServer;

use crate::process::{Process, command, log};
use crate::rate_limits::answer::{until, whoami};

const KEYS: &str = "/api/v1/keys";
const READER: &str = r#"{"name":"reader","scopes":["read:controls"]}"#;

/// By itself a process learns of it after five minutes, which no test waits for.
const STALENESS: (&str, &str) = ("GATEHOUSE_MAX_STALENESS_SECONDS", "300");

/// Two processes on one database, and what they are told.
struct Pair {
    folder: tempfile::TempDir,
    one: Process,
    two: Process,
    admin: String,
}

impl Pair {
    fn start(redis: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut vars = vec![STALENESS, ("RATE_LIMIT_FAILURE", "open")];
        vars.extend(redis.map(|url| ("REDIS_URL", url)));
        let one = Process::start(folder.path(), &vars);
        let admin = one.admin();
        let two = Process::start(folder.path(), &vars);
        Self { folder, one, two, admin }
    }

    /// The id of a key, and the key, which both processes have cached.
    fn mint(&self) -> (String, String) {
        let (status, minted) = self.one.post(KEYS, &self.admin, READER);
        assert_eq!(status, 201);
        let text = |name: &str| minted[name].as_str().unwrap().to_owned();
        let (id, key) = (text("id"), text("key"));
        for gate in [&self.one, &self.two] {
            assert_eq!(whoami(gate, &key).status, 200);
        }
        (id, key)
    }

    fn revoke(&self, id: &str) {
        assert_eq!(self.one.call("DELETE", &format!("{KEYS}/{id}"), &self.admin, "").0, 200);
    }

    fn other_refuses(&self, key: &str) {
        until("the other process refuses the key", || whoami(&self.two, key).status == 401);
    }

    fn end(self) -> String {
        self.one.stop();
        self.two.stop();
        log(self.folder.path())
    }
}

/// What the others below are measured by: without a feed, the cache goes on.
#[test]
fn without_redis_the_staleness_decides() {
    let pair = Pair::start(None);
    let (id, key) = pair.mint();
    pair.revoke(&id);
    assert_eq!((whoami(&pair.one, &key).status, whoami(&pair.two, &key).status), (401, 200));
    pair.end();
}

#[test]
fn a_revoked_key_is_refused_by_the_other_process() {
    let redis = RedisServer::start();
    let url = redis.url();
    let pair = Pair::start(Some(&url));
    let (id, key) = pair.mint();
    let (leaked_id, leaked) = pair.mint();
    let (_, other) = pair.mint();
    pair.revoke(&id);
    pair.other_refuses(&key);
    let rotate = format!("{KEYS}/{leaked_id}/rotate");
    assert_eq!(pair.one.post(&rotate, &pair.admin, r#"{"leaked":true}"#).0, 201);
    pair.other_refuses(&leaked);
    assert_eq!(whoami(&pair.two, &other).status, 200);

    // The end of an overlap holds there too.
    let (id, key) = pair.mint();
    let rotate = format!("{KEYS}/{id}/rotate");
    assert_eq!(pair.one.post(&rotate, &pair.admin, r#"{"overlap_seconds":1}"#).0, 201);
    pair.other_refuses(&key);
    let said = pair.end();
    assert_eq!(said.matches("what other processes revoke is heard").count(), 2, "{said}");
}

/// Whoever did not hear it forgets everything once he hears again.
#[test]
fn a_revocation_while_redis_is_gone() {
    let redis = RedisServer::start();
    let url = redis.url();
    let pair = Pair::start(Some(&url));
    for (goes, comes) in [
        (RedisServer::kill as fn(&RedisServer), RedisServer::restart as fn(&RedisServer)),
        (RedisServer::pause, RedisServer::resume),
    ] {
        let (id, key) = pair.mint();
        goes(&redis);
        pair.revoke(&id);
        assert_eq!(whoami(&pair.one, &key).status, 401, "here it is refused at once");
        comes(&redis);
        pair.other_refuses(&key);
    }
    let said = pair.end();
    assert!(said.contains("other processes were not told of a revocation"), "{said}");
}

/// Who signed out in one process is signed out in the other.
#[test]
fn a_session_that_was_ended() {
    let redis = RedisServer::start();
    let url = redis.url();
    let pair = Pair::start(Some(&url));
    let login = r#"{"login":"ann","password":"to be or not to be, ann"}"#;
    assert_eq!(pair.one.post("/api/v1/auth/register", "", login).0, 201);
    let session = |gate: &Process, method: &str, path: &str, cookie: &str, body: &str| {
        gate.raw(
            format!(
                "{method} /api/v1/{path} HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n\
                 Cookie: {cookie}\r\nContent-Type: application/json\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            )
            .as_bytes(),
        )
    };
    let cookie = cookie_of(&pair.one, login);
    assert_eq!(session(&pair.two, "GET", "sessions", &cookie, "").0, 200);
    assert_eq!(session(&pair.one, "POST", "auth/logout", &cookie, "{}").0, 204);
    assert_eq!(session(&pair.two, "GET", "sessions", &cookie, "").0, 401);
    pair.end();
}

fn cookie_of(gate: &Process, login: &str) -> String {
    use std::io::{Read, Write};
    let mut stream = gate.connect();
    let head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n";
    let kind = "Content-Type: application/json\r\n";
    write!(stream, "{head}{kind}Content-Length: {}\r\n\r\n{login}", login.len()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// An operator's command tells the processes that run.
#[test]
fn a_pepper_that_is_given_up() {
    const OLD: &str = "a:Ko3FZQcX1nP9nq0T8bT2u6cV4kq7vXW2yJrLQ8dSx5A";
    const BOTH: &str = "b:f1w9BKZzgNoEVpRAYoUNZfAKkc_eOcMd9NHDhOBqSHY,a:Ko3FZQcX1nP9nq0T8bT2u6cV4kq7vXW2yJrLQ8dSx5A";
    let (redis, folder) = (RedisServer::start(), tempfile::tempdir().unwrap());
    let url = redis.url();
    let vars = |peppers| [STALENESS, ("REDIS_URL", url.as_str()), ("GATEHOUSE_PEPPERS", peppers)];
    let gate = Process::start(folder.path(), &vars(OLD));
    let admin = gate.admin();
    assert_eq!(whoami(&gate, &admin).status, 200);
    let mut revoke = command(folder.path(), &vars(BOTH));
    let Output { status, stderr, .. } = revoke.args(["revoke-pepper", "a"]).output().unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    until("the key is refused", || whoami(&gate, &admin).status == 401);
    gate.stop();
}
