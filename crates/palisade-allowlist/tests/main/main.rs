//! The tests of the crate, one module a topic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod client_allocation;
mod client_hostile;
mod client_model;
mod client_oracle;
mod client_policy;
mod client_support;
mod client_vectors;
mod diffs;
mod explain;
mod feeds;
mod format_page;
mod known_client_bugs;
mod known_entry_bugs;
mod layers;
mod lines;
mod live;
mod live_file;
mod mends;
mod model;
mod naive;
mod rate_key;
mod rules;
#[cfg(feature = "serde")]
mod serde_forms;
mod sets;
mod support;
mod vectors;
mod written;
