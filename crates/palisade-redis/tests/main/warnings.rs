//! What is wrong with the settings of a server.

use palisade_redis::Warning;
use palisade_testkit::servers::{RedisServer, shared_cluster};

use crate::support::open;

#[tokio::test]
async fn settings_that_take_protection_away_are_named() {
    use Warning::{Evicts, Forgets};
    let settings: [(&[&str], &[Warning]); 6] = [
        (&[], &[Forgets]),
        (&["--appendonly", "yes"], &[]),
        (&["--appendonly", "yes", "--maxmemory-policy", "allkeys-lru"], &[]),
        (&["--appendonly", "yes", "--maxmemory", "9mb", "--maxmemory-policy", "noeviction"], &[]),
        (
            &["--appendonly", "yes", "--maxmemory", "9mb", "--maxmemory-policy", "volatile-ttl"],
            &[Evicts],
        ),
        (&["--maxmemory", "9mb", "--maxmemory-policy", "allkeys-lru"], &[Evicts, Forgets]),
    ];
    for (options, expected) in settings {
        let redis = RedisServer::with_options(options);
        assert_eq!(open(&redis.url()).warnings().await.unwrap(), expected, "{options:?}");
    }
    assert_eq!(open(&shared_cluster().url()).warnings().await.unwrap(), [Forgets]);
}

#[tokio::test]
async fn a_user_who_may_not_ask_gets_an_error() {
    let redis = RedisServer::start();
    redis.command(&["ACL", "SETUSER", "default", "-info"]);
    open(&redis.url()).warnings().await.unwrap_err();
}
