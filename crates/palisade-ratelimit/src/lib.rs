#![doc = include_str!("../README.md")]

pub mod backend;
mod decision;
mod error;
mod failure;
mod headers;
mod limiter;
mod memory;
mod policy;
pub mod preset;
mod quota;
mod request;
mod share;
mod state;
mod text;
mod time;

pub use decision::{Decision, Source, TierState, Verdict};
pub use error::{InvalidPolicyName, Limited};
pub use failure::{FailurePolicy, InvalidFailurePolicy};
pub use headers::{HeaderStyle, Headers, ResetAs};
pub use limiter::Limiter;
pub use memory::{InvalidSize, MemoryLimiter, MemoryLimiterBuilder};
pub use policy::Policy;
pub use quota::{Bucket, InvalidQuota, Kind, PER_DAY, PER_HOUR, PER_MINUTE, PER_SECOND, Quota};
pub use request::{Request, Tier};
pub use share::{InvalidShare, Share};
pub(crate) use state::State;
pub use text::InvalidQuotaText;
