//! Palisade on Redis, from outside, on real servers.

mod connection;
mod namespace;
mod support;
mod url;
