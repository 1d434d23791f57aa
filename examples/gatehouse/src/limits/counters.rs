//! What counts: this process, or Redis for all of them.

use std::time::SystemTime;

use palisade::ratelimit::{Decision, FailurePolicy, MemoryLimiter, Request, Source, Verdict};
use palisade_redis::{Event, RedisDatabase, RedisLimiter, Warning};

use crate::config::{LimitConfig, RedisConfig};
use crate::start::StartError;

/// What counts the requests.
#[derive(Debug)]
pub(super) enum Counters {
    /// This process for itself.
    Local(Box<Tables>),
    /// All processes together.
    Shared {
        limiter: RedisLimiter,
        /// Where the operator has everything let pass while Redis is gone, for what is not let pass: guesses at
        /// passwords, which each process counts for itself then.
        guesses: Option<Box<MemoryLimiter>>,
    },
}

/// A table for each kind, since a full one counts new keys together: a flood of addresses or of login names that somebody
/// makes up is met by nobody who is known, nor one by the other.
#[derive(Debug)]
pub(super) struct Tables {
    addresses: MemoryLimiter,
    guesses: MemoryLimiter,
    known: MemoryLimiter,
}

/// Whose key a request is counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An address.
    Address,
    /// A login name that somebody guesses a password of.
    Guess,
    /// An account, and a credential that was verified.
    Known,
}

impl Counters {
    /// Counters in this process, or on the server that is configured. It need not be there yet.
    pub(super) fn open(
        config: &LimitConfig,
        database: Option<&RedisDatabase>,
    ) -> Result<Self, StartError> {
        let table = || MemoryLimiter::new(config.keys);
        if let (Some(redis), Some(database)) = (&config.redis, database) {
            let guesses = match redis.failure {
                FailurePolicy::Open => Some(Box::new(table()?)),
                _ => None,
            };
            return Ok(Self::Shared { limiter: shared(redis, database, config.keys)?, guesses });
        }
        let tables = Tables { addresses: table()?, guesses: table()?, known: table()? };
        Ok(Self::Local(Box::new(tables)))
    }

    pub(super) async fn check<'p>(
        &self,
        kind: Kind,
        request: &Request<'p, '_>,
        now: SystemTime,
    ) -> Decision<'p> {
        match (self, kind) {
            (Self::Local(tables), Kind::Address) => tables.addresses.check(request, now),
            (Self::Local(tables), Kind::Guess) => tables.guesses.check(request, now),
            (Self::Local(tables), Kind::Known) => tables.known.check(request, now),
            (Self::Shared { limiter, guesses: Some(guesses) }, Kind::Guess) => {
                let decision = limiter.check(request, now).await;
                if decision.source() == Source::FailedOpen {
                    return guesses.check(request, now);
                }
                // So that it is known who has used up a limit once Redis goes.
                if decision.verdict() == Verdict::Allowed {
                    guesses.record(request, now);
                }
                decision
            }
            (Self::Shared { limiter, .. }, _) => limiter.check(request, now).await,
        }
    }

    /// How many requests shared a counter because there was no place for theirs. On the server there always is one.
    pub(super) fn overflowed(&self) -> u64 {
        match self {
            Self::Local(tables) => [&tables.addresses, &tables.guesses, &tables.known]
                .into_iter()
                .fold(0, |all, table| all.saturating_add(table.overflowed())),
            Self::Shared { .. } => 0,
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
