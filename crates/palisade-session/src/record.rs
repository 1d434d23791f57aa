//! What the server stores of a session.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use crate::digest::SecretDigest;
use crate::{DeviceLabel, Factors, SessionId, UserAgent, UserId};

/// The last second of the year 9999, since 1970: the latest that every store can keep.
const LAST_SECOND: u64 = 253_402_300_799;

/// What a store keeps of one session: never the token, only the digest of its secret.
///
/// A record is a copy of what was stored; changing it changes nothing. Times are whole microseconds.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SessionRecord {
    /// The public name of the session.
    pub id: SessionId,
    /// Who is signed in.
    pub user: UserId,
    /// The user's generation when the session began. A session of an older generation than the user's is
    /// dead, whatever else the record says.
    pub generation: u64,
    /// What a presented token is compared with.
    pub credential: Credential,
    /// When the user signed in. It stays when the id changes: the absolute timeout counts from here.
    pub created: SystemTime,
    /// When it was last used, to within the touch interval.
    pub last_seen: SystemTime,
    /// From where it was last used.
    pub address: Option<IpAddr>,
    /// The user agent at sign-in.
    pub user_agent: Option<UserAgent>,
    /// What the customer sees of the device.
    pub device: Option<DeviceLabel>,
    /// By what the user proved who he is, and when last.
    pub factors: Factors,
    /// When and why it ended. This never changes back.
    pub ended: Option<Ending>,
}

/// How the token of a session is told from others.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Credential {
    /// An opaque token: the digest of its secret.
    Opaque(SecretDigest),
    /// A signed token: its signature is enough.
    Signed,
}

/// When and why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Ending {
    /// When.
    pub at: SystemTime,
    /// Why.
    pub reason: EndReason,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "&'static str"))]
#[non_exhaustive]
pub enum EndReason {
    /// The user signed out of it.
    SignedOut,
    /// The user ended it from another session.
    SignedOutElsewhere,
    /// It goes on under a new id.
    Replaced,
    /// The password was changed or reset.
    PasswordChanged,
    /// A second factor was added, removed or reset.
    SecondFactorChanged,
    /// The user may do more than before, or less.
    PrivilegeChanged,
    /// The user has more sessions than the policy allows, and this was the one least recently used.
    TooManySessions,
    /// It was used from another place or by another program than before.
    Suspicious(Suspicion),
    /// The keys or secrets of the service were replaced at once.
    KeysRotated,
    /// The account is closed.
    AccountClosed,
    /// An operator ended it.
    Administrator,
}

/// What was suspicious about the use of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Suspicion {
    /// It came from another network.
    Address,
    /// It came from another program or device.
    UserAgent,
    /// What a policy of the service's own saw.
    Other,
}

impl EndReason {
    const ALL: [Self; 13] = [
        Self::SignedOut,
        Self::SignedOutElsewhere,
        Self::Replaced,
        Self::PasswordChanged,
        Self::SecondFactorChanged,
        Self::PrivilegeChanged,
        Self::TooManySessions,
        Self::Suspicious(Suspicion::Address),
        Self::Suspicious(Suspicion::UserAgent),
        Self::Suspicious(Suspicion::Other),
        Self::KeysRotated,
        Self::AccountClosed,
        Self::Administrator,
    ];

    /// A short, stable word, for columns, logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::SignedOutElsewhere => "signed_out_elsewhere",
            Self::Replaced => "replaced",
            Self::PasswordChanged => "password_changed",
            Self::SecondFactorChanged => "second_factor_changed",
            Self::PrivilegeChanged => "privilege_changed",
            Self::TooManySessions => "too_many_sessions",
            Self::Suspicious(Suspicion::Address) => "suspicious_address",
            Self::Suspicious(Suspicion::UserAgent) => "suspicious_user_agent",
            Self::Suspicious(Suspicion::Other) => "suspicious",
            Self::KeysRotated => "keys_rotated",
            Self::AccountClosed => "account_closed",
            Self::Administrator => "administrator",
        }
    }
}

impl FromStr for EndReason {
    type Err = UnknownEndReason;

    fn from_str(text: &str) -> Result<Self, UnknownEndReason> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text).ok_or(UnknownEndReason)
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for EndReason {
    type Error = UnknownEndReason;

    fn try_from(text: String) -> Result<Self, UnknownEndReason> {
        text.parse()
    }
}

impl From<EndReason> for &'static str {
    fn from(reason: EndReason) -> Self {
        reason.as_str()
    }
}

/// Text that is no [`EndReason`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text is not one of the reasons for which a session ends")]
pub struct UnknownEndReason;

/// Which sessions still live, by their times alone: those that began and were last seen after these
/// moments.
///
/// A service computes it from its policy and the time, so that a stricter policy holds for sessions that
/// began before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Horizon {
    /// `now` less the absolute timeout.
    pub created_after: SystemTime,
    /// `now` less the idle timeout.
    pub seen_after: SystemTime,
}

impl Horizon {
    /// The horizon at `now`.
    #[must_use]
    pub fn new(now: SystemTime, idle: Duration, absolute: Duration) -> Self {
        let before = |span| now.checked_sub(span).unwrap_or(SystemTime::UNIX_EPOCH);
        Self { created_after: before(absolute), seen_after: before(idle) }
    }

    /// Whether neither timeout has run out. A session from the future, by a clock that was wrong, lives.
    #[must_use]
    pub fn holds(&self, record: &SessionRecord) -> bool {
        record.created > self.created_after && record.last_seen > self.seen_after
    }
}

/// The last microsecond that is not after this time, if every store can keep it.
pub(crate) fn storable(time: SystemTime) -> Option<SystemTime> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let micros = Duration::from_micros(u64::try_from(since.as_micros()).ok()?);
    if micros.as_secs() > LAST_SECOND {
        return None;
    }
    SystemTime::UNIX_EPOCH.checked_add(micros)
}
