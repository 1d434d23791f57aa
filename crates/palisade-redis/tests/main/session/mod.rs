//! The session store.

mod conformance;

use std::sync::atomic::{AtomicU64, Ordering};

use palisade_redis::{Namespace, RedisDatabase, RedisOptions, RedisSessionStore};

/// A namespace that no other test of this run uses.
fn namespace() -> Namespace {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    Namespace::new(&format!("test-{}", NEXT.fetch_add(1, Ordering::Relaxed))).unwrap()
}

/// A handle on the sessions of a namespace, with a connection of its own.
async fn open(url: &str, namespace: &Namespace) -> RedisSessionStore {
    let options = RedisOptions::parse(url).unwrap();
    // A machine that runs many tests at once is slow, not broken.
    let options = options.answer_timeout(std::time::Duration::from_secs(20)).unwrap();
    let database = RedisDatabase::connect(options).await.unwrap();
    RedisSessionStore::new(database, namespace)
}
