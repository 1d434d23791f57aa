use std::sync::atomic::Ordering;

use palisade_apikey::{
    ApiKeys, DigestRefused, DigestRing, DigestScheme, Flushed, KeyDigest, KeyStore, MemoryStore,
    Policy, Refused, RevocationReason, SchemeStanding, WrapError, WrapReport,
};
use palisade_secret::Keyring;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use crate::support::{
    HOUR, TestStore, account, formats, issue, new_key, owner, pepper, ring, service, start,
    uncached,
};

fn schemes(candidates: &[KeyDigest]) -> Vec<String> {
    candidates.iter().map(|digest| digest.scheme().to_string()).collect()
}

#[test]
fn the_candidates_of_a_ring() {
    let key = account().mint().unwrap().reveal();
    let format = account();
    let key = format.parse(&key).unwrap();
    assert_eq!(schemes(&ring(&["a"]).candidates(&key, start())), ["hmac-sha256$a"]);
    assert_eq!(
        schemes(&ring(&["b", "a"]).candidates(&key, start())),
        [
            "hmac-sha256$b",
            "hmac-sha256$a",
            "hmac-sha256+hmac-sha256$b,a",
            "hmac-sha256+hmac-sha256$a,b"
        ]
    );
    assert_eq!(ring(&["c", "b", "a"]).candidates(&key, start()).len(), 9);
    assert_eq!(
        schemes(&ring(&["a"]).accept_legacy_sha256().candidates(&key, start())),
        ["hmac-sha256$a", "hmac-sha256+sha256$a", "sha256"]
    );
    for candidate in ring(&["c", "b", "a"]).accept_legacy_sha256().candidates(&key, start()) {
        ring(&["c", "b", "a"]).accept_legacy_sha256().verify(&key, &candidate, start()).unwrap();
        let other = account().mint().unwrap().reveal();
        let other = format.parse(&other).unwrap();
        assert_eq!(
            ring(&["c", "b", "a"]).accept_legacy_sha256().verify(&other, &candidate, start()),
            Err(DigestRefused::Mismatch)
        );
    }
}

#[test]
fn a_pepper_past_its_end_verifies_nothing() {
    let peppers = Keyring::new("b".parse().unwrap(), pepper(2))
        .accept_until("a".parse().unwrap(), pepper(1), start() + HOUR)
        .unwrap();
    let new = DigestRing::new(peppers);
    let old = DigestRing::new(Keyring::new("a".parse().unwrap(), pepper(1)));
    let text = account().mint().unwrap().reveal();
    let format = account();
    let key = format.parse(&text).unwrap();
    let stored = old.digest(&key);
    new.verify(&key, &stored, start()).unwrap();
    assert_eq!(new.verify(&key, &stored, start() + HOUR), Err(DigestRefused::Unusable));
    assert_eq!(new.candidates(&key, start() + HOUR).len(), 1);
}

/// A known mistake: a stored digest presented as if it were a key, or a digest of one scheme taken for
/// another.
#[tokio::test]
async fn a_stolen_digest_opens_nothing() {
    let keys = service(&["a"], uncached());
    let (_, record) = issue(&keys, new_key(&account())).await;
    for stolen in [record.digest.to_text(), record.digest.to_text().replace("hmac-sha256$a$", "")] {
        assert!(matches!(keys.authenticate(&stolen, start()).await, Err(Refused::Malformed(_))));
    }
    let relabelled = KeyDigest::legacy_sha256(*record.digest.as_bytes());
    assert_eq!(relabelled.verify(&record.digest), Err(DigestRefused::Mismatch));
}

/// A store that answers with another scheme's row for the same bytes is not believed.
#[tokio::test]
async fn the_scheme_is_compared_as_well() {
    let store = MemoryStore::new();
    let keys = ApiKeys::new(formats(), ring(&["a"]), store.clone(), uncached());
    let (key, mut record) = issue(&keys, new_key(&account())).await;
    record.digest = KeyDigest::legacy_sha256(*record.digest.as_bytes());
    let odd = MemoryStore::new();
    odd.insert_new(&record).await.unwrap();
    let keys = ApiKeys::new(formats(), ring(&["a"]), odd, uncached());
    assert!(matches!(keys.authenticate(&key, start()).await, Err(Refused::Unknown)));
}

