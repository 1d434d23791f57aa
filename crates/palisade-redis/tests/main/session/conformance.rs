//! The suite of every session store, on a server and on a Cluster of three nodes.

mod one_server {
    use palisade_testkit::servers::shared_redis;

    use crate::session::open;
    use crate::support::fresh_namespace;

    palisade_testkit::session_store_suite!(async {
        let (url, namespace) = (shared_redis().url(), fresh_namespace());
        (async move || open(&url, &namespace).await, ())
    });
}

mod cluster {
    use palisade_testkit::servers::shared_cluster;

    use crate::session::open;
    use crate::support::fresh_namespace;

    palisade_testkit::session_store_suite!(async {
        let (url, namespace) = (shared_cluster().url(), fresh_namespace());
        (async move || open(&url, &namespace).await, ())
    });
}
