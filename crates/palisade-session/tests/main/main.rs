//! Integration tests: one module a topic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod differential;
mod interop;
mod jwt_vectors;
mod known_bugs;
mod lifecycle_vectors;
mod model;
mod signed_rules;
mod store_faults;
mod support;
mod vectors;
