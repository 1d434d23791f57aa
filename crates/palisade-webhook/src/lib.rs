#![doc = include_str!("../README.md")]

#[cfg_attr(not(test), expect(dead_code, reason = "used by the verifier"))]
mod body_time;
mod delivery;
#[cfg(feature = "explain")]
pub mod explain;
#[cfg(test)]
mod random_json;

pub use delivery::{
    Delivery, DeliveryState, GiveUp, InvalidRetryAfter, InvalidRetryPolicy, Next, NotRecorded,
    Outcome, RetryAfter, RetryPolicy, RetryPolicyBuilder,
};
