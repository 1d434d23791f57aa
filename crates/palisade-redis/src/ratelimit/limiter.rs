//! The limiter.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use palisade_ratelimit::{Decision, FailurePolicy, Limiter, Request, Verdict};
use redis::Value;
use tokio::time::timeout;

use super::breaker::{Breaker, Permit, Transition};
use super::builder::{InvalidLimiter, OnEvent, RedisLimiterBuilder};
use super::event::{Counters, Event, Tally};
use super::fault::Fault;
use super::script::{Answer, Mode, Take};
use super::stand_in::StandIn;
use super::warm;
use crate::{Namespace, RedisDatabase};

/// A limiter whose counters are on Redis, and shared by all processes that use the same namespace. A clone is
/// the same limiter.
///
/// All tiers of a request are decided in one round trip, by the clock of the server: counted in all of them or
/// in none. They lie on one node of a Cluster.
///
/// # When Redis is gone
///
/// A decision is always made. When none comes from Redis before the deadline, the [`FailurePolicy`] answers, and
/// the [`Source`](palisade_ratelimit::Source) of the decision says so. A question that was not answered in time is not repeated: it may have
/// been counted. After a few failures in a row Redis is not asked at all, and no request waits, but for the one
/// that finds out whether it is back.
///
/// With [`FailurePolicy::Local`] this process counts every request that Redis allows as well, and takes note of
/// every limit that Redis says is used up, by whichever process. So whoever was refused here, or has used up a limit
/// here, stays throttled when Redis goes. What other processes counted and nobody asked for here is not known here.
///
/// # What is refused without Redis
///
/// A request that costs more than one of its tiers ever allows: its decision is one of this process
/// ([`Source::Local`](palisade_ratelimit::Source::Local)), whatever the failure policy.
///
/// # Cancellation
///
/// A call may be given up at any time. The request may have been counted then.
///
/// # Examples
///
/// ```no_run
/// use palisade_ratelimit::{FailurePolicy, Limited, Request, Share, preset::glassmkr};
/// use palisade_redis::{Namespace, RedisDatabase, RedisLimiter, RedisOptions};
/// use std::time::SystemTime;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let database = RedisDatabase::open(RedisOptions::parse("redis://127.0.0.1:6379")?);
/// let policy = FailurePolicy::Local(Share::one_of(4)?);
/// let limiter = RedisLimiter::builder(database, Namespace::new("gatehouse")?, policy)
///     .on_event(|event| eprintln!("rate limits: {event:?}"))
///     .build()?;
///
/// let request = Request::new(&glassmkr::PER_ACCOUNT, "acct_42").within(&glassmkr::PER_KEY, "key_7");
/// limiter.check(&request, SystemTime::now()).await.require()?; // `Limited` becomes the 429
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisLimiter {
    inner: Arc<Inner>,
    stand_in: Arc<StandIn>,
}

/// What all limiters beside each other share.
pub(super) struct Inner {
    pub(super) database: RedisDatabase,
    pub(super) namespace: Namespace,
    pub(super) deadline: Duration,
    pub(super) breaker: Breaker,
    pub(super) take: Take,
    pub(super) tally: Tally,
    pub(super) on_event: Option<OnEvent>,
}

impl RedisLimiter {
    /// Begins a limiter. Every process that shares its counters uses the same namespace.
    pub fn builder(
        database: RedisDatabase,
        namespace: Namespace,
        failure: FailurePolicy,
    ) -> RedisLimiterBuilder {
        RedisLimiterBuilder::new(database, namespace, failure)
    }

    pub(super) fn new(inner: Inner, stand_in: StandIn) -> Self {
        Self { inner: Arc::new(inner), stand_in: Arc::new(stand_in) }
    }

    /// Another limiter on the same counters, with a failure policy and local places of its own. It shares the breaker, the
    /// events and the counts with this one, so an outage is told once.
    ///
    /// It is for keys of another kind: guesses at passwords may have to be refused where everything else may pass, and a
    /// flood of addresses should not take the places of accounts while Redis is gone.
    ///
    /// # Errors
    ///
    /// [`InvalidLimiter::LocalKeys`] unless the places are for 1 to 100,000,000 keys.
    pub fn beside(
        &self,
        failure: FailurePolicy,
        local_keys: usize,
    ) -> Result<Self, InvalidLimiter> {
        let stand_in = Arc::new(StandIn::new(failure, local_keys)?);
        Ok(Self { inner: Arc::clone(&self.inner), stand_in })
    }

