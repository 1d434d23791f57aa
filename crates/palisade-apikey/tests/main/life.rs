use std::sync::Arc;
use std::time::Duration;

use palisade_apikey::{
    ApiKeyId, ApiKeys, IssueError, Issued, KeyDigest, KeyName, KeyState, ManageError, Overlap,
    Owner, Policy, Refused, RevocationReason, RotateError,
};
use proptest::prelude::*;

use crate::support::{
    HOUR, SECOND, TestStore, account, collector, formats, issue, new_key, owner, ring, scopes,
    service, start, test_account, uncached,
};

type Keys = ApiKeys<TestStore>;

fn hours(count: u32) -> Overlap {
    Overlap::of(HOUR * count).unwrap()
}

async fn refused(keys: &Keys, key: &str, at: std::time::SystemTime) -> &'static str {
    keys.authenticate(key, at).await.map_or_else(|refused| refused.reason(), |_| "accepted")
}

#[tokio::test]
async fn a_rotated_key_works_within_the_overlap() {
    let keys = service(&["a"], Policy::default());
    let (old, old_record) = issue(&keys, new_key(&account())).await;
    let Issued { key, record } =
        keys.rotate(&owner(), &old_record.id, hours(1), start()).await.unwrap();
    let new = key.reveal();

    assert_eq!(record.replaces.as_ref(), Some(&old_record.id));
    assert_eq!((record.name, record.scopes), (old_record.name, old_record.scopes));
    let stored = keys.load(&owner(), &old_record.id).await.unwrap();
    assert_eq!(stored.replaced_by, Some(record.id));

    assert_eq!(refused(&keys, &old, start() + HOUR - SECOND).await, "accepted");
    assert_eq!(refused(&keys, &old, start() + HOUR).await, "key_replaced");
    assert_eq!(refused(&keys, &new, start() + HOUR).await, "accepted");
}

/// A known mistake: an overlap must not lengthen the life of the old key.
#[tokio::test]
async fn an_overlap_never_extends_a_life() {
    let keys = service(&["a"], Policy::default());
    let (old, record) = issue(&keys, new_key(&account()).expires_at(start() + 60 * SECOND)).await;
    let successor = keys.rotate(&owner(), &record.id, hours(24), start() + SECOND).await.unwrap();
    assert_eq!(refused(&keys, &old, start() + 60 * SECOND).await, "key_replaced");
    // The successor lives as long as the old one was given, from now on.
    assert_eq!(successor.record.expires, Some(start() + 61 * SECOND));
}

#[tokio::test]
async fn a_leaked_key_stops_at_once() {
    let keys = service(&["a"], Policy::default());
    let (old, record) = issue(&keys, new_key(&account())).await;
    keys.authenticate(&old, start()).await.unwrap();
    let successor =
        keys.rotate_at_once(&owner(), &record.id, RevocationReason::Leaked, start()).await.unwrap();
    assert_eq!(refused(&keys, &old, start()).await, "key_revoked");
    keys.authenticate(&successor.key.reveal(), start()).await.unwrap();
    let stored = keys.load(&owner(), &record.id).await.unwrap();
    assert_eq!(stored.revoked.unwrap().reason, RevocationReason::Leaked);
}

