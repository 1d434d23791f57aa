#![doc = include_str!("../README.md")]

mod body_time;
mod encode;
mod error;
mod headers;
mod key;
mod message_id;
mod pass;
mod presented;
mod replay;
mod ring;
mod scheme;
mod signer;
mod stamp;
mod verified;
mod verifier;

pub use error::{BuildError, Refused};
pub use headers::Headers;
pub use key::{KeyError, SharedSecret, SigningKey, VerifyingKey};
#[cfg(feature = "asymmetric")]
pub use key::{PrivateKey, PublicKey};
pub use message_id::{InvalidMessageId, MessageId};
pub use replay::{
    Fresh, Inserted, MemoryReplays, ReplayError, ReplayGuard, ReplayGuardBuilder, ReplayKey,
    ReplayPolicyError, ReplayStore, Sighting, StoreError,
};
pub use ring::MAX_KEYS;
pub use scheme::{Algorithm, Encoding, Part, Scheme, SchemeError};
pub use signer::{SignError, SignedHeaders, Signer, SignerBuilder};
pub use verified::{Verified, VerifiedStream};
pub use verifier::{Verifier, VerifierBuilder, VerifyingStream};
