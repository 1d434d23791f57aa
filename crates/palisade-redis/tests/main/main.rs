//! Palisade on Redis, from outside, on real servers.

mod connection;
mod namespace;
#[cfg(feature = "webhook")]
mod replays;
#[cfg(feature = "revocation")]
mod revocations;
#[cfg(feature = "session")]
mod session;
mod support;
mod url;
mod warnings;
