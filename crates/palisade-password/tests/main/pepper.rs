//! One construct for all schemes, keys with names, and rows without any.

use std::time::Duration;

use base64ct::{Base64, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use palisade_password::{Bcrypt, RehashReason, Scheme, Verdict, VerifyError};
use palisade_secret::Keyring;
use sha2::Sha256;

use crate::support::{
    PASSWORD, argon2, argon2id, assert_mismatch, bcrypt, bytes, cheap, examples, key, now,
    password, reason, ring,
};

/// The construct as it is written down, computed here: base64 of HMAC-SHA-256 of label and bytes.
fn construct(pepper: u8, label: &str, bytes: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(&[pepper; 32]).unwrap();
    mac.update(label.as_bytes());
    mac.update(bytes);
    Base64::encode_string(&mac.finalize().into_bytes())
}

#[test]
fn the_stored_hash_names_its_pepper_and_is_of_the_construct() {
    let hasher = cheap().peppers(ring(&["a"])).build().unwrap();
    let stored = hasher.hash(&password(PASSWORD)).unwrap().into_string();
    let inner = stored.strip_prefix("$hmac-sha256$a").unwrap();
    assert_eq!(reason(&hasher, &password(PASSWORD), &stored), None);
    let peppers: Vec<_> =
        hasher.inspect(&stored).unwrap().peppers().map(ToString::to_string).collect();
    assert_eq!(peppers, ["a"]);

    // Without the prefix it is a hash of the construct, for anyone who has the key.
    let plain = cheap().build().unwrap();
    let input = construct(b'a', "palisade password v1:", PASSWORD.as_bytes());
    assert_eq!(reason(&plain, &password(&input), inner), None);
    assert_mismatch(&plain, &password(PASSWORD), inner);
    assert_mismatch(&plain, &password(&construct(b'a', "", PASSWORD.as_bytes())), inner);

    // And the other way about, for every scheme: made by hand, it verifies.
    let hasher = cheap().peppers(ring(&["a"])).build().unwrap();
    for example in examples(input.as_bytes()) {
        if example.scheme != Scheme::Bcrypt2x {
            let stored = format!("$hmac-sha256$a{}", example.stored);
            if example.stored.starts_with('$') {
                let _ = reason(&hasher, &password(PASSWORD), &stored);
                assert_mismatch(&hasher, &password(&input), &stored);
            }
        }
    }
}

#[test]
fn a_rotated_pepper_verifies_and_asks_for_a_rehash() {
    let before = cheap().peppers(ring(&["a"])).build().unwrap();
    let stored = before.hash(&password(PASSWORD)).unwrap();
    let during = cheap().peppers(ring(&["b", "a"])).build().unwrap();
    assert_eq!(
        reason(&during, &password(PASSWORD), stored.as_str()),
        Some(RehashReason::OldPepper)
    );
    assert_mismatch(&during, &password("another"), stored.as_str());
    let new = during.rehash(&password(PASSWORD), stored.as_str()).unwrap();
    assert!(new.as_str().starts_with("$hmac-sha256$b$argon2id$"));
    assert_eq!(reason(&during, &password(PASSWORD), new.as_str()), None);
    let after = cheap().peppers(ring(&["b"])).build().unwrap();
    assert_eq!(reason(&after, &password(PASSWORD), new.as_str()), None);
}

#[test]
fn a_pepper_that_is_not_loaded_is_for_the_operator() {
    let stored = cheap().peppers(ring(&["a"])).build().unwrap().hash(&password(PASSWORD)).unwrap();
    let others = [cheap().build().unwrap(), cheap().peppers(ring(&["b"])).build().unwrap()];
    for hasher in others {
        for typed in [PASSWORD, "another"] {
            let verdict = hasher.verify(&password(typed), stored.as_str(), now());
            let Err(VerifyError::UnknownPepper { id }) = verdict else { panic!("{verdict:?}") };
            assert_eq!(id.as_str(), "a");
        }
        assert!(hasher.inspect(stored.as_str()).is_ok(), "it can be looked at");
    }
}

#[test]
fn a_pepper_past_its_end_is_not_loaded() {
    let old = cheap().peppers(ring(&["a"])).build().unwrap();
    let stored = old.hash(&password(PASSWORD)).unwrap();
    let ring = Keyring::new("b".parse().unwrap(), key(b'b'));
    let ring = ring.accept_until("a".parse().unwrap(), key(b'a'), now()).unwrap();
    let hasher = cheap().peppers(ring).build().unwrap();
    let verdict = |at| hasher.verify(&password(PASSWORD), stored.as_str(), at);
    let before = verdict(now() - Duration::from_nanos(1));
    assert!(matches!(before, Ok(Verdict::Match { rehash: Some(RehashReason::OldPepper), .. })));
    for after in [now(), now() + Duration::from_secs(1)] {
        assert!(matches!(verdict(after), Err(VerifyError::UnknownPepper { .. })));
    }
}

#[test]
fn a_row_without_a_pepper_needs_an_allowance_that_ends() {
    let plain = cheap().build().unwrap();
    let hasher = cheap().peppers(ring(&["a"])).build().unwrap();
    let allowing = cheap().peppers(ring(&["a"])).accept_unpeppered_until(now()).build().unwrap();
    let minted = plain.hash(&password(PASSWORD)).unwrap();
    let rows = examples(PASSWORD.as_bytes()).into_iter().map(|example| example.stored);
    for stored in rows.chain([minted.into_string()]) {
        let verdict = hasher.verify(&password(PASSWORD), &stored, now());
        assert!(matches!(verdict, Err(VerifyError::Unpeppered)), "{verdict:?}");
        let verdict =
            allowing.verify(&password(PASSWORD), &stored, now() - Duration::from_nanos(1));
        assert!(matches!(
            verdict,
            Ok(Verdict::Match { rehash: Some(RehashReason::Unpeppered), .. })
        ));
        for end in [now(), now() + Duration::from_secs(1)] {
            let verdict = allowing.verify(&password(PASSWORD), &stored, end);
            assert!(matches!(verdict, Err(VerifyError::Unpeppered)), "{verdict:?}");
        }
    }
}

/// Whoever can write to the table and has no key.
#[test]
fn a_planted_row_opens_nothing() {
    let hasher = cheap().peppers(ring(&["a"])).build().unwrap();
    let password = password("of the attacker");
    let plain = argon2("argon2id", 19, "m=8,t=1,p=1", &[7; 16], b"", password.expose_secret());
    assert!(matches!(hasher.verify(&password, &plain, now()), Err(VerifyError::Unpeppered)));
    assert_mismatch(&hasher, &password, &format!("$hmac-sha256$a{plain}"));
    // A wrapping of a hash that the attacker has made; inside, outside, or both under the pepper.
    let wrapped = cheap().mint(argon2id(16, 2, 1)).build().unwrap().wrap(&plain, now());
    let wrapped = wrapped.unwrap().unwrap().into_string();
    assert!(matches!(hasher.verify(&password, &wrapped, now()), Err(VerifyError::Unpeppered)));
    assert_mismatch(&hasher, &password, &format!("$hmac-sha256$a{wrapped}"));
    let inside = wrapped.rfind("$argon2id").unwrap();
    let inside = format!("{}$hmac-sha256$a{}", &wrapped[..inside], &wrapped[inside..]);
    assert_mismatch(&hasher, &password, &inside);
    assert_mismatch(&hasher, &password, &format!("$hmac-sha256$a{inside}"));
}

/// The digest of a wrapped hash is the HMAC of the old text. Typed as a password, with the wrapping
/// taken off, that text is nothing: it stands under another label.
#[test]
fn a_stolen_old_hash_is_no_password() {
    let hasher = cheap()
        .mint(argon2id(16, 2, 1))
        .peppers(ring(&["a"]))
        .accept_unpeppered_until(now() + Duration::from_secs(1))
        .build()
        .unwrap();
    let old = bcrypt("2b", &[3; 16], PASSWORD.as_bytes());
    let wrapped = hasher.wrap(&old, now()).unwrap().unwrap().into_string();
    let end = wrapped.rfind("$2b$").unwrap();
    let plain = wrapped[..end - 1].replacen("$wrap", "", 1);
    assert!(plain.starts_with("$hmac-sha256$a$argon2id$v=19$m=16,t=2,p=1$"));
    assert_mismatch(&hasher, &password(&old), &plain);
    assert_mismatch(&hasher, &password(PASSWORD), &plain);
}

#[test]
fn under_a_pepper_bcrypt_reads_the_whole_password() {
    let hasher = cheap().mint(Bcrypt::new(10).unwrap()).peppers(ring(&["a"])).build().unwrap();
    let mut long = vec![b'a'; 200];
    let stored = hasher.hash(&bytes(&long)).unwrap();
    assert!(stored.as_str().starts_with("$hmac-sha256$a$2b$10$"));
    assert_eq!(reason(&hasher, &bytes(&long), stored.as_str()), None);
    long[199] = b'b';
    assert_mismatch(&hasher, &bytes(&long), stored.as_str());
    assert_mismatch(&hasher, &bytes(&long[..72]), stored.as_str());
    let nul = hasher.hash(&bytes(b"ab\0ab")).unwrap();
    assert_eq!(reason(&hasher, &bytes(b"ab\0ab"), nul.as_str()), None);
    for other in [&b"ab"[..], b"ab\0", b"ab\0ab\0ab\0ab"] {
        assert_mismatch(&hasher, &bytes(other), nul.as_str());
    }
    // A pepper makes the prehash needless.
    let prehash = Bcrypt::new(10).unwrap().with_prehash();
    let both = cheap().mint(prehash).peppers(ring(&["a"])).build().unwrap();
    assert!(both.hash(&bytes(&long)).unwrap().as_str().starts_with("$hmac-sha256$a$2b$10$"));
}

#[test]
fn a_pepper_in_a_pepper_and_a_name_that_is_none_are_refused() {
    let hasher = cheap().peppers(ring(&["a"])).build().unwrap();
    let stored = hasher.hash(&password(PASSWORD)).unwrap().into_string();
    let long = "k".repeat(33);
    for text in [
        format!("$hmac-sha256$a{stored}"),
        stored.replacen("$a$", "$$", 1),
        stored.replacen("$a$", "$a b$", 1),
        stored.replacen("$a$", "$a\n$", 1),
        stored.replacen("$a$", "$é$", 1),
        stored.replacen("$a$", &format!("${long}$"), 1),
        stored.replacen("$a$", "$a$$", 1),
        "$hmac-sha256$".to_owned(),
        "$hmac-sha256$a".to_owned(),
        "$hmac-sha256$a$".to_owned(),
    ] {
        let verdict = hasher.verify(&password(PASSWORD), &text, now());
        assert!(
            matches!(verdict, Err(VerifyError::Malformed(_) | VerifyError::Unsupported)),
            "{verdict:?} of {text}"
        );
    }
}

#[test]
fn an_allowance_or_a_secret_needs_a_pepper() {
    assert!(cheap().accept_unpeppered_until(now()).build().is_err());
    let secret = || palisade_secret::SecretBytes::dangerous_unchecked(vec![1; 32]);
    assert!(cheap().argon2_secret(None, secret()).build().is_err());
    let builder = || cheap().peppers(ring(&["a"]));
    assert!(builder().argon2_secret(Some(&[0; 9]), secret()).build().is_err());
    let twice = builder().argon2_secret(None, secret()).argon2_secret(None, secret());
    assert!(twice.build().is_err());
}
