#![doc = include_str!("../README.md")]

mod breached;
mod normalization;
mod password;

pub use breached::{
    InvalidRange, RangeError, RangePrefix, RangeQuery, RangeSource, RangeStanding,
};
pub use normalization::Normalization;
pub use password::{Password, PasswordTooLong};
