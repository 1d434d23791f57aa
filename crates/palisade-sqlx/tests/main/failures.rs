//! Calls that are dropped half-way, locks, and a store that is down.

use std::error::Error;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use palisade_apikey::{KeyRecord, KeyStore, Retirement, Revocation, RevocationReason, Usage};
use palisade_sqlx::{SqliteKeyStore, SqliteOptions, Unstorable};
use palisade_testkit::key_store::{same_record, sample};
use sqlx::Executor;

/// Drops rotations at every moment of their life. Each has happened or has not, and the store goes
/// on.
#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_that_is_dropped_has_happened_or_has_not() {
    let (_folder, path) = crate::new_path();
    let mut outcomes = [0, 0];
    for store in [crate::open(&path).await, SqliteKeyStore::in_memory().await.unwrap()] {
        for n in 0..120 {
            let old = sample(n);
            store.insert_new(&old).await.unwrap();
            let new = KeyRecord { replaces: Some(old.id.clone()), ..sample(10_000 + n) };
            let retire = Retirement::ExpireBy(old.created);
            let call = store.rotate(&new, retire, old.created);
            // Polled a number of times, then dropped.
            let mut polls = n % 12;
            let mut call = Box::pin(call);
            let answer = std::future::poll_fn(|context| {
                if polls == 0 {
                    return Poll::Ready(None);
                }
                polls -= 1;
                call.as_mut().poll(context).map(Some)
            })
            .await;
            drop(call);

            // On a call that is still at work behind us, this one waits.
            store.insert_new(&sample(20_000 + n)).await.unwrap();
            let kept = store.load(&new.id).await.unwrap();
            let end = store.load(&old.id).await.unwrap().unwrap();
            assert_eq!(kept.is_some(), end.replaced_by.is_some(), "half a rotation");
            assert_eq!(kept.is_some(), end.expires.is_some(), "half a rotation");
            if let Some(answer) = answer {
                answer.unwrap();
                assert!(kept.is_some(), "it was acknowledged");
            }
            outcomes[usize::from(kept.is_some())] += 1;
        }
    }
    assert!(outcomes.iter().all(|count| *count > 0), "all went one way: {outcomes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_dropped_is_written_whole_or_not_at_all() {
    let (_folder, path) = crate::new_path();
    let store = Arc::new(crate::open(&path).await);
    let batch: Vec<Usage> = (0..100)
        .map(|n| Usage { id: sample(n).id, count: 1, last_used: sample(n).created })
        .collect();
    for n in 0..100 {
        store.insert_new(&sample(n)).await.unwrap();
    }
    for micros in (0..4000).step_by(100) {
        let _ = tokio::time::timeout(Duration::from_micros(micros), store.add_usage(&batch)).await;
    }
    store.add_usage(&batch).await.unwrap();
    let first = store.load(&batch[0].id).await.unwrap().unwrap().use_count;
    for usage in &batch {
        let count = store.load(&usage.id).await.unwrap().unwrap().use_count;
        assert_eq!(count, first, "{} has another count", usage.id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_an_error_after_the_busy_timeout() {
    let (_folder, path) = crate::new_path();
    let options = SqliteOptions::default().busy_timeout(Duration::from_millis(200));
    let store = SqliteKeyStore::open_with(&path, options).await.unwrap();
    store.insert_new(&sample(1)).await.unwrap();
    let mut stranger = crate::stranger(&path).await;
    stranger.execute("BEGIN EXCLUSIVE").await.unwrap();

    let start = Instant::now();
    let leaked = Revocation { at: sample(1).created, reason: RevocationReason::Leaked };
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let store = store.clone();
        calls.spawn(async move { store.revoke(&sample(1).id, leaked).await });
    }
    while let Some(result) = calls.join_next().await {
        assert!(result.unwrap().is_err(), "the database is locked");
    }
    let waited = start.elapsed();
    assert!(waited >= Duration::from_millis(150), "{waited:?}");
    assert!(waited < Duration::from_secs(3), "{waited:?}");
    // Who reads does not wait for who writes.
    assert!(store.find(&[sample(1).digest]).await.unwrap().is_some());
    store.ping().await.unwrap();

    stranger.execute("COMMIT").await.unwrap();
    assert_eq!(store.revoke(&sample(1).id, leaked).await.unwrap(), Some(leaked));
}

#[tokio::test]
async fn a_record_that_cannot_be_stored_exactly_is_refused() {
    let store = SqliteKeyStore::in_memory().await.unwrap();
    let record = sample(1);
    let finer = record.created + Duration::from_nanos(1);
    let cases = [
        ("created_at", KeyRecord { created: finer, ..record.clone() }),
        ("expires_at", KeyRecord { expires: Some(finer), ..record.clone() }),
        (
            "scopes",
            KeyRecord {
                scopes: (0..65).map(|n| format!("read:{n}").parse().unwrap()).collect(),
                ..record.clone()
            },
        ),
    ];
    for (column, unstorable) in cases {
        let error = store.insert_new(&unstorable).await.unwrap_err();
        let palisade_apikey::InsertError::Store(error) = error else { panic!("{error:?}") };
        let cause = error.source().unwrap().downcast_ref::<Unstorable>().unwrap();
        assert_eq!(cause.column, column);
    }
    assert!(store.load(&record.id).await.unwrap().is_none());
}

/// A revocation or a use under a clock that is wrong is still one.
#[tokio::test]
async fn a_wrong_clock_loses_neither_a_revocation_nor_a_use() {
    let store = SqliteKeyStore::in_memory().await.unwrap();
    let (record, other) = (sample(1), sample(2));
    store.insert_new(&record).await.unwrap();
    store.insert_new(&other).await.unwrap();
    let far = std::time::UNIX_EPOCH + Duration::from_micros(u64::MAX);
    let usage = |id: &palisade_apikey::ApiKeyId| Usage { id: id.clone(), count: 1, last_used: far };
    store.add_usage(&[usage(&record.id), usage(&other.id)]).await.unwrap();
    let revocation = Revocation { at: far, reason: RevocationReason::Leaked };
    let standing = store.revoke(&record.id, revocation).await.unwrap().unwrap();
    let stored = store.load(&record.id).await.unwrap().unwrap();
    assert_eq!((stored.use_count, stored.revoked), (1, Some(standing)));
    assert!(same_record(&store.load(&other.id).await.unwrap().unwrap(), &other).is_err());
}

/// Two keys with one digest cannot be chance, so the service hears of it.
#[tokio::test]
async fn a_digest_that_is_taken_is_an_error_and_changes_nothing() {
    let store = SqliteKeyStore::in_memory().await.unwrap();
    let (a, b) = (sample(1), sample(2));
    store.insert_new(&a).await.unwrap();
    store.insert_new(&b).await.unwrap();
    store.replace_digest(&a.id, &a.digest, &b.digest).await.unwrap_err();
    for record in [a, b] {
        let found = store.find(std::slice::from_ref(&record.digest)).await.unwrap().unwrap();
        assert_eq!(same_record(&found, &record), Ok(()));
    }
}
