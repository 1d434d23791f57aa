//! Integration tests: one module a topic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod allocation;
mod authenticate;
mod digest;
mod format;
mod life;
mod misuse;
mod redaction;
mod rule;
mod scanner;
mod scope;
#[cfg(feature = "serde")]
mod serde_forms;
mod support;
mod usage;
mod vectors;
