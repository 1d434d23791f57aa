//! No more room.

use palisade_webhook::{Inserted, ReplayStore};

use super::sample::{insert, replay_keys};

/// For a store that holds `capacity` keys at most. When it is full, a new key is refused and changes
/// nothing, all keys that have not ended are still there, and what has ended makes room.
///
/// Not part of [`replay_store_suite!`](crate::replay_store_suite), since a store need not have a limit.
pub async fn a_full_store_forgets_nothing<S: ReplayStore>(
    open: impl AsyncFn() -> S,
    capacity: usize,
) {
    let store = open().await;
    let keys = replay_keys(capacity as u64 * 2);
    let (held, more) = keys.split_at(capacity);
    for (n, key) in (0..).zip(held) {
        assert_eq!(insert(&store, key, 100 + n, 0).await, Inserted::New);
    }
    for key in more {
        assert_eq!(insert(&store, key, 1_000, 99).await, Inserted::Full);
    }
    for key in held {
        assert_eq!(insert(&store, key, 1, 99).await, Inserted::Present, "a key was dropped");
    }
    for (n, key) in (0..).zip(more) {
        assert_eq!(insert(&store, key, 1_000_000, 100 + n).await, Inserted::New);
        assert_eq!(insert(&store, &held[0], 1_000_000, 100 + n).await, Inserted::Full);
    }
}
