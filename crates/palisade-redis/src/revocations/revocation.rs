//! What can be revoked.

use std::fmt;
use std::str::FromStr;

/// Something that was revoked, and that no cache may hold on to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Revocation {
    /// The API key with this id.
    Key(RevokedId),
    /// The session with this id.
    Session(RevokedId),
    /// All that this user has: sessions, and keys where a user owns some.
    User(RevokedId),
    /// More than can be named.
    Everything,
}

/// The id of what was revoked: 1 to 128 visible ASCII characters, which every id of a key, a session and a
/// user is.
///
/// # Examples
///
/// ```
/// use palisade_redis::{Revocation, RevokedId};
///
/// let id: RevokedId = "usr_01".parse().unwrap();
/// assert_eq!(Revocation::User(id.clone()), Revocation::User(id));
/// assert!("usr 01".parse::<RevokedId>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RevokedId(Box<str>);

/// A text is no [`RevokedId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the id of what was revoked is 1 to 128 visible ASCII characters")]
pub struct InvalidRevokedId;

impl RevokedId {
    /// The most characters of an id.
    pub const MAX_LEN: usize = 128;

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RevokedId {
    type Err = InvalidRevokedId;

    fn from_str(text: &str) -> Result<Self, InvalidRevokedId> {
        let is_short = (1..=Self::MAX_LEN).contains(&text.len());
        if !is_short || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidRevokedId);
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for RevokedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RevokedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RevokedId({:?})", self.as_str())
    }
}

/// The ids of sessions and users are of the same kind.
#[cfg(feature = "session")]
mod of_sessions {
    use palisade_session::{SessionId, UserId};

    use super::{Revocation, RevokedId};

    impl From<&SessionId> for Revocation {
        fn from(id: &SessionId) -> Self {
            Self::Session(RevokedId(id.as_str().into()))
        }
    }

    impl From<&UserId> for Revocation {
        fn from(id: &UserId) -> Self {
            Self::User(RevokedId(id.as_str().into()))
        }
    }
}
