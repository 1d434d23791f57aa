//! The tests of the crate, one module a topic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod feeds;
mod format_page;
mod layers;
mod lines;
mod live;
mod live_file;
mod model;
mod naive;
#[cfg(feature = "serde")]
mod serde_forms;
mod support;
mod vectors;
mod written;
