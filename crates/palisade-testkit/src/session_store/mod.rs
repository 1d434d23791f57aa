//! The checks of a session store, one function each. [`session_store_suite!`](crate::session_store_suite)
//! turns them into tests.
//!
//! Each check takes a function that opens a handle on the same store, which is empty at first, and panics
//! when the store breaks a promise of [`SessionStore`](palisade_session::SessionStore).

mod end;
mod handles;
mod lifecycle;
mod limit;
mod list;
mod model;
mod races;
mod records;
mod rotate;
mod sample;
mod touch;

pub use end::{
    a_session_of_another_user_is_not_there, all_sessions_of_a_user_end,
    all_sessions_of_everyone_end, nothing_brings_a_session_back, the_first_ending_stands,
    the_others_end,
};
pub use handles::{
    last_use_never_goes_back, nobody_sees_half_a_rotation, what_one_handle_writes_the_other_reads,
};
pub use lifecycle::the_lifecycle_rows_hold;
pub use limit::{
    a_user_who_is_full_is_refused, only_live_sessions_take_a_place,
    the_limit_ends_those_least_lately_seen,
};
pub use list::{
    a_list_is_ordered_by_last_use, a_purge_forgets_what_is_over, a_purge_is_bounded,
    generations_outlive_a_purge, horizons_are_exact,
};
pub use model::it_answers_like_the_memory_store;
pub use races::{
    a_sign_in_does_not_outlive_the_end_of_all, all_endings_at_once_agree,
    an_ending_outlives_every_other_write, ending_the_others_meets_a_rotation,
    generations_at_once_add_up, one_of_many_inserts_is_kept, one_of_many_rotations_is_done,
    the_limit_holds_at_once,
};
pub use records::{
    a_duplicate_id_is_refused, a_session_of_another_generation_is_refused, addresses_come_back,
    every_field_comes_back, extreme_values_come_back, names_differ_by_every_byte,
    unset_fields_come_back_unset,
};
pub use rotate::{
    a_rotation_can_end_the_others, a_rotation_replaces_one_session,
    a_rotation_to_a_taken_id_changes_nothing, a_session_is_rotated_once,
    only_a_live_session_is_rotated,
};
pub use sample::{same_session, sample};
pub use touch::{a_touch_moves_last_use_forward, only_a_live_session_is_touched};
