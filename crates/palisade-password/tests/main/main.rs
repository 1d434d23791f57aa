//! Tests of the crate as its users see it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod limits;
mod misuse;
mod passwords;
mod pepper;
mod pool;
mod redaction;
mod rehash;
mod schemes;
mod spelling;
mod strict;
mod support;
mod unknown;
mod vectors;
mod wrap;
