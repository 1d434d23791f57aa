#![doc = include_str!("../README.md")]

pub mod cookie;
mod token;

pub use token::SessionToken;
