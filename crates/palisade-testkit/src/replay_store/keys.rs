//! What is remembered, and what is not.

use palisade_webhook::{Inserted, ReplayStore};

use super::sample::{insert, key, remove, replay_keys};

/// A key is new, and from then on it is there.
pub async fn a_key_is_new_once<S: ReplayStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    assert_eq!(insert(&store, &key(), 100, 0).await, Inserted::New);
    for now in [0, 1, 50, 99] {
        assert_eq!(insert(&store, &key(), 100, now).await, Inserted::Present, "after {now} s");
    }
}

/// A thousand keys are new each, and all of them are there afterwards.
pub async fn keys_do_not_meet<S: ReplayStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let keys = replay_keys(1_000);
    for expected in [Inserted::New, Inserted::Present] {
        for (n, key) in keys.iter().enumerate() {
            assert_eq!(insert(&store, key, 100, 0).await, expected, "key {n}");
        }
    }
}

/// A key that was removed is absent, also for a second time; no other key goes with it.
pub async fn a_removed_key_is_new_again<S: ReplayStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let keys = replay_keys(3);
    for key in &keys {
        assert_eq!(insert(&store, key, 100, 0).await, Inserted::New);
    }
    for _ in 0..2 {
        remove(&store, &keys[1]).await;
        assert_eq!(insert(&store, &keys[0], 100, 1).await, Inserted::Present);
        assert_eq!(insert(&store, &keys[1], 100, 1).await, Inserted::New);
        assert_eq!(insert(&store, &keys[1], 100, 1).await, Inserted::Present);
        assert_eq!(insert(&store, &keys[2], 100, 1).await, Inserted::Present);
    }
}

/// Removing a key that is not there is no error and changes nothing, in an empty store too.
pub async fn removing_nothing_does_nothing<S: ReplayStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let keys = replay_keys(2);
    remove(&store, &keys[0]).await;
    assert_eq!(insert(&store, &keys[1], 100, 0).await, Inserted::New);
    remove(&store, &keys[0]).await;
    remove(&store, &keys[0]).await;
    assert_eq!(insert(&store, &keys[0], 100, 0).await, Inserted::New);
    assert_eq!(insert(&store, &keys[1], 100, 0).await, Inserted::Present);
}

/// Handles remember nothing of their own: what one inserts, extends or removes, the other sees.
pub async fn what_one_handle_writes_the_other_reads<S: ReplayStore>(open: impl AsyncFn() -> S) {
    let (one, other) = (open().await, open().await);
    let key = key();
    assert_eq!(insert(&one, &key, 100, 0).await, Inserted::New);
    assert_eq!(insert(&other, &key, 200, 1).await, Inserted::Present);
    assert_eq!(insert(&one, &key, 100, 150).await, Inserted::Present);
    remove(&other, &key).await;
    assert_eq!(insert(&one, &key, 300, 150).await, Inserted::New);
    remove(&one, &key).await;
    assert_eq!(insert(&other, &key, 300, 150).await, Inserted::New);
}
