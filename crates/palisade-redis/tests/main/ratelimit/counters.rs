//! The data and the script go from under a limiter that is being used.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use palisade_ratelimit::{FailurePolicy, Request, Source, Verdict};
use palisade_testkit::servers::RedisServer;

use super::{calls, limiter, slow};
use crate::support::fresh_namespace;

#[tokio::test(flavor = "multi_thread")]
async fn a_flushed_script_is_loaded_again() {
    let server = RedisServer::start();
    let limiter =
        limiter(&server.url(), &fresh_namespace(), FailurePolicy::Closed).build().unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (limiter, done) = (limiter.clone(), Arc::clone(&done));
            tokio::spawn(async move {
                let policy = slow("flushed", 500);
                let mut admitted = 0;
                while !done.load(Ordering::Relaxed) {
                    let request = Request::new(&policy, "x");
                    let decision = limiter.check(&request, SystemTime::now()).await;
                    assert_eq!(decision.source(), Source::Shared);
                    admitted += u32::from(decision.verdict() == Verdict::Allowed);
                }
                admitted
            })
        })
        .collect();
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        server.command(&["SCRIPT", "FLUSH"]);
    }
    done.store(true, Ordering::Relaxed);
    let mut admitted = 0;
    for task in tasks {
        admitted += task.await.unwrap();
    }
    // None twice: a server that does not know the script has counted nothing.
    assert!(admitted <= 500, "{admitted}");
    let counters = limiter.counters();
    assert_eq!((counters.opened, counters.without_redis()), (0, 0));
    assert!(calls(&server, "eval") > 1, "the script was loaded again");
}

#[tokio::test(flavor = "multi_thread")]
async fn flushed_counters_begin_anew() {
    let server = RedisServer::start();
    let limiter =
        limiter(&server.url(), &fresh_namespace(), FailurePolicy::Closed).build().unwrap();
    let policy = slow("emptied", 3);
    let request = Request::new(&policy, "x");
    for round in 0..3 {
        for left in [2, 1, 0] {
            let decision = limiter.check(&request, SystemTime::now()).await;
            assert_eq!((decision.source(), decision.verdict()), (Source::Shared, Verdict::Allowed));
            assert_eq!(decision.tiers()[0].remaining(), left, "round {round}");
        }
        let denied = limiter.check(&request, SystemTime::now()).await;
        assert!(matches!(denied.verdict(), Verdict::Denied { .. }));
        server.command(&["FLUSHALL"]);
    }
}
