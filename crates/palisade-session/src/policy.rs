//! The choices of a service, made once.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use crate::Watch;

/// How a service treats its sessions.
///
/// # Examples
///
/// ```
/// use palisade_session::{SameDevice, SessionLimit, SessionPolicy};
/// use std::time::Duration;
///
/// let policy = SessionPolicy::builder()
///     .idle_timeout(Duration::from_mins(30))
///     .absolute_timeout(Duration::from_hours(24))
///     .limit(SessionLimit::end_least_recently_used(5))
///     .watch(SameDevice)
///     .build()?;
/// # Ok::<(), palisade_session::InvalidPolicy>(())
/// ```
#[derive(Clone)]
pub struct SessionPolicy {
    pub(crate) idle: Duration,
    pub(crate) absolute: Duration,
    pub(crate) touch_interval: Duration,
    pub(crate) limit: SessionLimit,
    pub(crate) staleness: Duration,
    pub(crate) cached_sessions: usize,
    pub(crate) watches: Vec<Arc<dyn Watch>>,
}

impl Default for SessionPolicy {
    /// Twelve hours idle and seven days in all, as OWASP advises for a life of a week; a touch a minute;
    /// fifty sessions a user; no cache; nothing is suspicious.
    fn default() -> Self {
        Self {
            idle: Duration::from_hours(12),
            absolute: Duration::from_hours(7 * 24),
            touch_interval: Duration::from_mins(1),
            limit: SessionLimit::end_least_recently_used(50),
            staleness: Duration::ZERO,
            cached_sessions: 0,
            watches: Vec::new(),
        }
    }
}

impl SessionPolicy {
    /// The longest absolute timeout: as long as a browser keeps a cookie (RFC 6265bis section 5.5).
    pub const MAX_LIFETIME: Duration = Duration::from_hours(400 * 24);
    /// The longest that a cached verdict may decide.
    pub const MAX_STALENESS: Duration = Duration::from_mins(5);

    /// Starts from the default.
    #[must_use]
    pub fn builder() -> SessionPolicyBuilder {
        SessionPolicyBuilder(Self::default())
    }
}

impl fmt::Debug for SessionPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionPolicy")
            .field("idle", &self.idle)
            .field("absolute", &self.absolute)
            .field("touch_interval", &self.touch_interval)
            .field("limit", &self.limit)
            .field("staleness", &self.staleness)
            .field("watches", &self.watches.len())
            .finish_non_exhaustive()
    }
}

/// Makes a [`SessionPolicy`].
#[derive(Clone, Debug)]
pub struct SessionPolicyBuilder(SessionPolicy);

impl SessionPolicyBuilder {
    /// A session that is not used for so long is over.
    #[must_use]
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.0.idle = timeout;
        self
    }

    /// A session is over so long after the user signed in, however much it is used.
    #[must_use]
    pub fn absolute_timeout(mut self, timeout: Duration) -> Self {
        self.0.absolute = timeout;
        self
    }

    /// The time of last use is written no more often than this.
    #[must_use]
    pub fn touch_interval(mut self, interval: Duration) -> Self {
        self.0.touch_interval = interval;
        self
    }

    /// How many sessions a user may have.
    #[must_use]
    pub fn limit(mut self, limit: SessionLimit) -> Self {
        self.0.limit = limit;
        self
    }

    /// Keeps this many records in memory, and lets them decide until they are `staleness` old.
    ///
    /// # Security
    ///
    /// For so long a session that another process ended may go on working here; one that was ended
    /// through the same [`Sessions`](crate::Sessions) stops at once, unless the call that ended it was given
    /// up: a store may finish a write after its caller is gone. Step-up and every change of a session ask the
    /// store all the same. A copy only ever lets someone in: what speaks against a session is read anew.
    #[must_use]
    pub fn cache(mut self, sessions: usize, staleness: Duration) -> Self {
        self.0.cached_sessions = sessions;
        self.0.staleness = staleness;
        self
    }

    /// Ends sessions whose use this finds suspicious. More than one may watch.
    #[must_use]
    pub fn watch(mut self, watch: impl Watch + 'static) -> Self {
        self.0.watches.push(Arc::new(watch));
        self
    }

    /// The policy.
    ///
    /// # Errors
    ///
    /// [`InvalidPolicy`] when the choices contradict each other or are out of bounds.
    pub fn build(self) -> Result<SessionPolicy, InvalidPolicy> {
        let policy = self.0;
        if policy.idle.is_zero() || policy.idle > policy.absolute {
            return Err(InvalidPolicy::Idle);
        }
        if policy.absolute > SessionPolicy::MAX_LIFETIME {
            return Err(InvalidPolicy::Absolute);
        }
        // Half, so that a session in steady use is touched in time even when one touch is late.
        if policy.touch_interval > policy.idle / 2 {
            return Err(InvalidPolicy::Touch);
        }
        if policy.staleness > SessionPolicy::MAX_STALENESS {
            return Err(InvalidPolicy::Staleness);
        }
        Ok(policy)
    }
}

/// How many sessions a user may have at once, and what happens to one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimit {
    most: NonZeroU32,
    when_full: WhenFull,
}

/// What happens to one session more than there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// It begins, and those least recently used end.
    EndLeastRecentlyUsed,
    /// It does not begin.
    Refuse,
}

impl SessionLimit {
    /// The most sessions that a limit may allow: a list of them fits one answer.
    pub const MAX: u32 = 1000;

    /// One more ends those least recently used. The number is brought between 1 and 1000.
    #[must_use]
    pub fn end_least_recently_used(most: u32) -> Self {
        Self::new(most, WhenFull::EndLeastRecentlyUsed)
    }

    /// One more is refused. The number is brought between 1 and 1000.
    ///
    /// # Security
    ///
    /// Who knows the password can keep the owner out, until sessions run out or are ended.
    #[must_use]
    pub fn refuse(most: u32) -> Self {
        Self::new(most, WhenFull::Refuse)
    }

    fn new(most: u32, when_full: WhenFull) -> Self {
        let most = NonZeroU32::new(most.min(Self::MAX)).unwrap_or(NonZeroU32::MIN);
        Self { most, when_full }
    }

    /// How many; 1 to [`MAX`](Self::MAX).
    #[must_use]
    pub fn most(&self) -> u32 {
        self.most.get()
    }

    /// What happens to one more.
    #[must_use]
    pub fn when_full(&self) -> WhenFull {
        self.when_full
    }
}

/// Why choices make no policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPolicy {
    /// The idle timeout.
    #[error("the idle timeout is more than nothing and at most the absolute timeout")]
    Idle,
    /// The absolute timeout.
    #[error("the absolute timeout is at most 400 days, as long as a browser keeps a cookie")]
    Absolute,
    /// The touch interval.
    #[error("the touch interval is at most half the idle timeout")]
    Touch,
    /// The staleness.
    #[error("a cached verdict decides for at most 5 minutes")]
    Staleness,
    /// The absolute timeout, for signed tokens.
    #[error(
        "a signed token lives as long as its session: the absolute timeout is at most the longest lifetime of the token profile"
    )]
    Lifetime,
}
