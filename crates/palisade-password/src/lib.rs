#![doc = include_str!("../README.md")]

mod blocklist;
mod breached;
mod context;
mod fold;
mod lines;
mod normalization;
mod password;
mod policy;

pub use blocklist::{Blocklist, BlocklistError};
pub use breached::{
    BreachedFilter, FilterBuildError, FilterBuilder, FilterError, FilterStanding, Fingerprint,
    InvalidRange, RangeError, RangePrefix, RangeQuery, RangeSource, RangeStanding,
};
pub use context::PasswordContext;
pub use normalization::Normalization;
pub use password::{Password, PasswordTooLong};
pub use policy::{
    AcceptedPassword, InvalidPolicy, PasswordPolicy, PasswordPolicyBuilder, PolicyRefusal,
};
