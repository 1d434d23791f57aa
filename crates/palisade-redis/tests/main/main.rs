//! Palisade on Redis, from outside.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail as the test does")]

#[cfg(feature = "session")]
mod session;
