#![doc = include_str!("../README.md")]

mod backend;
mod blocklist;
mod breached;
mod builder;
mod calibrate;
mod context;
mod encoding;
mod error;
mod fields;
mod fold;
mod hash;
mod hasher;
mod inline;
mod inspect;
mod legacy;
mod limits;
mod lines;
mod memory;
mod mint;
mod mix;
mod normalization;
mod password;
mod pepper;
mod plain;
mod policy;
mod pool;
mod rehash;
mod scheme;
mod stored;
mod verdict;

pub use backend::Backend;
pub use blocklist::{Blocklist, BlocklistError};
pub use breached::{
    BreachedFilter, FilterBuildError, FilterBuilder, FilterError, FilterStanding, Fingerprint,
    InvalidRange, RangeError, RangePrefix, RangeQuery, RangeSource, RangeStanding,
};
pub use builder::{BuildError, HasherBuilder};
pub use calibrate::{
    CalibrateError, Calibration, Load, Measurement, Progress, Target, calibrate, measure,
};
pub use context::PasswordContext;
pub use error::{Cost, Flaw, HashError, Malformed, TooCostly, VerifyError, WrapError};
pub use hash::PasswordHash;
pub use hasher::{Hasher, NoUnknownUsers};
pub use inspect::Inspection;
pub use legacy::{LegacyFailure, LegacyScheme};
pub use limits::Limits;
pub use mint::{Argon2id, Bcrypt, InvalidParameters, Mint};
pub use mix::SchemeMix;
pub use normalization::Normalization;
pub use password::{Password, PasswordTooLong};
pub use policy::{
    AcceptedPassword, InvalidPolicy, PasswordPolicy, PasswordPolicyBuilder, PolicyRefusal,
};
pub use pool::{
    Busy, HashPool, MemoryBudget, Pending, PoolBuildError, PoolError, PoolStatus, Queue,
};
pub use rehash::RehashReason;
pub use scheme::{Argon2Version, Scheme, Schemes};
pub use verdict::Verdict;

pub(crate) use memory::Workspace;
