#![doc = include_str!("../README.md")]

mod breached;
mod lines;
mod normalization;
mod password;

pub use breached::{
    BreachedFilter, FilterBuildError, FilterBuilder, FilterError, FilterStanding, Fingerprint,
    InvalidRange, RangeError, RangePrefix, RangeQuery, RangeSource, RangeStanding,
};
pub use normalization::Normalization;
pub use password::{Password, PasswordTooLong};
