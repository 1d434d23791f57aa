//! Rate limits that several processes share.

mod breaker;
mod builder;
mod event;
mod fault;
mod limiter;
mod names;
mod script;
mod stand_in;
mod warm;

pub use builder::{InvalidLimiter, RedisLimiterBuilder};
pub use event::{Counters, Event};
pub use fault::Fault;
pub use limiter::RedisLimiter;
