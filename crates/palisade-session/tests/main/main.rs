//! Integration tests: one module a topic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod cached;
mod clocks;
mod differential;
mod interop;
mod jwt_vectors;
mod known_bugs;
mod lifecycle_vectors;
mod limits;
mod model;
mod races;
mod signed_rules;
mod store_down;
mod store_faults;
mod support;
mod vectors;
mod watches;