#[tokio::test]
async fn use_moves_a_key_to_the_primary_pepper() {
    let old = service(&["a"], uncached());
    let (key, record) = issue(&old, new_key(&account())).await;
    let keys = ApiKeys::new(formats(), ring(&["b", "a"]), old.store().clone(), Policy::default());
    for _ in 0..3 {
        keys.authenticate(&key, start()).await.unwrap();
    }
    assert_eq!(keys.flush().await.unwrap().moved, 1);
    let stored = keys.load(&owner(), &record.id).await.unwrap();
    assert_eq!(stored.digest.scheme().to_string(), "hmac-sha256$b");
    assert_eq!(keys.store().digest_writes.load(Ordering::SeqCst), 1);
    // The old pepper can go.
    let last = ApiKeys::new(formats(), ring(&["b"]), old.store().clone(), uncached());
    last.authenticate(&key, start()).await.unwrap();
}

#[tokio::test]
async fn a_move_that_fails_costs_nothing_but_the_move() {
    let old = service(&["a"], uncached());
    let (key, record) = issue(&old, new_key(&account())).await;
    let keys = ApiKeys::new(formats(), ring(&["b", "a"]), old.store().clone(), uncached());
    keys.store().digests_fixed.store(true, Ordering::SeqCst);
    keys.authenticate(&key, start()).await.unwrap();
    assert!(keys.flush().await.is_err());
    let stored = keys.load(&owner(), &record.id).await.unwrap();
    assert_eq!(
        (stored.digest.scheme().to_string().as_str(), stored.use_count),
        ("hmac-sha256$a", 1)
    );
    // The next use notes it again.
    keys.store().digests_fixed.store(false, Ordering::SeqCst);
    keys.authenticate(&key, start()).await.unwrap();
    assert_eq!(keys.flush().await.unwrap().moved, 1);
}

#[tokio::test]
async fn imported_sha256_rows_are_taken_over() {
    let store = TestStore::default();
    let text = account().mint().unwrap().reveal();
    let seed = service(&["a"], uncached());
    let (_, mut record) = issue(&seed, new_key(&account())).await;
    record.digest = KeyDigest::legacy_sha256(Sha256::digest(&text).into());
    store.insert_new(&record).await.unwrap();

    let strict = ApiKeys::new(formats(), ring(&["a"]), store.clone(), uncached());
    assert!(matches!(strict.authenticate(&text, start()).await, Err(Refused::Unknown)));
    assert_eq!(strict.digest_report(start()).await.unwrap()[0].standing, SchemeStanding::Unusable);

    let lenient =
        ApiKeys::new(formats(), ring(&["a"]).accept_legacy_sha256(), store.clone(), uncached());
    lenient.authenticate(&text, start()).await.unwrap();
    lenient.flush().await.unwrap();
    strict.authenticate(&text, start()).await.unwrap();
}

/// Twelve hundred keys, so that several pages are read; some are used, some are not.
#[tokio::test]
async fn idle_keys_leave_an_old_pepper_offline() {
    let old = service(&["a"], uncached());
    let mut issued = Vec::new();
    for _ in 0..1_200 {
        issued.push(issue(&old, new_key(&account())).await);
    }
    let keys = ApiKeys::new(formats(), ring(&["b", "a"]), old.store().clone(), uncached());
    for (key, _) in &issued[..100] {
        keys.authenticate(key, start()).await.unwrap();
    }
    assert_eq!(keys.flush().await.unwrap(), Flushed { used: 100, moved: 100 });
    let report = keys.digest_report(start()).await.unwrap();
    let count = |scheme: &str, standing| {
        report.iter().any(|row| row.scheme.to_string() == scheme && row.standing == standing)
    };
    assert!(count("hmac-sha256$a", SchemeStanding::Old));
    assert!(count("hmac-sha256$b", SchemeStanding::Current));

    let old_scheme = "hmac-sha256$a".parse().unwrap();
    let page = keys.keys_on_scheme(&old_scheme, None, 10, start()).await.unwrap();
    let next = keys.keys_on_scheme(&old_scheme, page.last(), usize::MAX, start()).await.unwrap();
    assert_eq!((page.len(), next.len()), (10, 500));
    assert!(page.iter().all(|id| id < &next[0]));

    let mut told = 0;
    let wrapped = keys.wrap_old_digests(start(), |done| told = done).await.unwrap();
    assert_eq!(wrapped, WrapReport { wrapped: 1_100, overtaken: 0, left: 0 });
    assert_eq!(told, 1_100);
    let again = keys.wrap_old_digests(start(), |_| {}).await.unwrap();
    assert_eq!(again, WrapReport { wrapped: 0, overtaken: 0, left: 1_100 });

    // Wrapped keys still work, and come out of the wrapping when they are used.
    let (key, record) = &issued[1_199];
    let stored = keys.load(&owner(), &record.id).await.unwrap();
    assert_eq!(stored.digest.scheme().to_string(), "hmac-sha256+hmac-sha256$b,a");
    keys.authenticate(key, start()).await.unwrap();
    keys.flush().await.unwrap();
    let stored = keys.load(&owner(), &record.id).await.unwrap();
    assert_eq!(stored.digest.scheme().to_string(), "hmac-sha256$b");
}

