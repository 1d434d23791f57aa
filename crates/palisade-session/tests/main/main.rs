//! Integration tests: one module a topic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod cookie_allocation;
#[cfg(feature = "http")]
mod cookie_http;
mod cookie_misuse;
mod cookie_read;
mod cookie_spec;
mod cookie_vectors;
mod cookie_written;
mod jwt_vectors;
