#![doc = include_str!("../README.md")]

pub mod cookie;
mod epoch;
mod jws;
mod names;
mod profile;
mod refused;
mod signed;
mod token;

pub use epoch::{
    Epoch, EpochClaims, EpochClient, EpochGrant, EpochIssuer, EpochStanding, EpochTerms,
    EpochToken, EpochTokens, EpochUnavailable, EpochVerifier, InvalidEpoch, InvalidScopes,
    MissingScope, SidecarId, Subject, TokenScopes,
};
pub use jws::{CompactJws, SigningKeys};
#[cfg(feature = "eddsa")]
pub use jws::{Ed25519Key, InvalidEd25519Secret, InvalidJwks, Jwks};
pub use names::{DeviceLabel, InvalidName, SessionId, UserId};
pub use profile::{InvalidProfile, TokenProfile};
pub use refused::TokenRefused;
#[cfg(feature = "eddsa")]
pub use signed::SessionVerifier;
pub use signed::{NewClaims, SessionClaims, SessionTokens};
pub use token::SessionToken;
