#![doc = include_str!("../README.md")]

pub mod cookie;
mod jws;
mod names;
mod profile;
mod refused;
mod signed;
mod token;

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
