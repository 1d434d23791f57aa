//! Calls at once, on several threads and through two handles, have to end as if one had come after the
//! other.

use std::sync::Arc;

use palisade_webhook::{Inserted, ReplayStore};

use super::sample::{insert, remove, replay_keys};
use crate::at_once::at_once;

const ROUNDS: u64 = 20;
const CALLS: u64 = 8;

async fn two<S: ReplayStore>(open: impl AsyncFn() -> S) -> [Arc<S>; 2] {
    [Arc::new(open().await), Arc::new(open().await)]
}

fn turn<S>(handles: &[Arc<S>; 2], n: u64) -> Arc<S> {
    Arc::clone(&handles[usize::from(n % 2 == 1)])
}

/// Many insertions of one key: one of them is the first.
pub async fn one_of_many_insertions_is_new<S: ReplayStore + 'static>(open: impl AsyncFn() -> S) {
    let handles = two(open).await;
    for (round, key) in replay_keys(ROUNDS).into_iter().enumerate() {
        let outcomes = at_once((0..CALLS).map(|n| {
            let store = turn(&handles, n);
            async move { insert(&*store, &key, 100 + n, n).await }
        }))
        .await;
        assert_one_is_new(&outcomes, round);
    }
}

/// The same of a key that was there before and whose end has come: where one statement deletes it and the
/// next one inserts, two may find it gone.
pub async fn one_of_many_insertions_of_an_expired_key_is_new<S: ReplayStore + 'static>(
    open: impl AsyncFn() -> S,
) {
    let handles = two(open).await;
    for (round, key) in replay_keys(ROUNDS).into_iter().enumerate() {
        assert_eq!(insert(&*handles[0], &key, 50, 0).await, Inserted::New);
        let outcomes = at_once((0..CALLS).map(|n| {
            let store = turn(&handles, n);
            async move { insert(&*store, &key, 100, 50).await }
        }))
        .await;
        assert_one_is_new(&outcomes, round);
    }
}

fn assert_one_is_new(outcomes: &[Inserted], round: usize) {
    let count = |wanted| outcomes.iter().filter(|outcome| **outcome == wanted).count();
    assert_eq!(count(Inserted::New), 1, "round {round}: {outcomes:?}");
    assert_eq!(count(Inserted::Present), outcomes.len() - 1, "round {round}: {outcomes:?}");
}

/// Many insertions with different ends: the latest one is kept, whichever came first.
pub async fn the_latest_of_many_ends_counts<S: ReplayStore + 'static>(open: impl AsyncFn() -> S) {
    let handles = two(open).await;
    for key in replay_keys(ROUNDS) {
        at_once((0..CALLS).map(|n| {
            let store = turn(&handles, n);
            async move { insert(&*store, &key, 100 + n, 0).await }
        }))
        .await;
        let latest = 100 + CALLS - 1;
        assert_eq!(insert(&*handles[0], &key, 1, latest - 1).await, Inserted::Present);
        assert_eq!(insert(&*handles[1], &key, 1_000, latest).await, Inserted::New);
    }
}

/// Insertions and removals of one key: between two that found it absent lies a removal.
pub async fn insertions_and_removals_at_once_end_in_one_order<S: ReplayStore + 'static>(
    open: impl AsyncFn() -> S,
) {
    let handles = two(open).await;
    for (round, key) in replay_keys(ROUNDS).into_iter().enumerate() {
        let removals = 2;
        let outcomes = at_once((0..CALLS).map(|n| {
            let store = turn(&handles, n);
            async move {
                if n < removals {
                    remove(&*store, &key).await;
                    return None;
                }
                Some(insert(&*store, &key, 100, 0).await)
            }
        }))
        .await;
        let new = outcomes.iter().filter(|outcome| **outcome == Some(Inserted::New)).count() as u64;
        assert!((1..=1 + removals).contains(&new), "round {round}: {outcomes:?}");
        remove(&*handles[0], &key).await;
        assert_eq!(insert(&*handles[1], &key, 100, 0).await, Inserted::New);
    }
}
