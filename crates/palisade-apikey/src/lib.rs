#![doc = include_str!("../README.md")]

mod authenticated;
mod base62;
mod cache;
mod digest;
mod error;
mod format;
mod formats;
mod key;
mod memory;
mod moves;
mod names;
mod new_key;
mod peppers;
mod policy;
mod record;
mod ring;
mod scanner;
mod scope;
mod service;
mod store;
mod text;
mod usage;

pub use authenticated::{Authenticated, MissingScope};
pub use digest::{DigestRefused, DigestScheme, InvalidDigest, KeyDigest};
pub use error::{IssueError, ManageError, Refused, RefusedOr, RotateError};
pub use format::{Checksum, FormatError, KeyFormat, MAX_KEY_LEN, Malformed};
pub use formats::Formats;
pub use key::{ApiKey, Mask, PresentedKey};
pub use memory::MemoryStore;
pub use names::{ApiKeyId, InvalidName, KeyName, Owner, ServerId};
pub use new_key::NewKey;
pub use peppers::{SchemeReport, WrapReport};
pub use policy::{MaxStaleness, Overlap, Policy, TooLong};
pub use record::{KeyRecord, KeyState, Revocation, RevocationReason, UnknownReason};
pub use ring::{DigestRing, SchemeStanding, WrapError};
pub use scanner::Partner;
pub use scope::{InvalidScope, Level, Scope, Scopes};
pub use service::{ApiKeys, Flushed, Issued};
pub use store::{InsertError, KeyStore, Retirement, Rotation, SchemeTally, StoreError, Usage};

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use crate::{KeyDigest, KeyRecord, Scopes};

    /// A record of no importance.
    pub(crate) fn record() -> KeyRecord {
        KeyRecord {
            id: "key_1".parse().unwrap(),
            owner: "org".parse().unwrap(),
            format: "gmk_acct_live".to_owned(),
            environment: None,
            name: "name".parse().unwrap(),
            scopes: Scopes::none(),
            server: None,
            digest: KeyDigest::legacy_sha256([0; 32]),
            last_four: "k4Qm".to_owned(),
            created: SystemTime::UNIX_EPOCH,
            expires: None,
            last_used: None,
            use_count: 0,
            revoked: None,
            replaces: None,
            replaced_by: None,
        }
    }
}
