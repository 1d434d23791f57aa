//! Why a stored hash is made anew, and that it never comes out weaker.

use palisade_password::{Bcrypt, HashError, Hasher, Mint, RehashReason, Scheme, Verdict};
use proptest::prelude::*;

use crate::support::{
    PASSWORD, argon2, argon2id, bcrypt, bytes, cheap, now, password, reason, ring,
};

fn mints(mint: impl Into<Mint>) -> Hasher {
    cheap().mint(mint).build().unwrap()
}

fn stored_argon2(variant: &str, version: u32, params: &str) -> String {
    argon2(variant, version, params, &[7; 16], b"", PASSWORD.as_bytes())
}

#[test]
fn each_reason_of_argon2() {
    let hasher = mints(argon2id(64, 2, 2));
    let salt = |len: usize| argon2("argon2id", 19, "m=64,t=2,p=2", &vec![7; len], b"", b"");
    for (stored, expected) in [
        (stored_argon2("argon2id", 19, "m=64,t=2,p=2"), None),
        (stored_argon2("argon2id", 19, "m=63,t=2,p=2"), Some(RehashReason::Parameters)),
        (stored_argon2("argon2id", 19, "m=64,t=1,p=2"), Some(RehashReason::Parameters)),
        // More lanes at once are less time for whoever has as many cores.
        (stored_argon2("argon2id", 19, "m=64,t=2,p=3"), Some(RehashReason::Parameters)),
        (stored_argon2("argon2i", 19, "m=64,t=2,p=2"), Some(RehashReason::Variant)),
        (stored_argon2("argon2d", 19, "m=64,t=2,p=2"), Some(RehashReason::Variant)),
        (stored_argon2("argon2id", 16, "m=64,t=2,p=2"), Some(RehashReason::Variant)),
        (stored_argon2("argon2i", 16, "m=8,t=1,p=1"), Some(RehashReason::Parameters)),
        (salt(15), Some(RehashReason::ShortSalt)),
        (salt(16), None),
        // Stronger ones are left alone, each in its own way.
        (stored_argon2("argon2id", 19, "m=128,t=2,p=2"), None),
        (stored_argon2("argon2id", 19, "m=64,t=3,p=2"), None),
        (stored_argon2("argon2id", 19, "m=64,t=2,p=1"), None),
        (stored_argon2("argon2id", 19, "m=128,t=1,p=1"), None),
        (stored_argon2("argon2id", 19, "m=32,t=8,p=1"), None),
    ] {
        assert_eq!(hasher.needs_rehash(&stored).unwrap(), expected, "{stored}");
    }
    let short = "$argon2id$v=19$m=64,t=2,p=2$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA";
    assert_eq!(hasher.needs_rehash(short).unwrap(), Some(RehashReason::ShortDigest));
}

#[test]
fn each_reason_of_bcrypt() {
    let hasher = mints(Bcrypt::COST_12);
    let tail = "......................AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAu";
    let (salt, digest) = tail.split_at(22);
    for (stored, expected) in [
        (format!("$2b$12${tail}"), None),
        (format!("$2a$12${tail}"), None),
        (format!("$2y$13${tail}"), None),
        (format!("$2b$16${tail}"), None),
        (format!("$2b$11${tail}"), Some(RehashReason::Parameters)),
        (format!("$2x$12${tail}"), Some(RehashReason::Variant)),
        (format!("bcrypt$$2b$12${tail}"), None),
        (format!("bcrypt_sha256$$2b$12${tail}"), Some(RehashReason::Variant)),
        (format!("$bcrypt-sha256$2b,12${salt}${digest}"), Some(RehashReason::Variant)),
        (format!("$bcrypt-sha256$v=2,t=2b,r=12${salt}${digest}"), None),
        (format!("$bcrypt-sha256$v=2,t=2b,r=11${salt}${digest}"), Some(RehashReason::Parameters)),
    ] {
        assert_eq!(hasher.needs_rehash(&stored).unwrap(), expected, "{stored}");
    }
}

