//! The choices of a service, made once.

use std::time::Duration;

/// How a service treats its keys.
///
/// # Examples
///
/// ```
/// use palisade_apikey::{MaxStaleness, Policy};
/// use std::time::Duration;
///
/// let policy = Policy::default()
///     .staleness(MaxStaleness::at_most(Duration::from_secs(2))?)
///     .usage_interval(Duration::from_secs(30));
/// # Ok::<(), palisade_apikey::TooLong>(())
/// ```
#[derive(Clone, Debug)]
pub struct Policy {
    pub(crate) staleness: MaxStaleness,
    pub(crate) cached_keys: usize,
    pub(crate) usage_interval: Duration,
}

impl Default for Policy {
    /// Cached for five seconds at most, 100,000 keys; usage written at most once a minute.
    fn default() -> Self {
        Self {
            staleness: MaxStaleness(Duration::from_secs(5)),
            cached_keys: 100_000,
            usage_interval: Duration::from_mins(1),
        }
    }
}

impl Policy {
    /// How old a cached record may be when it decides.
    #[must_use]
    pub fn staleness(mut self, staleness: MaxStaleness) -> Self {
        self.staleness = staleness;
        self
    }

    /// How many records are cached, typically half a kilobyte each. When there are more, those least lately
    /// used are read from the store again.
    #[must_use]
    pub fn cached_keys(mut self, keys: usize) -> Self {
        self.cached_keys = keys;
        self
    }

    /// The least time between two writes of usage.
    #[must_use]
    pub fn usage_interval(mut self, interval: Duration) -> Self {
        self.usage_interval = interval;
        self
    }
}

/// For how long a key may go on working after another process revoked it.
///
/// A revocation through the same `ApiKeys` holds at once; this bounds how long a cached record can
/// hide one that came from elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxStaleness(pub(crate) Duration);

impl MaxStaleness {
    /// The longest staleness there is.
    pub const LIMIT: Duration = Duration::from_mins(5);

    /// Every authentication reads the store.
    #[must_use]
    pub fn none() -> Self {
        Self(Duration::ZERO)
    }

    /// A record read up to `age` ago may decide.
    ///
    /// # Errors
    ///
    /// [`TooLong`] above [`LIMIT`](Self::LIMIT).
    pub fn at_most(age: Duration) -> Result<Self, TooLong> {
        if age > Self::LIMIT {
            return Err(TooLong { limit: Self::LIMIT });
        }
        Ok(Self(age))
    }
}

/// For how long a rotated key works beside its successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlap(pub(crate) Duration);

impl Overlap {
    /// The longest overlap there is.
    pub const LIMIT: Duration = Duration::from_hours(90 * 24);

    /// Both keys work for this long, unless the old one expires sooner.
    ///
    /// # Errors
    ///
    /// [`TooLong`] above [`LIMIT`](Self::LIMIT).
    pub fn of(duration: Duration) -> Result<Self, TooLong> {
        if duration > Self::LIMIT {
            return Err(TooLong { limit: Self::LIMIT });
        }
        Ok(Self(duration))
    }
}

/// A duration is above its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the duration is above the limit of {} seconds", limit.as_secs())]
pub struct TooLong {
    limit: Duration,
}
