//! Palisade on Redis, from outside, on real servers.

mod connection;
mod namespace;
#[cfg(feature = "ratelimit")]
mod ratelimit;
#[cfg(feature = "webhook")]
mod replays;
#[cfg(feature = "session")]
mod session;
#[cfg(feature = "revocation")]
mod revocations;
mod support;
mod url;
mod warnings;
