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
