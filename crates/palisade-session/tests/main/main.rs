//! Integration tests: one module a topic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod allocation;
mod cached;
mod clocks;
mod cookie_allocation;
#[cfg(feature = "http")]
mod cookie_http;
mod cookie_misuse;
mod cookie_read;
mod cookie_spec;
mod cookie_vectors;
mod cookie_written;
mod differential;
mod epoch;
mod format_page;
mod hostile;
mod interop;
mod jwt_vectors;
mod known_bugs;
mod lifecycle_vectors;
mod limits;
mod misuse;
mod model;
mod races;
mod redaction;
mod rotation;
mod rule;
#[cfg(feature = "serde")]
mod serde_forms;
mod signed_rules;
mod store_down;
mod store_faults;
mod support;
mod vectors;
mod watches;
