//! Rotation: both keys change, or neither.

use std::time::{Duration, SystemTime};

use palisade_apikey::{InsertError, KeyRecord, KeyStore, Retirement, RevocationReason, Rotation};

use super::sample::{
    MICROSECOND, SECOND, assert_same, assert_stored, digest, id, insert_all, load, noon,
    revocation, sample, successor,
};

fn overlap() -> Retirement {
    Retirement::ExpireBy(noon() + SECOND)
}

async fn rotate(store: &impl KeyStore, successor: &KeyRecord, retire: Retirement) -> Rotation {
    store.rotate(successor, retire, noon()).await.expect("the successor is new")
}

/// Fails unless the rotation is refused and leaves the old record, and no successor.
async fn assert_refused(store: &impl KeyStore, old: &KeyRecord, now: SystemTime) {
    let new = KeyRecord { created: now, ..successor(99, old) };
    for retire in [overlap(), Retirement::Revoke(revocation(0, RevocationReason::Leaked))] {
        let rotation = store.rotate(&new, retire, now).await.expect("the successor is new");
        assert_eq!(rotation, Rotation::Refused, "{old:?}");
        assert_stored(store, old).await;
        assert!(store.load(&new.id).await.expect("it answers").is_none(), "a successor was kept");
        let found = store.find(std::slice::from_ref(&new.digest)).await.expect("it answers");
        assert!(found.is_none(), "a successor is found");
    }
}

/// The old key learns its successor and its end; the new one is stored as it is; nothing else
/// changes.
pub async fn rotation_links_both_keys<S: KeyStore>(store: S) {
    let old = KeyRecord { use_count: 5, last_used: Some(noon()), ..sample(1) };
    let new = successor(2, &old);
    insert_all(&store, &[old.clone(), sample(3)]).await;
    assert_eq!(rotate(&store, &new, overlap()).await, Rotation::Done);

    assert_stored(&store, &new).await;
    assert_stored(&store, &sample(3)).await;
    let retired =
        KeyRecord { expires: Some(noon() + SECOND), replaced_by: Some(new.id.clone()), ..old };
    assert_stored(&store, &retired).await;
}

/// The end is the sooner of the overlap's and the key's own.
pub async fn rotation_never_lengthens_a_life<S: KeyStore>(store: S) {
    let cases = [
        (None, noon() + SECOND),
        (Some(noon() + MICROSECOND), noon() + MICROSECOND),
        (Some(noon() + SECOND - MICROSECOND), noon() + SECOND - MICROSECOND),
        (Some(noon() + SECOND), noon() + SECOND),
        (Some(noon() + SECOND + MICROSECOND), noon() + SECOND),
        (Some(noon() + Duration::from_hours(9)), noon() + SECOND),
    ];
    for ((own, expected), n) in cases.into_iter().zip(0..) {
        let old = KeyRecord { expires: own, ..sample(n) };
        insert_all(&store, std::slice::from_ref(&old)).await;
        assert_eq!(rotate(&store, &successor(100 + n, &old), overlap()).await, Rotation::Done);
        assert_eq!(load(&store, n).await.expires, Some(expected), "its own was {own:?}");
    }
}

/// A rotation after a leak revokes the old key, and leaves its expiry.
pub async fn rotation_can_revoke<S: KeyStore>(store: S) {
    let old = KeyRecord { expires: Some(noon() + SECOND), ..sample(1) };
    let new = successor(2, &old);
    let leaked = revocation(0, RevocationReason::Leaked);
    insert_all(&store, std::slice::from_ref(&old)).await;
    assert_eq!(rotate(&store, &new, Retirement::Revoke(leaked)).await, Rotation::Done);

    assert_stored(&store, &new).await;
    let retired = KeyRecord { revoked: Some(leaked), replaced_by: Some(new.id.clone()), ..old };
    assert_stored(&store, &retired).await;
    // The first revocation stands.
    let again = store.revoke(&id(1), revocation(9, RevocationReason::Requested)).await;
    assert_eq!(again.expect("it answers"), Some(leaked));
}

/// A key that is unknown, revoked or expired has no successor; neither has none at all.
pub async fn only_an_active_key_is_rotated<S: KeyStore>(store: S) {
    let revoked = revocation(0, RevocationReason::Requested);
    let records = [
        KeyRecord { revoked: Some(revoked), ..sample(1) },
        KeyRecord { revoked: Some(revoked), expires: Some(noon() + SECOND), ..sample(2) },
        KeyRecord { expires: Some(noon() - SECOND), ..sample(3) },
    ];
    insert_all(&store, &records).await;
    for record in &records {
        assert_refused(&store, record, noon()).await;
    }

    for orphan in [successor(99, &sample(50)), sample(99)] {
        assert_eq!(rotate(&store, &orphan, overlap()).await, Rotation::Refused);
        assert!(store.load(&orphan.id).await.expect("it answers").is_none(), "it was kept");
    }
}

/// A key that has a successor, still working in its overlap, gets no second one.
pub async fn a_key_is_rotated_once<S: KeyStore>(store: S) {
    let old = sample(1);
    insert_all(&store, std::slice::from_ref(&old)).await;
    assert_eq!(rotate(&store, &successor(2, &old), overlap()).await, Rotation::Done);
    let retired = load(&store, 1).await;
    assert_refused(&store, &retired, noon()).await;

    // The successor is a key like any other.
    let next = successor(3, &load(&store, 2).await);
    assert_eq!(rotate(&store, &next, overlap()).await, Rotation::Done);
    assert_same(&load(&store, 1).await, &retired);
}

/// One moment before its end a key is rotated, and from its end on it is not; also where the clock
/// is finer than what is stored.
pub async fn rotation_is_refused_from_the_instant_of_expiry<S: KeyStore>(store: S) {
    let nanosecond = Duration::from_nanos(1);
    let old = KeyRecord { expires: Some(noon()), ..sample(1) };
    insert_all(&store, std::slice::from_ref(&old)).await;
    for now in
        [noon(), noon() + nanosecond, noon() + MICROSECOND, noon() + Duration::from_hours(100_000)]
    {
        assert_refused(&store, &old, now).await;
    }
    let done = store.rotate(&successor(2, &old), overlap(), noon() - nanosecond).await;
    assert_eq!(done.expect("the successor is new"), Rotation::Done);
    assert_eq!(load(&store, 1).await.expires, Some(noon()));
}

/// When the successor's id or digest is taken, the old key stays as it was.
pub async fn a_rotation_with_a_duplicate_changes_nothing<S: KeyStore>(store: S) {
    let (old, other) = (sample(1), sample(2));
    insert_all(&store, &[old.clone(), other.clone()]).await;

    let same_id = KeyRecord { digest: digest(99), ..successor(2, &old) };
    let same_digest = KeyRecord { digest: digest(2), ..successor(99, &old) };
    let itself = KeyRecord { id: old.id.clone(), ..successor(98, &old) };
    for new in [same_id, same_digest, itself] {
        for retire in [overlap(), Retirement::Revoke(revocation(0, RevocationReason::Leaked))] {
            let refused = store.rotate(&new, retire, noon()).await;
            assert!(matches!(refused, Err(InsertError::Duplicate)), "{refused:?}");
            assert_stored(&store, &old).await;
            assert_stored(&store, &other).await;
        }
    }
    for n in [98, 99] {
        assert!(store.load(&id(n)).await.expect("it answers").is_none(), "{n} was kept");
        assert!(store.find(&[digest(n)]).await.expect("it answers").is_none(), "{n} is found");
    }
}