/// The worked example of the format page, recomputed: every stored form that the page shows.
#[test]
fn the_format_page_is_right() {
    let page = include_str!("../../../../docs/formats/api-key.md");
    let peppers = Keyring::new("b".parse().unwrap(), pepper(0x20))
        .accept("a".parse().unwrap(), pepper(0))
        .unwrap();
    let ring = DigestRing::new(peppers).accept_legacy_sha256();
    let format = account();
    let text = page.lines().find_map(|line| line.strip_prefix("KEY=")).unwrap();
    let key = format.parse(text).unwrap();
    let shown: Vec<KeyDigest> = page
        .lines()
        .filter_map(|line| line.split_once("stored: "))
        .map(|(_, stored)| stored.parse().unwrap())
        .collect();
    assert_eq!(shown.len(), 4);
    for stored in shown {
        assert_eq!(ring.verify(&key, &stored, start()), Ok(()), "{}", stored.to_text());
    }
}

/// A key that is revoked, expired or replaced needs no pepper: it keeps none in the ring.
#[tokio::test]
async fn dead_keys_do_not_hold_a_pepper() {
    let old = service(&["a"], uncached());
    let (_, revoked) = issue(&old, new_key(&account())).await;
    old.revoke(&owner(), &revoked.id, RevocationReason::Requested, start()).await.unwrap();
    issue(&old, new_key(&account()).expires_at(start() + HOUR)).await;
    let (used, _) = issue(&old, new_key(&account())).await;

    let keys = ApiKeys::new(formats(), ring(&["b", "a"]), old.store().clone(), uncached());
    keys.authenticate(&used, start()).await.unwrap();
    keys.flush().await.unwrap();
    let on_a = async |now| {
        let report = keys.digest_report(now).await.unwrap();
        let row = report.into_iter().find(|row| row.scheme.to_string() == "hmac-sha256$a").unwrap();
        (row.live, row.dead)
    };
    assert_eq!(on_a(start()).await, (1, 1));
    assert_eq!(on_a(start() + HOUR).await, (0, 2));
    let wrapped = keys.wrap_old_digests(start() + HOUR, |_| {}).await.unwrap();
    assert_eq!(wrapped, WrapReport::default());
}

/// A pepper that leaked is given up: what is under it, plain or wrapped, is revoked at once.
#[tokio::test]
async fn a_pepper_is_given_up() {
    let old = service(&["a"], Policy::default());
    let (plain, _) = issue(&old, new_key(&account())).await;
    let keys = ApiKeys::new(formats(), ring(&["b", "a"]), old.store().clone(), Policy::default());
    let (wrapped, _) = issue(&old, new_key(&account())).await;
    keys.wrap_old_digests(start(), |_| {}).await.unwrap();
    let (fresh, _) = issue(&keys, new_key(&account())).await;
    let (late, _) = issue(&old, new_key(&account())).await;
    for key in [&late, &fresh] {
        keys.authenticate(key, start()).await.unwrap();
    }
    keys.flush().await.unwrap();

    // The ring does not hold it any more.
    let ring_b = ApiKeys::new(formats(), ring(&["b"]), old.store().clone(), Policy::default());
    let pepper = "a".parse().unwrap();
    let reason = RevocationReason::Leaked;
    let revoked = ring_b.revoke_under_pepper(&pepper, reason, start(), |_| {}).await.unwrap();
    assert_eq!(revoked, 2);
    for key in [&plain, &wrapped] {
        assert!(matches!(keys.authenticate(key, start()).await, Err(Refused::Revoked(_))));
    }
    // Moved to the new pepper by its use, this one is spared.
    ring_b.authenticate(&late, start()).await.unwrap();
    ring_b.authenticate(&fresh, start()).await.unwrap();
    let again = ring_b.revoke_under_pepper(&pepper, reason, start(), |_| {}).await.unwrap();
    assert_eq!(again, 0);
}

