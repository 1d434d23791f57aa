//! Palisade on Redis, from outside, on real servers.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "the helpers of a test fail as the test does"
)]

mod connection;
mod namespace;
#[cfg(feature = "ratelimit")]
mod ratelimit;
#[cfg(feature = "webhook")]
mod replays;
#[cfg(feature = "revocation")]
mod revocations;
#[cfg(all(
    feature = "ratelimit",
    feature = "revocation",
    feature = "session",
    feature = "webhook"
))]
mod rights;
#[cfg(feature = "session")]
mod session;
mod support;
mod url;
mod warnings;
