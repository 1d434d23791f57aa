//! What a limiter says.

use std::time::Duration;

use smallvec::SmallVec;

use crate::request::INLINE;
use crate::state::Fits;
use crate::{Limited, Policy, Quota, Request, State};

/// Whether a request may pass, and what is left in every tier.
///
/// A request passes when all of its tiers allow it, and is then counted in all of them; otherwise in none.
///
/// # Examples
///
/// ```
/// use palisade_ratelimit::{MemoryLimiter, Request, preset::glassmkr};
/// # use std::time::SystemTime;
///
/// let limiter = MemoryLimiter::new(100_000)?;
/// # let now = SystemTime::now();
/// let decision = limiter.check(&Request::new(&glassmkr::PER_IP, "192.0.2.7"), now);
/// decision.require()?; // `Limited` becomes the 429
///
/// let tightest = decision.tightest().expect("the limiter knows its tiers");
/// assert_eq!((tightest.limit(), tightest.remaining()), (100, 99));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a decision that is not looked at limits nothing"]
pub struct Decision<'p> {
    verdict: Verdict,
    source: Source,
    tiers: SmallVec<[TierState<'p>; INLINE]>,
}

/// Whether something may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    Allowed,
    /// Not now.
    Denied {
        /// After which time the same request would pass, if nobody else comes first; never zero.
        retry_after: Duration,
    },
    /// It costs more than the limit allows at once, so waiting does not help.
    Never,
}

/// Who decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// The counters that all processes share.
    Shared,
    /// The counters of this process: by design, or because the shared ones could not be reached.
    Local,
    /// Nobody: the shared counters could not be reached, and the policy is to let pass.
    FailedOpen,
    /// Nobody: the shared counters could not be reached, and the policy is to refuse.
    FailedClosed,
}

/// One tier of a [`Decision`].
#[derive(Clone, Copy, Debug)]
pub struct TierState<'p> {
    policy: &'p Policy,
    seen: Seen,
    now: u64,
}

impl<'p> Decision<'p> {
    /// Whether the request may pass.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Who decided.
    #[must_use]
    pub fn source(&self) -> Source {
        self.source
    }

    /// Nothing for a request that may pass, and the refusal for one that may not.
    ///
    /// # Errors
    ///
    /// [`Limited`]: what to answer with 429.
    pub fn require(&self) -> Result<(), Limited> {
        match (self.verdict, self.source) {
            (Verdict::Allowed, _) => Ok(()),
            (Verdict::Denied { retry_after }, Source::FailedClosed) => {
                Err(Limited::Unavailable { retry_after })
            }
            (Verdict::Denied { retry_after }, _) => Err(Limited::Later { retry_after }),
            (Verdict::Never, _) => Err(Limited::Never),
        }
    }

    /// Every tier, in the order of the request; none when nobody decided.
    #[must_use]
    pub fn tiers(&self) -> &[TierState<'p>] {
        &self.tiers
    }

