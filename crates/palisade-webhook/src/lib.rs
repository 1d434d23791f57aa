#![doc = include_str!("../README.md")]

mod delivery;

pub use delivery::{
    Delivery, DeliveryState, GiveUp, InvalidRetryAfter, InvalidRetryPolicy, Next, NotRecorded,
    Outcome, RetryAfter, RetryPolicy, RetryPolicyBuilder,
};
