//! Replacing digests, and the report of them.

use palisade_apikey::{DigestScheme, KeyRecord, KeyStore, RevocationReason, SchemeTally};

use super::sample::{
    SECOND, assert_stored, digest, digest_under, id, insert_all, noon, revocation, sample, scheme,
};

/// The new digest takes the place of the old one, which is no longer found. If the stored digest is
/// another one by now, nothing changes.
pub async fn a_digest_is_replaced_if_it_is_still_the_old_one<S: KeyStore>(store: S) {
    insert_all(&store, &[sample(1), sample(2)]).await;
    let new = digest_under("hmac-sha256+hmac-sha256$2026b,2026a", 50);

    for (n, stale) in [(1, digest(2)), (1, digest(60)), (3, digest(1))] {
        let replaced = store.replace_digest(&id(n), &stale, &new).await.expect("it answers");
        assert!(!replaced, "{n} took {stale:?} for its own");
    }
    assert_stored(&store, &sample(1)).await;

    assert!(store.replace_digest(&id(1), &digest(1), &new).await.expect("it answers"));
    assert_stored(&store, &KeyRecord { digest: new.clone(), ..sample(1) }).await;
    let old = store.find(&[digest(1)]).await.expect("it answers");
    assert!(old.is_none(), "the old digest is still found");
    let again = store.replace_digest(&id(1), &digest(1), &digest(51)).await.expect("it answers");
    assert!(!again, "a stale digest was replaced");
    assert_stored(&store, &KeyRecord { digest: new, ..sample(1) }).await;
    assert_stored(&store, &sample(2)).await;

    // The digest that was left is free again.
    insert_all(&store, &[KeyRecord { digest: digest(1), ..sample(5) }]).await;
}

/// A digest that another key has is not taken: both keys stay as they are, and are found.
pub async fn a_digest_of_another_key_is_not_taken<S: KeyStore>(store: S) {
    insert_all(&store, &[sample(1), sample(2)]).await;
    let taken = store.replace_digest(&id(1), &digest(1), &digest(2)).await;
    assert!(taken.is_err(), "two keys have one digest");
    assert_stored(&store, &sample(1)).await;
    assert_stored(&store, &sample(2)).await;
}

/// The schemes of 42 records: ten of each, and of the first one that is revoked and one that expires
/// a second after noon.
async fn forty_two(store: &impl KeyStore) -> Vec<DigestScheme> {
    let schemes =
        ["sha256", "hmac-sha256$2026a", "hmac-sha256$2026b", "hmac-sha256+hmac-sha256$2026b,2026a"];
    for n in 0..40 {
        let digest = digest_under(schemes[usize::try_from(n % 4).unwrap_or(0)], n);
        insert_all(store, &[KeyRecord { digest, ..sample(n) }]).await;
    }
    let revoked = Some(revocation(0, RevocationReason::Requested));
    let digest = digest_under(schemes[0], 40);
    insert_all(store, &[KeyRecord { digest, revoked, ..sample(40) }]).await;
    let expires = Some(noon() + SECOND);
    let digest = digest_under(schemes[0], 44);
    insert_all(store, &[KeyRecord { digest, expires, ..sample(44) }]).await;
    schemes.into_iter().map(scheme).collect()
}

/// Each scheme is counted on its own, live records apart from revoked and expired ones; a scheme
/// without records is not there. A record is expired from the moment of its expiry on.
pub async fn schemes_are_counted<S: KeyStore>(store: S) {
    assert!(store.count_schemes(noon()).await.expect("it answers").is_empty(), "an empty store");
    let schemes = forty_two(&store).await;
    for (now, live, dead) in [(noon(), 11, 1), (noon() + SECOND, 10, 2)] {
        let mut expected: Vec<SchemeTally> = schemes
            .iter()
            .zip([(live, dead), (10, 0), (10, 0), (10, 0)])
            .map(|(scheme, (live, dead))| SchemeTally { scheme: scheme.clone(), live, dead })
            .collect();
        expected.sort_unstable();
        let mut tallies = store.count_schemes(now).await.expect("the store answers");
        tallies.sort_unstable();
        assert_eq!(tallies, expected);
    }

    let to = digest_under("hmac-sha256$2026c", 0);
    let from = digest_under("sha256", 0);
    assert!(store.replace_digest(&id(0), &from, &to).await.expect("it answers"));
    let tallies = store.count_schemes(noon()).await.expect("the store answers");
    assert_eq!(tallies.len(), 5);
    for (text, live, dead) in [("sha256", 10, 1), ("hmac-sha256$2026c", 1, 0)] {
        assert!(tallies.contains(&SchemeTally { scheme: scheme(text), live, dead }), "{tallies:?}");
    }
}

/// Pages of digests are in the order of ids and hold live records of one scheme. A page can start
/// after an id that has another scheme by now, or none.
pub async fn digests_are_paged_by_scheme<S: KeyStore>(store: S) {
    let schemes = forty_two(&store).await;
    let now = noon() + SECOND;
    for (wanted, first) in schemes.iter().zip(0..) {
        for limit in [1, 3, 10, 100, usize::MAX] {
            let mut ids = Vec::new();
            loop {
                let after = ids.last();
                let page = store.digests_of(wanted, after, limit, now).await.expect("it answers");
                assert!(page.len() <= limit);
                for (id, digest) in &page {
                    let record = store.load(id).await.expect("it answers").expect("it exists");
                    assert!(digest.verify(&record.digest).is_ok(), "{id} has another digest");
                    assert_eq!(digest.scheme(), wanted);
                }
                if page.is_empty() {
                    break;
                }
                ids.extend(page.into_iter().map(|(id, _)| id));
            }
            let expected: Vec<_> = (0..40).filter(|n| n % 4 == first).map(id).collect();
            assert_eq!(ids, expected, "{wanted} in pages of {limit}");
        }
    }
    let none = store.digests_of(&schemes[0], None, 0, now).await.expect("the store answers");
    assert!(none.is_empty(), "a limit of zero yields something");
    // One moment earlier the last one is still live, and the revoked one never is.
    let after_stranger = store.digests_of(&schemes[0], Some(&id(37)), 10, noon()).await;
    let ids: Vec<_> = after_stranger.expect("it answers").into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, [id(44)]);
}
