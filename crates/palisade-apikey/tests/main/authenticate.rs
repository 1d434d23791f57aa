use std::sync::atomic::Ordering;
use std::time::Duration;

use palisade_apikey::{
    ApiKeys, IssueError, KeyFormat, KeyState, Level, MaxStaleness, MemoryStore, NewKey, Policy,
    Refused, RevocationReason, Scope, Scopes, ServerId,
};
use proptest::prelude::*;

use crate::support::{
    HOUR, SECOND, account, collector, formats, issue, new_key, owner, ring, scopes, service, start,
    test_account, uncached,
};

fn server(text: &str) -> ServerId {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_good_key_yields_the_proof() {
    let keys = service(&["a"], Policy::default());
    let (key, record) = issue(&keys, new_key(&account()).expires_at(start() + HOUR)).await;
    let caller = keys.authenticate(&key, start()).await.unwrap();
    assert_eq!(caller.key_id(), &record.id);
    assert_eq!(caller.owner(), &owner());
    assert_eq!(caller.environment(), Some("live"));
    assert_eq!(caller.server(), None);
    assert_eq!(caller.expires(), Some(start() + HOUR));
    caller.require(&"read:controls".parse().unwrap()).unwrap();
    let missing = caller.require(&"write:controls".parse().unwrap()).unwrap_err();
    assert_eq!(missing.missing(), &scopes("write:controls"));
    let missing = caller.require_all(&scopes("read:controls read:evidence")).unwrap_err();
    assert_eq!(missing.to_string(), "the API key lacks the scope read:evidence");
}

#[tokio::test]
async fn a_well_formed_stranger_is_unknown() {
    let keys = service(&["a"], Policy::default());
    issue(&keys, new_key(&account())).await;
    let stranger = account().mint().unwrap().reveal();
    assert!(matches!(keys.authenticate(&stranger, start()).await, Err(Refused::Unknown)));
}

/// Junk never reaches the store.
#[tokio::test]
async fn what_is_malformed_costs_no_read() {
    let keys = service(&["a"], uncached());
    let (key, _) = issue(&keys, new_key(&account())).await;
    for junk in ["", "x", &key[..40], &key.replacen("live", "test", 1), &"a".repeat(1 << 20)] {
        let refused = keys.authenticate(junk, start()).await.unwrap_err();
        assert!(matches!(refused, Refused::Malformed(_)));
    }
    assert_eq!(keys.store().finds.load(Ordering::SeqCst), 0);
}

/// A known mistake: digesting the body alone lets another prefix verify.
#[tokio::test]
async fn another_prefix_with_the_same_body_is_another_key() {
    let keys = service(&["a"], uncached());
    // Without a checksum, so that nothing but the digest can tell.
    let live = KeyFormat::new("x_live").unwrap().checksum(palisade_apikey::Checksum::None);
    let test = KeyFormat::new("x_test").unwrap().checksum(palisade_apikey::Checksum::None);
    let formats = palisade_apikey::Formats::new([live.clone(), test]).unwrap();
    let keys = ApiKeys::new(formats, ring(&["a"]), keys.store().inner.clone(), uncached());
    let (key, _) = issue(&keys, new_key(&live)).await;
    keys.authenticate(&key, start()).await.unwrap();
    let swapped = key.replacen("live", "test", 1);
    assert!(matches!(keys.authenticate(&swapped, start()).await, Err(Refused::Unknown)));
}

#[tokio::test]
async fn an_expired_key_fails_from_its_first_moment_on() {
    for policy in [Policy::default(), uncached()] {
        let keys = service(&["a"], policy);
        let (key, _) = issue(&keys, new_key(&account()).expires_at(start() + SECOND)).await;
        keys.authenticate(&key, start() + SECOND - Duration::from_micros(1)).await.unwrap();
        let late = keys.authenticate(&key, start() + SECOND).await;
        assert!(matches!(late, Err(Refused::Expired(_))));
    }
}

/// A clock that is behind the one that issued the key is no reason to refuse it.
#[tokio::test]
async fn a_key_from_the_future_works() {
    let keys = service(&["a"], Policy::default());
    let (key, _) = issue(&keys, new_key(&account())).await;
    keys.authenticate(&key, start() - HOUR).await.unwrap();
}

#[tokio::test]
async fn an_expiry_that_cannot_be_is_refused() {
    let keys = service(&["a"], Policy::default());
    let year = 8_766 * HOUR;
    for end in [
        start(),
        start() - SECOND,
        start() + 9_000 * year,
        std::time::SystemTime::UNIX_EPOCH - SECOND,
    ] {
        let refused = keys.issue(new_key(&account()).expires_at(end), start()).await;
        assert!(matches!(refused, Err(IssueError::Expiry)), "{end:?}");
    }
    let forever = new_key(&account()).expires_after(Duration::MAX, start());
    assert!(matches!(keys.issue(forever, start()).await, Err(IssueError::Expiry)));
}

#[tokio::test]
async fn more_scopes_than_can_be_read_back_are_refused() {
    let keys = service(&["a"], Policy::default());
    let many: Scopes = (0..65).map(|n| Scope::on(Level::Read, &format!("r{n}")).unwrap()).collect();
    let new = NewKey::new(owner(), &account(), "many".parse().unwrap(), many);
    assert!(matches!(keys.issue(new, start()).await, Err(IssueError::TooManyScopes)));
}

#[tokio::test]
async fn a_bound_key_works_from_its_server_only() {
    let keys = service(&["a"], Policy::default());
    let unbound = keys.issue(new_key(&collector()), start()).await;
    assert!(matches!(unbound, Err(IssueError::ServerRequired)));

    let (key, _) = issue(&keys, new_key(&collector()).bound_to(server("srv-7"))).await;
    let caller = keys.authenticate_from(&key, &server("srv-7"), start()).await.unwrap();
    assert_eq!(caller.server(), Some(&server("srv-7")));
    let other = keys.authenticate_from(&key, &server("srv-8"), start()).await;
    assert!(matches!(other, Err(Refused::WrongServer(_))));
    // The check cannot be forgotten: without a server the key does not work at all.
    assert!(matches!(keys.authenticate(&key, start()).await, Err(Refused::ServerRequired(_))));

    // A key of any format may be bound, and is then checked likewise.
    let (key, _) = issue(&keys, new_key(&account()).bound_to(server("srv-7"))).await;
    assert!(matches!(keys.authenticate(&key, start()).await, Err(Refused::ServerRequired(_))));
    // An unbound key works from anywhere.
    let (key, _) = issue(&keys, new_key(&account())).await;
    keys.authenticate_from(&key, &server("srv-8"), start()).await.unwrap();
}

/// A row that lost its binding, by a hand in the database, does not work from everywhere.
#[tokio::test]
async fn a_bound_format_without_a_binding_is_refused() {
    let store = MemoryStore::new();
    let loose = KeyFormat::new("gmk_cru_live").unwrap();
    let careless = ApiKeys::new(
        palisade_apikey::Formats::new([loose.clone()]).unwrap(),
        ring(&["a"]),
        store.clone(),
        uncached(),
    );
    let (key, _) = issue(&careless, new_key(&loose)).await;
    let keys = ApiKeys::new(formats(), ring(&["a"]), store, uncached());
    let refused = keys.authenticate_from(&key, &server("srv-7"), start()).await;
    assert!(matches!(refused, Err(Refused::WrongServer(_))));
}

#[tokio::test]
async fn a_store_that_is_down_is_not_a_refusal_of_the_key() {
    let keys = service(&["a"], Policy::default());
    let (key, _) = issue(&keys, new_key(&account())).await;
    keys.store().set_down(true);
    let refused = keys.authenticate(&key, start()).await.unwrap_err();
    assert!(matches!(refused, Refused::Unavailable(_)));
    assert_eq!(refused.reason(), "key_store_unavailable");
    // The cause is for the log, and not in the text.
    assert_eq!(refused.to_string(), "API keys cannot be checked at the moment");
    keys.store().set_down(false);
    keys.authenticate(&key, start()).await.unwrap();
}

#[tokio::test]
async fn a_busy_key_is_read_once_in_its_staleness() {
    let keys = service(&["a"], Policy::default());
    let (key, _) = issue(&keys, new_key(&account())).await;
    let finds = || keys.store().finds.load(Ordering::SeqCst);
    for _ in 0..100 {
        keys.authenticate(&key, start()).await.unwrap();
    }
    assert_eq!(finds(), 1);
    keys.authenticate(&key, start() + 5 * SECOND).await.unwrap();
    assert_eq!(finds(), 1);
    keys.authenticate(&key, start() + 6 * SECOND).await.unwrap();
    assert_eq!(finds(), 2);
}

/// A known mistake: a cache makes revocation late. Here it is at once, and elsewhere within the staleness.
#[tokio::test]
async fn a_revocation_reaches_the_cache() {
    let keys = service(&["a"], Policy::default());
    let elsewhere =
        ApiKeys::new(formats(), ring(&["a"]), keys.store().inner.clone(), Policy::default());
    let (key, record) = issue(&keys, new_key(&account())).await;
    keys.authenticate(&key, start()).await.unwrap();
    elsewhere.authenticate(&key, start()).await.unwrap();

    keys.revoke(&owner(), &record.id, RevocationReason::Requested, start()).await.unwrap();
    assert!(matches!(keys.authenticate(&key, start()).await, Err(Refused::Revoked(_))));
    // Elsewhere the record may decide for five seconds more, not longer.
    elsewhere.authenticate(&key, start() + 5 * SECOND).await.unwrap();
    let late = elsewhere.authenticate(&key, start() + 6 * SECOND).await;
    assert!(matches!(late, Err(Refused::Revoked(_))));
    // A clock that steps back revives nothing.
    assert!(matches!(keys.authenticate(&key, start() - HOUR).await, Err(Refused::Revoked(_))));
}

#[tokio::test]
async fn a_report_from_elsewhere_ends_the_wait() {
    let keys = service(&["a"], Policy::default());
    let elsewhere =
        ApiKeys::new(formats(), ring(&["a"]), keys.store().inner.clone(), Policy::default());
    let (key, record) = issue(&keys, new_key(&account())).await;
    elsewhere.authenticate(&key, start()).await.unwrap();
    keys.revoke(&owner(), &record.id, RevocationReason::Leaked, start()).await.unwrap();
    elsewhere.forget_cached();
    assert!(matches!(elsewhere.authenticate(&key, start()).await, Err(Refused::Revoked(_))));
}

/// A caller that gives up on a revocation after the store has it must not leave the key in the cache.
#[tokio::test]
async fn a_revocation_that_is_given_up_still_reaches_the_cache() {
    let keys = service(&["a"], Policy::default());
    let (key, record) = issue(&keys, new_key(&account())).await;
    keys.authenticate(&key, start()).await.unwrap();
    keys.store().slow_answers.store(true, Ordering::SeqCst);
    {
        let requested = RevocationReason::Requested;
        let owner = owner();
        let mut revoke = std::pin::pin!(keys.revoke(&owner, &record.id, requested, start()));
        // Polled once: the store has revoked the key and has not answered yet.
        let polled = std::future::poll_fn(|context| {
            std::task::Poll::Ready(revoke.as_mut().poll(context).is_pending())
        });
        assert!(polled.await);
    }
    let refused = keys.authenticate(&key, start()).await.unwrap_err();
    assert!(matches!(&refused, Refused::Revoked(id) if *id == record.id));
    assert_eq!(refused.key_id(), Some(&record.id));
}

#[test]
fn staleness_has_a_limit() {
    assert!(MaxStaleness::at_most(MaxStaleness::LIMIT).is_ok());
    assert!(MaxStaleness::at_most(MaxStaleness::LIMIT + SECOND).is_err());
}

/// Revoking races with authenticating: once `revoke` has returned, no authentication that starts
/// afterwards succeeds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gets_in_after_revoke_returned() {
    for _ in 0..50 {
        let keys = std::sync::Arc::new(service(&["a"], Policy::default()));
        let (key, record) = issue(&keys, new_key(&account())).await;
        let busy = {
            let (keys, key) = (keys.clone(), key.clone());
            tokio::spawn(async move { while keys.authenticate(&key, start()).await.is_ok() {} })
        };
        keys.revoke(&owner(), &record.id, RevocationReason::Requested, start()).await.unwrap();
        for _ in 0..20 {
            assert!(matches!(keys.authenticate(&key, start()).await, Err(Refused::Revoked(_))));
        }
        busy.await.unwrap();
    }
}

proptest! {
    /// A key works exactly while its record says so, whatever happened to it.
    #[test]
    fn the_state_decides(
        expires in prop::option::of(1_u64..100),
        revoked in any::<bool>(),
        at in 0_u64..120,
        cached in any::<bool>(),
    ) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            let keys = service(&["a"], if cached { Policy::default() } else { uncached() });
            let mut new = new_key(&test_account());
            if let Some(seconds) = expires {
                new = new.expires_at(start() + Duration::from_secs(seconds));
            }
            let (key, record) = issue(&keys, new).await;
            keys.authenticate(&key, start()).await.unwrap();
            if revoked {
                let reason = RevocationReason::Administrative;
                keys.revoke(&owner(), &record.id, reason, start()).await.unwrap();
            }
            let at = start() + Duration::from_secs(at);
            let state = keys.load(&owner(), &record.id).await.unwrap().state(at);
            let verdict = keys.authenticate(&key, at).await;
            assert_eq!(verdict.is_ok(), state == KeyState::Active);
            assert_eq!(state == KeyState::Revoked, revoked);
        });
    }
}
