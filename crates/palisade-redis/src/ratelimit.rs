//! Rate limits that several processes share.

mod breaker;
mod fault;

pub use fault::Fault;
