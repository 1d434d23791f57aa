//! Two handles on one file, as two processes have, with two threads each.

use std::sync::Arc;
use std::time::Duration;

use palisade_apikey::{
    KeyRecord, KeyStore, Retirement, Revocation, RevocationReason, Rotation, Usage,
};
use palisade_sqlx::SqliteKeyStore;
use palisade_testkit::key_store::sample;
use tokio::sync::Barrier;

const ROUNDS: u64 = 25;

/// Runs the call on both handles at the same moment.
async fn race<T, F>(
    handles: &[SqliteKeyStore; 2],
    call: impl Fn(SqliteKeyStore, usize) -> F,
) -> [T; 2]
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(Barrier::new(2));
    let tasks = [0, 1].map(|n| {
        let (start, call) = (Arc::clone(&start), call(handles[n].clone(), n));
        tokio::spawn(async move {
            start.wait().await;
            call.await
        })
    });
    let [a, b] = tasks;
    [a.await.unwrap(), b.await.unwrap()]
}

async fn two_handles(path: &std::path::Path) -> [SqliteKeyStore; 2] {
    [crate::open(path).await, crate::open(path).await]
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_rotations_one_is_done() {
    let (_folder, path) = crate::new_path();
    let handles = two_handles(&path).await;
    for round in 0..ROUNDS {
        let old = sample(round);
        handles[0].insert_new(&old).await.unwrap();
        let successors =
            [1000, 2000].map(|n| KeyRecord { replaces: Some(old.id.clone()), ..sample(n + round) });
        let now = old.created;
        let rotations = race(&handles, |store, n| {
            let new = successors[n].clone();
            let retire = Retirement::ExpireBy(now + Duration::from_secs(1));
            async move { store.rotate(&new, retire, now).await.unwrap() }
        })
        .await;
        let done = rotations.iter().filter(|rotation| **rotation == Rotation::Done).count();
        assert_eq!(done, 1, "{rotations:?}");
        for (rotation, new) in rotations.iter().zip(&successors) {
            let kept = handles[1].load(&new.id).await.unwrap().is_some();
            assert_eq!(kept, *rotation == Rotation::Done);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_revocations_agree() {
    let (_folder, path) = crate::new_path();
    let handles = two_handles(&path).await;
    for round in 0..ROUNDS {
        let record = sample(round);
        handles[0].insert_new(&record).await.unwrap();
        let reasons = [RevocationReason::Leaked, RevocationReason::Requested];
        let [a, b] = race(&handles, |store, n| {
            let (id, revocation) =
                (record.id.clone(), Revocation { at: record.created, reason: reasons[n] });
            async move { store.revoke(&id, revocation).await.unwrap() }
        })
        .await;
        assert_eq!(a, b);
        let standing = handles[0].load(&record.id).await.unwrap().unwrap().revoked;
        assert!(standing.is_some() && standing == a);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_outlives_a_rotation_at_the_same_moment() {
    let (_folder, path) = crate::new_path();
    let handles = two_handles(&path).await;
    for round in 0..ROUNDS {
        let old = sample(round);
        handles[0].insert_new(&old).await.unwrap();
        let new = KeyRecord { replaces: Some(old.id.clone()), ..sample(1000 + round) };
        let now = old.created;
        let [rotation, _] = race(&handles, |store, n| {
            let (id, new) = (old.id.clone(), new.clone());
            async move {
                if n == 0 {
                    let retire = Retirement::ExpireBy(now + Duration::from_secs(1));
                    return Some(store.rotate(&new, retire, now).await.unwrap());
                }
                let requested = Revocation { at: now, reason: RevocationReason::Requested };
                assert_eq!(store.revoke(&id, requested).await.unwrap(), Some(requested));
                None
            }
        })
        .await;
        for store in &handles {
            let end = store.load(&old.id).await.unwrap().unwrap();
            assert!(end.revoked.is_some());
            let done = rotation == Some(Rotation::Done);
            assert_eq!(end.replaced_by.is_some(), done);
            assert_eq!(store.load(&new.id).await.unwrap().is_some(), done);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_from_both_adds_up() {
    let (_folder, path) = crate::new_path();
    let handles = two_handles(&path).await;
    handles[0].insert_new(&sample(1)).await.unwrap();
    handles[0].insert_new(&sample(2)).await.unwrap();
    race(&handles, |store, n| async move {
        for _ in 0..100 {
            let mut batch = [1, 2].map(|key| Usage {
                id: sample(key).id,
                count: key,
                last_used: sample(key).created,
            });
            if n == 0 {
                batch.reverse();
            }
            store.add_usage(&batch).await.unwrap();
        }
    })
    .await;
    for n in [1, 2] {
        let record = handles[n % 2].load(&sample(n as u64).id).await.unwrap().unwrap();
        assert_eq!(record.use_count, 200 * n as u64);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_writes_the_other_reads_at_once() {
    let (_folder, path) = crate::new_path();
    let [a, b] = two_handles(&path).await;
    for round in 0..ROUNDS {
        let record = sample(round);
        a.insert_new(&record).await.unwrap();
        assert!(b.load(&record.id).await.unwrap().is_some());
        let leaked = Revocation { at: record.created, reason: RevocationReason::Leaked };
        b.revoke(&record.id, leaked).await.unwrap();
        let found = a.find(&[record.digest]).await.unwrap().unwrap();
        assert_eq!(found.revoked, Some(leaked));
    }
}