/// Keys that are wrapped while their pepper is given up are revoked all the same.
#[tokio::test]
async fn a_pepper_is_given_up_while_digests_are_wrapped() {
    let old = service(&["a"], uncached());
    for _ in 0..600 {
        issue(&old, new_key(&account())).await;
    }
    let keys = ApiKeys::new(formats(), ring(&["b", "a"]), old.store().inner.clone(), uncached());
    // In the middle of the first page, everything that is left is wrapped: by the scheme that was
    // counted, nothing is left on the second page.
    let pepper = "a".parse().unwrap();
    let other = ApiKeys::new(formats(), ring(&["b", "a"]), old.store().inner.clone(), uncached());
    let wrap_all = |done| {
        if done == 300 {
            let mut wrapping = std::pin::pin!(other.wrap_old_digests(start(), |_| {}));
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(wrapping.as_mut().poll(&mut context).is_ready());
        }
    };
    let reason = RevocationReason::Leaked;
    keys.revoke_under_pepper(&pepper, reason, start(), wrap_all).await.unwrap();
    let report = keys.digest_report(start()).await.unwrap();
    assert_eq!(report.iter().map(|row| row.live).sum::<u64>(), 0, "{report:?}");
}

#[test]
fn what_is_not_wrapped() {
    let text = account().mint().unwrap().reveal();
    let format = account();
    let key = format.parse(&text).unwrap();
    let (a, ba) = (ring(&["a"]), ring(&["b", "a"]));
    let old = a.digest(&key);
    let once = ba.wrap(&old, start()).unwrap();
    assert_eq!(ba.wrap(&once, start()).unwrap_err(), WrapError::Wrapped);
    assert_eq!(ba.wrap(&ba.digest(&key), start()).unwrap_err(), WrapError::Current);
    // Wrapped without its own pepper at hand, the key could never be verified again.
    assert_eq!(ring(&["b"]).wrap(&old, start()).unwrap_err(), WrapError::Unusable);
    assert_eq!(ba.verify(&key, &once, start()), Ok(()));
}

#[test]
fn text_that_is_no_digest() {
    let body = "TOs_XmviBh9bulFpHK3eDgsUZQCnvPTnudcfKtbNK1E";
    for good in [
        format!("sha256${body}"),
        format!("hmac-sha256$2026.a-b_c${body}"),
        format!("hmac-sha256+sha256$n${body}"),
        format!("hmac-sha256+hmac-sha256$n,o${body}"),
    ] {
        assert_eq!(good.parse::<KeyDigest>().unwrap().to_text(), good);
    }
    for bad in [
        String::new(),
        body.to_owned(),
        format!("${body}"),
        format!("sha256$x${body}"),
        format!("hmac-sha256${body}"),
        format!("hmac-sha256$${body}"),
        format!("hmac-sha256$a b${body}"),
        format!("hmac-sha256$a,b${body}"),
        format!("hmac-sha256+hmac-sha256$a${body}"),
        format!("hmac-sha256+hmac-sha256$a,b,c${body}"),
        format!("SHA256${body}"),
        format!("sha256${}", &body[1..]),
        format!("sha256${body}A"),
        format!("sha256${body}="),
        // The last character has bits that no byte uses.
        format!("sha256${}F", &body[..42]),
        format!("hmac-sha256${}${body}", "x".repeat(33)),
    ] {
        assert!(bad.parse::<KeyDigest>().is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn any_text_is_refused_or_kept(text in "[a-z0-9+$,._-]{0,40}[$][A-Za-z0-9_-]{40,45}") {
        if let Ok(digest) = text.parse::<KeyDigest>() {
            prop_assert_eq!(digest.to_text(), text);
        }
    }

    #[test]
    fn schemes_round_trip(outer in "[A-Za-z0-9._-]{1,32}", inner in "[A-Za-z0-9._-]{1,32}") {
        let (outer, inner): (palisade_secret::KeyId, palisade_secret::KeyId) =
            (outer.parse().unwrap(), inner.parse().unwrap());
        for scheme in [
            DigestScheme::Sha256,
            DigestScheme::Hmac(outer),
            DigestScheme::WrappedSha256(outer),
            DigestScheme::WrappedHmac(outer, inner),
        ] {
            prop_assert_eq!(scheme.to_string().parse::<DigestScheme>().unwrap(), scheme);
        }
    }
}
