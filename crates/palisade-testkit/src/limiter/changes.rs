//! Quotas that change while keys are counted.

use std::sync::Arc;

use palisade_ratelimit::{Limiter, Request};

use super::sample::{left, peek, policy, take};

/// Another quota of the same name is another counter, and neither undoes what the other counted: two versions of a
/// service run side by side while it is deployed.
pub async fn a_changed_quota_counts_anew<L: Limiter>(open: impl AsyncFn() -> Arc<L>) {
    let limiter = open().await;
    let quotas = ["20 + 1/s", "5 + 1/s", "20 + 1/min", "20/h fixed", "20/min fixed", "5/h fixed"];
    let policies = quotas.map(|quota| policy("name", quota));
    for taken in 1..=5 {
        for policy in &policies {
            let decision = take(&*limiter, &Request::new(policy, "k"), 0).await;
            assert_eq!(decision, [policy.quota().capacity() - taken], "{}", policy.quota());
        }
    }
    let used_up = Request::new(&policies[1], "k");
    assert_eq!(left(&peek(&*limiter, &used_up, 0).await), [0]);
}
