//! `ApiKeys` over SQLite, from end to end.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use palisade_apikey::{
    ApiKeys, DigestRing, Formats, KeyFormat, KeyStore, ManageError, MaxStaleness, NewKey, Overlap,
    Owner, Policy, Refused, RevocationReason, RotateError,
};
use palisade_secret::{Keyring, MacKey, SecretBytes};
use palisade_sqlx::SqliteKeyStore;

const NOW: SystemTime = SystemTime::UNIX_EPOCH;
const HOUR: Duration = Duration::from_hours(1);

fn pepper() -> MacKey {
    MacKey::new(SecretBytes::generate(32).unwrap()).unwrap()
}

fn service(store: SqliteKeyStore, peppers: Keyring<MacKey>) -> ApiKeys<SqliteKeyStore> {
    let formats = Formats::new([format()]).unwrap();
    let policy = Policy::default().staleness(MaxStaleness::none());
    ApiKeys::new(formats, DigestRing::new(peppers), store, policy)
}

fn format() -> KeyFormat {
    KeyFormat::new("gmk_acct_live").unwrap()
}

fn owner() -> Owner {
    "org_1".parse().unwrap()
}

fn new_key() -> NewKey {
    NewKey::new(owner(), &format(), "deploy".parse().unwrap(), "read".parse().unwrap())
}

async fn new_service(path: &Path) -> ApiKeys<SqliteKeyStore> {
    service(crate::open(path).await, Keyring::new("2026a".parse().unwrap(), pepper()))
}

#[tokio::test]
async fn a_key_lives_and_ends() {
    let (_folder, path) = crate::new_path();
    let keys = new_service(&path).await;
    let issued = keys.issue(new_key(), NOW).await.unwrap();
    let (id, text) = (issued.record.id, issued.key.reveal());
    let caller = keys.authenticate(&text, NOW).await.unwrap();
    assert_eq!((caller.key_id(), caller.owner()), (&id, &owner()));
    keys.rename(&owner(), &id, &"renamed".parse().unwrap()).await.unwrap();

    let overlap = Overlap::of(HOUR).unwrap();
    let next = keys.rotate(&owner(), &id, overlap, NOW).await.unwrap();
    let (next_id, next_text) = (next.record.id, next.key.reveal());
    let again = keys.rotate(&owner(), &id, overlap, NOW).await;
    assert!(matches!(again, Err(RotateError::Conflict)), "{again:?}");
    for text in [&text, &next_text] {
        keys.authenticate(text, NOW + HOUR - Duration::from_micros(1)).await.unwrap();
    }
    let past = keys.authenticate(&text, NOW + HOUR).await;
    assert!(matches!(past, Err(Refused::Replaced(_))), "{past:?}");

    let at_once =
        keys.rotate_at_once(&owner(), &next_id, RevocationReason::Leaked, NOW).await.unwrap();
    let leaked = keys.authenticate(&next_text, NOW).await;
    assert!(matches!(leaked, Err(Refused::Revoked(_))), "{leaked:?}");

    let (last_id, last) = (at_once.record.id, at_once.key.reveal());
    let stranger = "org_2".parse().unwrap();
    let hidden = keys.revoke(&stranger, &last_id, RevocationReason::Requested, NOW).await;
    assert!(matches!(hidden, Err(ManageError::NotFound)), "{hidden:?}");
    keys.authenticate(&last, NOW).await.unwrap();
    keys.revoke(&owner(), &last_id, RevocationReason::Requested, NOW).await.unwrap();
    let revoked = keys.authenticate(&last, NOW).await;
    assert!(matches!(revoked, Err(Refused::Revoked(_))), "{revoked:?}");

    let listed = keys.list(&owner(), None, 10).await.unwrap();
    assert_eq!(listed.len(), 3);
    let lineage: Vec<_> = listed.iter().filter(|record| record.replaced_by.is_some()).collect();
    assert_eq!(lineage.len(), 2);
    assert!(listed.iter().all(|record| record.name.as_str() == "renamed"));
}

