#![doc = include_str!("../README.md")]

mod normalization;
mod password;

pub use normalization::Normalization;
pub use password::{Password, PasswordTooLong};
