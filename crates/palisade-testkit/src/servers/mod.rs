//! Private Redis servers for tests: real processes on free ports of 127.0.0.1, each in a temporary
//! folder of its own.
//!
//! A server ends with the value that stands for it, and with the test process however that ends, also
//! by SIGKILL. The calls block for a moment; a test on a runtime may make them directly.
//!
//! # Panics
//!
//! Each call panics when its server cannot do what is asked; where `redis-server` is not installed, the
//! panic names the command that installs it.
//!
//! # Examples
//!
//! ```
//! use palisade_testkit::servers::RedisServer;
//!
//! let redis = RedisServer::start();
//! redis.command(&["SET", "door", "open"]);
//! assert_eq!(redis.command(&["GET", "door"]), "open");
//!
//! redis.restart();
//! assert_eq!(redis.command(&["GET", "door"]), "", "a restarted server is empty");
//! ```

mod cluster;
mod guard;
mod ports;
mod redis;
mod resp;

use std::sync::OnceLock;
use std::time::{Duration, Instant};

pub use self::cluster::RedisCluster;
pub use self::redis::RedisServer;

/// One server for the whole test process, for tests that use different names of keys.
pub fn shared_redis() -> &'static RedisServer {
    static SHARED: OnceLock<RedisServer> = OnceLock::new();
    SHARED.get_or_init(RedisServer::start)
}

/// One Cluster of three masters for the whole test process, for tests that use different names of keys.
pub fn shared_cluster() -> &'static RedisCluster {
    static SHARED: OnceLock<RedisCluster> = OnceLock::new();
    SHARED.get_or_init(RedisCluster::start)
}

/// Asks until the answer is yes. The limit is generous: it ends a test that would hang.
fn wait_until(what: &str, mut reached: impl FnMut() -> bool) {
    let start = Instant::now();
    while !reached() {
        assert!(start.elapsed() < Duration::from_mins(1), "in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
