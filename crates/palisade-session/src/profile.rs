//! From whom tokens are, and for whom.

use std::time::{Duration, SystemTime};

use crate::TokenRefused;
use crate::jws::RawClaims;

/// What the tokens of a service have in common: who issues them, for whom, how long they may live, and
/// how far two clocks may be apart.
///
/// # Examples
///
/// ```
/// use palisade_session::TokenProfile;
/// use std::time::Duration;
///
/// let profile = TokenProfile::new("https://auth.glassmkr.com", "guardian")?
///     .leeway(Duration::from_secs(5))?;
/// # Ok::<(), palisade_session::InvalidProfile>(())
/// ```
#[derive(Clone, Debug)]
pub struct TokenProfile {
    pub(crate) issuer: Box<str>,
    pub(crate) audience: Box<str>,
    pub(crate) leeway: Duration,
    pub(crate) max_lifetime: Duration,
}

impl TokenProfile {
    /// The longest issuer or audience, in bytes.
    pub const MAX_NAME_LEN: usize = 256;
    /// The most that two clocks may be apart.
    pub const MAX_LEEWAY: Duration = Duration::from_mins(1);
    /// The longest that a token may live, from its `iat` to its `exp`.
    pub const MAX_LIFETIME: Duration = Duration::from_hours(7 * 24);

    /// Tokens of this issuer (`iss`) for this audience (`aud`), compared byte for byte, with a leeway of
    /// 30 seconds and a life of seven days at most.
    ///
    /// # Errors
    ///
    /// [`InvalidProfile::Name`] when one of them is not 1 to 256 visible ASCII characters.
    pub fn new(issuer: &str, audience: &str) -> Result<Self, InvalidProfile> {
        let valid = |name: &str| {
            !name.is_empty()
                && name.len() <= Self::MAX_NAME_LEN
                && name.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if !valid(issuer) || !valid(audience) {
            return Err(InvalidProfile::Name);
        }
        Ok(Self {
            issuer: issuer.into(),
            audience: audience.into(),
            leeway: Duration::from_secs(30),
            max_lifetime: Self::MAX_LIFETIME,
        })
    }

    /// How far the clock of the issuer and that of the verifier may be apart.
    ///
    /// # Errors
    ///
    /// [`InvalidProfile::Leeway`] above [`MAX_LEEWAY`](Self::MAX_LEEWAY).
    pub fn leeway(mut self, leeway: Duration) -> Result<Self, InvalidProfile> {
        if leeway > Self::MAX_LEEWAY {
            return Err(InvalidProfile::Leeway);
        }
        self.leeway = leeway;
        Ok(self)
    }

    /// The longest that a token may live. One that claims more is refused, whoever signed it.
    ///
    /// # Errors
    ///
    /// [`InvalidProfile::Lifetime`] when it is nothing, above [`MAX_LIFETIME`](Self::MAX_LIFETIME), or
    /// not in whole seconds, as tokens are: one of the longest life would be refused at times.
    pub fn max_lifetime(mut self, lifetime: Duration) -> Result<Self, InvalidProfile> {
        if lifetime.is_zero() || lifetime > Self::MAX_LIFETIME || lifetime.subsec_nanos() != 0 {
            return Err(InvalidProfile::Lifetime);
        }
        self.max_lifetime = lifetime;
        Ok(self)
    }

    /// Checks what every kind of token claims, and returns `iat` and `exp`.
    pub(crate) fn check(
        &self,
        claims: &RawClaims<'_>,
        now: SystemTime,
    ) -> Result<(SystemTime, SystemTime), TokenRefused> {
        if claims.iss.as_deref() != Some(&*self.issuer) {
            return Err(TokenRefused::Issuer);
        }
        if claims.aud != Some(true) {
            return Err(TokenRefused::Audience);
        }
        let issued = claims.iat.ok_or(TokenRefused::Claim("iat"))?;
        let expires = claims.exp.ok_or(TokenRefused::Claim("exp"))?;
        let lifetime = expires.checked_sub(issued).ok_or(TokenRefused::Claim("exp"))?;
        if lifetime > self.max_lifetime {
            return Err(TokenRefused::Claim("exp"));
        }
        // A clock before 1970 sees every token as one of the future.
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        if now.saturating_sub(self.leeway) >= expires {
            return Err(TokenRefused::Expired);
        }
        let latest = now.saturating_add(self.leeway);
        if latest < issued || claims.nbf.is_some_and(|start| latest < start) {
            return Err(TokenRefused::NotYetValid);
        }
        let time = |since| SystemTime::UNIX_EPOCH.checked_add(since);
        time(issued).zip(time(expires)).ok_or(TokenRefused::Claim("exp"))
    }
}

/// What a token profile cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidProfile {
    /// An issuer or audience.
    #[error("an issuer or audience is 1 to 256 visible ASCII characters")]
    Name,
    /// A leeway.
    #[error("the leeway between clocks is at most 60 seconds")]
    Leeway,
    /// A lifetime.
    #[error("the lifetime of a token is whole seconds, more than nothing and at most 7 days")]
    Lifetime,
    /// A lifetime in which no epoch token fits.
    #[error("an epoch token lives for up to 65 minutes, and the profile allows less")]
    EpochLifetime,
}
