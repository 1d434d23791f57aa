//! The tests of the crate, one module a topic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod client_allocation;
mod client_hostile;
mod client_model;
mod client_oracle;
mod client_policy;
mod client_support;
mod client_vectors;
mod known_client_bugs;
mod model;
mod naive;
mod rate_key;
