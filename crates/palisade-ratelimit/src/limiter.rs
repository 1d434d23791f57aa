//! What limiters have in common.

use std::sync::Arc;
use std::time::SystemTime;

use crate::{Decision, MemoryLimiter, Request};

/// A limiter, in process or shared: what code can be generic over that does not care which. (It is no trait for `dyn`; a
/// service that chooses when it starts holds an enum of both.)
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

impl<L: Limiter> Limiter for Arc<L> {
    async fn check<'p>(&self, request: &Request<'p, '_>, now: SystemTime) -> Decision<'p> {
        L::check(self, request, now).await
    }

    async fn peek<'p>(&self, request: &Request<'p, '_>, now: SystemTime) -> Decision<'p> {
        L::peek(self, request, now).await
    }
}
