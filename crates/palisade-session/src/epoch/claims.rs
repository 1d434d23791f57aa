//! What a good epoch token says.

use std::time::SystemTime;

use palisade_secret::KeyId;

use super::{Epoch, MissingScope, SidecarId, Subject, TokenScopes};
use crate::TokenRefused;
use crate::jws::RawClaims;

/// What a good epoch token claims. Verification is the only source of it.
#[derive(Clone, Debug)]
pub struct EpochClaims {
    subject: Subject,
    sidecar: SidecarId,
    scopes: TokenScopes,
    epoch: Epoch,
    issued: SystemTime,
    key: KeyId,
}

impl EpochClaims {
    pub(super) fn new(
        claims: &RawClaims<'_>,
        epoch: Epoch,
        issued: SystemTime,
        key: KeyId,
    ) -> Result<Self, TokenRefused> {
        let (subject, sidecar) = (claims.sub.as_deref(), claims.sidecar.as_deref());
        let scopes = claims.scope.as_deref().map_or(Ok(TokenScopes::none()), str::parse);
        Ok(Self {
            subject: subject.and_then(|sub| sub.parse().ok()).ok_or(TokenRefused::Claim("sub"))?,
            sidecar: sidecar
                .and_then(|id| id.parse().ok())
                .ok_or(TokenRefused::Claim("sidecar"))?,
            scopes: scopes.map_err(|_| TokenRefused::Claim("scope"))?,
            epoch,
            issued,
            key,
        })
    }

    /// On whose behalf the caller acts: `sub`.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The program that holds the token: `sidecar`.
    #[must_use]
    pub fn sidecar(&self) -> &SidecarId {
        &self.sidecar
    }

    /// What the token may be used for: `scope`.
    #[must_use]
    pub fn scopes(&self) -> &TokenScopes {
        &self.scopes
    }

    /// The hour in which it works: `epoch`.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// When it was issued: `iat`.
    #[must_use]
    pub fn issued(&self) -> SystemTime {
        self.issued
    }

    /// The first moment at which it no longer works: `exp`, the end of the epoch.
    #[must_use]
    pub fn expires(&self) -> SystemTime {
        self.epoch.expires_at()
    }

    /// The key that signed it.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.key
    }

    /// Asks for a scope, to the letter.
    ///
    /// # Errors
    ///
    /// [`MissingScope`] when the token does not have it.
    pub fn require(&self, scope: &str) -> Result<(), MissingScope> {
        if self.scopes.contains(scope) { Ok(()) } else { Err(MissingScope { scope: scope.into() }) }
    }
}

/// The epoch of a token, which its `exp` must agree with.
pub(super) fn epoch(claims: &RawClaims<'_>) -> Result<Epoch, TokenRefused> {
    let text = claims.epoch.as_deref().ok_or(TokenRefused::Claim("epoch"))?;
    let epoch: Epoch = text.parse().map_err(|_| TokenRefused::Claim("epoch"))?;
    let end = epoch.expires_at().duration_since(SystemTime::UNIX_EPOCH).ok();
    if end.is_none() || claims.exp != end {
        return Err(TokenRefused::Claim("exp"));
    }
    Ok(epoch)
}
