//! Passwords that are known from data breaches: asked of a range service.

mod range;
mod sha1;

pub use range::{InvalidRange, RangeError, RangePrefix, RangeQuery, RangeSource, RangeStanding};
