//! How much is allowed.

use std::time::Duration;

use crate::Share;
use crate::time::{MAX_SPAN, SECOND};

/// A second, as a period of [`Bucket::refill`].
pub const PER_SECOND: Duration = Duration::from_secs(1);
/// A minute.
pub const PER_MINUTE: Duration = Duration::from_mins(1);
/// An hour.
pub const PER_HOUR: Duration = Duration::from_hours(1);
/// A day of 24 hours.
pub const PER_DAY: Duration = Duration::from_hours(24);

/// How much is allowed: a token bucket or a fixed window.
///
/// A **token bucket** holds `capacity` tokens and is refilled at a steady rate. A request takes as many as it
/// costs, at once or not at all. In any span of time, however it is chosen, no more than `capacity` and what was
/// refilled in that span is taken. This is what most limits want.
///
/// A **fixed window** counts from one full minute (or hour, or day) of UTC to the next, and then begins at zero
/// for everybody at once. Up to twice the limit can be taken around the turn of a window. It suits
/// quotas that are sold by the hour or the day.
///
/// Time is counted in whole microseconds. The interval at which tokens come is rounded up to one, so that never
/// more is allowed than was said.
///
/// # Examples
///
/// ```
/// use palisade_ratelimit::{PER_DAY, PER_SECOND, Quota};
///
/// // 1,000 at once, and 100 each second.
/// let burst = Quota::bucket(1_000).refill(100, PER_SECOND)?;
/// assert_eq!(burst.interval().as_micros(), 10_000);
///
/// // As many as come in a minute, all at once if need be.
/// let steady = Quota::per_minute(1_000)?;
/// assert_eq!(steady.capacity(), 1_000);
///
/// // 10,000 from midnight to midnight.
/// let daily = Quota::window(10_000, PER_DAY)?;
/// # Ok::<(), palisade_ratelimit::InvalidQuota>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quota {
    kind: Kind,
    capacity: u32,
    /// The time of one token for a bucket, the length for a window.
    micros: u64,
}

/// Which way a [`Quota`] counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A token bucket.
    Bucket,
    /// A fixed window.
    Window,
}

/// A token bucket that does not know yet how fast it is refilled; see [`Quota::bucket`].
#[derive(Clone, Copy, Debug)]
#[must_use = "a bucket becomes a quota by `refill`"]
pub struct Bucket {
    capacity: u32,
}

impl Bucket {
    /// The quota that is refilled with `tokens`, one after another, in each `period`.
    ///
    /// # Errors
    ///
    /// [`InvalidQuota`] for a zero, for more than a million tokens a second, and when the empty bucket takes
    /// more than 400 days to fill.
    pub fn refill(self, tokens: u32, period: Duration) -> Result<Quota, InvalidQuota> {
        if self.capacity == 0 {
            return Err(InvalidQuota::NoCapacity);
        }
        if tokens == 0 {
            return Err(InvalidQuota::NoRefill);
        }
        if period.is_zero() {
            return Err(InvalidQuota::NoPeriod);
        }
        let (tokens, nanos) = (u128::from(tokens), period.as_nanos());
        if nanos < tokens.saturating_mul(1_000) {
            return Err(InvalidQuota::TooFast);
        }
        let interval = nanos.div_ceil(tokens.saturating_mul(1_000));
        let span = interval.saturating_mul(u128::from(self.capacity));
        match u64::try_from(interval) {
            Ok(interval) if span <= u128::from(MAX_SPAN) => {
                Ok(Quota { kind: Kind::Bucket, capacity: self.capacity, micros: interval })
            }
            _ => Err(InvalidQuota::TooLong),
        }
    }
}

impl Quota {
    /// Begins a token bucket that holds `capacity` tokens.
    pub const fn bucket(capacity: u32) -> Bucket {
        Bucket { capacity }
    }

