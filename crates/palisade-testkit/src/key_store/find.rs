//! Finding a record by its digest.

use std::sync::Arc;

use palisade_apikey::{KeyDigest, KeyRecord, KeyStore, RevocationReason};

use super::sample::{assert_same, digest, digest_under, id, insert_all, revocation, sample};

/// A digest that differs in one bit, at any of its bytes, is not found.
pub async fn find_compares_every_byte<S: KeyStore>(store: S) {
    let record = sample(1);
    insert_all(&store, std::slice::from_ref(&record)).await;
    for byte in 0..32 {
        for flip in [0x01, 0x80, 0xFF] {
            let mut bytes = *record.digest.as_bytes();
            bytes[byte] ^= flip;
            let other = KeyDigest::from_parts(record.digest.scheme().clone(), bytes);
            let found = store.find(&[other]).await.expect("the store answers");
            assert!(found.is_none(), "byte {byte} may differ by {flip:#x}");
        }
    }
}

/// Should two records of one key be stored, the revoked one is found, in whatever order the candidates
/// stand: no second record revives a key.
pub async fn find_prefers_a_revoked_record<S: KeyStore>(store: S) {
    let revoked = Some(revocation(0, RevocationReason::Leaked));
    insert_all(&store, &[sample(1), KeyRecord { revoked, ..sample(2) }, sample(3)]).await;
    for candidates in [[1, 2, 3], [3, 2, 1], [2, 1, 3], [1, 3, 2]] {
        let found = store.find(&candidates.map(digest)).await.expect("the store answers");
        assert_eq!(found.expect("one is stored").id, id(2));
    }
}

/// None, one, several and hundreds of candidates, with the stored one at any place.
pub async fn find_takes_any_number_of_candidates<S: KeyStore>(store: S) {
    insert_all(&store, &[sample(1), sample(2)]).await;
    assert!(store.find(&[]).await.expect("the store answers").is_none(), "none finds nothing");

    for count in [1, 2, 4, 9, 300] {
        let strangers: Vec<KeyDigest> = (1000..1000 + count).map(digest).collect();
        let found = store.find(&strangers).await.expect("the store answers");
        assert!(found.is_none(), "{count} strangers find something");

        for place in [0, strangers.len() / 2, strangers.len() - 1] {
            let mut candidates = strangers.clone();
            candidates[place] = digest(2);
            let found = store.find(&candidates).await.expect("the store answers");
            let found = found.unwrap_or_else(|| panic!("not found at {place} of {count}"));
            assert_same(&found, &sample(2));
        }
    }

    // A store looks for bytes; the scheme is compared by who asks.
    let found = store.find(&[digest_under("sha256", 1)]).await.expect("the store answers");
    assert_eq!(found.map(|record| record.id), Some(id(1)), "the scheme is not looked for");
}

/// While a digest is replaced by another, a caller with both candidates always finds the record. A
/// store that looks for one after the other, each in its own moment, can miss it.
pub async fn find_never_misses_a_digest_that_is_being_replaced<S: KeyStore + 'static>(store: S) {
    let store = Arc::new(store);
    insert_all(&*store, &[sample(1)]).await;
    // In this order, the replacement moves the record behind the back of a naive search.
    let candidates = [digest(1001), digest(1)];

    let reader = {
        let (store, candidates) = (Arc::clone(&store), candidates.clone());
        tokio::spawn(async move {
            for _ in 0..200 {
                let found = store.find(&candidates).await.expect("the store answers");
                assert!(found.is_some(), "the record was missed while its digest was replaced");
                tokio::task::yield_now().await;
            }
        })
    };
    let [mut from, mut to] = [candidates[1].clone(), candidates[0].clone()];
    while !reader.is_finished() {
        let replaced = store.replace_digest(&id(1), &from, &to).await.expect("the store answers");
        assert!(replaced, "nobody else replaces it");
        std::mem::swap(&mut from, &mut to);
        tokio::task::yield_now().await;
    }
    reader.await.expect("every search found the record");
}