    /// The tier that a client should look at: of those that refuse, the one that does so for longest; if none does,
    /// the one with the fewest tokens left, or of equal ones the one that takes longest to recover.
    #[must_use]
    pub fn tightest(&self) -> Option<&TierState<'p>> {
        let mut tiers = self.tiers.iter();
        let first = tiers.next()?;
        Some(tiers.fold(first, |tightest, tier| {
            if tier.tightness() > tightest.tightness() { tier } else { tightest }
        }))
    }

    /// Whether a tier was counted in the bucket that unknown keys share because the limiter is full.
    #[must_use]
    pub fn is_overflow(&self) -> bool {
        self.tiers.iter().any(TierState::is_overflow)
    }

    /// The answer of a limiter that cannot reach its counters and lets pass.
    pub fn failed_open() -> Self {
        Self { verdict: Verdict::Allowed, source: Source::FailedOpen, tiers: SmallVec::new() }
    }

    /// The answer of a limiter that cannot reach its counters and refuses. A `retry_after` of zero becomes a
    /// second.
    pub fn failed_closed(retry_after: Duration) -> Self {
        let retry_after = if retry_after.is_zero() { Duration::from_secs(1) } else { retry_after };
        let verdict = Verdict::Denied { retry_after };
        Self { verdict, source: Source::FailedClosed, tiers: SmallVec::new() }
    }

    /// What counters say that were found so, in the order of the tiers.
    pub(crate) fn of(
        request: &Request<'p, '_>,
        seen: impl Iterator<Item = Seen> + Clone,
        now: u64,
        charges: Charges,
        source: Source,
    ) -> Self {
        let worst = seen.clone().map(|seen| seen.wait).fold(0, u64::max);
        let cost = match (worst, charges) {
            (0, Charges::Yes) => request.costs(),
            _ => 0,
        };
        let mut tiers = SmallVec::new();
        for (tier, seen) in request.tiers().iter().zip(seen) {
            let state = seen.quota.charged(seen.state, cost);
            tiers.push(TierState { policy: tier.policy(), seen: Seen { state, ..seen }, now });
        }
        Self { verdict: verdict(worst), source, tiers }
    }
}

/// Whether the counters change when a request may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charges {
    Yes,
    No,
}

/// A counter as a limiter found it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// By which it counts: the quota of the policy, or a share of it.
    pub(crate) quota: Quota,
    /// Current; see [`Quota::current`].
    pub(crate) state: State,
    /// The microseconds until the request fits; 0 when it does, [`NEVER`] when it never will.
    pub(crate) wait: u64,
    pub(crate) is_overflow: bool,
}

const NEVER: u64 = u64::MAX;

impl Seen {
    pub(crate) fn new(policy: &Policy, quota: Quota, state: State, cost: u32, now: u64) -> Self {
        let state = quota.current(state, now);
        let wait = match quota.fits(state, cost, now) {
            Fits::Yes => 0,
            Fits::Later(wait) => wait.max(1),
            Fits::Never if cost > policy.quota().capacity() => NEVER,
            // More than the share of this process, but not more than the limit.
            Fits::Never => quota.span_micros().max(1),
        };
        Self { quota, state, wait, is_overflow: false }
    }

    pub(crate) fn fits(&self) -> bool {
        self.wait == 0
    }
}

fn verdict(wait: u64) -> Verdict {
    match wait {
        0 => Verdict::Allowed,
        NEVER => Verdict::Never,
        wait => Verdict::Denied { retry_after: Duration::from_micros(wait) },
    }
}

impl<'p> TierState<'p> {
    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &'p Policy {
        self.policy
    }

    /// The quota by which it was counted: that of the policy, or this process's share of it.
    #[must_use]
    pub fn quota(&self) -> Quota {
        self.seen.quota
    }

    /// What this tier alone says.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        verdict(self.seen.wait)
    }

    /// The most that can be taken at once.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.seen.quota.capacity()
    }

    /// What can still be taken at once, now that the request was counted, or was not.
    #[must_use]
    pub fn remaining(&self) -> u32 {
        self.seen.quota.remaining(self.seen.state, self.now)
    }

    /// The time until the bucket is full, or until the window ends.
    #[must_use]
    pub fn reset_after(&self) -> Duration {
        Duration::from_micros(self.seen.state.until.saturating_sub(self.now))
    }

    /// Whether it was counted in the bucket that unknown keys share because the limiter is full.
    #[must_use]
    pub fn is_overflow(&self) -> bool {
        self.seen.is_overflow
    }

    /// What headers say of the reset: the same as `Retry-After` where there is one, so that the two never contradict each
    /// other.
    pub(crate) fn told_reset(&self) -> Duration {
        match self.verdict() {
            Verdict::Denied { retry_after } => retry_after,
            Verdict::Allowed | Verdict::Never => self.reset_after(),
        }
    }

    /// Grows with how much this tier is in the client's way.
    fn tightness(&self) -> (u64, u32, Duration) {
        (self.seen.wait, u32::MAX - self.remaining(), self.reset_after())
    }
}
