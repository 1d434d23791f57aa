//! What goes in comes out, and nothing goes in twice.

use std::time::{Duration, SystemTime};

use palisade_apikey::{InsertError, KeyRecord, KeyStore, RevocationReason, Scopes};

use super::sample::{
    MICROSECOND, SECOND, assert_stored, digest, digest_under, id, insert_all, noon, revocation,
    sample, scopes,
};

/// The last microsecond of the year 9999.
const LAST: Duration = Duration::from_micros(253_402_300_799_999_999);

/// A record with every field set is loaded and found as it was.
pub async fn every_field_comes_back<S: KeyStore>(store: S) {
    for (n, reason) in
        [RevocationReason::Requested, RevocationReason::Leaked, RevocationReason::Administrative]
            .into_iter()
            .enumerate()
    {
        let n = n as u64;
        let record = KeyRecord {
            name: "Schlüssel für 東京 🔑 \"'; --".parse().expect("a name"),
            scopes: scopes("admin:billing read write:evidence"),
            server: Some("srv-7/αβ".replace("αβ", "'\"").parse().expect("a server")),
            expires: Some(noon() + SECOND + MICROSECOND),
            last_used: Some(noon() - MICROSECOND),
            use_count: 7,
            revoked: Some(revocation(3, reason)),
            replaces: Some(id(1000 + n)),
            replaced_by: Some(id(2000 + n)),
            ..sample(n)
        };
        insert_all(&store, std::slice::from_ref(&record)).await;
        assert_stored(&store, &record).await;
    }
}

/// Fields that may be unset come back unset, not as zero or as empty text.
pub async fn unset_fields_come_back_unset<S: KeyStore>(store: S) {
    let record = KeyRecord { environment: None, scopes: Scopes::none(), ..sample(1) };
    insert_all(&store, std::slice::from_ref(&record)).await;
    assert_stored(&store, &record).await;
    assert!(store.load(&id(2)).await.expect("it answers").is_none(), "an unknown id is `None`");
}

/// The shortest and the longest names, the first and the last moment, the greatest count.
pub async fn extreme_values_come_back<S: KeyStore>(store: S) {
    let longest = Scopes::MAX;
    let most = (0..longest).map(|n| format!("read:{n:0>64}")).collect::<Vec<_>>().join(" ");
    let large = KeyRecord {
        id: "Z".repeat(64).parse().expect("an id"),
        owner: "~".repeat(128).parse().expect("an owner"),
        format: "f".repeat(64),
        environment: Some("e".repeat(32)),
        name: "é".repeat(100).parse().expect("a name"),
        scopes: scopes(&most),
        server: Some("!".repeat(128).parse().expect("a server")),
        created: SystemTime::UNIX_EPOCH + LAST,
        expires: Some(SystemTime::UNIX_EPOCH + LAST),
        last_used: Some(SystemTime::UNIX_EPOCH + LAST),
        use_count: i64::MAX.unsigned_abs(),
        ..sample(1)
    };
    let small = KeyRecord {
        id: "-".parse().expect("an id"),
        owner: "!".parse().expect("an owner"),
        name: "x".parse().expect("a name"),
        created: SystemTime::UNIX_EPOCH,
        expires: Some(SystemTime::UNIX_EPOCH + MICROSECOND),
        last_used: Some(SystemTime::UNIX_EPOCH),
        ..sample(2)
    };
    insert_all(&store, &[large.clone(), small.clone()]).await;
    assert_stored(&store, &large).await;
    assert_stored(&store, &small).await;
}

/// Digests of every scheme keep their scheme and their bytes.
pub async fn every_digest_scheme_comes_back<S: KeyStore>(store: S) {
    let schemes = [
        "sha256",
        "hmac-sha256$2026a",
        "hmac-sha256+sha256$2026a",
        "hmac-sha256+hmac-sha256$2026b,2026a",
    ];
    for (scheme, n) in schemes.into_iter().zip(0..) {
        let record = KeyRecord { digest: digest_under(scheme, n), ..sample(n) };
        insert_all(&store, std::slice::from_ref(&record)).await;
        assert_stored(&store, &record).await;
    }
}

/// A second record with the same id is refused, and the first stays as it was.
pub async fn a_duplicate_id_is_refused<S: KeyStore>(store: S) {
    let first = KeyRecord { use_count: 3, ..sample(1) };
    insert_all(&store, std::slice::from_ref(&first)).await;

    let second = KeyRecord { id: first.id.clone(), ..sample(2) };
    let refused = store.insert_new(&second).await;
    assert!(matches!(refused, Err(InsertError::Duplicate)), "{refused:?}");
    assert_stored(&store, &first).await;
    let found = store.find(&[digest(2)]).await.expect("it answers");
    assert!(found.is_none(), "the refused record is found by its digest");
}

/// A second record with the same digest is refused, whatever scheme it claims, and nothing of it
/// is kept.
pub async fn a_duplicate_digest_is_refused<S: KeyStore>(store: S) {
    let first = sample(1);
    insert_all(&store, std::slice::from_ref(&first)).await;

    for scheme in ["hmac-sha256$2026a", "sha256"] {
        let second = KeyRecord { digest: digest_under(scheme, 1), ..sample(2) };
        let refused = store.insert_new(&second).await;
        assert!(matches!(refused, Err(InsertError::Duplicate)), "{refused:?}");
        assert!(store.load(&id(2)).await.expect("it answers").is_none(), "it was kept");
    }
    assert_stored(&store, &first).await;
}
