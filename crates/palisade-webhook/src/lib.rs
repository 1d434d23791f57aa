#![doc = include_str!("../README.md")]

mod body_time;
#[cfg(feature = "message-signatures")]
mod content_digest;
mod delivery;
mod encode;
mod error;
#[cfg(feature = "explain")]
pub mod explain;
mod headers;
mod key;
mod message_id;
#[cfg(feature = "message-signatures")]
mod message_signature;
mod pass;
mod presented;
#[cfg(test)]
mod random_json;
mod replay;
mod ring;
mod scheme;
mod signer;
mod stamp;
#[cfg(feature = "message-signatures")]
mod structured;
#[cfg(feature = "twilio")]
mod twilio;
mod verified;
mod verifier;

#[cfg(feature = "message-signatures")]
pub use content_digest::{ContentDigest, ContentDigestStream, DigestRefused};
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
#[cfg(feature = "message-signatures")]
pub use message_signature::{
    Component, InvalidComponent, MessageBuildError, MessageHeaders, MessageRefused, MessageRequest,
    MessageSignError, MessageSigner, MessageSignerBuilder, MessageVerifier, MessageVerifierBuilder,
    VerifiedMessage,
};
pub use replay::{
    Fresh, Inserted, MemoryReplays, ReplayError, ReplayGuard, ReplayGuardBuilder, ReplayKey,
    ReplayPolicyError, ReplayStore, Sighting, StoreError,
};
pub use ring::MAX_KEYS;
pub use scheme::{Algorithm, Encoding, HeaderForm, Part, Scheme, SchemeError};
pub use signer::{SignError, SignedHeaders, Signer, SignerBuilder};
#[cfg(feature = "twilio")]
pub use twilio::{
    RepeatedField, TwilioSigner, TwilioUnsigned, TwilioVerifier, TwilioVerifierBuilder,
    VerifiedTwilio,
};
pub use verified::{Verified, VerifiedStream};
pub use verifier::{Verifier, VerifierBuilder, VerifyingStream};
