//! Argon2id around a hash whose password nobody has at hand.

use std::time::Duration;

use palisade_password::{
    Bcrypt, Hasher, HasherBuilder, LegacyFailure, LegacyScheme, RehashReason, Scheme, VerifyError,
    WrapError,
};

use crate::support::{
    Example, PASSWORD, Shop, argon2id, assert_mismatch, bytes, cheap, examples, now, password,
    reason, ring,
};

fn policy() -> HasherBuilder {
    cheap().mint(argon2id(64, 2, 1)).legacy(Shop)
}

fn rows() -> Vec<Example> {
    let mut rows = examples(PASSWORD.as_bytes());
    let stored = Shop::stored("pepperoni", PASSWORD);
    rows.push(Example { dialect: "a scheme of the team's own", scheme: Scheme::Legacy, stored });
    rows
}

fn wrapped(hasher: &Hasher, stored: &str) -> String {
    hasher.wrap(stored, now()).unwrap().unwrap().into_string()
}

#[test]
fn every_scheme_can_be_wrapped() {
    let peppered =
        policy().peppers(ring(&["a"])).accept_unpeppered_until(now() + Duration::from_secs(1));
    for (hasher, why) in [
        (policy().build().unwrap(), RehashReason::Wrapped),
        (peppered.build().unwrap(), RehashReason::Wrapped),
    ] {
        for row in rows() {
            let stored = wrapped(&hasher, &row.stored);
            assert_eq!(reason(&hasher, &password(PASSWORD), &stored), Some(why), "{}", row.dialect);
            for wrong in ["", "correct hors", "correct horse ", "Correct horse"] {
                assert_mismatch(&hasher, &password(wrong), &stored);
            }
            assert_mismatch(&hasher, &password(&row.stored), &stored);
            let inspection = hasher.inspect(&stored).unwrap();
            assert!(inspection.is_wrapped());
            assert_eq!(inspection.scheme(), row.scheme);
            assert!(inspection.wrap_parameters().any(|param| param == ("m", "64")));
            // At the login it becomes what is minted.
            let new = hasher.rehash(&password(PASSWORD), &stored).unwrap();
            assert_eq!(reason(&hasher, &password(PASSWORD), new.as_str()), None);
            assert!(!hasher.inspect(new.as_str()).unwrap().is_wrapped());
        }
    }
}

/// Whoever steals the table finds nothing of the old digest in it.
#[test]
fn nothing_of_the_old_digest_is_left() {
    let hasher = policy().build().unwrap();
    for row in rows() {
        let stored = wrapped(&hasher, &row.stored);
        let digest = row.stored.rfind('$').unwrap() + 1;
        let digest = if row.dialect.contains("bcrypt") && !row.dialect.contains("passlib")
            || row.dialect.starts_with('2')
        {
            row.stored.len() - 31
        } else {
            digest
        };
        let digest = &row.stored.as_bytes()[digest..];
        assert!(digest.len() >= 26);
        for window in digest.windows(8) {
            let found = stored.as_bytes().windows(8).any(|seen| seen == window);
            assert!(!found, "{}: {stored}", row.dialect);
        }
    }
}

#[test]
fn nothing_is_wrapped_twice_or_without_need() {
    let hasher = policy().build().unwrap();
    for row in rows() {
        let stored = wrapped(&hasher, &row.stored);
        assert!(hasher.wrap(&stored, now()).unwrap().is_none(), "{}", row.dialect);
    }
    let strong = hasher.hash(&password(PASSWORD)).unwrap();
    assert!(hasher.wrap(strong.as_str(), now()).unwrap().is_none());
    // A stronger policy does not wrap what is wrapped.
    let stronger = cheap().mint(argon2id(128, 3, 1)).legacy(Shop).build().unwrap();
    let stored = wrapped(&hasher, &Shop::stored("pepperoni", PASSWORD));
    assert!(stronger.wrap(&stored, now()).unwrap().is_none());
}

#[test]
fn a_wrapping_in_a_wrapping_is_refused() {
    let hasher = policy().build().unwrap();
    for row in rows() {
        let stored = wrapped(&hasher, &row.stored);
        let outer = &stored[..stored.match_indices('$').nth(6).unwrap().0];
        for text in [
            format!("{outer}{stored}"),
            format!("$wrap{stored}"),
            format!("{outer}${}", row.stored),
            format!("{outer}${stored}"),
            outer.to_owned(),
            format!("{outer}$"),
            stored.replacen("argon2id", "argon2i", 1),
            stored.replacen("p=1", "p=1,keyid=AA", 1),
            stored.replacen("p=1", "p=1,data=AA", 1),
        ] {
            let verdict = hasher.verify(&password(PASSWORD), &text, now());
            assert!(
                matches!(verdict, Err(VerifyError::Malformed(_) | VerifyError::Unsupported)),
                "{verdict:?} of {text}"
            );
        }
    }
}

