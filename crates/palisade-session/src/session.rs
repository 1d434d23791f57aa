//! The proofs: someone is signed in, and proved who he is a moment ago.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::{DeviceLabel, Factor, SessionId, SessionRecord, UserAgent, UserId};

/// A token was presented, and its session lives.
///
/// Nothing but validation and the creation of a session makes one, so a function that takes it needs no
/// check of its own. It says what was true when it was made: what must not be done in a session that was
/// ended a moment ago needs [`Sessions::confirm`](crate::Sessions::confirm) or
/// [`Sessions::require_recent`](crate::Sessions::require_recent).
#[derive(Clone, Debug)]
pub struct Session {
    record: Arc<SessionRecord>,
    expires: SystemTime,
}

impl Session {
    pub(crate) fn new(record: Arc<SessionRecord>, expires: SystemTime) -> Self {
        Self { record, expires }
    }

    /// The session's public name.
    #[must_use]
    pub fn id(&self) -> &SessionId {
        &self.record.id
    }

    /// Who is signed in.
    #[must_use]
    pub fn user(&self) -> &UserId {
        &self.record.user
    }

    /// When the user signed in.
    #[must_use]
    pub fn created(&self) -> SystemTime {
        self.record.created
    }

    /// When it was last used before, to within the touch interval.
    #[must_use]
    pub fn last_seen(&self) -> SystemTime {
        self.record.last_seen
    }

    /// The first moment at which it is over, however much it is used.
    #[must_use]
    pub fn expires(&self) -> SystemTime {
        self.expires
    }

    /// How long it may still live, for the `Max-Age` of its cookie.
    #[must_use]
    pub fn remaining(&self, now: SystemTime) -> Duration {
        self.expires.duration_since(now).unwrap_or_default()
    }

    /// When the user last proved by this factor who he is, as far as is known here.
    #[must_use]
    pub fn verified(&self, factor: Factor) -> Option<SystemTime> {
        self.record.factors.when(factor)
    }
}

/// The user of a session proved by a factor who he is, not long ago, in this very session.
///
/// Nothing but [`Sessions::require_recent`](crate::Sessions::require_recent) makes one, and that asks the
/// store; a function that takes it needs no check of its own.
///
/// # Examples
///
/// ```
/// use palisade_session::RecentAuth;
///
/// fn close_account(recent: &RecentAuth) -> String {
///     format!("closing the account of {}", recent.user()) // never one that the request names
/// }
/// ```
#[derive(Clone, Debug)]
pub struct RecentAuth {
    session: Session,
    factor: Factor,
    verified: SystemTime,
}

impl RecentAuth {
    pub(crate) fn new(session: Session, factor: Factor, verified: SystemTime) -> Self {
        Self { session, factor, verified }
    }

    /// Who.
    #[must_use]
    pub fn user(&self) -> &UserId {
        self.session.user()
    }

    /// The session, as it was when the store was asked.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// By what.
    #[must_use]
    pub fn factor(&self) -> Factor {
        self.factor
    }

    /// When.
    #[must_use]
    pub fn verified(&self) -> SystemTime {
        self.verified
    }
}

/// The user must prove once more who he is before the request is done. It is no sign that he is not
/// signed in.
///
/// An HTTP service turns it into a challenge: status 401 with [`challenge`](Self::challenge), and the
/// client sends the request once more after the prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("prove once more who you are: this needs {factor} within the last {} seconds", .within.as_secs())]
pub struct StepUp {
    /// By what.
    pub factor: Factor,
    /// How long ago at most.
    pub within: Duration,
}

impl StepUp {
    /// The value of a `WWW-Authenticate` header (RFC 9470 section 3). The factor stands in `acr_values`.
    #[must_use]
    pub fn challenge(&self) -> String {
        format!(
            r#"Bearer error="insufficient_user_authentication", error_description="A more recent authentication is required", acr_values="{}", max_age="{}""#,
            self.factor,
            self.within.as_secs()
        )
    }
}

/// A session in the list that is shown to the user it belongs to.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ListedSession {
    /// The name by which it is ended.
    pub id: SessionId,
    /// What the user recognises of the device.
    pub device: Option<DeviceLabel>,
    /// When the user signed in.
    pub created: SystemTime,
    /// When it was last used, to within the touch interval.
    pub last_seen: SystemTime,
    /// From where it was last used.
    pub address: Option<IpAddr>,
    /// What the client called itself at sign-in.
    pub user_agent: Option<UserAgent>,
    /// Whether it is the one that asks.
    pub current: bool,
}