    /// Counts a request in all of its tiers if all of them allow it, and in none otherwise.
    ///
    /// `now` counts where this process decides by itself.
    pub async fn check<'p>(&self, request: &Request<'p, '_>, now: SystemTime) -> Decision<'p> {
        self.decide(request, now, Mode::Check).await
    }

    /// What [`check`](Self::check) would say, without counting anything.
    pub async fn peek<'p>(&self, request: &Request<'p, '_>, now: SystemTime) -> Decision<'p> {
        self.decide(request, now, Mode::Peek).await
    }

    /// Whether Redis is asked at present. While it is not, the failure policy answers.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        !self.inner.breaker.is_open()
    }

    /// How often each thing happened so far, to this limiter and to those [beside](Self::beside) it; what overflowed is that
    /// of this one.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.inner.tally.read(self.stand_in.local.overflowed())
    }

    async fn decide<'p>(
        &self,
        request: &Request<'p, '_>,
        now: SystemTime,
        mode: Mode,
    ) -> Decision<'p> {
        let decision = if is_beyond(request) {
            self.stand_in.local.peek(request, now)
        } else if let Some(permit) = self.inner.admit(request, mode) {
            self.inner.ask(&self.stand_in, permit, request, now, mode).await
        } else {
            self.stand_in.decide(request, now, mode)
        };
        self.inner.tally.decision(decision.source());
        decision
    }
}

impl Inner {
    fn admit(&self, request: &Request<'_, '_>, mode: Mode) -> Option<Permit<'_>> {
        let now = Instant::now();
        if mode == Mode::Check && request.costs() > 0 {
            self.breaker.admit(now)
        } else {
            self.breaker.admit_look(now)
        }
    }

    async fn ask<'p>(
        &self,
        stand_in: &StandIn,
        permit: Permit<'_>,
        request: &Request<'p, '_>,
        now: SystemTime,
        mode: Mode,
    ) -> Decision<'p> {
        match self.answer(request, now, mode).await {
            Ok(Answer { decision, garbled }) => {
                let counted = mode == Mode::Check && decision.verdict() == Verdict::Allowed;
                let transition = if counted && request.costs() > 0 {
                    permit.succeeded(Instant::now())
                } else {
                    permit.answered(Instant::now())
                };
                self.tally.garbled(garbled);
                if let FailurePolicy::Local(_) = stand_in.failure {
                    warm::keep(&stand_in.local, request, &decision, now, mode);
                }
                if let Some(Transition::Closed { lasted, missed }) = transition {
                    self.tell(&Event::Closed { lasted, decisions: missed });
                }
                decision
            }
            Err(fault) => {
                let failed_at = Instant::now();
                let transition = if fault.heals() {
                    permit.failed(failed_at)
                } else {
                    permit.refused(failed_at)
                };
                let decision = stand_in.decide(request, now, mode);
                if self.tally.fault(fault, failed_at) {
                    self.tell(&Event::Persistent { fault });
                }
                if transition == Some(Transition::Opened) {
                    self.tally.opened();
                    self.tell(&Event::Opened { fault });
                }
                decision
            }
        }
    }

    async fn answer<'p>(
        &self,
        request: &Request<'p, '_>,
        now: SystemTime,
        mode: Mode,
    ) -> Result<Answer<'p>, Fault> {
        let call = self.take.call(&self.namespace, request, now, mode);
        match timeout(self.deadline, self.database.run_script::<Value>(&call)).await {
            Ok(Ok(answer)) => Take::read(request, &answer, mode),
            Ok(Err(error)) => Err(Fault::of(&error)),
            Err(_) => Err(Fault::Timeout),
        }
    }

    /// A listener that panics takes nothing with it: the request has its decision.
    fn tell(&self, event: &Event) {
        if let Some(tell) = &self.on_event {
            drop(catch_unwind(AssertUnwindSafe(|| tell(event))));
        }
    }
}

/// Whether it costs more than one of its tiers ever allows.
fn is_beyond(request: &Request<'_, '_>) -> bool {
    request.tiers().iter().any(|tier| request.costs() > tier.policy().quota().capacity())
}

impl Limiter for RedisLimiter {
    async fn check<'p>(&self, request: &Request<'p, '_>, now: SystemTime) -> Decision<'p> {
        Self::check(self, request, now).await
    }

    async fn peek<'p>(&self, request: &Request<'p, '_>, now: SystemTime) -> Decision<'p> {
        Self::peek(self, request, now).await
    }
}

impl fmt::Debug for RedisLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLimiter")
            .field("namespace", &self.inner.namespace)
            .field("failure", &self.stand_in.failure)
            .field("deadline", &self.inner.deadline)
            .finish_non_exhaustive()
    }
}
