//! The suite of every limiter, on the clock of the callers.

use std::sync::Arc;

use palisade_ratelimit::FailurePolicy;
use palisade_testkit::servers::{shared_cluster, shared_redis};

use super::limiter;
use crate::support::fresh_namespace;

mod node {
    use super::*;

    palisade_testkit::limiter_suite!(async {
        let (url, namespace) = (shared_redis().url(), fresh_namespace());
        let open = async move || {
            let builder = limiter(&url, &namespace, FailurePolicy::Closed);
            Arc::new(builder.dangerous_callers_clock().build().unwrap())
        };
        (open, ())
    });
}

mod cluster {
    use super::*;

    palisade_testkit::limiter_suite!(async {
        let (url, namespace) = (shared_cluster().url(), fresh_namespace());
        let open = async move || {
            let builder = limiter(&url, &namespace, FailurePolicy::Closed);
            Arc::new(builder.dangerous_callers_clock().build().unwrap())
        };
        (open, ())
    });
}
