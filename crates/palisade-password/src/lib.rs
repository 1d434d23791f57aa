#![doc = include_str!("../README.md")]

mod backend;
mod builder;
mod calibrate;
mod encoding;
mod error;
mod fields;
mod hash;
mod hasher;
mod inline;
mod inspect;
mod legacy;
mod limits;
mod memory;
mod mint;
mod mix;
mod normalization;
mod password;
mod pepper;
mod plain;
mod pool;
mod rehash;
mod scheme;
mod stored;
mod verdict;

pub use backend::Backend;
pub use builder::{BuildError, HasherBuilder};
pub use calibrate::{
    CalibrateError, Calibration, Load, Measurement, Progress, Target, calibrate, measure,
};
pub use error::{Cost, Flaw, HashError, Malformed, TooCostly, VerifyError, WrapError};
pub use hash::PasswordHash;
pub use hasher::Hasher;
pub use inspect::Inspection;
pub use legacy::{LegacyFailure, LegacyScheme};
pub use limits::Limits;
pub use mint::{Argon2id, Bcrypt, InvalidParameters, Mint};
pub use mix::SchemeMix;
pub use normalization::Normalization;
pub use password::{Password, PasswordTooLong};
pub use pool::{
    Busy, HashPool, MemoryBudget, Pending, PoolBuildError, PoolError, PoolStatus, Queue,
};
pub use rehash::RehashReason;
pub use scheme::{Argon2Version, Scheme, Schemes};
pub use verdict::Verdict;

pub(crate) use memory::Workspace;