const TAG: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const SALT: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// One of each scheme, as strong as its users make it; whether a policy of Argon2id and one of bcrypt
/// replace it.
#[test]
fn a_stronger_scheme_is_left_alone() {
    let tail = "......................AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAu";
    let rounds = format!("{}.", "A".repeat(42));
    let rows: [(String, bool, bool); 16] = [
        (format!("$argon2id$v=19$m=19456,t=2,p=1${SALT}${TAG}"), false, false),
        (format!("$argon2id$v=19$m=65536,t=3,p=4${SALT}${TAG}"), false, false),
        (format!("$argon2d$v=19$m=19456,t=2,p=1${SALT}${TAG}"), true, false),
        (format!("$argon2i$m=19456,t=2,p=1${SALT}${TAG}"), true, false),
        (format!("$argon2id$v=19$m=8,t=1,p=1${SALT}${TAG}"), true, true),
        (format!("$scrypt$ln=17,r=8,p=1${SALT}${TAG}"), false, false),
        (format!("$scrypt$ln=15,r=8,p=1${SALT}${TAG}"), true, true),
        (format!("$scrypt$ln=4,r=8,p=1${SALT}${TAG}"), true, true),
        (format!("$2b$12${tail}"), true, false),
        (format!("$2b$10${tail}"), true, true),
        (format!("$2x$12${tail}"), true, true),
        (format!("$pbkdf2-sha256$600000${SALT}${TAG}"), true, true),
        (format!("$pbkdf2-sha256$5000000${SALT}${TAG}"), true, true),
        (format!("pbkdf2_sha256$600000$salt${TAG}="), true, true),
        (format!("$5$rounds=1000000$salt${rounds}"), true, true),
        (format!("$6$rounds=1000000$salt${}.", "A".repeat(85)), true, true),
    ];
    let argon2id = Hasher::builder().build().unwrap();
    let bcrypt = mints(Bcrypt::COST_12);
    for (stored, by_argon2id, by_bcrypt) in rows {
        assert_eq!(argon2id.needs_rehash(&stored).unwrap().is_some(), by_argon2id, "{stored}");
        assert_eq!(bcrypt.needs_rehash(&stored).unwrap().is_some(), by_bcrypt, "{stored}");
    }
}

/// What a stored Argon2 hash costs: memory, and memory times passes for each lane.
fn memory_and_depth(hasher: &Hasher, stored: &str) -> (u64, f64) {
    let inspection = hasher.inspect(stored).unwrap();
    let number = |name| -> u64 {
        inspection.parameters().find(|(other, _)| *other == name).unwrap().1.parse().unwrap()
    };
    #[allow(clippy::cast_precision_loss, reason = "the numbers are small")]
    let depth = (number("m") * number("t")) as f64 / number("p") as f64;
    (number("m"), depth)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_rehash_is_never_weaker_and_is_the_last(
        policy in (1_u32..4, 0_u32..64, 1_u32..5), old in (1_u32..4, 0_u32..64, 1_u32..5),
        variant in 0_usize..3, version in prop::sample::select(vec![16_u32, 19]),
        peppered in any::<bool>(),
    ) {
        let (lanes, more, passes) = policy;
        let builder = cheap().mint(argon2id(8 * lanes + more, passes, lanes));
        let builder = if peppered {
            builder.peppers(ring(&["a"])).accept_unpeppered_until(now() + std::time::Duration::from_secs(1))
        } else {
            builder
        };
        let hasher = builder.build().unwrap();
        let (lanes, more, passes) = old;
        let params = format!("m={},t={passes},p={lanes}", 8 * lanes + more);
        let variant = ["argon2id", "argon2i", "argon2d"][variant];
        let stored = stored_argon2(variant, version, &params);
        let before = reason(&hasher, &password(PASSWORD), &stored);

        let new = hasher.rehash(&password(PASSWORD), &stored).unwrap();
        let (memory, depth) = memory_and_depth(&hasher, &stored);
        let (new_memory, new_depth) = memory_and_depth(&hasher, new.as_str());
        prop_assert!(new_memory >= memory && new_depth >= depth, "{} {}", stored, new.as_str());
        prop_assert_eq!(reason(&hasher, &password(PASSWORD), new.as_str()), None);
        // Where nothing was to be mended, the rehash is no weaker either.
        if before.is_none() {
            prop_assert_eq!(variant, "argon2id");
        }
    }
}

