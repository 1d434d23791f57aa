//! Passwords that are known from data breaches: asked of a range service, or of a filter in memory.

mod build;
mod filter;
mod fingerprint;
mod fuse;
mod header;
mod range;
mod sha1;

pub use build::{FilterBuildError, FilterBuilder};
pub use filter::{BreachedFilter, FilterError, FilterStanding};
pub use fingerprint::Fingerprint;
pub use range::{InvalidRange, RangeError, RangePrefix, RangeQuery, RangeSource, RangeStanding};
