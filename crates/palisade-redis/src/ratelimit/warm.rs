//! What this process remembers of the decisions of Redis, for the time when Redis is gone.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use palisade_ratelimit::{Decision, MemoryLimiter, Policy, Quota, Request, Tier, Verdict};

use super::script::Mode;

/// Takes note of a decision in the local counters: a request that was allowed is counted, and a tier that refused
/// is used up, whoever used it.
pub(super) fn keep(
    local: &MemoryLimiter,
    request: &Request<'_, '_>,
    decision: &Decision<'_>,
    now: SystemTime,
    mode: Mode,
) {
    match (mode, decision.verdict()) {
        (Mode::Check, Verdict::Allowed) => local.record(request, now),
        (Mode::Check, Verdict::Denied { .. }) => {
            for (tier, seen) in request.tiers().iter().zip(decision.tiers()) {
                if let Verdict::Denied { .. } = seen.verdict() {
                    use_up(local, tier, now);
                }
            }
        }
        _ => {}
    }
}

fn use_up(local: &MemoryLimiter, tier: &Tier<'_, '_>, now: SystemTime) {
    let (policy, key) = (tier.policy(), tier.key());
    let all = policy.quota().capacity();
    let Some(group) = tier.group() else {
        return local.record(&Request::new(policy, key).cost(all), now);
    };
    // A tier is counted within the key of the first one, which did not refuse: this stands in its place.
    if let Some(nothing) = &*NOTHING {
        local.record(&Request::new(nothing, group).within(policy, key).cost(all), now);
    }
}

/// A limit that limits nothing, and whose counters end within a microsecond.
static NOTHING: LazyLock<Option<Policy>> = LazyLock::new(|| {
    let quota = Quota::bucket(1).refill(1, Duration::from_micros(1)).ok()?;
    Policy::new("palisade-nothing", quota).ok()
});