#[test]
fn a_rehash_of_bcrypt_keeps_the_higher_cost() {
    let hasher = mints(Bcrypt::new(10).unwrap());
    let stored = bcrypt::hash_with_salt(PASSWORD, 11, [3; 16]).unwrap().to_string();
    assert_eq!(reason(&hasher, &password(PASSWORD), &stored), None);
    let new = hasher.rehash(&password(PASSWORD), &stored).unwrap();
    assert!(new.as_str().starts_with("$2b$11$"));
    assert_eq!(reason(&hasher, &password(PASSWORD), new.as_str()), None);
    let weak = bcrypt("2a", &[3; 16], PASSWORD.as_bytes());
    assert_eq!(reason(&hasher, &password(PASSWORD), &weak), Some(RehashReason::Parameters));
    let new = hasher.rehash(&password(PASSWORD), &weak).unwrap();
    assert!(new.as_str().starts_with("$2b$10$"));
}

/// What is above the limits is no measure: it would not verify.
#[test]
fn a_rehash_does_not_follow_a_bomb() {
    let hasher = mints(argon2id(64, 2, 2));
    let bomb = format!("$argon2id$v=19$m=8388608,t=1,p=1${SALT}${TAG}");
    let new = hasher.rehash(&password(PASSWORD), &bomb).unwrap();
    assert!(new.as_str().starts_with("$argon2id$v=19$m=64,t=2,p=2$"), "{}", new.as_str());
}

#[test]
fn what_bcrypt_did_not_read_is_a_reason_of_its_own() {
    let hasher = mints(argon2id(8, 1, 1));
    let (long, exact) = (bytes(&[b'a'; 73]), bytes(&[b'a'; 72]));
    let stored = bcrypt("2b", &[3; 16], &[b'a'; 72]);
    assert_eq!(reason(&hasher, &long, &stored), Some(RehashReason::Truncated));
    assert_eq!(reason(&hasher, &exact, &stored), Some(RehashReason::Scheme));
    let nul = bcrypt("2b", &[3; 16], b"ab\0ab");
    assert_eq!(reason(&hasher, &bytes(b"ab\0ab"), &nul), Some(RehashReason::Nul));
    // Two tokens joined: what only the second part tells apart is the same to bcrypt.
    let token = |user: &str| password(&format!("{}:{user}", "t".repeat(80)));
    let joined = bcrypt("2b", &[3; 16], token("alice").expose_secret());
    assert_eq!(reason(&hasher, &token("mallory"), &joined), Some(RehashReason::Truncated));
    // After the rehash, they are two.
    let new = hasher.rehash(&token("alice"), &joined).unwrap();
    assert_eq!(reason(&hasher, &token("alice"), new.as_str()), None);
    crate::support::assert_mismatch(&hasher, &token("mallory"), new.as_str());
}

/// A login that was good stays good when the rehash cannot be made.
#[test]
fn a_rehash_that_fails_is_an_error_of_its_own() {
    let hasher = mints(Bcrypt::new(10).unwrap());
    let long = bytes(&[b'a'; 73]);
    let stored = bcrypt("2b", &[3; 16], &[b'a'; 72]);
    let verdict = hasher.verify(&long, &stored, now());
    assert!(matches!(verdict, Ok(Verdict::Match { rehash: Some(RehashReason::Truncated), .. })));
    let error = hasher.rehash(&long, &stored).unwrap_err();
    assert!(matches!(error, HashError::TooLongForBcrypt { got: 73 }), "{error:?}");
    let error = hasher.hash(&bytes(b"ab\0ab")).unwrap_err();
    assert!(matches!(error, HashError::NulForBcrypt), "{error:?}");
    hasher.hash(&bytes(&[b'a'; 72])).unwrap();

    let prehash = mints(Bcrypt::new(10).unwrap().with_prehash());
    let new = prehash.rehash(&long, &stored).unwrap();
    assert!(new.as_str().starts_with("$bcrypt-sha256$v=2,t=2b,r=10$"));
    assert_eq!(reason(&prehash, &long, new.as_str()), None);
    crate::support::assert_mismatch(&prehash, &bytes(&[b'a'; 72]), new.as_str());
    let nul = prehash.hash(&bytes(b"ab\0ab")).unwrap();
    assert_eq!(reason(&prehash, &bytes(b"ab\0ab"), nul.as_str()), None);
    crate::support::assert_mismatch(&prehash, &bytes(b"ab"), nul.as_str());
}

