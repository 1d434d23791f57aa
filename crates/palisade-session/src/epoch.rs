//! Epoch tokens: what a program holds for an hour and renews before it ends.

mod civil;
mod claims;
mod client;
mod hour;
mod issuer;
mod names;
mod scopes;
mod terms;
mod token;
mod verifier;

pub use claims::EpochClaims;
pub use client::{EpochClient, EpochUnavailable};
pub use hour::{Epoch, EpochStanding, InvalidEpoch};
pub use issuer::{EpochGrant, EpochIssuer};
pub use names::{SidecarId, Subject};
pub use scopes::{InvalidScopes, MissingScope, TokenScopes};
pub use terms::EpochTerms;
pub use token::{EpochToken, EpochTokens};
pub use verifier::EpochVerifier;

/// The `typ` of an epoch token: its own, so that no verifier of another kind takes it for one of its
/// own (RFC 8725 section 3.11).
const TYPE: &str = "wt+jwt";

/// What stands before the compact JWS. A scanner finds leaked tokens by it, and a person knows what they
/// look at.
const PREFIX: &str = "wt_";
