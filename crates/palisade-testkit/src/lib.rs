#![doc = include_str!("../README.md")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a check of a suite fails the way a test does: by a panic that says what is wrong"
)]

mod at_once;
mod dice;
pub mod key_store;
pub mod limiter;
pub mod replay_store;
#[cfg(feature = "servers")]
pub mod servers;
pub mod session_store;

/// Runs a check on a runtime of its own, with two threads: what `#[tokio::test]` does, for store
/// authors who do not depend on tokio.
#[doc(hidden)]
pub fn run(check: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be started")
        .block_on(check);
}

/// Expands to a module with one test for each check of [`key_store`].
///
/// The argument is a future that yields a fresh, empty store, and beside it what the store lives in,
/// such as its temporary folder, or `()`. It is evaluated once for each check.
///
/// # Examples
///
/// ```
/// use palisade_apikey::MemoryStore;
///
/// palisade_testkit::key_store_suite!(async { (MemoryStore::new(), ()) });
/// ```
///
/// Where there are several stores, each suite goes into a module:
///
/// ```
/// mod with_a_function {
///     use palisade_apikey::MemoryStore;
///
///     async fn fresh() -> (MemoryStore, ()) {
///         (MemoryStore::new(), ())
///     }
///
///     palisade_testkit::key_store_suite!(fresh());
/// }
/// ```
#[macro_export]
macro_rules! key_store_suite {
    ($store:expr $(,)?) => {
        $crate::key_store_suite! { @checks $store;
            // Records.
            every_field_comes_back
            unset_fields_come_back_unset
            extreme_values_come_back
            every_digest_scheme_comes_back
            a_duplicate_id_is_refused
            a_duplicate_digest_is_refused
            // Finding.
            find_compares_every_byte
            find_takes_any_number_of_candidates
            find_prefers_a_revoked_record
            find_never_misses_a_digest_that_is_being_replaced
            // Lists.
            list_is_ordered_by_creation_then_id
            pages_have_no_gaps_and_no_repeats
            a_list_holds_the_keys_of_one_owner
            a_list_after_an_unknown_key_is_empty
            // Rotation.
            rotation_links_both_keys
            rotation_never_lengthens_a_life
            rotation_can_revoke
            only_an_active_key_is_rotated
            a_key_is_rotated_once
            rotation_is_refused_from_the_instant_of_expiry
            a_rotation_with_a_duplicate_changes_nothing
            // Revocation and names.
            the_first_revocation_stands
            nothing_lifts_a_revocation
            rename_touches_the_name_alone
            // Usage.
            usage_is_added
            last_use_never_moves_back
            unknown_ids_in_a_batch_are_passed_over
            counts_never_wrap
            // Digests.
            a_digest_is_replaced_if_it_is_still_the_old_one
            a_digest_of_another_key_is_not_taken
            schemes_are_counted
            digests_are_paged_by_scheme
            // At once.
            one_of_many_rotations_wins
            rotation_and_revocation_end_in_one_order
            all_revocations_at_once_agree
            usage_at_once_adds_up
            changes_of_different_fields_do_not_meet
            one_of_many_new_digests_wins
            one_of_many_inserts_wins
            // All together.
            it_answers_like_the_memory_store
        }
    };
    (@checks $store:expr; $($check:ident)*) => {
        mod key_store_suite {
            #[allow(unused_imports, reason = "the expression may need nothing from outside")]
            use super::*;

            $(
                #[test]
                fn $check() {
                    $crate::run(async {
                        let (store, _lives_as_long) = $store.await;
                        $crate::key_store::$check(store).await;
                    });
                }
            )*
        }
    };
}

/// Expands to a module with one test for each check of [`session_store`].
///
/// The argument is a future that yields a function, and beside it what the store lives in, such as its
/// temporary folder, or `()`. The function opens a handle on the store, as one more process would; each
/// call another one on the same store, which is empty at first. The future is evaluated once for each
/// check.
///
/// # Examples
///
/// ```
/// use palisade_session::MemoryStore;
///
/// palisade_testkit::session_store_suite!(async {
///     let store = MemoryStore::new();
///     (async move || store.clone(), ())
/// });
/// ```
#[macro_export]
macro_rules! session_store_suite {
    ($store:expr $(,)?) => {
        $crate::session_store_suite! { @checks $store;
            // Records.
            every_field_comes_back
            unset_fields_come_back_unset
            extreme_values_come_back
            names_differ_by_every_byte
            addresses_come_back
            a_duplicate_id_is_refused
            a_session_of_another_generation_is_refused
            // The limit.
            the_limit_ends_those_least_lately_seen
            a_user_who_is_full_is_refused
            only_live_sessions_take_a_place
            // Touches.
            a_touch_moves_last_use_forward
            only_a_live_session_is_touched
            // Rotation.
            a_rotation_replaces_one_session
            a_rotation_can_end_the_others
            only_a_live_session_is_rotated
            a_session_is_rotated_once
            a_rotation_to_a_taken_id_changes_nothing
            // Endings.
            the_first_ending_stands
            a_session_of_another_user_is_not_there
            nothing_brings_a_session_back
            the_others_end
            all_sessions_of_a_user_end
            all_sessions_of_everyone_end
            // Lists, and what is forgotten.
            a_list_is_ordered_by_last_use
            horizons_are_exact
            a_purge_forgets_what_is_over
            a_purge_is_bounded
            generations_outlive_a_purge
            // At once.
            one_of_many_rotations_is_done
            an_ending_outlives_every_other_write
            a_sign_in_does_not_outlive_the_end_of_all
            ending_the_others_meets_a_rotation
            the_limit_holds_at_once
            last_use_never_goes_back
            all_endings_at_once_agree
            generations_at_once_add_up
            one_of_many_inserts_is_kept
            nobody_sees_half_a_rotation
            what_one_handle_writes_the_other_reads
            // All together.
            the_lifecycle_rows_hold
            it_answers_like_the_memory_store
        }
    };
    (@checks $store:expr; $($check:ident)*) => {
        mod session_store_suite {
            #[allow(unused_imports, reason = "the expression may need nothing from outside")]
            use super::*;

            $(
                #[test]
                fn $check() {
                    $crate::run(async {
                        let (open, _lives_as_long) = $store.await;
                        $crate::session_store::$check(open).await;
                    });
                }
            )*
        }
    };
}

