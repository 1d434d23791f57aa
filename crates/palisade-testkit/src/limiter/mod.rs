//! The checks of a limiter, one function each. [`limiter_suite!`](crate::limiter_suite) turns them into tests.
//!
//! Each check takes a function that opens a handle on the same limiter, which has counted nothing at first, and
//! panics when the limiter breaks a promise of [`Limiter`](palisade_ratelimit::Limiter).
//!
//! The limiter must count whole quotas, by the time that it is given, and have room for a thousand keys. It must keep
//! a counter that is over for the length of a check, since the clocks of some checks step back.

mod answers;
mod buckets;
mod changes;
mod clocks;
mod keys;
mod model;
mod races;
mod sample;
mod tiers;
mod windows;

pub use answers::{
    a_cost_above_the_capacity_is_never_allowed, a_cost_of_zero_takes_nothing,
    a_peek_changes_nothing, a_peek_says_what_a_check_says, retry_after_is_exact,
};
pub use buckets::{
    a_bucket_fills_up_to_its_brim, a_bucket_gives_its_capacity_at_once,
    a_bucket_is_refilled_token_by_token, a_refused_request_takes_nothing, costs_are_taken_whole,
};
pub use changes::a_changed_quota_counts_anew;
pub use clocks::{
    a_clock_a_little_behind_gets_nothing_more, a_clock_that_steps_ahead_and_back_locks_nobody_out,
    a_clock_that_steps_back_locks_nobody_out, extreme_times_are_survived,
};
pub use keys::{
    keys_and_groups_do_not_meet, strange_keys_do_not_meet, what_one_handle_takes_the_other_misses,
};
pub use model::it_answers_like_the_memory_limiter;
pub use races::{
    a_bucket_at_once_is_never_overdrawn, no_span_of_time_admits_too_much,
    tiers_at_once_are_charged_together,
};
pub use tiers::{
    a_key_is_counted_within_its_group, a_tier_that_comes_twice_is_charged_twice,
    all_tiers_are_charged_or_none, policies_do_not_meet, the_order_of_tiers_is_kept,
    the_widest_tier_is_shared,
};
pub use windows::{a_window_begins_anew, a_window_counts_costs, a_window_is_cut_by_utc};
