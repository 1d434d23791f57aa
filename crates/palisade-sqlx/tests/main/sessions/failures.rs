//! A store that cannot answer says so: it never says that there is no session.

use std::error::Error;
use std::task::Poll;
use std::time::Duration;

use palisade_session::{
    EndReason, InsertError, Others, SessionId, SessionLimit, SessionRecord, SessionStore, Touch,
};
use palisade_sqlx::{SqliteOptions, SqliteSessionStore, Unstorable};
use palisade_testkit::session_store::{same_session, sample};
use sqlx::Executor;

use super::{always, begin, ended, open, signed_out};

/// Every call that writes fails, with an error of the store and no other.
async fn every_write_fails(store: &SqliteSessionStore, record: &SessionRecord) {
    let limit = SessionLimit::end_least_recently_used(9);
    let new = SessionRecord { id: "new".parse().unwrap(), ..record.clone() };
    let touch = Touch { at: record.last_seen, address: None };
    let inserted = store.insert_new(&new, limit, &always()).await;
    assert!(matches!(inserted, Err(InsertError::Store(_))), "{inserted:?}");
    let rotated = store.rotate(&record.id, &new, Others::Keep, record.created).await;
    assert!(matches!(rotated, Err(InsertError::Store(_))), "{rotated:?}");
    store.touch_if_live(&record.id, record.generation, touch).await.unwrap_err();
    store.revoke(&record.user, &record.id, signed_out()).await.unwrap_err();
    store.revoke_others(&record.user, &record.id, signed_out()).await.unwrap_err();
    store.revoke_user(&record.user, signed_out()).await.unwrap_err();
    store.revoke_everyone(signed_out()).await.unwrap_err();
    store.purge(&always(), 9).await.unwrap_err();
}

async fn every_read_fails(store: &SqliteSessionStore, record: &SessionRecord) {
    store.load(&record.id).await.unwrap_err();
    store.load(&"unknown".parse().unwrap()).await.unwrap_err();
    store.list(&record.user, &always(), 9).await.unwrap_err();
    store.generation(&record.user).await.unwrap_err();
    store.ping().await.unwrap_err();
}

async fn is_untouched(store: &SqliteSessionStore, record: &SessionRecord) {
    let stored = store.load(&record.id).await.unwrap().unwrap();
    assert_eq!(same_session(&stored.record, record), Ok(()));
    assert_eq!(stored.user_generation, record.generation);
    assert!(store.load(&"new".parse().unwrap()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_lock_is_an_error_after_the_busy_timeout() {
    let (_folder, path) = crate::new_path();
    // Made with time to spare: a busy machine is no lock.
    open(&path).await.close().await;
    let options = SqliteOptions::default().busy_timeout(Duration::from_millis(500));
    let store = SqliteSessionStore::open_with(&path, options).await.unwrap();
    let record = begin(&store, 1).await;
    let mut stranger = crate::stranger(&path).await;
    stranger.execute("BEGIN EXCLUSIVE").await.unwrap();
    every_write_fails(&store, &record).await;
    // Who reads does not wait for who writes.
    is_untouched(&store, &record).await;
    stranger.execute("COMMIT").await.unwrap();
    store.revoke(&record.user, &record.id, signed_out()).await.unwrap();
    assert_eq!(ended(&store, &record.id).await, Some(signed_out()));
}

#[tokio::test]
async fn a_full_disk_is_an_error_and_writing_goes_on_after_it() {
    let (_folder, path) = crate::new_path();
    // One connection, so that the limit holds for it.
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1);
    let pool = pool.connect_with(options).await.unwrap();
    let store = SqliteSessionStore::from_pool(pool.clone());
    store.migrate().await.unwrap();
    pool.execute("PRAGMA max_page_count = 1").await.unwrap(); // which is then the present size
    let mut n = 0;
    let error = loop {
        n += 1;
        let limit = SessionLimit::end_least_recently_used(1000);
        if let Err(error) = store.insert_new(&sample(n), limit, &always()).await {
            break error;
        }
    };
    assert!(matches!(error, InsertError::Store(_)), "{error:?}");
    for kept in 1..n {
        assert!(store.load(&sample(kept).id).await.unwrap().is_some(), "{kept}");
    }
    assert!(store.load(&sample(n).id).await.unwrap().is_none(), "half a session");
    pool.execute("PRAGMA max_page_count = 100000").await.unwrap();
    begin(&store, n).await;
    assert_eq!(store.revoke_user(&sample(1).user, signed_out()).await.unwrap(), n);
}

#[tokio::test]
async fn what_cannot_be_written_is_an_error() {
    let (_folder, path) = crate::new_path();
    let record = begin(&open(&path).await, 1).await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).read_only(true);
    let pool = sqlx::sqlite::SqlitePool::connect_with(options).await.unwrap();
    let store = SqliteSessionStore::from_pool(pool);
    store.migrate().await.unwrap_err();
    every_write_fails(&store, &record).await;
    is_untouched(&store, &record).await;
}

#[tokio::test]
async fn a_store_that_is_closed_or_broken_is_an_error() {
    let (_folder, path) = crate::new_path();
    let store = open(&path).await;
    let record = begin(&store, 1).await;
    store.close().await;
    every_write_fails(&store, &record).await;
    every_read_fails(&store, &record).await;

    // Garbage in the place of the file.
    let mut bytes = std::fs::read(&path).unwrap();
    let pages = bytes.len() / 4096;
    assert!(pages > 2);
    bytes[4096..].fill(0x5A);
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    std::fs::write(&path, bytes).unwrap();
    let pool = sqlx::sqlite::SqlitePoolOptions::new().connect_lazy_with(options);
    let store = SqliteSessionStore::from_pool(pool);
    every_read_fails(&store, &record).await;
}

/// Drops rotations at every moment of their life. Each has happened or has not, and the store goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_that_is_dropped_has_happened_or_has_not() {
    let (_folder, path) = crate::new_path();
    let mut outcomes = [0, 0];
    for store in [open(&path).await, SqliteSessionStore::in_memory().await.unwrap()] {
        for n in 0..120 {
            let old = begin(&store, n).await;
            let new = SessionRecord {
                id: format!("new_{n}").parse::<SessionId>().unwrap(),
                generation: old.generation + 1,
                ..old.clone()
            };
            let others = Others::End(EndReason::PasswordChanged);
            // Polled a number of times, then dropped.
            let mut polls = n % 12;
            let mut call = Box::pin(store.rotate(&old.id, &new, others, old.created));
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
            store.purge(&always(), 1).await.unwrap();
            let kept = store.load(&new.id).await.unwrap().is_some();
            let moved = store.generation(&old.user).await.unwrap() > old.generation;
            let replaced = ended(&store, &old.id).await.is_some();
            assert_eq!((kept, kept), (moved, replaced), "half a rotation");
            if let Some(answer) = answer {
                answer.unwrap();
                assert!(kept, "it was answered");
            }
            outcomes[usize::from(kept)] += 1;
        }
    }
    assert!(outcomes.iter().all(|count| *count > 0), "all went one way: {outcomes:?}");
}

