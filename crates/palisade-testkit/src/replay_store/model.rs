//! A random walk beside the memory store.

use palisade_webhook::{MemoryReplays, ReplayStore};

use super::sample::{insert, remove, replay_keys};
use crate::dice::Dice;

/// A few thousand random steps on few keys, with a clock that jumps both ways: the same answers.
pub async fn it_answers_like_the_memory_store<S: ReplayStore>(open: impl AsyncFn() -> S) {
    let handles = [open().await, open().await];
    let oracle = MemoryReplays::new(1_000);
    let keys = replay_keys(5);
    let mut dice = Dice(6);
    let mut now = 10_000;
    for step in 0..2_000 {
        now = match dice.below(10) {
            0 => now + dice.below(500),
            1 => now.saturating_sub(dice.below(500)),
            _ => now + dice.below(3),
        };
        let key = &keys[usize::try_from(dice.below(5)).unwrap_or_default()];
        let store = &handles[usize::from(dice.below(2) == 1)];
        if dice.below(20) == 0 {
            remove(store, key).await;
            remove(&oracle, key).await;
            continue;
        }
        let expires = (now + dice.below(120)).saturating_sub(10);
        let expected = insert(&oracle, key, expires, now).await;
        assert_eq!(insert(store, key, expires, now).await, expected, "step {step}");
    }
}