/// Expands to a module with one test for each check of [`replay_store`], but for
/// [`a_full_store_forgets_nothing`](replay_store::a_full_store_forgets_nothing), which needs to know a limit.
///
/// The argument is that of [`session_store_suite!`](crate::session_store_suite): a future that yields a
/// function that opens handles on one fresh store, and beside it what the store lives in.
///
/// The checks take place in the year 2100, by the time that they hand over.
///
/// # Examples
///
/// ```
/// use palisade_webhook::MemoryReplays;
/// use std::sync::Arc;
///
/// palisade_testkit::replay_store_suite!(async {
///     let store = Arc::new(MemoryReplays::new(10_000));
///     (async move || Arc::clone(&store), ())
/// });
/// ```
#[macro_export]
macro_rules! replay_store_suite {
    ($store:expr $(,)?) => {
        $crate::replay_store_suite! { @checks $store;
            // Keys.
            a_key_is_new_once
            keys_do_not_meet
            a_removed_key_is_new_again
            removing_nothing_does_nothing
            what_one_handle_writes_the_other_reads
            // Ends.
            a_key_is_absent_from_its_end_on
            expired_keys_are_remembered_anew
            a_later_end_counts
            an_earlier_end_changes_nothing
            the_clock_is_the_callers
            extreme_times_are_kept
            // At once.
            one_of_many_insertions_is_new
            one_of_many_insertions_of_an_expired_key_is_new
            the_latest_of_many_ends_counts
            insertions_and_removals_at_once_end_in_one_order
            // All together.
            it_answers_like_the_memory_store
        }
    };
    (@checks $store:expr; $($check:ident)*) => {
        mod replay_store_suite {
            #[allow(unused_imports, reason = "the expression may need nothing from outside")]
            use super::*;

            $(
                #[test]
                fn $check() {
                    $crate::run(async {
                        let (open, _lives_as_long) = $store.await;
                        $crate::replay_store::$check(open).await;
                    });
                }
            )*
        }
    };
}

/// Expands to a module with one test for each check of [`limiter`].
///
/// The argument is a future that yields a function, and beside it what the limiter lives in, or `()`. The function opens
/// a handle in an [`Arc`](std::sync::Arc), as one more process would; each call another one on the same limiter, which
/// has counted nothing at first. The future is evaluated once for each check.
///
/// The checks take place in the year 2100, by the time that they hand over, so a shared limiter is built to go by the
/// clock of its callers.
///
/// # Examples
///
/// ```
/// use palisade_ratelimit::MemoryLimiter;
/// use std::sync::Arc;
///
/// palisade_testkit::limiter_suite!(async {
///     let limiter = Arc::new(MemoryLimiter::new(100_000).unwrap());
///     (async move || Arc::clone(&limiter), ())
/// });
/// ```
#[macro_export]
macro_rules! limiter_suite {
    ($limiter:expr $(,)?) => {
        $crate::limiter_suite! { @checks $limiter;
            // Buckets.
            a_bucket_gives_its_capacity_at_once
            a_bucket_is_refilled_token_by_token
            a_bucket_fills_up_to_its_brim
            costs_are_taken_whole
            a_refused_request_takes_nothing
            // Windows.
            a_window_begins_anew
            a_window_is_cut_by_utc
            a_window_counts_costs
            // Answers.
            a_cost_of_zero_takes_nothing
            a_cost_above_the_capacity_is_never_allowed
            a_peek_changes_nothing
            a_peek_says_what_a_check_says
            retry_after_is_exact
            // Tiers.
            all_tiers_are_charged_or_none
            the_order_of_tiers_is_kept
            a_key_is_counted_within_its_group
            the_widest_tier_is_shared
            a_tier_that_comes_twice_is_charged_twice
            policies_do_not_meet
            // Clocks.
            a_clock_that_steps_back_locks_nobody_out
            a_clock_that_steps_ahead_and_back_locks_nobody_out
            a_clock_a_little_behind_gets_nothing_more
            extreme_times_are_survived
            // Changes.
            a_changed_quota_counts_anew
            // Keys.
            strange_keys_do_not_meet
            keys_and_groups_do_not_meet
            what_one_handle_takes_the_other_misses
            // At once.
            a_bucket_at_once_is_never_overdrawn
            tiers_at_once_are_charged_together
            no_span_of_time_admits_too_much
            // All together.
            it_answers_like_the_memory_limiter
        }
    };
    (@checks $limiter:expr; $($check:ident)*) => {
        mod limiter_suite {
            #[allow(unused_imports, reason = "the expression may need nothing from outside")]
            use super::*;

            $(
                #[test]
                fn $check() {
                    $crate::run(async {
                        let (open, _lives_as_long) = $limiter.await;
                        $crate::limiter::$check(open).await;
                    });
                }
            )*
        }
    };
}