/// It was rotated with an overlap, and then seen in public: it stops, and gets no second successor.
#[tokio::test]
async fn a_leaked_key_that_was_rotated_before_stops_too() {
    let keys = service(&["a"], Policy::default());
    let (old, record) = issue(&keys, new_key(&account())).await;
    let successor = keys.rotate(&owner(), &record.id, hours(24), start()).await.unwrap();
    keys.authenticate(&old, start()).await.unwrap();
    let stopped = keys
        .rotate_at_once(&owner(), &record.id, RevocationReason::Leaked, start())
        .await
        .unwrap_err();
    assert!(matches!(stopped, RotateError::StoppedOnly), "{stopped}");
    assert_eq!(refused(&keys, &old, start()).await, "key_revoked");
    keys.authenticate(&successor.key.reveal(), start()).await.unwrap();
    assert_eq!(keys.list(&owner(), None, 10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_key_is_imported_by_its_digest() {
    let keys = service(&["a"], Policy::default());
    let minted = account().mint().unwrap().reveal();
    let format = account();
    let digest = ring(&["a"]).digest(&format.parse(&minted).unwrap());
    let id: ApiKeyId = "key_of_row_7".parse().unwrap();
    let record = keys
        .import(id.clone(), new_key(&account()), digest.clone(), &minted[58..], start())
        .await
        .unwrap();
    assert_eq!(keys.authenticate(&minted, start()).await.unwrap().key_id(), &record.id);
    assert_eq!(record.mask().to_string(), format!("gmk_acct_live_…{}", &minted[58..]));

    let refused = async |digest, last_four: &str| {
        let other = "key_of_row_8".parse().unwrap();
        keys.import(other, new_key(&account()), digest, last_four, start()).await.unwrap_err()
    };
    assert!(matches!(refused(digest.clone(), "").await, IssueError::Duplicate));
    assert!(matches!(refused(digest.clone(), "12345").await, IssueError::LastFour));
    assert!(matches!(refused(digest, "é").await, IssueError::LastFour));
    let plain = palisade_apikey::KeyDigest::legacy_sha256([1; 32]);
    assert!(matches!(refused(plain, "").await, IssueError::UnusableDigest));
}

/// A migration that is run twice must not revive a key: after a use the digest is another one, and
/// the id tells.
#[tokio::test]
async fn a_second_import_is_a_duplicate_even_after_a_use() {
    let old = ApiKeys::new(
        formats(),
        ring(&["a"]).accept_legacy_sha256(),
        TestStore::default(),
        uncached(),
    );
    let minted = account().mint().unwrap().reveal();
    let format = account();
    let digest = KeyDigest::legacy_sha256_of(&format.parse(&minted).unwrap());
    let import = async || {
        let id = "key_of_row_7".parse().unwrap();
        old.import(id, new_key(&account()), digest.clone(), "", start()).await
    };
    let record = import().await.unwrap();
    old.authenticate(&minted, start()).await.unwrap();
    old.flush().await.unwrap();
    old.revoke(&owner(), &record.id, RevocationReason::Requested, start()).await.unwrap();
    assert!(matches!(import().await, Err(IssueError::Duplicate)));
    assert_eq!(refused(&old, &minted, start()).await, "key_revoked");
}

/// The format of a record is that of its key: a live key is not imported as a test key.
#[tokio::test]
async fn a_key_under_another_format_does_not_work() {
    let keys = service(&["a"], uncached());
    let live = account().mint().unwrap().reveal();
    let format = account();
    let digest = ring(&["a"]).digest(&format.parse(&live).unwrap());
    let id = ApiKeyId::generate().unwrap();
    keys.import(id, new_key(&test_account()), digest, "", start()).await.unwrap();
    assert_eq!(refused(&keys, &live, start()).await, "key_unknown");
}

/// Whatever keeps a leaked key from having a successor does not keep it alive.
#[tokio::test]
async fn a_leaked_key_stops_whatever_happens() {
    let keys = service(&["a"], Policy::default());
    // The clock is broken: no successor can be dated.
    let (key, record) = issue(&keys, new_key(&account())).await;
    let before_time = std::time::SystemTime::UNIX_EPOCH - SECOND;
    let error = keys
        .rotate_at_once(&owner(), &record.id, RevocationReason::Leaked, before_time)
        .await
        .unwrap_err();
    assert!(matches!(error, RotateError::Issue(IssueError::Expiry)), "{error}");
    assert_eq!(refused(&keys, &key, start()).await, "key_revoked");

    // A life to the end of the calendar: the successor has that end too.
    let end = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    let (key, record) = issue(&keys, new_key(&account()).expires_at(end)).await;
    let successor = keys
        .rotate_at_once(&owner(), &record.id, RevocationReason::Leaked, start() + HOUR)
        .await
        .unwrap();
    assert_eq!(successor.record.expires, Some(end));
    assert_eq!(refused(&keys, &key, start() + HOUR).await, "key_revoked");
}

#[tokio::test]
async fn a_caller_is_confirmed_by_the_store() {
    let keys = service(&["a"], Policy::default());
    let elsewhere = service_over(&keys);
    let (key, record) = issue(&keys, new_key(&account())).await;
    let caller = keys.authenticate(&key, start()).await.unwrap();
    keys.confirm(&caller, start()).await.unwrap();
    elsewhere.revoke(&owner(), &record.id, RevocationReason::Leaked, start()).await.unwrap();
    // The cache does not know yet; the store does.
    keys.authenticate(&key, start()).await.unwrap();
    assert!(matches!(keys.confirm(&caller, start()).await, Err(Refused::Revoked(_))));
    keys.store().set_down(true);
    assert!(matches!(keys.confirm(&caller, start()).await, Err(Refused::Unavailable(_))));
}

fn service_over(keys: &Keys) -> Keys {
    ApiKeys::new(formats(), ring(&["a"]), keys.store().clone(), Policy::default())
}

#[tokio::test]
async fn names_show_what_they_are() {
    for unseen in ["a\u{202e}b", "a\u{200b}b", "\u{feff}a", "a\0", "a\nb", " a", "a\u{2066}"] {
        assert!(unseen.parse::<KeyName>().is_err(), "{unseen:?}");
    }
    for seen in ["café", "ключ", "鍵 1", "a-b_c (d)"] {
        assert!(seen.parse::<KeyName>().is_ok(), "{seen:?}");
    }
}

#[tokio::test]
async fn a_bound_key_stays_bound() {
    let keys = service(&["a"], Policy::default());
    let new = new_key(&collector()).bound_to("srv-7".parse().unwrap());
    let (_, record) = issue(&keys, new).await;
    let successor = keys.rotate(&owner(), &record.id, hours(1), start()).await.unwrap();
    assert_eq!(successor.record.server, record.server);
}

#[tokio::test]
async fn only_an_active_key_is_rotated() {
    let keys = service(&["a"], Policy::default());
    let (_, expired) = issue(&keys, new_key(&account()).expires_at(start() + SECOND)).await;
    let error = keys.rotate(&owner(), &expired.id, hours(1), start() + SECOND).await.unwrap_err();
    assert!(matches!(error, RotateError::NotActive(KeyState::Expired)));

    let (_, revoked) = issue(&keys, new_key(&account())).await;
    keys.revoke(&owner(), &revoked.id, RevocationReason::Requested, start()).await.unwrap();
    let error = keys.rotate(&owner(), &revoked.id, hours(1), start()).await.unwrap_err();
    assert!(matches!(error, RotateError::NotActive(KeyState::Revoked)));

    let (_, replaced) = issue(&keys, new_key(&account())).await;
    keys.rotate(&owner(), &replaced.id, hours(1), start()).await.unwrap();
    let error = keys.rotate(&owner(), &replaced.id, hours(1), start()).await.unwrap_err();
    assert!(matches!(error, RotateError::Conflict));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_rotations_at_once_one_wins() {
    let keys = Arc::new(service(&["a"], Policy::default()));
    let (_, record) = issue(&keys, new_key(&account())).await;
    let attempts: Vec<_> = (0..16)
        .map(|_| {
            let (keys, id) = (keys.clone(), record.id.clone());
            tokio::spawn(async move { keys.rotate(&owner(), &id, hours(1), start()).await })
        })
        .collect();
    let mut won = 0;
    for attempt in attempts {
        match attempt.await.unwrap() {
            Ok(_) => won += 1,
            Err(error) => assert!(matches!(error, RotateError::Conflict), "{error}"),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(keys.list(&owner(), None, 100).await.unwrap().len(), 2);
}

#[tokio::test]
async fn the_first_revocation_stands() {
    let keys = service(&["a"], Policy::default());
    let (_, record) = issue(&keys, new_key(&account())).await;
    let first = keys.revoke(&owner(), &record.id, RevocationReason::Leaked, start()).await.unwrap();
    let again = keys
        .revoke(&owner(), &record.id, RevocationReason::Requested, start() + HOUR)
        .await
        .unwrap();
    assert_eq!(first, again);
}

/// A known mistake: the owner is an argument, and whoever does not own a key cannot touch it.
#[tokio::test]
async fn another_owner_finds_nothing() {
    let keys = service(&["a"], Policy::default());
    let (key, record) = issue(&keys, new_key(&account())).await;
    let other: Owner = "org_2".parse().unwrap();
    let id = &record.id;
    assert!(matches!(keys.load(&other, id).await, Err(ManageError::NotFound)));
    let revoked = keys.revoke(&other, id, RevocationReason::Requested, start()).await;
    assert!(matches!(revoked, Err(ManageError::NotFound)));
    let rotated = keys.rotate(&other, id, hours(1), start()).await;
    assert!(matches!(rotated, Err(RotateError::NotFound)));
    let renamed = keys.rename(&other, id, &"mine".parse().unwrap()).await;
    assert!(matches!(renamed, Err(ManageError::NotFound)));
    assert!(keys.list(&other, None, 10).await.unwrap().is_empty());
    keys.authenticate(&key, start()).await.unwrap();

    let nowhere: ApiKeyId = "key_none".parse().unwrap();
    let revoked = keys.revoke(&owner(), &nowhere, RevocationReason::Requested, start()).await;
    assert!(matches!(revoked, Err(ManageError::NotFound)));
}

#[tokio::test]
async fn a_name_changes_alone() {
    let keys = service(&["a"], Policy::default());
    let (key, record) = issue(&keys, new_key(&account())).await;
    keys.rename(&owner(), &record.id, &"café deploy".parse().unwrap()).await.unwrap();
    assert_eq!(keys.authenticate(&key, start()).await.unwrap().name().as_str(), "café deploy");
}

#[tokio::test]
async fn lists_come_in_pages_of_a_hundred_at_most() {
    let keys = service(&["a"], Policy::default());
    for _ in 0..205 {
        issue(&keys, new_key(&account())).await;
    }
    let mut seen = Vec::new();
    loop {
        let page = keys.list(&owner(), seen.last(), usize::MAX).await.unwrap();
        assert!(page.len() <= Keys::MAX_PAGE);
        if page.is_empty() {
            break;
        }
        seen.extend(page.into_iter().map(|record| record.id));
    }
    let unique: std::collections::HashSet<_> = seen.iter().collect();
    assert_eq!((seen.len(), unique.len()), (205, 205));
}

/// A known mistake: sums of attacker-chosen durations must not panic.
#[tokio::test]
async fn durations_have_limits() {
    assert!(Overlap::of(Overlap::LIMIT).is_ok());
    assert!(Overlap::of(Overlap::LIMIT + SECOND).is_err());
    assert!(Overlap::of(Duration::MAX).is_err());
    let keys = service(&["a"], uncached());
    let (_, record) = issue(&keys, new_key(&account())).await;
    // The clock of the year 9999 leaves no room for an overlap.
    let end_of_days = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    let rotated = keys.rotate(&owner(), &record.id, hours(1), end_of_days).await;
    assert!(matches!(rotated, Err(RotateError::Issue(_))));
}

#[tokio::test]
async fn a_store_that_is_down_fails_every_call_and_changes_nothing() {
    let keys = service(&["a"], Policy::default());
    let (key, record) = issue(&keys, new_key(&account())).await;
    keys.store().set_down(true);
    let id = &record.id;
    assert!(keys.issue(new_key(&account()), start()).await.is_err());
    assert!(keys.rotate(&owner(), id, hours(1), start()).await.is_err());
    assert!(keys.revoke(&owner(), id, RevocationReason::Requested, start()).await.is_err());
    assert!(keys.rename(&owner(), id, &"x".parse().unwrap()).await.is_err());
    assert!(keys.list(&owner(), None, 10).await.is_err());
    assert!(matches!(keys.authenticate(&key, start()).await, Err(Refused::Unavailable(_))));
    keys.store().set_down(false);
    keys.authenticate(&key, start()).await.unwrap();
    assert_eq!(keys.list(&owner(), None, 10).await.unwrap().len(), 1);
}

proptest! {
    /// Whatever the two clocks say, the old key's end is the sooner of its own and the overlap's.
    #[test]
    fn the_sooner_end_holds(own in prop::option::of(2_u64..10_000), overlap in 0_u64..10_000) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            let keys = service(&["a"], Policy::default());
            let mut new = new_key(&account());
            if let Some(seconds) = own {
                new = new.expires_at(start() + Duration::from_secs(seconds));
            }
            let (_, record) = issue(&keys, new).await;
            let overlap = Duration::from_secs(overlap);
            let at = start() + SECOND;
            keys.rotate(&owner(), &record.id, Overlap::of(overlap).unwrap(), at).await.unwrap();
            let stored = keys.load(&owner(), &record.id).await.unwrap();
            let by_overlap = at + overlap;
            let expected = record.expires.map_or(by_overlap, |end| end.min(by_overlap));
            assert_eq!(stored.expires, Some(expected));
            assert_eq!(stored.scopes, scopes("read:controls"));
        });
    }
}
