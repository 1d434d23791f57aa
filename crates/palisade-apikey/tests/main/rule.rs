//! A rule of the service, between a good key and the note of its use.

use std::cell::Cell;
use std::sync::atomic::Ordering;

use palisade_apikey::{
    ApiKeys, Authenticated, Flushed, KeyRecord, Policy, Refused, RefusedOr, RevocationReason,
    ServerId,
};

use crate::support::{
    HOUR, SECOND, TestStore, account, collector, formats, issue, new_key, owner, ring, service,
    start, uncached,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not from here")]
struct NotFromHere(u8);

type Verdict = Result<Authenticated, RefusedOr<NotFromHere>>;

fn deny(_: &KeyRecord) -> Result<(), NotFromHere> {
    Err(NotFromHere(7))
}

fn pass(key: &KeyRecord) -> Result<(), NotFromHere> {
    if key.owner == owner() { Ok(()) } else { Err(NotFromHere(0)) }
}

fn is_denied(verdict: &Verdict) -> bool {
    matches!(verdict, Err(RefusedOr::Denied(NotFromHere(7))))
}

fn server(text: &str) -> ServerId {
    text.parse().unwrap()
}

/// The service after a change of peppers: the next use of a key notes that its digest moves.
async fn after_a_change_of_peppers(policy: Policy) -> (ApiKeys<TestStore>, String, KeyRecord) {
    let old = service(&["a"], uncached());
    let (key, record) = issue(&old, new_key(&account())).await;
    let keys = ApiKeys::new(formats(), ring(&["b", "a"]), old.store().clone(), policy);
    (keys, key, record)
}

#[tokio::test]
async fn a_key_that_is_denied_leaves_no_trace() {
    for policy in [Policy::default(), uncached()] {
        let (keys, key, record) = after_a_change_of_peppers(policy).await;
        let here = server("srv-7");
        for _ in 0..3 {
            assert!(is_denied(&keys.authenticate_if(&key, start(), deny).await));
            assert!(is_denied(&keys.authenticate_from_if(&key, &here, start(), deny).await));
        }
        assert_eq!(keys.flush().await.unwrap(), Flushed::default());
        let store = keys.store();
        assert_eq!(store.usage_writes.load(Ordering::SeqCst), 0);
        assert_eq!(store.digest_writes.load(Ordering::SeqCst), 0);
        let stored = keys.load(&owner(), &record.id).await.unwrap();
        assert_eq!((stored.use_count, stored.last_used), (0, None));
        assert_eq!(stored.digest.scheme().to_string(), "hmac-sha256$a");

        // The first use that is let pass is the first of all, though the key was read before.
        keys.authenticate_if(&key, start(), pass).await.unwrap();
        assert!(is_denied(&keys.authenticate_if(&key, start() + SECOND, deny).await));
        assert_eq!(keys.flush().await.unwrap(), Flushed { used: 1, moved: 1 });
        let stored = keys.load(&owner(), &record.id).await.unwrap();
        assert_eq!((stored.use_count, stored.last_used), (1, Some(start())));
        assert_eq!(stored.digest.scheme().to_string(), "hmac-sha256$b");
    }
}

/// A store that is slow or down is not asked once more for each request of a caller who is denied.
#[tokio::test]
async fn a_denial_is_decided_from_the_cache_too() {
    let keys = service(&["a"], Policy::default());
    let (key, _) = issue(&keys, new_key(&account())).await;
    for _ in 0..10 {
        assert!(is_denied(&keys.authenticate_if(&key, start(), deny).await));
    }
    assert_eq!(keys.store().finds.load(Ordering::SeqCst), 1);
    keys.authenticate(&key, start()).await.unwrap();
    assert_eq!(keys.store().finds.load(Ordering::SeqCst), 1);
}

/// Of the uses that share one reading of the store, one notes the move.
#[tokio::test]
async fn a_move_is_noted_once_for_a_reading() {
    let (keys, key, _) = after_a_change_of_peppers(Policy::default()).await;
    keys.authenticate(&key, start()).await.unwrap();
    assert_eq!(keys.flush().await.unwrap(), Flushed { used: 1, moved: 1 });
    keys.authenticate(&key, start()).await.unwrap();
    assert_eq!(keys.flush().await.unwrap(), Flushed { used: 1, moved: 0 });
    assert_eq!(keys.store().digest_writes.load(Ordering::SeqCst), 1);
}

/// A key that is refused moves no more than one that is denied.
#[tokio::test]
async fn a_key_that_is_refused_does_not_move() {
    let old = service(&["a"], uncached());
    let (key, _) = issue(&old, new_key(&collector()).bound_to(server("srv-7"))).await;
    let keys = ApiKeys::new(formats(), ring(&["b", "a"]), old.store().clone(), Policy::default());
    assert!(keys.authenticate_from(&key, &server("srv-8"), start()).await.is_err());
    assert_eq!(keys.flush().await.unwrap(), Flushed::default());
    keys.authenticate_from(&key, &server("srv-7"), start()).await.unwrap();
    assert_eq!(keys.flush().await.unwrap(), Flushed { used: 1, moved: 1 });
}

#[tokio::test]
async fn the_rule_is_asked_once_and_sees_the_key() {
    let keys = service(&["a"], Policy::default());
    let new = new_key(&collector()).bound_to(server("srv-7"));
    let (key, record) = issue(&keys, new).await;
    let asked = Cell::new(0);
    let rule = |seen: &KeyRecord| {
        asked.set(asked.get() + 1);
        assert_eq!((&seen.id, &seen.owner), (&record.id, &owner()));
        Ok::<_, NotFromHere>(())
    };
    for times in 1..=2 {
        let caller = keys.authenticate_from_if(&key, &server("srv-7"), start(), rule).await;
        assert_eq!(caller.unwrap().key_id(), &record.id);
        assert_eq!(asked.get(), times);
    }
}

/// The rule hears of a key only when nothing else is wrong with it, be it read or cached.
#[tokio::test]
async fn the_rule_is_asked_about_good_keys_only() {
    for policy in [Policy::default(), uncached()] {
        let keys = service(&["a"], policy);
        let (expired, _) = issue(&keys, new_key(&account()).expires_at(start() + SECOND)).await;
        let (revoked, record) = issue(&keys, new_key(&account())).await;
        let (bound, _) = issue(&keys, new_key(&collector()).bound_to(server("srv-7"))).await;
        // Each is in the cache as a good one, where there is a cache.
        keys.authenticate(&expired, start()).await.unwrap();
        keys.authenticate(&revoked, start()).await.unwrap();
        keys.authenticate_from(&bound, &server("srv-7"), start()).await.unwrap();
        keys.revoke(&owner(), &record.id, RevocationReason::Leaked, start()).await.unwrap();
        let stranger = account().mint().unwrap().reveal();

        let later = start() + SECOND;
        let unasked = |_: &KeyRecord| -> Result<(), NotFromHere> { panic!("the rule is asked") };
        for _ in 0..2 {
            for (key, reason) in [
                ("junk", "key_prefix"),
                (stranger.as_str(), "key_unknown"),
                (&expired, "key_expired"),
                (&revoked, "key_revoked"),
                (&bound, "key_server_required"),
            ] {
                match keys.authenticate_if(key, later, unasked).await {
                    Err(RefusedOr::Refused(refused)) => assert_eq!(refused.reason(), reason),
                    verdict => panic!("{verdict:?}"),
                }
            }
            let other = keys.authenticate_from_if(&bound, &server("srv-8"), later, unasked).await;
            assert!(matches!(other, Err(RefusedOr::Refused(Refused::WrongServer(_)))));
        }
        keys.store().set_down(true);
        let unknown = keys.authenticate_if(&bound, start() + HOUR, unasked).await;
        assert!(matches!(unknown, Err(RefusedOr::Refused(Refused::Unavailable(_)))));
    }
}

fn sends<T: Send>(value: T) -> T {
    value
}

/// Both sides of the answer speak for themselves, and `?` takes them.
#[tokio::test]
async fn an_error_of_ones_own_takes_both() {
    let keys = service(&["a"], Policy::default());
    let (key, _) = issue(&keys, new_key(&account())).await;
    let ask = async |key: &str| -> Result<Authenticated, Box<dyn std::error::Error>> {
        Ok(keys.authenticate_if(key, start(), deny).await?)
    };
    assert_eq!(ask(&key).await.unwrap_err().to_string(), "not from here");
    let stranger = account().mint().unwrap().reveal();
    assert_eq!(ask(&stranger).await.unwrap_err().to_string(), "the API key is not valid");
    // A service can run it on any thread.
    assert!(sends(keys.authenticate_if(&key, start(), pass)).await.is_ok());
}
