//! Checking epoch tokens.

use std::time::SystemTime;

use super::{EpochClaims, EpochStanding, TYPE, claims, issuer, token};
use crate::jws::{self, Jws, PayloadBuffer, SigningKey, SigningKeys, Verifies};
use crate::{InvalidProfile, TokenProfile, TokenRefused};

/// Verifies epoch tokens, with the keys that sign them or, in another service, with public ones.
///
/// [`EpochIssuer`](super::EpochIssuer) has an example.
#[derive(Debug)]
pub struct EpochVerifier {
    keys: Keys,
    profile: TokenProfile,
}

#[derive(Debug)]
enum Keys {
    Signing(Jws<SigningKey>),
    #[cfg(feature = "eddsa")]
    Public(Jws<jws::PublicKey>),
}

impl EpochVerifier {
    /// A verifier with the keys of the issuer.
    ///
    /// # Errors
    ///
    /// [`InvalidProfile::EpochLifetime`] as for [`EpochIssuer::new`](super::EpochIssuer::new).
    pub fn new(keys: SigningKeys, profile: TokenProfile) -> Result<Self, InvalidProfile> {
        let keys = Keys::Signing(Jws::new(keys.0, TYPE));
        Ok(Self { keys, profile: issuer::check(profile)? })
    }

    /// A verifier with the public keys of the issuer.
    ///
    /// # Errors
    ///
    /// [`InvalidProfile::EpochLifetime`] as for [`EpochIssuer::new`](super::EpochIssuer::new).
    #[cfg(feature = "eddsa")]
    pub fn with_public_keys(
        keys: crate::Jwks,
        profile: TokenProfile,
    ) -> Result<Self, InvalidProfile> {
        let keys = Keys::Public(Jws::new(keys.0, TYPE));
        Ok(Self { keys, profile: issuer::check(profile)? })
    }

    /// Checks a token: prefix, form, key, signature, type, claims, and that `now` lies in its epoch.
    ///
    /// # Errors
    ///
    /// [`TokenRefused`].
    pub fn verify(&self, token: &str, now: SystemTime) -> Result<EpochClaims, TokenRefused> {
        match &self.keys {
            Keys::Signing(jws) => verify(jws, &self.profile, token, now),
            #[cfg(feature = "eddsa")]
            Keys::Public(jws) => verify(jws, &self.profile, token, now),
        }
    }
}

fn verify<K: Verifies>(
    jws: &Jws<K>,
    profile: &TokenProfile,
    token: &str,
    now: SystemTime,
) -> Result<EpochClaims, TokenRefused> {
    let mut buffer: PayloadBuffer = [0; _];
    let (payload, key) = jws.verify(token::compact(token)?, now, &mut buffer)?;
    let raw = jws::claims(payload, &profile.audience)?;
    // Also sees to it that `iat` is not after the end.
    let (issued, _) = profile.check(&raw, now)?;
    let epoch = claims::epoch(&raw)?;
    match epoch.standing(now, profile.leeway) {
        EpochStanding::NotYetValid => Err(TokenRefused::NotYetValid),
        EpochStanding::Expired => Err(TokenRefused::Expired),
        EpochStanding::Valid | EpochStanding::RefreshDue => {
            EpochClaims::new(&raw, epoch, issued, key)
        }
    }
}
