//! Revocation is for good, and a name is only a name.

use std::time::Duration;

use palisade_apikey::{
    KeyName, KeyRecord, KeyState, KeyStore, Retirement, RevocationReason, Rotation,
};

use super::sample::{
    SECOND, assert_stored, digest, id, insert_all, load, noon, revocation, sample, successor, usage,
};

fn name(text: &str) -> KeyName {
    text.parse().expect("a name")
}

/// The first revocation stays, with its time and its reason, and is what later calls return, even
/// those that claim an earlier time. An unknown key is `None`.
pub async fn the_first_revocation_stands<S: KeyStore>(store: S) {
    let record = KeyRecord { expires: Some(noon() + SECOND), use_count: 4, ..sample(1) };
    insert_all(&store, &[record.clone(), sample(2)]).await;

    let first = revocation(5, RevocationReason::Leaked);
    let attempts = [
        first,
        first,
        revocation(9, RevocationReason::Requested),
        revocation(1, RevocationReason::Administrative),
    ];
    for attempt in attempts {
        let standing = store.revoke(&id(1), attempt).await.expect("the store answers");
        assert_eq!(standing, Some(first), "after {attempt:?}");
    }
    assert_stored(&store, &KeyRecord { revoked: Some(first), ..record }).await;
    assert_stored(&store, &sample(2)).await;
    let unknown = store.revoke(&id(3), first).await.expect("the store answers");
    assert_eq!(unknown, None, "an unknown key was revoked");
}

/// Whatever is done to a revoked key, it stays revoked.
pub async fn nothing_lifts_a_revocation<S: KeyStore>(store: S) {
    let first = revocation(0, RevocationReason::Leaked);
    insert_all(&store, &[sample(1)]).await;
    store.revoke(&id(1), first).await.expect("the store answers");

    store.rename(&id(1), &name("harmless")).await.expect("the store answers");
    store.add_usage(&[usage(1, 1, noon())]).await.expect("the store answers");
    store.replace_digest(&id(1), &digest(1), &digest(50)).await.expect("the store answers");
    let overlap = Retirement::ExpireBy(noon() + SECOND);
    let rotation = store.rotate(&successor(2, &sample(1)), overlap, noon()).await;
    assert_eq!(rotation.expect("the successor is new"), Rotation::Refused);
    let active = KeyRecord { digest: digest(51), ..sample(1) };
    assert!(store.insert_new(&active).await.is_err(), "a second record with its id is taken");

    let record = load(&store, 1).await;
    assert_eq!(record.revoked, Some(first));
    assert_eq!(record.state(noon() - Duration::from_hours(100)), KeyState::Revoked);
}

/// A new name changes nothing else, not even on a key that is revoked; an unknown key is `false`.
pub async fn rename_touches_the_name_alone<S: KeyStore>(store: S) {
    let record = KeyRecord {
        expires: Some(noon() + SECOND),
        last_used: Some(noon()),
        use_count: 12,
        revoked: Some(revocation(0, RevocationReason::Requested)),
        replaces: Some(id(7)),
        replaced_by: Some(id(8)),
        ..sample(1)
    };
    insert_all(&store, &[record.clone(), sample(2)]).await;
    for new in ["Zürich 🔑", "x", "'; --"] {
        assert!(store.rename(&id(1), &name(new)).await.expect("it answers"));
        assert_stored(&store, &KeyRecord { name: name(new), ..record.clone() }).await;
    }
    assert_stored(&store, &sample(2)).await;
    assert!(!store.rename(&id(3), &name("x")).await.expect("it answers"), "an unknown key");
}
