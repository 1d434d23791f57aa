//! What limiters have in common.

use std::time::SystemTime;

use crate::{Decision, MemoryLimiter, Request};

/// A limiter, in process or shared: what a service can hold without knowing which.
///
/// Nothing fails here: a limiter that cannot reach its counters answers by its [`FailurePolicy`](crate::FailurePolicy),
/// and the [`Source`](crate::Source) of the decision says so.
pub trait Limiter: Send + Sync {
    /// Counts a request in all of its tiers if all of them allow it, and in none otherwise.
    ///
    /// A shared limiter goes by the clock of its server, and uses `now` where it decides by itself.
    fn check<'p>(
        &self,
        request: &Request<'p, '_>,
        now: SystemTime,
    ) -> impl Future<Output = Decision<'p>> + Send;

    /// What [`check`](Self::check) would say, without counting anything.
    fn peek<'p>(
        &self,
        request: &Request<'p, '_>,
        now: SystemTime,
    ) -> impl Future<Output = Decision<'p>> + Send;
}

impl Limiter for MemoryLimiter {
    async fn check<'p>(&self, request: &Request<'p, '_>, now: SystemTime) -> Decision<'p> {
        Self::check(self, request, now)
    }

    async fn peek<'p>(&self, request: &Request<'p, '_>, now: SystemTime) -> Decision<'p> {
        Self::peek(self, request, now)
    }
}
