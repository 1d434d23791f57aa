#![doc = include_str!("../README.md")]

mod bytes;
mod keyring;
mod load;
mod mac;
mod weak;

pub use bytes::{NoRandomness, SecretBytes};
pub use keyring::{DuplicateKey, InvalidKeyId, KeyId, Keyring, UnknownKey};
pub use load::{LoadError, LoadErrorKind};
pub use mac::{MacKey, MacStream, Mismatch, Tag, WeakKey};

/// The least length of a secret that this crate loads, in bytes: the output of SHA-256, which
/// RFC 2104 section 3 recommends as the least length of an HMAC key.
pub const MIN_SECRET_BYTES: usize = 32;
