//! Integration tests: one module a topic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod breached;
mod broken_reader;
mod builder;
mod differential;
mod format_page;
mod limits;
mod misspelt;
mod misuse;
mod passwords;
mod pepper;
mod policy;
mod pool;
mod redaction;
mod rehash;
mod schemes;
mod simd;
mod spelling;
mod strict;
mod support;
mod unknown;
mod vectors;
mod wrap;
