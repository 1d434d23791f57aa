//! The checks of a key store, one function each. [`key_store_suite!`](crate::key_store_suite) turns
//! them into tests.
//!
//! Each check takes a fresh, empty store and panics when the store breaks a promise of
//! [`KeyStore`](palisade_apikey::KeyStore).

mod digests;
mod find;
mod list;
mod model;
mod races;
mod records;
mod revoke;
mod rotate;
mod sample;
mod usage;

pub use digests::{
    a_digest_is_replaced_if_it_is_still_the_old_one, a_digest_of_another_key_is_not_taken,
    digests_are_paged_by_scheme, schemes_are_counted,
};
pub use find::{
    find_compares_every_byte, find_never_misses_a_digest_that_is_being_replaced,
    find_prefers_a_revoked_record, find_takes_any_number_of_candidates,
};
pub use list::{
    a_list_after_an_unknown_key_is_empty, a_list_holds_the_keys_of_one_owner,
    list_is_ordered_by_creation_then_id, pages_have_no_gaps_and_no_repeats,
};
pub use model::it_answers_like_the_memory_store;
pub use races::{
    all_revocations_at_once_agree, changes_of_different_fields_do_not_meet,
    one_of_many_inserts_wins, one_of_many_new_digests_wins, one_of_many_rotations_wins,
    rotation_and_revocation_end_in_one_order, usage_at_once_adds_up,
};
pub use records::{
    a_duplicate_digest_is_refused, a_duplicate_id_is_refused, every_digest_scheme_comes_back,
    every_field_comes_back, extreme_values_come_back, unset_fields_come_back_unset,
};
pub use revoke::{
    nothing_lifts_a_revocation, rename_touches_the_name_alone, the_first_revocation_stands,
};
pub use rotate::{
    a_key_is_rotated_once, a_rotation_with_a_duplicate_changes_nothing,
    only_an_active_key_is_rotated, rotation_can_revoke,
    rotation_is_refused_from_the_instant_of_expiry, rotation_links_both_keys,
    rotation_never_lengthens_a_life,
};
pub use sample::{same_record, sample};
pub use usage::{
    counts_never_wrap, last_use_never_moves_back, unknown_ids_in_a_batch_are_passed_over,
    usage_is_added,
};
