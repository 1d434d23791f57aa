//! The suites on the memory stores, and on stores that are broken on purpose.

mod faulty_keys;
mod faulty_sessions;

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
