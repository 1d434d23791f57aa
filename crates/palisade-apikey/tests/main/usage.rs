use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use palisade_apikey::Policy;

use crate::support::{SECOND, account, issue, new_key, owner, service, start, uncached};

#[tokio::test]
async fn many_uses_are_one_write() {
    let keys = service(&["a"], Policy::default().usage_interval(60 * SECOND));
    let (key, record) = issue(&keys, new_key(&account())).await;
    for second in 0..59 {
        let now = start() + Duration::from_secs(second);
        keys.authenticate(&key, now).await.unwrap();
        keys.flush_if_due(now).await.unwrap();
    }
    // The first call is due at once; the rest waits for the interval.
    assert_eq!(keys.store().usage_writes.load(Ordering::SeqCst), 1);
    assert_eq!(keys.flush_if_due(start() + 60 * SECOND).await.unwrap().used, 1);
    assert_eq!(keys.store().usage_writes.load(Ordering::SeqCst), 2);
    let stored = keys.load(&owner(), &record.id).await.unwrap();
    assert_eq!((stored.use_count, stored.last_used), (59, Some(start() + 58 * SECOND)));
}

#[tokio::test]
async fn a_refused_key_is_not_a_use() {
    let keys = service(&["a"], Policy::default());
    let (key, _) = issue(&keys, new_key(&account()).expires_at(start() + SECOND)).await;
    assert!(keys.authenticate(&key, start() + SECOND).await.is_err());
    assert_eq!(keys.flush().await.unwrap().used, 0);
}

#[tokio::test]
async fn a_clock_that_steps_back_does_not_move_last_used() {
    let keys = service(&["a"], Policy::default());
    let (key, record) = issue(&keys, new_key(&account())).await;
    for now in [start(), start() - 60 * SECOND] {
        keys.authenticate(&key, now).await.unwrap();
        keys.flush().await.unwrap();
    }
    let stored = keys.load(&owner(), &record.id).await.unwrap();
    assert_eq!((stored.use_count, stored.last_used), (2, Some(start())));
    // Nor does it keep uses from being written.
    keys.flush_if_due(start()).await.unwrap();
    keys.authenticate(&key, start()).await.unwrap();
    assert_eq!(keys.flush_if_due(start() - 3_600 * SECOND).await.unwrap().used, 1);
}

#[tokio::test]
async fn a_clock_past_the_calendar_does_not_spoil_the_flush() {
    let keys = service(&["a"], Policy::default());
    let (key, record) = issue(&keys, new_key(&account())).await;
    keys.authenticate(&key, start() + Duration::from_hours(90_000_000)).await.unwrap();
    keys.flush().await.unwrap();
    let last_used = keys.load(&owner(), &record.id).await.unwrap().last_used.unwrap();
    let last_second = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    assert_eq!(last_used, last_second);
}

#[tokio::test]
async fn a_flush_that_fails_keeps_the_uses() {
    let keys = service(&["a"], Policy::default());
    let mut records = Vec::new();
    for _ in 0..1_200 {
        let (key, record) = issue(&keys, new_key(&account())).await;
        keys.authenticate(&key, start()).await.unwrap();
        records.push(record);
    }
    keys.store().set_down(true);
    assert!(keys.flush_if_due(start()).await.is_err());
    assert!(keys.flush_if_due(start()).await.is_err(), "it is tried again at once");
    keys.store().set_down(false);
    assert_eq!(keys.flush().await.unwrap().used, 1_200);
    assert_eq!(keys.flush().await.unwrap().used, 0);
    for record in records {
        assert_eq!(keys.load(&owner(), &record.id).await.unwrap().use_count, 1);
    }
}

/// A flush that is dropped half way, as by a timeout, gives back what it had not written.
#[tokio::test]
async fn a_flush_that_is_given_up_keeps_the_uses() {
    let keys = service(&["a"], Policy::default());
    let (key, record) = issue(&keys, new_key(&account())).await;
    keys.authenticate(&key, start()).await.unwrap();
    {
        let mut flush = std::pin::pin!(keys.flush());
        // Polled once: the uses are taken, and the store has not written them.
        let polled = std::future::poll_fn(|context| {
            std::task::Poll::Ready(flush.as_mut().poll(context).is_pending())
        });
        assert!(polled.await);
    }
    assert_eq!(keys.flush().await.unwrap().used, 1);
    assert_eq!(keys.load(&owner(), &record.id).await.unwrap().use_count, 1);
}

/// A flush that finds a counter which nobody holds any more takes its last use with it.
#[test]
fn no_use_is_lost_beside_a_flush_that_never_rests() {
    const USES: u64 = 60_000;
    let keys = service(&["a"], uncached());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (key, record) = runtime.block_on(issue(&keys, new_key(&account())));
    std::thread::scope(|scope| {
        let users = [(); 2].map(|()| {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(async {
                    for _ in 0..USES {
                        keys.authenticate(&key, start()).await.unwrap();
                    }
                });
            })
        });
        while users.iter().any(|user| !user.is_finished()) {
            runtime.block_on(keys.flush()).unwrap();
        }
    });
    runtime.block_on(keys.flush()).unwrap();
    let stored = runtime.block_on(keys.load(&owner(), &record.id)).unwrap();
    assert_eq!(stored.use_count, 2 * USES);
}

/// A known mistake: counts from many tasks, flushed while they run, add up to the last one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_use_is_lost() {
    for policy in [Policy::default(), uncached(), Policy::default().cached_keys(32)] {
        let keys = Arc::new(service(&["a"], policy));
        let mut issued = Vec::new();
        for _ in 0..40 {
            issued.push(issue(&keys, new_key(&account())).await);
        }
        let issued = Arc::new(issued);
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let (keys, issued) = (keys.clone(), issued.clone());
                tokio::spawn(async move {
                    for round in 0..50 {
                        for (key, _) in issued.iter() {
                            keys.authenticate(key, start()).await.unwrap();
                        }
                        if round % 7 == 0 {
                            keys.flush().await.unwrap();
                            keys.forget_cached();
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        keys.flush().await.unwrap();
        for (_, record) in issued.iter() {
            assert_eq!(keys.load(&owner(), &record.id).await.unwrap().use_count, 8 * 50);
        }
    }
}
