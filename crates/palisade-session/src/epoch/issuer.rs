//! Giving epoch tokens out.

use std::time::{Duration, SystemTime};

use super::{
    Epoch, EpochToken, EpochTokens, InvalidEpoch, PREFIX, SidecarId, Subject, TYPE, TokenScopes,
};
use crate::jws::{Jws, SigningKey, SigningKeys};
use crate::signed::JsonText;
use crate::{InvalidProfile, TokenProfile};

/// Issues epoch tokens: `wt_` and a strict compact JWS with `iss`, `aud`, `sub`, `sidecar`, `scope`,
/// `epoch`, `iat` and `exp`.
///
/// # Security
///
/// A token works until its hour ends: there is nothing to revoke it with but a hard rotation of the
/// keys. Issue it only against a credential that is checked each time, such as an API key.
///
/// # Examples
///
/// ```
/// use palisade_secret::{Keyring, MacKey, SecretBytes};
/// use palisade_session::{EpochGrant, EpochIssuer, EpochVerifier, SigningKeys, TokenProfile};
/// use std::time::SystemTime;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let now = SystemTime::now();
/// let key = MacKey::new(SecretBytes::generate(32)?)?; // in a service: Keyring::from_env("…")
/// let keys = SigningKeys::hs256(Keyring::new("2026a".parse()?, key));
/// let profile = TokenProfile::new("https://auth.glassmkr.com", "attestations")?;
/// let issuer = EpochIssuer::new(keys.clone(), profile.clone())?;
/// let verifier = EpochVerifier::new(keys, profile)?;
///
/// let tokens = issuer.issue(
///     &EpochGrant {
///         subject: &"org_1".parse()?,
///         sidecar: &"sc_7f3a".parse()?,
///         scopes: &"write:attestations".parse()?,
///     },
///     now,
/// )?;
/// let claims = verifier.verify(tokens.current.expose_secret(), now)?;
/// claims.require("write:attestations")?;
/// assert!(claims.require("write").is_err()); // to the letter
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct EpochIssuer {
    jws: Jws<SigningKey>,
    /// The members that are the same in every token, as JSON, from the opening brace on.
    common: String,
}

/// What a new epoch token is to allow, and to whom.
#[derive(Clone, Copy, Debug)]
pub struct EpochGrant<'a> {
    /// On whose behalf: `sub`.
    pub subject: &'a Subject,
    /// The program that will hold it: `sidecar`.
    pub sidecar: &'a SidecarId,
    /// What for: `scope`, which is left out when there are none.
    pub scopes: &'a TokenScopes,
}

impl EpochIssuer {
    /// Tokens signed with these keys.
    ///
    /// # Errors
    ///
    /// [`InvalidProfile::EpochLifetime`] when the profile does not let a token live for an hour and the
    /// five minutes before.
    pub fn new(keys: SigningKeys, profile: TokenProfile) -> Result<Self, InvalidProfile> {
        let TokenProfile { issuer, audience, .. } = check(profile)?;
        let (issuer, audience) = (JsonText(&issuer), JsonText(&audience));
        let common = format!(r#"{{"iss":{issuer},"aud":{audience},"#);
        Ok(Self { jws: Jws::new(keys.0, TYPE), common })
    }

    /// The token for the hour that it is, and in its last five minutes also that for the next hour.
    ///
    /// # Errors
    ///
    /// [`InvalidEpoch`] when `now` is before 1970 or after 9999.
    pub fn issue(
        &self,
        grant: &EpochGrant<'_>,
        now: SystemTime,
    ) -> Result<EpochTokens, InvalidEpoch> {
        let epoch = Epoch::of(now)?;
        let current = self.token(grant, epoch, now);
        let next = epoch.next().filter(|_| now >= epoch.refresh_from());
        Ok(EpochTokens { current, next: next.map(|next| self.token(grant, next, now)) })
    }

    fn token(&self, grant: &EpochGrant<'_>, epoch: Epoch, now: SystemTime) -> EpochToken {
        let seconds = |time: SystemTime| {
            time.duration_since(SystemTime::UNIX_EPOCH).as_ref().map_or(0, Duration::as_secs)
        };
        let scope = match grant.scopes.as_str() {
            "" => String::new(),
            // No scope holds a character that JSON escapes, and no sidecar id.
            scopes => format!(r#""scope":"{scopes}","#),
        };
        let payload = format!(
            r#"{}"sub":{},"sidecar":"{}",{scope}"epoch":"{epoch}","iat":{},"exp":{}}}"#,
            self.common,
            JsonText(grant.subject.as_str()),
            grant.sidecar,
            seconds(now),
            seconds(epoch.expires_at()),
        );
        EpochToken::issued(self.jws.sign(PREFIX, payload.as_bytes()), epoch)
    }
}

/// A profile that lets epoch tokens live.
pub(super) fn check(profile: TokenProfile) -> Result<TokenProfile, InvalidProfile> {
    if profile.max_lifetime < Epoch::LENGTH + Epoch::REFRESH_WINDOW {
        return Err(InvalidProfile::EpochLifetime);
    }
    Ok(profile)
}