#[test]
fn an_unreadable_hash_is_not_replaced() {
    let hasher = mints(argon2id(8, 1, 1));
    for stored in ["", "$argon2id$v=19$m=8,t=0,p=1$AAAA$AAAA", "$y$j9T$salt$digest"] {
        let error = hasher.rehash(&password(PASSWORD), stored).unwrap_err();
        assert!(matches!(error, HashError::Stored(_)), "{error:?}");
    }
}

#[test]
fn every_dialect_is_rehashed_once() {
    let hasher = mints(argon2id(64, 2, 1));
    for example in crate::support::examples(PASSWORD.as_bytes()) {
        let before = reason(&hasher, &password(PASSWORD), &example.stored);
        let expected = match example.scheme {
            Scheme::Argon2d | Scheme::Argon2i | Scheme::Argon2id => RehashReason::Parameters,
            _ => RehashReason::Scheme,
        };
        assert_eq!(before, Some(expected), "{}", example.dialect);
        let new = hasher.rehash(&password(PASSWORD), &example.stored).unwrap();
        assert_eq!(reason(&hasher, &password(PASSWORD), new.as_str()), None);
    }
}

/// Wrapping, a pepper and another scheme to mint take nothing from what a hash costs.
#[test]
fn parameters_survive_wrapping_and_a_new_pepper() {
    let ring = |ids: &[&str]| {
        let key = |id: &str| palisade_secret::MacKey::dangerous_any_length(&[id.as_bytes()[0]; 32]);
        let (first, rest) = ids.split_first().unwrap();
        let first = palisade_secret::Keyring::new(first.parse().unwrap(), key(first));
        rest.iter().fold(first, |ring, id| ring.accept(id.parse().unwrap(), key(id)).unwrap())
    };
    let strong = mints(crate::support::argon2id(64, 3, 1));
    let typed = password("correct horse");
    let old = strong.hash(&typed).unwrap();
    let weak = || Hasher::builder().mint(crate::support::argon2id(16, 1, 1));
    let end = now() + std::time::Duration::from_secs(1);
    let peppered = weak().peppers(ring(&["a"])).accept_unpeppered_until(end).build().unwrap();
    let wrapped = peppered.wrap(old.as_str(), now()).unwrap().unwrap();
    let new = peppered.rehash(&typed, wrapped.as_str()).unwrap();
    assert_eq!(
        peppered.inspect(new.as_str()).unwrap().to_string(),
        "hmac-sha256 pepper=a, argon2id v=19 m=64 t=3 p=1"
    );

    let owasp = Hasher::builder().peppers(ring(&["a"])).build().unwrap().hash(&typed).unwrap();
    let bcrypt =
        Hasher::builder().mint(Bcrypt::COST_12).peppers(ring(&["b", "a"])).build().unwrap();
    assert_eq!(bcrypt.needs_rehash(owasp.as_str()).unwrap(), Some(RehashReason::OldPepper));
    let new = bcrypt.rehash(&typed, owasp.as_str()).unwrap();
    assert!(new.as_str().starts_with("$hmac-sha256$b$argon2id$v=19$m=19456,t=2,p=1$"));
    assert_eq!(bcrypt.needs_rehash(new.as_str()).unwrap(), None);
}
