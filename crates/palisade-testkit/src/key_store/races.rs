//! Calls at once, on several threads, have to end as if one had come after the other.

use std::sync::Arc;

use palisade_apikey::{
    InsertError, KeyRecord, KeyStore, Retirement, Revocation, RevocationReason, Rotation,
};

use crate::at_once::at_once;

use super::sample::{
    MICROSECOND, SECOND, assert_stored, digest, id, insert_all, load, noon, revocation, sample,
    successor, usage,
};

/// How many calls race.
const CALLS: u32 = 8;
/// How often each race is run.
const ROUNDS: u64 = 12;

/// Many rotations of one key: one is done, and its successor is the only one.
pub async fn one_of_many_rotations_wins<S: KeyStore + 'static>(store: S) {
    let store = Arc::new(store);
    for round in 0..ROUNDS {
        let old = sample(round);
        insert_all(&*store, std::slice::from_ref(&old)).await;
        let successors: Vec<KeyRecord> =
            (0..u64::from(CALLS)).map(|n| successor(1000 + 100 * round + n, &old)).collect();
        let rotations =
            at_once(
                successors.iter().cloned().map(|new| {
                    let store = Arc::clone(&store);
                    async move {
                        store.rotate(&new, Retirement::ExpireBy(noon() + SECOND), noon()).await
                    }
                }),
            )
            .await;

        let mut done = 0;
        for (new, rotation) in successors.iter().zip(rotations) {
            let stored = store.load(&new.id).await.expect("it answers").is_some();
            match rotation.expect("the successors are new") {
                Rotation::Done => {
                    done += 1;
                    assert!(stored, "the successor that won is not there");
                    assert_eq!(load(&*store, round).await.replaced_by.as_ref(), Some(&new.id));
                }
                Rotation::Refused => assert!(!stored, "a successor that lost is there"),
            }
        }
        assert_eq!(done, 1, "of {CALLS} rotations at once");
    }
}

/// A rotation and a revocation of one key: the key ends revoked, and the successor is there exactly
/// if the rotation was done.
pub async fn rotation_and_revocation_end_in_one_order<S: KeyStore + 'static>(store: S) {
    let store = Arc::new(store);
    for round in 0..ROUNDS * 2 {
        let old = sample(round);
        let new = successor(1000 + round, &old);
        insert_all(&*store, std::slice::from_ref(&old)).await;
        let requested = revocation(0, RevocationReason::Requested);
        // The one that is started first tends to come first.
        let revoke_first = round % 2 == 0;
        let rotations = at_once([revoke_first, !revoke_first].map(|revoke| {
            let (store, new, id) = (Arc::clone(&store), new.clone(), old.id.clone());
            async move {
                if revoke {
                    let standing = store.revoke(&id, requested).await.expect("it answers");
                    assert_eq!(standing, Some(requested));
                    return None;
                }
                let overlap = Retirement::ExpireBy(noon() + SECOND);
                Some(store.rotate(&new, overlap, noon()).await.expect("the successor is new"))
            }
        }))
        .await;

        let end = load(&*store, round).await;
        assert_eq!(end.revoked, Some(requested), "the revocation was lost");
        let stored = store.load(&new.id).await.expect("it answers").is_some();
        if rotations.contains(&Some(Rotation::Done)) {
            assert!(stored, "the rotation was done and left no successor");
            assert_eq!(end.replaced_by, Some(new.id));
            assert_eq!(end.expires, Some(noon() + SECOND));
        } else {
            assert!(!stored, "the rotation was refused and left a successor");
            assert_eq!((end.replaced_by, end.expires), (None, None));
        }
    }
}

/// Many revocations of one key: all return the same one, and it is the one that is stored.
pub async fn all_revocations_at_once_agree<S: KeyStore + 'static>(store: S) {
    let store = Arc::new(store);
    for round in 0..ROUNDS {
        insert_all(&*store, &[sample(round)]).await;
        let standing = at_once((0..CALLS).map(|n| {
            let store = Arc::clone(&store);
            let reason =
                if n % 2 == 0 { RevocationReason::Leaked } else { RevocationReason::Requested };
            let mine = Revocation { at: noon() + MICROSECOND * n, reason };
            async move { store.revoke(&id(round), mine).await.expect("the store answers") }
        }))
        .await;
        let stored = load(&*store, round).await.revoked;
        assert!(stored.is_some());
        assert!(standing.iter().all(|standing| *standing == stored), "{standing:?}, {stored:?}");
    }
}

