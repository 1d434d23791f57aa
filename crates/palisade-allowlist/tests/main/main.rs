//! The tests of the crate, one module a topic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod diffs;
mod explain;
mod model;
mod naive;
mod sets;
