//! One spelling for each stored hash: everything else is refused, with the flaw that it has.

use palisade_password::{Flaw, Hasher, Malformed, Scheme, Verdict, VerifyError};

use crate::support::{PASSWORD, Shop, assert_mismatch, cheap, examples, now, password, reason};

/// A form, and changes of it: what is replaced, by what, and the flaw of the result.
type Form = (&'static str, &'static [(&'static str, &'static str, Flaw)]);

const FORMS: &[Form] = &[
    (
        "$argon2id$v=19$m=16,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        &[
            ("m=16,t=2,p=1", "m=16,t=2", Flaw::Fields),
            ("m=16,t=2,p=1", "m=16,p=1", Flaw::Fields),
            ("m=16,t=2,p=1", "t=2,p=1", Flaw::Fields),
            ("m=16,t=2,p=1", "", Flaw::Fields),
            ("m=16,t=2,p=1", "t=2,m=16,p=1", Flaw::Fields),
            ("m=16,t=2,p=1", "m=16,t=2,t=2,p=1", Flaw::Fields),
            ("p=1", "p=1,x=1", Flaw::Fields),
            ("p=1", "p=1,", Flaw::Fields),
            ("p=1", "p=1,data=AA,keyid=AA", Flaw::Fields),
            ("p=1", "p=1,data=", Flaw::Parameter),
            ("p=1", "p=1,keyid=", Flaw::Parameter),
            ("p=1", "p=1,keyid=AAAAAAAAAAAA", Flaw::Parameter),
            ("p=1", "p=1,keyid=AB", Flaw::Parameter),
            ("p=1", "p=1,data=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", Flaw::Parameter),
            ("m=16", "M=16", Flaw::Fields),
            ("m=16", "m =16", Flaw::Fields),
            ("m=16", "m=", Flaw::Number),
            ("m=16", "m=016", Flaw::Number),
            ("m=16", "m=+16", Flaw::Number),
            ("m=16", "m= 16", Flaw::Number),
            ("m=16", "m=16 ", Flaw::Number),
            ("m=16", "m=0x10", Flaw::Number),
            ("m=16", "m=-1", Flaw::Number),
            ("m=16", "m=1e1", Flaw::Number),
            ("m=16", "m=4294967296", Flaw::Number),
            ("m=16", "m=0", Flaw::Parameter),
            ("m=16", "m=7", Flaw::Parameter),
            ("m=16,t=2,p=1", "m=16,t=2,p=3", Flaw::Parameter),
            ("t=2", "t=0", Flaw::Parameter),
            ("p=1", "p=0", Flaw::Parameter),
            ("m=16,t=2,p=1", "m=4294967295,t=2,p=16777216", Flaw::Parameter),
            ("v=19", "v=18", Flaw::Version),
            ("v=19", "v=0", Flaw::Version),
            ("v=19", "v=4294967295", Flaw::Version),
            ("v=19", "v=019", Flaw::Number),
            ("v=19", "v=", Flaw::Number),
            ("v=19", "v=19$v=19", Flaw::Fields),
            ("v=19", "", Flaw::Fields),
            ("$AAAAAAAAAAAAAAAAAAAAAA$", "$$", Flaw::Salt),
            ("$AAAAAAAAAAAAAAAAAAAAAA$", "$AAAAAAAAAA$", Flaw::Salt),
            ("$AAAAAAAAAAAAAAAAAAAAAA$", "$AAAAAAAAAAAAAAAAAAAAAB$", Flaw::Salt),
            ("$AAAAAAAAAAAAAAAAAAAAAA$", "$AAAAAAAAAAAAAAAAAAAAAA==$", Flaw::Salt),
            ("$AAAAAAAAAAAAAAAAAAAAAA$", "$AAAAAAAAAAAAAAAAAAAAA_$", Flaw::Salt),
            ("$AAAAAAAAAAAAAAAAAAAAAA$", "$AAAAAAAAAAAA$AAAAAAAAAA$", Flaw::Fields),
        ],
    ),
    (
        "$2b$04$......................AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAu",
        &[
            ("$04$", "$4$", Flaw::Number),
            ("$04$", "$+4$", Flaw::Number),
            ("$04$", "$ 4$", Flaw::Number),
            ("$04$", "$004$", Flaw::Number),
            ("$04$", "$$", Flaw::Number),
            ("$04$", "$00$", Flaw::Parameter),
            ("$04$", "$03$", Flaw::Parameter),
            ("$04$", "$32$", Flaw::Parameter),
            ("$04$", "$99$", Flaw::Parameter),
            ("$......................", "$.....................", Flaw::Salt),
            ("$......................", "$.......................", Flaw::Salt),
            ("$......................", "$.....................$", Flaw::Fields),
            ("$......................", "$.....................-", Flaw::Salt),
            ("$......................", "$.....................=", Flaw::Salt),
            ("Au", "Av", Flaw::Digest),
            ("Au", "A=", Flaw::Digest),
        ],
    ),
    (
        "$bcrypt-sha256$v=2,t=2b,r=4$......................$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAu",
        &[
            ("v=2", "v=1", Flaw::Number),
            ("v=2", "v=3", Flaw::Number),
            ("t=2b", "t=2y", Flaw::Version),
            ("t=2b", "t=2x", Flaw::Version),
            ("t=2b", "2b", Flaw::Version),
            ("r=4", "r=04", Flaw::Number),
            ("r=4", "r=3", Flaw::Parameter),
            ("r=4", "r=32", Flaw::Parameter),
            ("r=4", "r=4,x=1", Flaw::Fields),
            ("v=2,t=2b,r=4", "v=2,r=4,t=2b", Flaw::Fields),
            ("v=2,t=2b,r=4", "2b,04", Flaw::Number),
            ("v=2,t=2b,r=4", "2b,4,4", Flaw::Fields),
            ("v=2,t=2b,r=4", "2x,4", Flaw::Version),
            ("$AAA", "AAA", Flaw::Fields),
            ("$AAA", "$A$AA", Flaw::Fields),
        ],
    ),
    (
        "$scrypt$ln=4,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        &[
            ("ln=4", "ln=0", Flaw::Parameter),
            ("ln=4", "ln=64", Flaw::Parameter),
            ("ln=4", "ln=04", Flaw::Number),
            ("ln=4", "N=16", Flaw::Fields),
            ("r=8", "r=0", Flaw::Parameter),
            ("p=1", "p=0", Flaw::Parameter),
            ("r=8,p=1", "r=32768,p=32768", Flaw::Parameter),
            ("r=8,p=1", "r=4294967295,p=4294967295", Flaw::Parameter),
            ("r=8,p=1", "p=1,r=8", Flaw::Fields),
            ("r=8,p=1", "r=8", Flaw::Fields),
            ("p=1", "p=1,l=32", Flaw::Fields),
            ("$AAAAAAAAAAAAAAAAAAAAAA$", "$AAAAAAAAAAAAAAAAAAAAAB$", Flaw::Salt),
        ],
    ),
    (
        "$7$0/....0....salt$.........................................1.",
        &[
            ("$7$0", "$7$.", Flaw::Parameter),
            ("/....", ".....", Flaw::Parameter),
            ("0....s", ".....s", Flaw::Parameter),
            ("/....0....s", "0....zzzzzs", Flaw::Parameter),
            ("0....s", "0..-.s", Flaw::Number),
            ("salt", "", Flaw::Salt),
            ("salt", "sa lt", Flaw::Salt),
            ("salt", "salt$", Flaw::Fields),
            ("0....salt", "", Flaw::Fields),
        ],
    ),
    (
        "$pbkdf2-sha256$3$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        &[
            ("$3$", "$0$", Flaw::Parameter),
            ("$3$", "$03$", Flaw::Number),
            ("$3$", "$$", Flaw::Number),
            ("$3$", "$+3$", Flaw::Number),
            ("$3$", "$i=3,l=31$", Flaw::Digest),
            ("$3$", "$i=3,l=032$", Flaw::Number),
            ("$3$", "$i=3,l=32,l=32$", Flaw::Fields),
            ("$3$", "$l=32,i=3$", Flaw::Number),
            ("$3$", "$i=0$", Flaw::Parameter),
            ("$AAAAAAAAAAAAAAAAAAAAAA$", "$AAAAAAAAAAAAAAAAAAAAAB$", Flaw::Salt),
            ("$AAAAAAAAAAAAAAAAAAAAAA$", "$+AAAAAAAAAAAAAAAAAAAAA$", Flaw::Salt),
            ("$3$A", "$i=3$.", Flaw::Salt),
        ],
    ),
    (
        "pbkdf2_sha256$3$seasalt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        &[
            ("$3$", "$0$", Flaw::Parameter),
            ("$3$", "$03$", Flaw::Number),
            ("$3$", "$i=3$", Flaw::Number),
            ("seasalt", "", Flaw::Salt),
            ("seasalt", "sea salt", Flaw::Salt),
            ("seasalt", "sea$salt", Flaw::Fields),
            ("A=", "A", Flaw::Digest),
            ("A=", "B=", Flaw::Digest),
            ("A=", "A==", Flaw::Digest),
        ],
    ),
    (
        "$5$rounds=1000$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.",
        &[
            ("rounds=1000", "rounds=999", Flaw::Parameter),
            ("rounds=1000", "rounds=01000", Flaw::Number),
            ("rounds=1000", "rounds=1000000000", Flaw::Parameter),
            ("rounds=1000", "rounds=", Flaw::Number),
            ("rounds=1000", "round=1000", Flaw::Fields),
            ("$salt$", "$saltsaltsaltsaltX$", Flaw::Salt),
            ("$salt$", "$sa lt$", Flaw::Salt),
            ("$salt$", "$salt$$", Flaw::Fields),
            ("AA.", "AAz", Flaw::Digest),
        ],
    ),
];

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