/// Batches from many callers: every use is counted, and the latest time stands.
pub async fn usage_at_once_adds_up<S: KeyStore + 'static>(store: S) {
    const BATCHES: u32 = 20;
    let store = Arc::new(store);
    insert_all(&*store, &[sample(1), sample(2)]).await;
    at_once((0..CALLS).map(|caller| {
        let store = Arc::clone(&store);
        async move {
            for n in 0..BATCHES {
                let at = noon() + MICROSECOND * (caller * BATCHES + n);
                // In both orders, which makes stores that lock row by row wait for each other.
                let mut batch = [usage(1, 1, at), usage(2, 2, at)];
                if caller % 2 == 0 {
                    batch.reverse();
                }
                store.add_usage(&batch).await.expect("the store answers");
            }
        }
    }))
    .await;
    for (n, each) in [(1, 1), (2, 2)] {
        let record = load(&*store, n).await;
        assert_eq!(record.use_count, each * u64::from(CALLS * BATCHES), "uses were lost");
        assert_eq!(record.last_used, Some(noon() + MICROSECOND * (CALLS * BATCHES - 1)));
    }
}

/// Usage, a new name, a new digest and a revocation of one key: all four are there in the end.
pub async fn changes_of_different_fields_do_not_meet<S: KeyStore + 'static>(store: S) {
    #[derive(Clone, Copy)]
    enum Change {
        Use,
        Rename,
        Digest,
        Revoke,
    }

    let store = Arc::new(store);
    for round in 0..ROUNDS {
        insert_all(&*store, &[sample(round)]).await;
        let leaked = revocation(0, RevocationReason::Leaked);
        let changes =
            [Change::Use, Change::Rename, Change::Use, Change::Digest, Change::Use, Change::Revoke];
        at_once(changes.map(|change| {
            let store = Arc::clone(&store);
            let id = id(round);
            async move {
                match change {
                    Change::Use => {
                        let batch = [usage(round, 5, noon())];
                        store.add_usage(&batch).await.expect("the store answers");
                    }
                    Change::Rename => {
                        let name = "renamed".parse().expect("a name");
                        assert!(store.rename(&id, &name).await.expect("the store answers"));
                    }
                    Change::Digest => {
                        let (from, to) = (digest(round), digest(1000 + round));
                        let done = store.replace_digest(&id, &from, &to).await;
                        assert!(done.expect("the store answers"));
                    }
                    Change::Revoke => {
                        let standing = store.revoke(&id, leaked).await.expect("it answers");
                        assert_eq!(standing, Some(leaked));
                    }
                }
            }
        }))
        .await;
        let expected = KeyRecord {
            name: "renamed".parse().expect("a name"),
            digest: digest(1000 + round),
            last_used: Some(noon()),
            use_count: 15,
            revoked: Some(leaked),
            ..sample(round)
        };
        assert_stored(&*store, &expected).await;
    }
}

/// Many replacements of one digest: one is done, and its digest is the only one that is found.
pub async fn one_of_many_new_digests_wins<S: KeyStore + 'static>(store: S) {
    let store = Arc::new(store);
    for round in 0..ROUNDS {
        insert_all(&*store, &[sample(round)]).await;
        let number = |n: u32| 1000 + 100 * round + u64::from(n);
        let replaced = at_once((0..CALLS).map(|n| {
            let store = Arc::clone(&store);
            let to = digest(number(n));
            async move {
                let done = store.replace_digest(&id(round), &digest(round), &to).await;
                done.expect("the store answers")
            }
        }))
        .await;
        assert_eq!(replaced.iter().filter(|done| **done).count(), 1, "{replaced:?}");
        for (done, n) in replaced.iter().zip(0..) {
            let found = store.find(&[digest(number(n))]).await.expect("it answers");
            assert_eq!(found.is_some(), *done, "the digest of call {n}");
        }
    }
}

/// Many records with one digest: one is kept.
pub async fn one_of_many_inserts_wins<S: KeyStore + 'static>(store: S) {
    let store = Arc::new(store);
    for round in 0..ROUNDS {
        let number = |n: u32| 1000 + 100 * round + u64::from(n);
        let inserted = at_once((0..CALLS).map(|n| {
            let store = Arc::clone(&store);
            let record = KeyRecord { digest: digest(round), ..sample(number(n)) };
            async move {
                match store.insert_new(&record).await {
                    Ok(()) => true,
                    Err(InsertError::Duplicate) => false,
                    Err(other) => panic!("neither kept nor refused: {other:?}"),
                }
            }
        }))
        .await;
        assert_eq!(inserted.iter().filter(|done| **done).count(), 1, "{inserted:?}");
        for (done, n) in inserted.iter().zip(0..) {
            let stored = store.load(&id(number(n))).await.expect("it answers").is_some();
            assert_eq!(stored, *done, "the record of call {n}");
        }
    }
}
