//! What the server stores of a key.

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use crate::key::Mask;
use crate::{ApiKeyId, KeyDigest, KeyName, Owner, Scopes, ServerId};

/// The last second of the year 9999, since 1970: the latest that every store can keep.
pub(crate) const LAST_SECOND: u64 = 253_402_300_799;

/// What a store keeps of one key: never the key, only its digest.
///
/// A record is a copy of what was stored; changing it changes nothing. Times are whole microseconds.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct KeyRecord {
    /// The public name of the key.
    pub id: ApiKeyId,
    /// To whom it belongs.
    pub owner: Owner,
    /// The prefix of its format.
    pub format: String,
    /// The environment of its format.
    pub environment: Option<String>,
    /// What people call it.
    pub name: KeyName,
    /// What it may do.
    pub scopes: Scopes,
    /// The one server it works from, where it is bound.
    pub server: Option<ServerId>,
    /// The digest that a presented key is compared with.
    pub digest: KeyDigest,
    /// The last four characters of the key, to be shown.
    pub last_four: String,
    /// When it was issued.
    pub created: SystemTime,
    /// The first moment at which it no longer works.
    pub expires: Option<SystemTime>,
    /// When it was last used, up to the last flush of usage.
    pub last_used: Option<SystemTime>,
    /// How often it was used, up to the last flush of usage.
    pub use_count: u64,
    /// When and why it was revoked. This never changes back.
    pub revoked: Option<Revocation>,
    /// The key that this one replaced.
    pub replaces: Option<ApiKeyId>,
    /// The key that replaced this one. This never changes once set.
    pub replaced_by: Option<ApiKeyId>,
}

impl KeyRecord {
    /// Where the key stands at `now`.
    ///
    /// Revocation holds at any time, so a clock that steps back revives nothing.
    #[must_use]
    pub fn state(&self, now: SystemTime) -> KeyState {
        let expired = self.expires.is_some_and(|end| now >= end);
        match (&self.revoked, expired, &self.replaced_by) {
            (Some(_), _, _) => KeyState::Revoked,
            (None, true, Some(_)) => KeyState::Replaced,
            (None, true, None) => KeyState::Expired,
            (None, false, _) => KeyState::Active,
        }
    }

    /// What of the key may be shown: `gmk_acct_live_…k4Qm`.
    #[must_use]
    pub fn mask(&self) -> Mask<'_> {
        Mask { prefix: &self.format, last_four: &self.last_four }
    }
}

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyState {
    /// It works.
    Active,
    /// Its time has run out.
    Expired,
    /// Another key replaced it, and the overlap has run out.
    Replaced,
    /// It was revoked, for good.
    Revoked,
}

impl KeyState {
    /// A short, stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Replaced => "replaced",
            Self::Revoked => "revoked",
        }
    }
}

/// When and why a key was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Revocation {
    /// Since when it has not worked.
    pub at: SystemTime,
    /// Why.
    pub reason: RevocationReason,
}

/// Why a key was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum RevocationReason {
    /// Its owner asked for it.
    Requested,
    /// It was seen where it should not be.
    Leaked,
    /// The service decided so.
    Administrative,
}

impl RevocationReason {
    /// A short, stable word: the stored form.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Leaked => "leaked",
            Self::Administrative => "administrative",
        }
    }
}

impl fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RevocationReason {
    type Err = UnknownReason;

    fn from_str(text: &str) -> Result<Self, UnknownReason> {
        [Self::Requested, Self::Leaked, Self::Administrative]
            .into_iter()
            .find(|reason| reason.as_str() == text)
            .ok_or(UnknownReason)
    }
}

/// Text that names no reason for a revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a reason is `requested`, `leaked` or `administrative`")]
pub struct UnknownReason;

/// The time in whole microseconds, the precision of every store, within the years 1970 to 9999.
pub(crate) fn storable(time: SystemTime) -> Option<SystemTime> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let micros = std::time::Duration::new(since.as_secs(), since.subsec_micros() * 1000);
    (since.as_secs() <= LAST_SECOND).then(|| SystemTime::UNIX_EPOCH + micros)
}

/// The latest moment that is storable.
pub(crate) fn last_moment() -> SystemTime {
    SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(LAST_SECOND)
}
