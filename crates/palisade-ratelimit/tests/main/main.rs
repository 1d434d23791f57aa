//! Every test of palisade-ratelimit that needs no inside knowledge.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod allocation;
mod bad_input;
mod bound;
mod flood;
mod headers;
mod model;
mod naive;
mod samples;
mod text;
mod tiers;
