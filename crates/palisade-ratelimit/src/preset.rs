//! The limits of products, to start from.

/// A service with keys that belong to accounts: bursts, and steady rates below them.
pub mod glassmkr {
    use crate::{Policy, Quota};

    /// 100 for each address, refilled with 10 a second. Before authentication.
    pub static PER_IP: Policy = Policy::preset("per-ip", Quota::preset(100, 100_000));
    /// 1,000 for each key, refilled with 100 a second.
    pub static PER_KEY: Policy = Policy::preset("per-key", Quota::preset(1_000, 10_000));
    /// 5,000 for each account, refilled with 500 a second.
    pub static PER_ACCOUNT: Policy = Policy::preset("per-account", Quota::preset(5_000, 2_000));
}

/// A service with limits by the minute.
pub mod glacis {
    use crate::{Policy, Quota};

    /// 1,000 a minute for each key.
    pub static PER_KEY: Policy = Policy::preset("per-key", Quota::preset(1_000, 60_000));
    /// 10,000 a minute for each organisation.
    pub static PER_ORGANISATION: Policy =
        Policy::preset("per-organisation", Quota::preset(10_000, 6_000));
    /// 100 a minute for each sidecar.
    pub static PER_SIDECAR: Policy = Policy::preset("per-sidecar", Quota::preset(100, 600_000));
    /// 100 a minute for each session.
    pub static PER_SESSION: Policy = Policy::preset("per-session", Quota::preset(100, 600_000));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::{glacis, glassmkr};
    use crate::{PER_SECOND, Policy, Quota};

    #[test]
    fn presets_are_what_a_caller_would_build() {
        let rate = |capacity, each_second| Quota::bucket(capacity).refill(each_second, PER_SECOND);
        for (preset, name, quota) in [
            (&glassmkr::PER_IP, "per-ip", rate(100, 10)),
            (&glassmkr::PER_KEY, "per-key", rate(1_000, 100)),
            (&glassmkr::PER_ACCOUNT, "per-account", rate(5_000, 500)),
            (&glacis::PER_KEY, "per-key", Quota::per_minute(1_000)),
            (&glacis::PER_ORGANISATION, "per-organisation", Quota::per_minute(10_000)),
            (&glacis::PER_SIDECAR, "per-sidecar", Quota::per_minute(100)),
            (&glacis::PER_SESSION, "per-session", Quota::per_minute(100)),
        ] {
            assert_eq!(*preset, Policy::new(name, quota.unwrap()).unwrap());
        }
    }
}
