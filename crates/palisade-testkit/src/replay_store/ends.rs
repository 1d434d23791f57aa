//! Until when a key is remembered.

use std::time::{Duration, SystemTime};

use palisade_webhook::{Inserted, ReplayStore};

use super::sample::{insert, key, noon, remove, replay_keys};

/// A key is there in the second before its end, and absent in the second of it.
pub async fn a_key_is_absent_from_its_end_on<S: ReplayStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    for (n, key) in (1..).zip(replay_keys(5)) {
        assert_eq!(insert(&store, &key, n * 100, 0).await, Inserted::New);
        assert_eq!(insert(&store, &key, n * 100, n * 100 - 1).await, Inserted::Present);
        assert_eq!(insert(&store, &key, n * 100 + 50, n * 100).await, Inserted::New);
    }
}

/// A key whose end has come gets the new end, even an earlier one than a later call would give.
pub async fn expired_keys_are_remembered_anew<S: ReplayStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let key = key();
    for round in 0..10 {
        let start = round * 10;
        assert_eq!(insert(&store, &key, start + 10, start).await, Inserted::New);
        assert_eq!(insert(&store, &key, start + 10, start + 9).await, Inserted::Present);
    }
    // The end of a key that is already over when it comes.
    assert_eq!(insert(&store, &key, 100, 100).await, Inserted::New);
    assert_eq!(insert(&store, &key, 100, 100).await, Inserted::New);
}

/// The same message, signed anew, can be replayed for longer, and is remembered for longer.
pub async fn a_later_end_counts<S: ReplayStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let key = key();
    assert_eq!(insert(&store, &key, 10, 0).await, Inserted::New);
    for end in [20, 30, 1_000_000] {
        assert_eq!(insert(&store, &key, end, 9).await, Inserted::Present);
        assert_eq!(insert(&store, &key, 10, end - 1).await, Inserted::Present);
    }
    assert_eq!(insert(&store, &key, 2_000_000, 1_000_000).await, Inserted::New);
}

/// An earlier end does not shorten what is remembered.
pub async fn an_earlier_end_changes_nothing<S: ReplayStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let key = key();
    assert_eq!(insert(&store, &key, 100, 0).await, Inserted::New);
    for end in [99, 50, 2, 1] {
        assert_eq!(insert(&store, &key, end, 0).await, Inserted::Present);
    }
    assert_eq!(insert(&store, &key, 100, 99).await, Inserted::Present);
}

/// The caller's time counts and not that of the store, nor the latest that it was told: a clock that stepped
/// ahead and back leaves what is not over by it.
pub async fn the_clock_is_the_callers<S: ReplayStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let keys = replay_keys(2);
    assert_eq!(insert(&store, &keys[0], 300, 0).await, Inserted::New);
    assert_eq!(insert(&store, &keys[1], 86_700, 86_400).await, Inserted::New);
    assert_eq!(insert(&store, &keys[1], 300, 0).await, Inserted::Present);
    let hour_back = noon() - Duration::from_hours(1);
    let again = store.insert_if_absent(&keys[1], noon(), hour_back).await;
    assert_eq!(again.expect("the store answers"), Inserted::Present);
    assert_eq!(insert(&store, &keys[1], 300, 86_699).await, Inserted::Present);
    assert_eq!(insert(&store, &keys[1], 90_000, 86_700).await, Inserted::New);
}

/// The first second of 1970 and the last one of 9999.
pub async fn extreme_times_are_kept<S: ReplayStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let first = SystemTime::UNIX_EPOCH;
    let last = first + Duration::from_secs(253_402_300_799);
    let keys = replay_keys(2);
    let insert = async |key, expires, now| {
        store.insert_if_absent(key, expires, now).await.expect("the store answers")
    };
    assert_eq!(insert(&keys[0], last, first).await, Inserted::New);
    assert_eq!(insert(&keys[0], first, first).await, Inserted::Present);
    assert_eq!(insert(&keys[0], last, last - Duration::from_secs(1)).await, Inserted::Present);
    remove(&store, &keys[0]).await;
    let second = first + Duration::from_secs(1);
    assert_eq!(insert(&keys[1], second, first).await, Inserted::New);
    assert_eq!(insert(&keys[1], second, first).await, Inserted::Present);
    assert_eq!(insert(&keys[1], last, second).await, Inserted::New);
}
