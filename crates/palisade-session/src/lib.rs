#![doc = include_str!("../README.md")]

mod cache;
pub mod cookie;
mod digest;
mod epoch;
mod error;
mod factor;
mod jws;
mod memory;
mod names;
mod opaque;
mod origin;
mod policy;
mod profile;
mod record;
mod refused;
mod service;
mod session;
mod signed;
mod store;
mod token;
mod watch;

pub use digest::{InvalidDigest, SecretDigest};
pub use epoch::{
    Epoch, EpochClaims, EpochClient, EpochGrant, EpochIssuer, EpochStanding, EpochTerms,
    EpochToken, EpochTokens, EpochUnavailable, EpochVerifier, InvalidEpoch, InvalidScopes,
    MissingScope, SidecarId, Subject, TokenScopes,
};
pub use error::{ChangeError, CreateError, RecentError, Refused, RefusedOr};
pub use factor::{Factor, Factors, InvalidFactors};
pub use jws::{CompactJws, SigningKeys};
#[cfg(feature = "eddsa")]
pub use jws::{Ed25519Key, InvalidEd25519Secret, InvalidJwks, Jwks};
pub use memory::MemoryStore;
pub use names::{DeviceLabel, InvalidName, SessionId, UserId};
pub use origin::{Origin, UserAgent};
pub use policy::{InvalidPolicy, SessionLimit, SessionPolicy, SessionPolicyBuilder, WhenFull};
pub use profile::{InvalidProfile, TokenProfile};
pub use record::{
    Credential, EndReason, Ending, Horizon, SessionRecord, Suspicion, UnknownEndReason,
};
pub use refused::TokenRefused;
pub use service::{Change, NewSession, Sessions, SignIn};
pub use session::{ListedSession, RecentAuth, Session, StepUp};
#[cfg(feature = "eddsa")]
pub use signed::SessionVerifier;
pub use signed::{NewClaims, SessionClaims, SessionTokens};
pub use store::{InsertError, Others, SessionStore, StoreError, Stored, Touch, Written};
pub use token::SessionToken;
pub use watch::{SameDevice, SameNetwork, Watch};
