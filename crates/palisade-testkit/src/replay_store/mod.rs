//! The checks of a store of replay keys, one function each.
//! [`replay_store_suite!`](crate::replay_store_suite) turns them into tests.
//!
//! Each check takes a function that opens a handle on the same store, which is empty at first, and panics
//! when the store breaks a promise of [`ReplayStore`](palisade_webhook::ReplayStore).

mod ends;
mod full;
mod keys;
mod model;
mod races;
mod sample;

pub use ends::{
    a_key_is_absent_from_its_end_on, a_later_end_counts, an_earlier_end_changes_nothing,
    expired_keys_are_remembered_anew, extreme_times_are_kept, the_clock_is_the_callers,
};
pub use full::a_full_store_forgets_nothing;
pub use keys::{
    a_key_is_new_once, a_removed_key_is_new_again, keys_do_not_meet, removing_nothing_does_nothing,
    what_one_handle_writes_the_other_reads,
};
pub use model::it_answers_like_the_memory_store;
pub use races::{
    insertions_and_removals_at_once_end_in_one_order, one_of_many_insertions_is_new,
    one_of_many_insertions_of_an_expired_key_is_new, the_latest_of_many_ends_counts,
};
pub use sample::replay_keys;
