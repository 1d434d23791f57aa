//! Palisade on Redis.

#[cfg(feature = "ratelimit")]
mod ratelimit;

#[cfg(feature = "ratelimit")]
pub use ratelimit::Fault;
