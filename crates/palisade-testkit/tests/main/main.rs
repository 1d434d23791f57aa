//! The suites on the memory stores, and on stores that are broken on purpose.

mod faulty_keys;
mod faulty_limiters;
mod faulty_replays;
mod faulty_sessions;
#[cfg(feature = "servers")]
mod servers;

mod keys {
    use palisade_apikey::MemoryStore;

    palisade_testkit::key_store_suite!(async { (MemoryStore::new(), ()) });
}

mod sessions {
    use palisade_session::MemoryStore;

    palisade_testkit::session_store_suite!(async {
        let store = MemoryStore::new();
        (async move || store.clone(), ())
    });
}

mod replays {
    use std::sync::Arc;

    use palisade_testkit::replay_store;
    use palisade_webhook::MemoryReplays;

    palisade_testkit::replay_store_suite!(async {
        let store = Arc::new(MemoryReplays::new(10_000));
        (async move || Arc::clone(&store), ())
    });

    #[tokio::test]
    async fn a_full_store_forgets_nothing() {
        for capacity in [1, 2, 50] {
            let store = Arc::new(MemoryReplays::new(capacity));
            replay_store::a_full_store_forgets_nothing(async || Arc::clone(&store), capacity).await;
        }
    }
}

mod limits {
    use std::sync::Arc;

    use palisade_ratelimit::MemoryLimiter;

    palisade_testkit::limiter_suite!(async {
        let limiter = Arc::new(MemoryLimiter::new(100_000).unwrap());
        (async move || Arc::clone(&limiter), ())
    });
}
