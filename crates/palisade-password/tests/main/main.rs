//! Tests of the crate as its users see it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod differential;
mod limits;
mod misspelt;
mod misuse;
mod passwords;
mod pepper;
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