#[tokio::test]
async fn a_record_that_cannot_be_stored_exactly_is_refused() {
    let store = SqliteSessionStore::in_memory().await.unwrap();
    let record = begin(&store, 1).await;
    let finer = record.created + Duration::from_nanos(1);
    let new = SessionRecord { id: "new".parse().unwrap(), ..record.clone() };
    let factor = palisade_session::Factor::Totp;
    let far = std::time::UNIX_EPOCH + Duration::from_micros(253_402_300_800_000_001);
    let cases = [
        ("created_at", SessionRecord { created: finer, ..new.clone() }),
        ("last_seen_at", SessionRecord { last_seen: far, ..new.clone() }),
        ("factors", SessionRecord { factors: record.factors.with(factor, finer), ..new.clone() }),
        ("factors", SessionRecord { factors: record.factors.with(factor, far), ..new.clone() }),
    ];
    for (column, unstorable) in cases {
        let limit = SessionLimit::end_least_recently_used(1);
        let inserted = store.insert_new(&unstorable, limit, &always()).await.map(drop);
        let rotated = store.rotate(&record.id, &unstorable, Others::Keep, finer).await.map(drop);
        for refused in [inserted, rotated] {
            let Err(InsertError::Store(error)) = refused else { panic!("{refused:?}") };
            let cause = error.source().unwrap().downcast_ref::<Unstorable>().unwrap();
            assert_eq!(cause.column, column);
        }
        is_untouched(&store, &record).await;
    }
}

/// An ending or a use under a clock that is wrong is still one.
#[tokio::test]
async fn a_wrong_clock_loses_neither_an_ending_nor_a_use() {
    let store = SqliteSessionStore::in_memory().await.unwrap();
    let record = begin(&store, 1).await;
    for at in [std::time::UNIX_EPOCH + Duration::from_micros(u64::MAX), std::time::UNIX_EPOCH] {
        let touch = Touch { at, address: None };
        store.touch_if_live(&record.id, record.generation, touch).await.unwrap();
        let ending = palisade_session::Ending { at, reason: EndReason::SignedOut };
        assert!(store.revoke(&record.user, &record.id, ending).await.unwrap().is_some());
        assert!(ended(&store, &record.id).await.is_some());
    }
}
