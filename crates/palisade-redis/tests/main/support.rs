//! What the tests share.

mod wire;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use palisade_redis::{Namespace, RedisDatabase, RedisOptions};

pub(crate) use self::wire::Wire;

/// A database that connects when it is first used.
pub(crate) fn open(url: &str) -> RedisDatabase {
    RedisDatabase::open(RedisOptions::parse(url).unwrap())
}

/// A namespace that no other test of this process has, so that they can share a server.
pub(crate) fn fresh_namespace() -> Namespace {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    Namespace::new(&format!("test-{}", NEXT.fetch_add(1, Ordering::Relaxed))).unwrap()
}

/// The rules on the front page for the rights of these parts, each a command for the server.
#[cfg(feature = "session")]
pub(crate) fn rights(parts: &[&str]) -> Vec<&'static str> {
    let page = include_str!("../../README.md");
    let rule = |part: &&str| {
        let is_here =
            |line: &'static str| line.strip_prefix(&format!("- {part}: `"))?.strip_suffix('`');
        page.lines().find_map(is_here).expect("the front page has a rule for each part")
    };
    parts.iter().map(rule).collect()
}

/// Asks until the answer is yes. The limit is generous: it ends a test that would hang.
pub(crate) async fn eventually(what: &str, mut reached: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !reached().await {
        assert!(start.elapsed() < Duration::from_mins(1), "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Fails when a call does not come to its end at all. The limit is far above every timeout.
pub(crate) async fn ends<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_mins(1), work).await.expect("the call hangs")
}
