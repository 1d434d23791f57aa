//! The tests of palisade-webhook, one module a topic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod interop;
mod vectors;
