//! The choices of a limiter, made once.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use palisade_ratelimit::FailurePolicy;

use super::breaker::{Breaker, Pace};
use super::event::{Event, Tally};
use super::limiter::{Inner, RedisLimiter};
use super::script::{Clock, Take};
use super::stand_in::StandIn;
use crate::{Namespace, RedisDatabase};

/// Makes a [`RedisLimiter`].
#[must_use = "a builder builds nothing until `build`"]
pub struct RedisLimiterBuilder {
    database: RedisDatabase,
    namespace: Namespace,
    failure: FailurePolicy,
    deadline: Duration,
    pace: Option<Pace>,
    local_keys: usize,
    clock: Clock,
    on_event: Option<OnEvent>,
}

pub(super) type OnEvent = Box<dyn Fn(&Event) + Send + Sync>;

/// How long Redis may take.
const DEADLINES: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(1)..=Duration::from_secs(1);

/// For how many keys this process counts by itself when nothing is said: 3.6 MB.
const LOCAL_KEYS: usize = 100_000;

impl RedisLimiterBuilder {
    pub(super) fn new(
        database: RedisDatabase,
        namespace: Namespace,
        failure: FailurePolicy,
    ) -> Self {
        Self {
            database,
            namespace,
            failure,
            deadline: Duration::from_millis(20),
            pace: Some(Pace::default()),
            local_keys: LOCAL_KEYS,
            clock: Clock::Server,
            on_event: None,
        }
    }

    /// How long one decision may wait for Redis, a connection included: 20 ms when nothing is said, and 1 ms
    /// to a second.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Redis is not asked any more after this many failures in a row (3 when nothing is said; 1 to 1000),
    /// until a request finds out that it is back. One is sent to find out after `first` (100 ms), and then,
    /// as long as that fails, after twice the time before, up to `longest` (2 s; a minute at most). Each of
    /// these times is changed at random by up to half, so that the processes of a fleet do not come at
    /// once.
    ///
    /// A request that is given up says nothing of Redis: where all callers give up sooner than the
    /// [deadline](Self::deadline), a Redis that hangs never stops being asked.
    ///
    /// There is one breaker for a whole Cluster. When one of several masters is dead, the others go on answering,
    /// so failures are seldom in a row: it may stay closed, and each request for the keys of the dead one waits until
    /// the deadline.
    pub fn breaker(mut self, failures: u32, first: Duration, longest: Duration) -> Self {
        self.pace = Pace::new(failures, first, longest);
        self
    }

    /// For how many keys this process can count by itself while Redis is gone: 100,000 when nothing is
    /// said. Each takes 36 bytes from the start. Without [`FailurePolicy::Local`] it means nothing.
    pub fn local_keys(mut self, keys: usize) -> Self {
        self.local_keys = keys;
        self
    }

    /// Called with each [`Event`], by the request that saw it: it should be quick, and log. Events of several
    /// threads may come in another order than they happened. A panic is caught, and goes no further than the
    /// panic hook.
    pub fn on_event(mut self, tell: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.on_event = Some(Box::new(tell));
        self
    }

    /// Counts by the `now` of the callers and not by the clock of the server, for tests and simulations.
    ///
    /// # Security
    ///
    /// Processes whose clocks differ do not agree on what is used up: the one that is ahead sees every
    /// bucket fuller than it is, and gives more away. Counters are kept a day longer than they are needed.
    pub fn dangerous_callers_clock(mut self) -> Self {
        self.clock = Clock::Caller;
        self
    }

    /// The limiter. Redis is not asked for this.
    ///
    /// # Errors
    ///
    /// [`InvalidLimiter`] when a choice is out of its bounds.
    pub fn build(self) -> Result<RedisLimiter, InvalidLimiter> {
        if !DEADLINES.contains(&self.deadline) {
            return Err(InvalidLimiter::Deadline);
        }
        let pace = self.pace.ok_or(InvalidLimiter::Breaker)?;
        let stand_in = StandIn::new(self.failure, self.local_keys)?;
        // The seed of a hash map: from the system, and without a failure to handle.
        let seed = RandomState::new().hash_one(0_u64);
        let inner = Inner {
            database: self.database,
            namespace: self.namespace,
            deadline: self.deadline,
            breaker: Breaker::new(pace, seed),
            take: Take::new(self.clock),
            tally: Tally::default(),
            on_event: self.on_event,
        };
        Ok(RedisLimiter::new(inner, stand_in))
    }
}

impl fmt::Debug for RedisLimiterBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLimiterBuilder")
            .field("namespace", &self.namespace)
            .field("failure", &self.failure)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

/// Why choices make no limiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidLimiter {
    /// The deadline.
    #[error("a decision waits for Redis between 1 ms and 1 s")]
    Deadline,
    /// The numbers of the breaker.
    #[error(
        "a breaker opens after 1 to 1000 failures, and waits first for 1 ms at least, then for no less, and for a minute at most"
    )]
    Breaker,
    /// The local keys.
    #[error("a process counts 1 to 100,000,000 keys by itself")]
    LocalKeys,
}
