#![doc = include_str!("../README.md")]

mod body_time;
mod delivery;
mod encode;
mod error;
#[cfg(feature = "explain")]
pub mod explain;
mod headers;
mod key;
mod message_id;
mod pass;
mod presented;
#[cfg(test)]
mod random_json;
mod replay;
mod ring;
mod scheme;
mod signer;
mod stamp;
mod verified;
mod verifier;

pub use delivery::{
    Delivery, DeliveryState, GiveUp, InvalidRetryAfter, InvalidRetryPolicy, Next, NotRecorded,
    Outcome, RetryAfter, RetryPolicy, RetryPolicyBuilder,
};
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