#[tokio::test]
async fn a_revocation_in_one_process_holds_in_another() {
    let (_folder, path) = crate::new_path();
    let ring = Keyring::new("2026a".parse().unwrap(), pepper());
    let [a, b] =
        [service(crate::open(&path).await, ring.clone()), service(crate::open(&path).await, ring)];
    let issued = a.issue(new_key(), NOW).await.unwrap();
    let (id, text) = (issued.record.id, issued.key.reveal());
    b.authenticate(&text, NOW).await.unwrap();
    a.revoke(&owner(), &id, RevocationReason::Leaked, NOW).await.unwrap();
    let refused = b.authenticate(&text, NOW).await;
    assert!(matches!(refused, Err(Refused::Revoked(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_use_is_lost() {
    const TASKS: u64 = 6;
    const USES: u64 = 150;

    let (_folder, path) = crate::new_path();
    let keys = Arc::new(new_service(&path).await);
    let mut texts = Vec::new();
    let mut ids = Vec::new();
    for _ in 0..3 {
        let issued = keys.issue(new_key(), NOW).await.unwrap();
        ids.push(issued.record.id);
        texts.push(issued.key.reveal());
    }
    let texts = Arc::new(texts);
    let users: Vec<_> = (0..TASKS)
        .map(|task| {
            let (keys, texts) = (Arc::clone(&keys), Arc::clone(&texts));
            tokio::spawn(async move {
                for n in 0..USES {
                    let at = NOW + Duration::from_micros(task * USES + n);
                    for text in &*texts {
                        keys.authenticate(text, at).await.unwrap();
                    }
                    if n % 10 == task {
                        // Some of them give up half-way.
                        let flush = keys.flush();
                        let _ = tokio::time::timeout(Duration::from_micros(n * 20), flush).await;
                    }
                }
            })
        })
        .collect();
    for user in users {
        user.await.unwrap();
    }
    keys.flush().await.unwrap();
    for id in &ids {
        let record = keys.store().load(id).await.unwrap().unwrap();
        // A flush that is dropped may have been written, and is then counted again.
        assert!(
            record.use_count >= TASKS * USES,
            "{} uses were lost",
            TASKS * USES - record.use_count
        );
        let last = NOW + Duration::from_micros(TASKS * USES - 1);
        assert_eq!(record.last_used, Some(last));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_use_is_counted_twice_when_every_flush_is_answered() {
    let (_folder, path) = crate::new_path();
    let keys = Arc::new(new_service(&path).await);
    let issued = keys.issue(new_key(), NOW).await.unwrap();
    let text: Arc<str> = issued.key.reveal().into();
    let users: Vec<_> = (0..6)
        .map(|_| {
            let (keys, text) = (Arc::clone(&keys), Arc::clone(&text));
            tokio::spawn(async move {
                for n in 0..200 {
                    keys.authenticate(&text, NOW).await.unwrap();
                    if n % 25 == 0 {
                        keys.flush().await.unwrap();
                    }
                }
            })
        })
        .collect();
    for user in users {
        user.await.unwrap();
    }
    keys.flush().await.unwrap();
    let record = keys.store().load(&issued.record.id).await.unwrap().unwrap();
    assert_eq!(record.use_count, 1200);
}

#[tokio::test]
async fn a_store_that_is_down_is_unavailable_and_never_unknown() {
    let (_folder, path) = crate::new_path();
    let keys = new_service(&path).await;
    let issued = keys.issue(new_key(), NOW).await.unwrap();
    let (id, text) = (issued.record.id, issued.key.reveal());
    keys.store().close().await;

    let refused = keys.authenticate(&text, NOW).await;
    assert!(matches!(refused, Err(Refused::Unavailable(_))), "{refused:?}");
    let unknown = format().mint().unwrap().reveal();
    let refused = keys.authenticate(&unknown, NOW).await;
    assert!(matches!(refused, Err(Refused::Unavailable(_))), "{refused:?}");
    let failed = keys.revoke(&owner(), &id, RevocationReason::Leaked, NOW).await;
    assert!(matches!(failed, Err(ManageError::Unavailable(_))), "{failed:?}");
}

#[tokio::test]
async fn a_table_that_is_gone_is_unavailable() {
    let (_folder, path) = crate::new_path();
    let keys = new_service(&path).await;
    let text = keys.issue(new_key(), NOW).await.unwrap().key.reveal();
    let mut stranger = crate::stranger(&path).await;
    sqlx::query("ALTER TABLE palisade_api_keys RENAME TO elsewhere")
        .execute(&mut stranger)
        .await
        .unwrap();
    let refused = keys.authenticate(&text, NOW).await.unwrap_err();
    assert!(matches!(refused, Refused::Unavailable(_)), "{refused:?}");
    assert!(!refused.to_string().contains("palisade_api_keys"), "{refused}");
}

#[tokio::test]
async fn the_files_hold_no_key() {
    let (folder, path) = crate::new_path();
    let keys = new_service(&path).await;
    let issued = keys.issue(new_key(), NOW).await.unwrap();
    let (id, text) = (issued.record.id, issued.key.reveal());
    keys.authenticate(&text, NOW).await.unwrap();
    keys.flush().await.unwrap();
    keys.rotate(&owner(), &id, Overlap::of(HOUR).unwrap(), NOW).await.unwrap();

    let body = &text["gmk_acct_live_".len()..][..43];
    for closed in [false, true] {
        if closed {
            keys.store().close().await;
        }
        let mut searched = 0;
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            searched += bytes.len();
            for part in [&body[..12], &body[12..24], &body[31..]] {
                let found = bytes.windows(part.len()).any(|window| window == part.as_bytes());
                assert!(!found, "a part of the key is in the file");
            }
        }
        assert!(searched > 4096, "there was something to search");
    }
}

/// A key moves to the new pepper when it is used, and those that nobody uses are wrapped.
#[tokio::test]
async fn a_pepper_is_retired() {
    let (_folder, path) = crate::new_path();
    let (old, new) = (pepper(), pepper());
    let keys =
        service(crate::open(&path).await, Keyring::new("2026a".parse().unwrap(), old.clone()));
    let mut texts = Vec::new();
    for _ in 0..10 {
        texts.push(keys.issue(new_key(), NOW).await.unwrap().key.reveal());
    }
    let ring =
        Keyring::new("2026b".parse().unwrap(), new).accept("2026a".parse().unwrap(), old).unwrap();
    let keys = service(crate::open(&path).await, ring);
    keys.authenticate(&texts[0], NOW).await.unwrap();
    keys.flush().await.unwrap();
    let report = keys.wrap_old_digests(NOW, |_| {}).await.unwrap();
    assert_eq!((report.wrapped, report.overtaken, report.left), (9, 0, 0));
    for text in &texts {
        keys.authenticate(text, NOW).await.unwrap();
    }
    // The first is in the cache, and moved already.
    assert_eq!(keys.flush().await.unwrap().moved, 9);
    let counts = keys.digest_report(NOW).await.unwrap();
    assert_eq!(counts.len(), 1, "{counts:?}");
    assert_eq!((counts[0].scheme.to_string().as_str(), counts[0].live), ("hmac-sha256$2026b", 10));
}
