//! The feed between the caches of two processes.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use palisade_apikey::{
    ApiKeys, DigestRing, Formats, KeyFormat, MaxStaleness, MemoryStore, NewKey, Policy,
    RevocationReason,
};
use palisade_redis::{Notice, Revocation, RevocationFeed};
use palisade_secret::{Keyring, MacKey, SecretBytes};

use palisade_testkit::servers::{shared_cluster, shared_redis};

use crate::support::{eventually, fresh_namespace, open};

#[tokio::test]
async fn a_key_that_one_process_revokes_the_other_refuses() {
    for url in [shared_redis().url(), shared_cluster().url()] {
        let namespace = fresh_namespace();
        let format = KeyFormat::new("acme_live").unwrap();

        let store = MemoryStore::new();
        let process = || {
            let pepper = MacKey::new(
                SecretBytes::from_bytes((0..32_u8).map(|n| n.wrapping_mul(197) ^ 0x5a).collect())
                    .unwrap(),
            )
            .unwrap();
            let staleness = MaxStaleness::at_most(Duration::from_mins(1)).unwrap();
            let keys = ApiKeys::new(
                Formats::new([format.clone()]).unwrap(),
                DigestRing::new(Keyring::new("1".parse().unwrap(), pepper)),
                store.clone(),
                Policy::default().staleness(staleness),
            );
            (Arc::new(keys), RevocationFeed::new(open(&url), namespace.clone()))
        };
        let (one, its_feed) = process();
        let (other, other_feed) = process();
        // The first announcement of all is `Everything`.
        its_feed.announce(&Revocation::Everything).await.unwrap();
        let cache = Arc::clone(&other);
        let following = other_feed
            .follow(move |notice| match notice {
                Notice::Everything | Notice::Revoked(Revocation::Key(_)) => cache.forget_cached(),
                _ => {}
            })
            .await;
        assert!(following.is_connected());

        // The clock of the keys stands still, so that no cache grows too old.
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
        let owner = "org_1".parse().unwrap();
        let new = NewKey::new(
            "org_1".parse().unwrap(),
            &format,
            "k".parse().unwrap(),
            "read".parse().unwrap(),
        );
        let issued = one.issue(new, now).await.unwrap();
        let text = issued.key.reveal();
        for _ in 0..3 {
            other.authenticate(&text, now).await.unwrap();
        }

        one.revoke(&owner, &issued.record.id, RevocationReason::Leaked, now).await.unwrap();
        // Without the feed the other one goes on with what it has cached.
        other.authenticate(&text, now).await.unwrap();
        let id = issued.record.id.as_str().parse().unwrap();
        its_feed.announce(&Revocation::Key(id)).await.unwrap();
        eventually("the other process refuses the key", async || {
            other.authenticate(&text, now).await.is_err()
        })
        .await;
    }
}
