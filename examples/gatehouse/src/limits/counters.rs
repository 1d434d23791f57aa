//! What counts: this process, or Redis for all of them.

use std::time::SystemTime;

use palisade::ratelimit::{Decision, FailurePolicy, MemoryLimiter, Request, Share};
use palisade_redis::{Event, RedisDatabase, RedisLimiter, Warning};

use crate::config::{LimitConfig, RedisConfig};
use crate::start::StartError;

/// What counts the requests.
#[derive(Debug)]
pub(super) enum Counters {
    /// This process for itself.
    Local(Box<Tables<MemoryLimiter>>),
    /// All processes together, and by themselves while Redis is gone.
    Shared(Box<Tables<RedisLimiter>>),
}

/// A table for each kind, since a full one counts new keys together: a flood of addresses or of login names that somebody
/// makes up is met by nobody who is known, nor one by the other.
#[derive(Debug)]
pub(super) struct Tables<L> {
    addresses: L,
    guesses: L,
    known: L,
}

impl<L> Tables<L> {
    fn of(&self, kind: Kind) -> &L {
        match kind {
            Kind::Address => &self.addresses,
            Kind::Guess => &self.guesses,
            Kind::Known => &self.known,
        }
    }

    fn all(&self) -> [&L; 3] {
        [&self.addresses, &self.guesses, &self.known]
    }
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
        if let (Some(redis), Some(database)) = (&config.redis, database) {
            return Ok(Self::Shared(Box::new(shared(redis, database, config.keys)?)));
        }
        let table = || MemoryLimiter::new(config.keys);
        let tables = Tables { addresses: table()?, guesses: table()?, known: table()? };
        Ok(Self::Local(Box::new(tables)))
    }

    pub(super) async fn check<'p>(
        &self,
        kind: Kind,
        request: &Request<'p, '_>,
        now: SystemTime,
    ) -> Decision<'p> {
        match self {
            Self::Local(tables) => tables.of(kind).check(request, now),
            Self::Shared(tables) => tables.of(kind).check(request, now).await,
        }
    }

    /// How many requests shared a counter because there was no place for theirs. On the server there always is one.
    pub(super) fn overflowed(&self) -> u64 {
        match self {
            Self::Local(tables) => sum(tables.all().map(MemoryLimiter::overflowed)),
            Self::Shared(tables) => sum(tables.all().map(|limiter| limiter.counters().overflowed)),
        }
    }
}

fn sum(counts: [u64; 3]) -> u64 {
    counts.into_iter().fold(0, u64::saturating_add)
}

fn shared(
    redis: &RedisConfig,
    database: &RedisDatabase,
    keys: usize,
) -> Result<Tables<RedisLimiter>, StartError> {
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
    let known = limiter.build()?;
    // Where the operator has everything let pass while Redis is gone, guesses at passwords are still counted, by each
    // process for itself.
    let guesses = match failure {
        FailurePolicy::Open => FailurePolicy::Local(Share::WHOLE),
        other => other,
    };
    let tables = (known.beside(failure, keys)?, known.beside(guesses, keys)?);
    Ok(Tables { addresses: tables.0, guesses: tables.1, known })
}

/// Says what is wrong with the settings of the server, once it is there. That it forgets what it holds in a crash is
/// not: limits are soon full again, and what was revoked is in the database.
pub(crate) async fn look_at_settings(database: RedisDatabase) {
    let warnings = match database.warnings().await {
        Ok(warnings) => warnings,
        Err(error) => {
            tracing::warn!(reason = error.reason(), "Redis cannot be used yet: {error}");
            return;
        }
    };
    for warning in warnings.into_iter().filter(|warning| *warning != Warning::Forgets) {
        tracing::warn!(reason = warning.reason(), "{warning}");
    }
}
