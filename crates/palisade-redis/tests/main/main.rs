//! Palisade on Redis, from outside, on real servers.

mod connection;
mod namespace;
#[cfg(feature = "webhook")]
mod replays;
mod support;
mod url;
mod warnings;
