//! Change any character of a stored hash, and its password does not match any more.

use std::sync::OnceLock;

use palisade_password::{Hasher, Verdict};
use proptest::prelude::*;

use crate::support::{Example, PASSWORD, Shop, cheap, examples, now, password, reason, ring};

/// Separators, digits, and a character of each base64 alphabet.
const OTHERS: &str = "$*,=.09Az";

/// Where two spellings are one hash by the scheme's own doing.
fn is_the_same(dialect: &str, stored: &str, at: usize, other: char) -> bool {
    // 2a, 2b and 2y are names of one algorithm, and 2x differs from them in bytes above 0x7f only.
    let is_version = stored[..at].ends_with("$2") || stored[..at].ends_with("=2");
    let bcrypt = is_version && "abxy".contains(other);
    // passlib left padding bits set in the salt; version 2 of its prehash is keyed with the text.
    let is_plain_salt = |salt_end: Option<usize>| salt_end.is_some_and(|end| end == at + 1);
    let padding = match dialect {
        "2a" | "2b" | "2y" | "2x" => is_plain_salt(Some(29)),
        "Django's bcrypt" => is_plain_salt(Some(29 + 7)),
        "Django's bcrypt over SHA-256" => is_plain_salt(Some(29 + 14)),
        "passlib's bcrypt over SHA-256, version 1" => is_plain_salt(stored.rfind('$')),
        _ => false,
    };
    bcrypt || padding
}

/// This character replaced by each of those, and by the one beside it.
fn variants(stored: &str, at: usize) -> impl Iterator<Item = (char, String)> {
    let was = stored.as_bytes()[at];
    let others = OTHERS.chars().chain([char::from(was ^ 1)]);
    others
        .filter(move |&other| other != char::from(was))
        .map(move |other| (other, format!("{}{other}{}", &stored[..at], &stored[at + 1..])))
}

/// Every position. The costs that a changed digit asks for are kept low.
fn no_neighbour_matches(hasher: &Hasher, example: &Example) {
    let (stored, password) = (&example.stored, password(PASSWORD));
    assert!(matches!(hasher.verify(&password, stored, now()), Ok(Verdict::Match { .. })));
    for at in 0..stored.len() {
        let shorter = format!("{}{}", &stored[..at], &stored[at + 1..]);
        let doubled = format!("{}{}", &stored[..at], &stored[at - at.min(1)..]);
        let others = variants(stored, at).map(|(other, text)| (Some(other), text));
        for (other, text) in others.chain([(None, shorter), (None, doubled)]) {
            if text == *stored
                || other.is_some_and(|other| is_the_same(example.dialect, stored, at, other))
            {
                continue;
            }
            let verdict = hasher.verify(&password, &text, now());
            assert!(
                !matches!(verdict, Ok(Verdict::Match { .. })),
                "{}: {stored} and {text}",
                example.dialect
            );
        }
    }
}

fn low_limits() -> Hasher {
    let mut limits = palisade_password::Limits::default();
    limits.argon2_memory = 64 * 1024;
    limits.argon2_work = 256 * 1024;
    limits.bcrypt_cost = 5;
    limits.scrypt_memory = 64 * 1024;
    limits.scrypt_work = 256 * 1024;
    limits.pbkdf2_iterations = 1000;
    limits.sha_crypt_rounds = 5000;
    cheap().limits(limits).legacy(Shop).build().unwrap()
}

#[test]
fn no_changed_character_of_a_stored_hash_matches() {
    let hasher = low_limits();
    for example in examples(PASSWORD.as_bytes()) {
        no_neighbour_matches(&hasher, &example);
    }
}

#[test]
fn no_changed_character_of_a_wrapped_hash_matches() {
    let hasher = low_limits();
    for example in examples(PASSWORD.as_bytes()) {
        let wrapped = hasher.wrap(&example.stored, now()).unwrap();
        let Some(stored) = wrapped else { continue };
        no_neighbour_matches(&hasher, &Example { stored: stored.into_string(), ..example });
    }
    let stored = Shop::stored("pepperoni", PASSWORD);
    let stored = hasher.wrap(&stored, now()).unwrap().unwrap().into_string();
    let dialect = "a scheme of the team's own";
    no_neighbour_matches(
        &hasher,
        &Example { dialect, scheme: palisade_password::Scheme::Legacy, stored },
    );
}

#[test]
fn no_changed_character_of_a_peppered_hash_matches() {
    let hasher = cheap().peppers(ring(&["a", "b", "c"])).build().unwrap();
    let stored = hasher.hash(&password(PASSWORD)).unwrap().into_string();
    let scheme = palisade_password::Scheme::Argon2id;
    no_neighbour_matches(&hasher, &Example { dialect: "peppered", scheme, stored });
}

/// The exceptions of the test above, each as it is.
#[test]
fn padding_bits_of_a_bcrypt_salt_are_ignored_as_passlib_left_them() {
    let hasher = cheap().build().unwrap();
    let example = examples(PASSWORD.as_bytes()).into_iter().find(|example| example.dialect == "2b");
    let stored = example.unwrap().stored;
    let (before, after) = (&stored[..28], &stored[29..]);
    let matching: String = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        .chars()
        .filter(|last| {
            let text = format!("{before}{last}{after}");
            matches!(hasher.verify(&password(PASSWORD), &text, now()), Ok(Verdict::Match { .. }))
        })
        .collect();
    assert_eq!(matching.len(), 16, "two bits of the last character count: {matching}");
    assert!(matching.contains(&stored[28..29]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,200}", tail in any::<Vec<u8>>()) {
        let hasher = low_limits();
        let tail = String::from_utf8_lossy(&tail);
        for prefix in ["", "$argon2id$v=19$m=8,t=1,p=1$", "$2b$", "$wrap$argon2id$", "$hmac-sha256$", "shop$", "$7$", "$5$", "pbkdf2_sha256$1$"] {
            let text = format!("{prefix}{text}{tail}");
            let inspected = hasher.inspect(&text);
            let needed = hasher.needs_rehash(&text);
            prop_assert_eq!(inspected.is_ok(), needed.is_ok());
        }
    }

    /// Cut and joined anywhere.
    #[test]
    fn no_splice_of_two_stored_hashes_matches(
        left in 0_usize..27, right in 0_usize..27, cut in any::<prop::sample::Index>(), join in any::<prop::sample::Index>(),
    ) {
        static EXAMPLES: OnceLock<[Vec<Example>; 2]> = OnceLock::new();
        let hasher = low_limits();
        let [lefts, rights] = EXAMPLES
            .get_or_init(|| [PASSWORD, "another password"].map(|of| examples(of.as_bytes())));
        let (left, right) = (&lefts[left].stored, &rights[right].stored);
        let text = format!("{}{}", &left[..cut.index(left.len())], &right[join.index(right.len())..]);
        // The end of one may happen to be that of the other.
        prop_assume!(lefts.iter().all(|known| known.stored != text));
        prop_assert!(!matches!(
            hasher.verify(&password(PASSWORD), &text, now()),
            Ok(Verdict::Match { .. })
        ), "{}", text);
    }
}

#[test]
fn every_dialect_verifies() {
    let hasher = low_limits();
    for example in examples(PASSWORD.as_bytes()) {
        let _ = reason(&hasher, &password(PASSWORD), &example.stored);
        let inspection = hasher.inspect(&example.stored).unwrap();
        assert_eq!(inspection.scheme(), example.scheme, "{}", example.dialect);
    }
}
