//! Policies and times to check with.

use std::time::{Duration, SystemTime};

use palisade_ratelimit::{Decision, Limiter, Policy, Request, Source, Verdict};

/// Noon of a day in the year 2100, when the checks take place: by no clock of the machine.
const NOON: u64 = 4_102_488_000_000_000;

/// So many microseconds after noon.
pub(crate) fn at(micros: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(NOON + micros)
}

pub(crate) const SECOND: u64 = 1_000_000;
pub(crate) const HOUR: u64 = 3_600 * SECOND;
pub(crate) const DAY: u64 = 24 * HOUR;

/// A policy with a quota such as `100 + 10/s`.
pub(crate) fn policy(name: &'static str, quota: &str) -> Policy {
    Policy::new(name, quota.parse().expect("a quota")).expect("a name")
}

/// Checks a request, so many microseconds after noon.
pub(crate) async fn check<'p>(
    limiter: &impl Limiter,
    request: &Request<'p, '_>,
    micros: u64,
) -> Decision<'p> {
    decided(limiter.check(request, at(micros)).await)
}

/// Looks at a request, so many microseconds after noon.
pub(crate) async fn peek<'p>(
    limiter: &impl Limiter,
    request: &Request<'p, '_>,
    micros: u64,
) -> Decision<'p> {
    decided(limiter.peek(request, at(micros)).await)
}

fn decided(decision: Decision<'_>) -> Decision<'_> {
    let source = decision.source();
    assert!(matches!(source, Source::Shared | Source::Local), "nobody decided: {source:?}");
    decision
}

/// Whether a check allows it.
pub(crate) async fn passes(limiter: &impl Limiter, request: &Request<'_, '_>, micros: u64) -> bool {
    check(limiter, request, micros).await.verdict() == Verdict::Allowed
}

/// Takes what a request costs, and says what is left of each tier.
pub(crate) async fn take(
    limiter: &impl Limiter,
    request: &Request<'_, '_>,
    micros: u64,
) -> Vec<u32> {
    let decision = check(limiter, request, micros).await;
    assert_eq!(decision.verdict(), Verdict::Allowed, "{decision:?}");
    left(&decision)
}

/// After how many microseconds a check would allow it; 0 when it does.
pub(crate) async fn wait(limiter: &impl Limiter, request: &Request<'_, '_>, micros: u64) -> u64 {
    micros_of(check(limiter, request, micros).await.verdict())
}

pub(crate) fn micros_of(verdict: Verdict) -> u64 {
    match verdict {
        Verdict::Allowed => 0,
        Verdict::Denied { retry_after } => {
            assert!(!retry_after.is_zero(), "a wait of zero would be no refusal");
            u64::try_from(retry_after.as_micros()).expect("a wait is below 400 days")
        }
        Verdict::Never => panic!("the cost is within the capacity"),
    }
}

/// What is left of each tier.
pub(crate) fn left(decision: &Decision<'_>) -> Vec<u32> {
    decision.tiers().iter().map(palisade_ratelimit::TierState::remaining).collect()
}
