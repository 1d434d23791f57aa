//! What runs for each request allocates nothing.

use allocation_counter::measure;
use palisade_apikey::Policy;

use crate::support::{account, formats, issue, new_key, ring, service, start};

fn assert_none(what: &str, run: impl FnOnce()) {
    let info = measure(run);
    assert_eq!(info.count_total, 0, "{what}: {info:?}");
}

#[test]
fn checking_a_key_without_a_store_allocates_nothing() {
    let (formats, ring) = (formats(), ring(&["b", "a"]));
    let key = account().mint().unwrap().reveal();
    let stored = ring.digest(&formats.parse(&key).unwrap());
    let mistyped = format!("{}{}", &key[..61], if key.ends_with('x') { 'y' } else { 'x' });

    assert_none("parse, checksum, digest, compare", || {
        let presented = formats.parse(&key).unwrap();
        ring.verify(&presented, &stored, start()).unwrap();
        ring.digest(&presented).verify(&stored).unwrap();
    });
    assert_none("reject a wrong checksum", || assert!(formats.parse(&mistyped).is_err()));
    let huge = key.repeat(20_000);
    assert_none("reject a huge key", || assert!(formats.parse(&huge).is_err()));
}

#[test]
fn a_cached_authentication_allocates_nothing() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let keys = service(&["a"], Policy::default());
        let (key, _) = issue(&keys, new_key(&account())).await;
        keys.authenticate(&key, start()).await.unwrap();
        let mut again = std::pin::pin!(keys.authenticate(&key, start()));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert_none("authenticate", || {
            assert!(matches!(again.as_mut().poll(&mut context), std::task::Poll::Ready(Ok(_))));
        });
    });
}
