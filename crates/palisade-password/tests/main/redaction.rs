//! No message and no `Debug` output holds a password, a hash, a digest or a key.

use std::error::Error;
use std::fmt::{Debug, Display, Write};
use std::sync::Arc;

use palisade_password::{Hasher, Password, SchemeMix, VerifyError};
use palisade_secret::{MacKey, SecretBytes};
use proptest::prelude::*;

use crate::support::{PASSWORD, Shop, cheap, examples, now, password, ring};

fn shown<T: Debug, E: Error>(result: Result<T, E>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(error) => {
            let mut text = format!("{error:?}");
            let mut next: Option<&dyn Error> = Some(&error);
            while let Some(error) = next {
                write!(text, " {error} {error:?}").unwrap();
                next = error.source();
            }
            text
        }
    }
}

/// Whether any ten characters in a row of the secret stand in the text.
fn leaks(text: &str, secret: &str) -> bool {
    secret.as_bytes().windows(10).any(|part| text.as_bytes().windows(10).any(|seen| seen == part))
}

const SECRET: &str = "the-secret-of-this-test-0123456789";

#[test]
fn debug_output_holds_nothing() {
    let secret = || SecretBytes::dangerous_unchecked(SECRET.as_bytes().to_vec());
    let mac = || MacKey::dangerous_any_length(SECRET.as_bytes());
    let ring = || palisade_secret::Keyring::new("a".parse().unwrap(), mac());
    let mut mix = SchemeMix::new();
    let rows = examples(SECRET.as_bytes());
    for row in &rows {
        mix.observe(&row.stored).unwrap();
    }
    let legacy: Arc<dyn palisade_password::LegacyScheme> = Arc::new(Shop);
    let reader = Hasher::builder().legacy(Shop).build().unwrap();
    mix.observe_with(&reader, &Shop::stored("salt", SECRET)).unwrap();
    let builder = || {
        Hasher::builder()
            .mint(crate::support::argon2id(8, 1, 1))
            .peppers(ring())
            .legacy(Shop)
            .argon2_secret(Some(b"id"), secret())
            .unknown_users(mix.clone(), mac())
    };
    let hasher = builder().build().unwrap();
    let typed = Password::new(SECRET).unwrap();
    let hash = hasher.hash(&typed).unwrap();
    let verdict = hasher.verify(&typed, hash.as_str(), now());
    let inspection = hasher.inspect(hash.as_str()).unwrap();
    let all = [
        format!("{typed:?} {:?} {hash:?} {verdict:?}", typed.clone()),
        format!("{:?} {hasher:?} {mix:?} {legacy:?}", builder()),
        format!("{inspection:?} {inspection} {:?}", mix.kinds()),
    ];
    for text in all {
        assert!(!leaks(&text, SECRET), "{text}");
        assert!(!leaks(&text, hash.as_str().rsplit('$').next().unwrap()), "{text}");
        for row in &rows {
            let digest = &row.stored[row.stored.len() - 20..];
            assert!(!leaks(&text, digest), "{} in {text}", row.dialect);
            assert!(!leaks(&text, "MDEyMzQ1Njc4OWFiY2RlZg"), "a salt in {text}");
        }
    }
    // Numbers that a derived `Debug` of bytes would have.
    let bytes = format!("{:?}", SECRET.as_bytes());
    assert!(!format!("{typed:?} {:?}", builder()).contains(&bytes[1..20]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Whatever is stored, and however it is mangled: no error repeats any of it.
    #[test]
    fn no_error_repeats_the_stored_text_or_the_password(
        row in 0_usize..27, at in any::<prop::sample::Index>(), other in any::<char>(), how in 0_u8..6,
    ) {
        let rows = examples(SECRET.as_bytes());
        let stored = &rows[row].stored;
        let at = at.index(stored.len());
        let mangled = match how {
            0 => format!("{}{other}{}", &stored[..at], &stored[at + 1..]),
            1 => format!("{}{SECRET}{}", &stored[..at], &stored[at..]),
            2 => format!("$hmac-sha256$a{stored}"),
            3 => format!("$hmac-sha256$ {SECRET}{stored}"),
            4 => stored.repeat(10),
            _ => format!("{SECRET}{stored}"),
        };
        let hasher = cheap().legacy(Shop).peppers(ring(&["p"])).build().unwrap();
        let typed = password(SECRET);
        for text in [
            shown(hasher.verify(&typed, &mangled, now())),
            shown(hasher.inspect(&mangled)),
            shown(hasher.needs_rehash(&mangled)),
            shown(hasher.rehash(&typed, &mangled).map(drop)),
            shown(hasher.wrap(&mangled, now()).map(drop)),
            shown(SchemeMix::new().observe(&mangled)),
        ] {
            prop_assert!(!leaks(&text, SECRET), "{}", text);
            prop_assert!(!leaks(&text, &stored[stored.len() - 20..]), "{}", text);
        }
    }
}

#[test]
fn a_password_that_is_too_long_is_not_repeated() {
    let text = SECRET.repeat(200);
    let error = Password::new(text).unwrap_err();
    assert_eq!(error.to_string(), "the password has 6800 bytes; at most 4096 are allowed");
    assert!(!leaks(&format!("{error:?}"), SECRET));
}

/// An error of `serde_json` repeats a value of the wrong type.
#[cfg(feature = "serde")]
#[test]
fn a_password_that_is_no_text_is_not_repeated() {
    for json in
        ["1234567890123456", "[\"the-secret-of-this-test\"]", "-12345678901", "1.234567890123"]
    {
        let error = serde_json::from_str::<Password>(json).unwrap_err();
        assert!(!leaks(&format!("{error} {error:?}"), json), "{error}");
    }
    let long = format!("\"{}\"", SECRET.repeat(200));
    let error = serde_json::from_str::<Password>(&long).unwrap_err();
    assert!(!leaks(&format!("{error} {error:?}"), SECRET), "{error}");
    let typed: Password = serde_json::from_str("\"caf\\u00e9\"").unwrap();
    assert_eq!(typed.expose_secret(), "café".as_bytes());
}

/// Words for the log are of a fixed list: nothing of the row is in them.
#[test]
fn reasons_are_words() {
    let hasher = cheap().build().unwrap();
    let words =
        ["", "$y$x", "$2b$31$......................AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAu"].map(|text| {
            let error: VerifyError = hasher.verify(&password(PASSWORD), text, now()).unwrap_err();
            error.reason()
        });
    assert_eq!(words, ["hash_unsupported", "hash_unsupported", "hash_too_costly"]);
}

fn assert_is_an_error<T: Display + Error + Send + Sync + 'static>() {}
const _: fn() = || {
    assert_is_an_error::<VerifyError>();
    assert_is_an_error::<palisade_password::HashError>();
    assert_is_an_error::<palisade_password::WrapError>();
    assert_is_an_error::<palisade_password::BuildError>();
};
