//! HTTP Message Signatures (RFC 9421) of requests.

mod builder;
mod component;
mod crypto;
mod error;
mod input;
mod request;
mod signer;
mod target;
mod verified;
mod verifier;

pub use builder::MessageVerifierBuilder;
pub use component::{Component, InvalidComponent};
pub use error::{MessageBuildError, MessageRefused, MessageSignError};
pub use request::MessageRequest;
pub use signer::{MessageHeaders, MessageSigner, MessageSignerBuilder};
pub use verified::VerifiedMessage;
pub use verifier::MessageVerifier;

const SIGNATURE: &str = "Signature";
const SIGNATURE_INPUT: &str = "Signature-Input";
