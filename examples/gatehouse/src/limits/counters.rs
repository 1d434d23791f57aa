//! What counts: this process, or Redis for all of them.

use std::time::SystemTime;

use palisade::ratelimit::{Decision, MemoryLimiter, Request};
use palisade_redis::{Event, RedisDatabase, RedisLimiter, Warning};

use crate::config::{LimitConfig, RedisConfig};
use crate::start::StartError;

/// What counts the requests.
#[derive(Debug)]
pub(super) enum Counters {
    /// This process for itself.
    Local {
        /// Keys that anybody can make up, in a table of their own: a flood of them shares its last places with
        /// nobody who is known.
        strangers: MemoryLimiter,
        known: MemoryLimiter,
    },
    /// All processes together.
    Shared(RedisLimiter),
}

/// Whose key a request is counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An address or a login name.
    Stranger,
    /// An account, and a credential that was verified.
    Known,
}

impl Counters {
    /// Counters in this process, or on the server that is configured. It need not be there yet.
    pub(super) fn open(
        config: &LimitConfig,
        database: Option<&RedisDatabase>,
    ) -> Result<Self, StartError> {
        if let (Some(redis), Some(database)) = (&config.redis, database) {
            return Ok(Self::Shared(shared(redis, database, config.keys)?));
        }
        let table = || MemoryLimiter::new(config.keys);
        Ok(Self::Local { strangers: table(), known: table() })
    }

    pub(super) async fn check<'p>(
        &self,
        kind: Kind,
        request: &Request<'p, '_>,
        now: SystemTime,
    ) -> Decision<'p> {
        match (self, kind) {
            (Self::Local { strangers, .. }, Kind::Stranger) => strangers.check(request, now),
            (Self::Local { known, .. }, Kind::Known) => known.check(request, now),
            (Self::Shared(limiter), _) => limiter.check(request, now).await,
        }
    }

    /// How many requests shared a counter because there was no place for theirs. On the server there always is one.
    pub(super) fn overflowed(&self) -> u64 {
        match self {
            Self::Local { strangers, known } => {
                strangers.overflowed().saturating_add(known.overflowed())
            }
            Self::Shared(_) => 0,
        }
    }
}

fn shared(
    redis: &RedisConfig,
    database: &RedisDatabase,
    keys: usize,
) -> Result<RedisLimiter, StartError> {
    let failure = redis.failure;
    let limiter = RedisLimiter::builder(database.clone(), redis.namespace.clone(), failure)
        .deadline(redis.deadline)
        .local_keys(keys)
        .on_event(move |event| match event {
            Event::Opened { fault } => tracing::warn!(
                fault = fault.reason(),
                policy = %failure,
                "rate limits are decided without Redis from now on"
            ),
            Event::Closed { lasted, decisions } => tracing::info!(
                millis = u64::try_from(lasted.as_millis()).unwrap_or(u64::MAX),
                decisions,
                "rate limits are decided by Redis again"
            ),
            Event::Persistent { fault } => tracing::error!(
                fault = fault.reason(),
                "Redis cannot count for rate limits, and it will not mend itself: {fault}"
            ),
            _ => {}
        });
    Ok(limiter.build()?)
}

/// Says what is wrong with the settings of the server, once it is there. That it forgets what it holds in a crash is
/// not: limits are soon full again, and what was revoked is in the database.
pub(crate) async fn look_at_settings(database: RedisDatabase) {
    // A server that does not answer is told of where it is needed.
    let Ok(warnings) = database.warnings().await else { return };
    for warning in warnings.into_iter().filter(|warning| *warning != Warning::Forgets) {
        tracing::warn!(reason = warning.reason(), "{warning}");
    }
}