#[test]
fn a_peppered_row_can_be_wrapped_under_its_successor() {
    let old = cheap().peppers(ring(&["a"])).build().unwrap();
    let new = policy().peppers(ring(&["b", "a"])).build().unwrap();
    let row = old.hash(&password(PASSWORD)).unwrap();
    // The parameters are weak, whatever the pepper.
    let stored = wrapped(&new, row.as_str());
    assert!(stored.starts_with("$hmac-sha256$b$wrap$argon2id$"), "{stored}");
    assert!(stored.contains("$hmac-sha256$a$argon2id$"), "{stored}");
    let peppers: Vec<_> =
        new.inspect(&stored).unwrap().peppers().map(ToString::to_string).collect();
    assert_eq!(peppers, ["b", "a"]);
    assert_eq!(reason(&new, &password(PASSWORD), &stored), Some(RehashReason::OldPepper));
    assert_mismatch(&new, &password("another"), &stored);
    // A strong row of an old pepper gains nothing.
    let strong = policy().peppers(ring(&["a"])).build().unwrap().hash(&password(PASSWORD)).unwrap();
    assert!(new.wrap(strong.as_str(), now()).unwrap().is_none());
    // Either key is needed.
    for ids in [&["b"][..], &["a"]] {
        let hasher = policy().peppers(ring(ids)).build().unwrap();
        let verdict = hasher.verify(&password(PASSWORD), &stored, now());
        assert!(matches!(verdict, Err(VerifyError::UnknownPepper { .. })), "{verdict:?}");
    }
}

/// What old rows cut off is cut off beneath the wrapping too, and asks for a rehash first.
#[test]
fn a_wrapped_bcrypt_row_truncates_as_before() {
    let hasher = policy().build().unwrap();
    let row = crate::support::bcrypt("2b", &[3; 16], &[b'a'; 72]);
    let stored = wrapped(&hasher, &row);
    assert_eq!(reason(&hasher, &bytes(&[b'a'; 73]), &stored), Some(RehashReason::Truncated));
    assert_eq!(reason(&hasher, &bytes(&[b'a'; 72]), &stored), Some(RehashReason::Wrapped));
    // And both readings of 2a.
    let with = "$2a$04$CCCCCCCCCCCCCCCCCCCCC.h87NWu/js59XXaIj1hDyHxnjw7MJ5K6";
    let stored = wrapped(&hasher, with);
    assert_eq!(reason(&hasher, &bytes(b"\xff\xff\xa3"), &stored), Some(RehashReason::Wrapped));
    assert_mismatch(&hasher, &bytes(b"\xa3"), &stored);
}

#[test]
fn what_cannot_be_wrapped_says_why() {
    let hasher = policy().build().unwrap();
    let long = Shop::stored(&"s".repeat(442), PASSWORD);
    assert_eq!(long.len(), 512);
    assert!(matches!(hasher.wrap(&long, now()), Err(WrapError::TooLong)));
    let bcrypt = cheap().mint(Bcrypt::new(10).unwrap()).build().unwrap();
    let row = crate::support::bcrypt("2b", &[3; 16], b"");
    assert!(matches!(bcrypt.wrap(&row, now()), Err(WrapError::MintIsNotArgon2id)));
    for stored in ["", "$2b$31$......................AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAu", "$y$j9T$a$b"]
    {
        assert!(matches!(hasher.wrap(stored, now()), Err(WrapError::Stored(_))), "{stored}");
    }
    let peppered = policy().peppers(ring(&["a"])).build().unwrap();
    let refused = peppered.wrap(&row, now());
    assert!(matches!(refused, Err(WrapError::Stored(VerifyError::Unpeppered))), "{refused:?}");
}

/// A scheme that takes any text, or forgets its separator.
struct Sloppy {
    forgets_the_separator: bool,
}

impl LegacyScheme for Sloppy {
    fn name(&self) -> &'static str {
        "sloppy"
    }
    fn prefix(&self) -> &'static str {
        "sloppy$"
    }
    fn split<'a>(&self, stored: &'a str) -> Option<(&'a str, &'a str)> {
        let dollar = stored.rfind('$')?;
        let head = if self.forgets_the_separator { dollar } else { dollar + 1 };
        Some((&stored[..head], &stored[dollar + 1..]))
    }
    fn digest(&self, password: &[u8], _head: &str) -> Result<String, LegacyFailure> {
        Ok(password.iter().fold(String::new(), |text, byte| format!("{byte:02x}{text}")))
    }
}

/// A wrapped row must verify, whatever the team's own code takes for one of its rows.
#[test]
fn a_sloppy_legacy_scheme_locks_nobody_out() {
    let stored = format!(
        "sloppy$salt${}",
        Sloppy { forgets_the_separator: false }.digest(b"ab", "").unwrap()
    );
    let hasher = cheap().legacy(Sloppy { forgets_the_separator: false }).build().unwrap();
    let row = wrapped(&hasher, &stored);
    assert_eq!(reason(&hasher, &password("ab"), &row), Some(RehashReason::Wrapped));
    assert_mismatch(&hasher, &password("ba"), &row);
    let hasher = cheap().legacy(Sloppy { forgets_the_separator: true }).build().unwrap();
    assert!(matches!(
        hasher.wrap(&stored, now()),
        Err(WrapError::Stored(VerifyError::Malformed(_)))
    ));
}

#[test]
fn a_legacy_scheme_that_fails_is_no_wrong_password() {
    struct Broken;
    impl LegacyScheme for Broken {
        fn name(&self) -> &'static str {
            "broken"
        }
        fn prefix(&self) -> &'static str {
            "broken$"
        }
        fn split<'a>(&self, stored: &'a str) -> Option<(&'a str, &'a str)> {
            stored.split_at_checked("broken$".len())
        }
        fn digest(&self, _password: &[u8], _head: &str) -> Result<String, LegacyFailure> {
            Err(LegacyFailure)
        }
    }
    let hasher = cheap().legacy(Broken).build().unwrap();
    let verdict = hasher.verify(&password(PASSWORD), "broken$x", now());
    assert!(matches!(verdict, Err(VerifyError::Legacy { name: "broken" })), "{verdict:?}");
    assert!(cheap().legacy(Broken).legacy(Broken).build().is_err(), "two of one prefix");
}
