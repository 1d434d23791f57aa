//! One spelling for each stored hash: everything else is refused, with the flaw that it has.

use palisade_password::{Flaw, Hasher, Malformed, Scheme, Verdict, VerifyError};

use crate::misspelt::FORMS;
use crate::support::{PASSWORD, Shop, assert_mismatch, cheap, examples, now, password, reason};

#[track_caller]
fn flaw(hasher: &Hasher, text: &str) -> Flaw {
    let verdict = hasher.verify(&password(PASSWORD), text, now());
    let Err(VerifyError::Malformed(malformed)) = verdict else { panic!("{verdict:?} of {text}") };
    for other in [hasher.inspect(text).map(drop), hasher.needs_rehash(text).map(drop)] {
        assert!(matches!(other, Err(VerifyError::Malformed(same)) if same == malformed), "{text}");
    }
    Malformed::flaw(&malformed)
}

#[test]
fn each_way_to_misspell_a_form_is_refused() {
    let hasher = cheap().build().unwrap();
    for (form, changes) in FORMS {
        assert_mismatch(&hasher, &password(PASSWORD), form);
        for (from, to, expected) in *changes {
            assert!(form.contains(from), "{from} is not in {form}");
            let text = form.replacen(from, to, 1);
            assert_eq!(flaw(&hasher, &text), *expected, "{text}");
        }
    }
}

/// What no form may have anywhere, for every dialect.
#[test]
fn what_is_before_after_and_within_is_refused() {
    let hasher = cheap().build().unwrap();
    for example in examples(PASSWORD.as_bytes()) {
        let stored = &example.stored;
        for after in ["$", "\n", "\r\n", " ", "=", "\0", "*", "*43", "é"] {
            flaw(&hasher, &format!("{stored}{after}"));
        }
        for before in ["$", " ", "\n", "\0", "é"] {
            let verdict = hasher.verify(&password(PASSWORD), &format!("{before}{stored}"), now());
            assert!(verdict.is_err(), "{verdict:?} with {before:?} before {}", example.dialect);
        }
        for end in 0..stored.len() {
            let verdict = hasher.verify(&password(PASSWORD), &stored[..end], now());
            // A shorter output of PBKDF2, and so of scrypt, is the beginning of a longer one. Where the
            // string does not say how long it is, 16 bytes are the least.
            let is_open = example.dialect == "scrypt" || example.dialect == "PBKDF2-SHA1, PHC";
            let digest = end.saturating_sub(stored.rfind('$').unwrap() + 1);
            let may_match = is_open && digest >= 22;
            assert!(may_match || !matches!(verdict, Ok(Verdict::Match { .. })), "{stored} {end}");
        }
        // A multibyte character across every boundary; rust-bcrypt once cut one in two.
        for at in 0..=stored.len() {
            for odd in ["é", "€", "\u{1f600}", "\0", "\n", " "] {
                let rest = stored.len().min(at + odd.len());
                for text in [
                    format!("{}{odd}{}", &stored[..at], &stored[at..]),
                    format!("{}{odd}{}", &stored[..at], &stored[rest..]),
                ] {
                    assert!(hasher.verify(&password(PASSWORD), &text, now()).is_err(), "{text}");
                }
            }
        }
    }
}

#[test]
fn a_text_of_more_than_512_bytes_is_not_read() {
    let hasher = cheap().legacy(Shop).build().unwrap();
    let at_most = Shop::stored(&"s".repeat(512 - 70), PASSWORD);
    assert_eq!(at_most.len(), 512);
    assert!(reason(&hasher, &password(PASSWORD), &at_most).is_some());
    let above = Shop::stored(&"s".repeat(512 - 69), PASSWORD);
    assert_eq!(flaw(&hasher, &above), Flaw::TooLong);
    assert_eq!(flaw(&hasher, &"$".repeat(1024 * 1024)), Flaw::TooLong);
    assert_eq!(flaw(&hasher, &"é".repeat(1024 * 1024)), Flaw::TooLong);
}

/// 64 bytes of digest and 48 of salt are the most; less than 16, where anyone writes so few, is not
/// worth comparing.
#[test]
fn salts_and_digests_have_bounds() {
    use base64ct::{Base64Unpadded, Encoding};
    let hasher = cheap().build().unwrap();
    let argon2 = |salt: usize, tag: usize| {
        let base64 = |len| Base64Unpadded::encode_string(&vec![7; len]);
        format!("$argon2id$v=19$m=8,t=1,p=1${}${}", base64(salt), base64(tag))
    };
    for (salt, tag) in [(8, 12), (48, 64), (16, 32)] {
        assert_mismatch(&hasher, &password(PASSWORD), &argon2(salt, tag));
    }
    for (salt, tag, expected) in [
        (7, 32, Flaw::Salt),
        (49, 32, Flaw::Salt),
        (0, 32, Flaw::Salt),
        (16, 11, Flaw::Digest),
        (16, 65, Flaw::Digest),
        (16, 0, Flaw::Digest),
        (67, 32, Flaw::Salt),
    ] {
        assert_eq!(flaw(&hasher, &argon2(salt, tag)), expected, "{salt} {tag}");
    }
    for len in [1, 8, 15, 65] {
        let digest = Base64Unpadded::encode_string(&vec![7; len]);
        let salt = "AAAAAAAAAAAAAAAAAAAAAA";
        assert_eq!(flaw(&hasher, &format!("$scrypt$ln=1,r=1,p=1${salt}${digest}")), Flaw::Digest);
        assert_eq!(flaw(&hasher, &format!("$pbkdf2-sha256$i=3${salt}${digest}")), Flaw::Digest);
    }
}

#[test]
fn nothing_that_is_unknown_is_guessed_at() {
    let hasher = cheap().build().unwrap();
    for text in [
        "",
        "$",
        "x",
        "plaintext",
        "$1$salt$digest",
        "$y$j9T$salt$digest",
        "md5$salt$d41d8cd98f00b204e9800998ecf8427e",
        "sha1$salt$da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "$2$04$......................AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAu",
        "$2z$04$......................AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAu",
        "$ARGON2ID$v=19$m=16,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA",
        "$argon2$v=19$m=16,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA",
        "{bcrypt}$2b$04$......................AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAu",
        "!",
        "*",
    ] {
        let verdict = hasher.verify(&password(""), text, now());
        assert!(matches!(verdict, Err(VerifyError::Unsupported)), "{verdict:?} of {text}");
    }
}

/// A stub without its digest is a hash nowhere but in a wrapping.
#[test]
fn a_hash_without_its_digest_is_refused() {
    let hasher = cheap().legacy(Shop).build().unwrap();
    for example in examples(PASSWORD.as_bytes()) {
        let stored = &example.stored;
        let digest = match example.scheme {
            Scheme::Bcrypt | Scheme::Bcrypt2x => 31,
            _ if example.dialect.starts_with("Django's bcrypt") => 31,
            _ => stored.len() - 1 - stored.rfind('$').unwrap(),
        };
        let head = &stored[..stored.len() - digest];
        assert_eq!(flaw(&hasher, &format!("{head}*{digest}")), Flaw::Digest, "{}", example.dialect);
        flaw(&hasher, &format!("{head}*"));
        flaw(&hasher, &format!("{head}*0{digest}"));
        flaw(&hasher, head);
    }
    flaw(&hasher, "shop$salt$*64");
}