    /// A token bucket of `tokens`, refilled in a second.
    ///
    /// # Errors
    ///
    /// As [`Bucket::refill`].
    pub fn per_second(tokens: u32) -> Result<Self, InvalidQuota> {
        Self::bucket(tokens).refill(tokens, PER_SECOND)
    }

    /// A token bucket of `tokens`, refilled in a minute.
    ///
    /// # Errors
    ///
    /// As [`Bucket::refill`].
    pub fn per_minute(tokens: u32) -> Result<Self, InvalidQuota> {
        Self::bucket(tokens).refill(tokens, PER_MINUTE)
    }

    /// A fixed window: `limit` from each whole `length` since 1970 (UTC) to the next.
    ///
    /// # Errors
    ///
    /// [`InvalidQuota`] for a limit of zero, and for a length below a millisecond or above 400 days.
    pub fn window(limit: u32, length: Duration) -> Result<Self, InvalidQuota> {
        if limit == 0 {
            return Err(InvalidQuota::NoCapacity);
        }
        if length < Duration::from_millis(1) {
            return Err(InvalidQuota::TooShort);
        }
        match u64::try_from(length.as_nanos().div_ceil(1_000)) {
            Ok(micros) if micros <= MAX_SPAN => {
                Ok(Self { kind: Kind::Window, capacity: limit, micros })
            }
            _ => Err(InvalidQuota::TooLong),
        }
    }

    /// A bucket of `tokens` whose tokens come at this interval: for constants, whose tests build them anew.
    pub(crate) const fn preset(tokens: u32, interval_micros: u64) -> Self {
        Self { kind: Kind::Bucket, capacity: tokens, micros: interval_micros }
    }

    /// Bucket or window.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The most that one request may cost: the capacity of a bucket, the limit of a window.
    #[must_use]
    pub const fn capacity(&self) -> u32 {
        self.capacity
    }

    /// The time after which a bucket has one token more, or a window begins anew.
    #[must_use]
    pub fn interval(&self) -> Duration {
        Duration::from_micros(self.micros)
    }

    /// The time in which an empty bucket becomes full, or the length of the window.
    #[must_use]
    pub fn span(&self) -> Duration {
        Duration::from_micros(self.span_micros())
    }

    pub(crate) const fn interval_micros(&self) -> u64 {
        self.micros
    }

    pub(crate) fn span_micros(&self) -> u64 {
        match self.kind {
            Kind::Bucket => self.micros.saturating_mul(u64::from(self.capacity)),
            Kind::Window => self.micros,
        }
    }

    /// The part of this quota that one of several processes may give away by itself: at least a capacity of 1.
    #[must_use]
    pub fn share(self, share: Share) -> Self {
        if share.is_whole() {
            return self;
        }
        let (part, of) = share.fraction();
        let capacity = u64::from(self.capacity).saturating_mul(part.into()) / u64::from(of);
        let capacity = u32::try_from(capacity).unwrap_or(self.capacity).max(1);
        let micros = match self.kind {
            Kind::Window => self.micros,
            Kind::Bucket => {
                let slower = self.micros.saturating_mul(of.into()).div_ceil(u64::from(part));
                slower.min(MAX_SPAN / u64::from(capacity)).max(1)
            }
        };
        Self { kind: self.kind, capacity, micros }
    }
}

/// Why a quota was not built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidQuota {
    /// A capacity or limit of zero.
    #[error("a quota of zero allows nothing; to close a door, do not open it")]
    NoCapacity,
    /// A bucket without refill.
    #[error("a bucket that is refilled with zero tokens runs dry for ever; refill at least one")]
    NoRefill,
    /// A period of zero.
    #[error("the period of a refill must be longer than zero")]
    NoPeriod,
    /// More than a token each microsecond.
    #[error("refill a bucket with at most {} tokens a second, or do without a limit", SECOND)]
    TooFast,
    /// A window below a millisecond.
    #[error("a window is at least a millisecond long")]
    TooShort,
    /// More than 400 days.
    #[error("a quota looks back 400 days at most; refill faster, or use a shorter window")]
    TooLong,
}
