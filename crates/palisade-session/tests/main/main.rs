//! Integration tests: one module a topic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod jwt_vectors;
mod lifecycle_vectors;
mod signed_rules;
mod store_faults;
mod support;
mod vectors;
