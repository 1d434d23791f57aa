//! The traps in what other crates make of these strings, and the vectors of the RFCs.

use base64ct::{Base64Pbkdf2, Base64Unpadded, Encoding};
use palisade_password::{Hasher, Scheme, Verdict, VerifyError};
use palisade_secret::SecretBytes;

use crate::support::{
    PASSWORD, argon2, assert_mismatch, bcrypt, bytes, cheap, now, password, pbkdf2_digest, ring,
    sha_crypt,
};

pub(crate) fn matches(hasher: &Hasher, password: &[u8], stored: &str) -> bool {
    match hasher.verify(&bytes(password), stored, now()) {
        Ok(verdict) => matches!(verdict, Verdict::Match { .. }),
        Err(error) => panic!("{error} of {stored}"),
    }
}

/// A PHC string that names no version is of the version before there was that field; `argon2` reads it
/// as the new one.
#[test]
fn a_string_without_a_version_is_of_2015() {
    let hasher = cheap().build().unwrap();
    let salt = [7; 16];
    let old = argon2("argon2i", 16, "m=8,t=2,p=1", &salt, b"", PASSWORD.as_bytes());
    assert!(!old.contains("v="));
    assert!(matches(&hasher, PASSWORD.as_bytes(), &old));
    let named = old.replacen("argon2i$", "argon2i$v=16$", 1);
    assert!(matches(&hasher, PASSWORD.as_bytes(), &named));
    assert!(!matches(&hasher, PASSWORD.as_bytes(), &named.replacen("v=16", "v=19", 1)));
    let new = argon2("argon2i", 19, "m=8,t=2,p=1", &salt, b"", PASSWORD.as_bytes());
    assert!(!matches(&hasher, PASSWORD.as_bytes(), &new.replacen("v=19$", "", 1)));
}

/// `argon2` takes its defaults for what is missing, and a digest made with them verifies.
#[test]
fn a_missing_parameter_is_not_a_default() {
    let hasher = cheap().build().unwrap();
    let stored = argon2("argon2id", 19, "m=19456,t=2,p=1", &[7; 16], b"", PASSWORD.as_bytes());
    assert!(matches(&hasher, PASSWORD.as_bytes(), &stored));
    for missing in ["m=19456,", "t=2,", ",p=1"] {
        let stored = stored.replacen(missing, "", 1);
        let verdict = hasher.verify(&password(PASSWORD), &stored, now());
        assert!(matches!(verdict, Err(VerifyError::Malformed(_))), "{verdict:?} of {stored}");
    }
}

/// `2x` lets other passwords in: those of its bug. Nobody gets it without asking for it.
#[test]
fn the_bug_of_2x_is_refused_unless_asked_for() {
    // Of crypt_blowfish's own tests: `\xa3` extends its sign over the bytes before it.
    let stored = "$2x$04$CCCCCCCCCCCCCCCCCCCCC.8jdeg8QqT4CX3ERA9vZPFZAkxZRpxJW";
    let all = Hasher::builder().build().unwrap();
    let verdict = all.verify(&bytes(b"\xff\xa3345"), stored, now());
    let refused = matches!(verdict, Err(VerifyError::NotAccepted { scheme: Scheme::Bcrypt2x }));
    assert!(refused, "{verdict:?}");
    let asked = cheap().build().unwrap();
    assert!(matches(&asked, b"\xff\xa3345", stored));
    assert!(matches(&asked, b"1\xa3345", stored), "this is the bug");
    assert!(!matches(&asked, b"\xff\xa3345", &stored.replacen("2x", "2b", 1)));
    let fixed = bcrypt("2b", &[3; 16], b"\xff\xa3345");
    assert!(!matches(&asked, b"1\xa3345", &fixed));
}

/// `crypt_blowfish` since 1.1 reads some bytes under `2a` with a countermeasure; others do not.
#[test]
fn both_readings_of_2a_verify_and_one_of_2b() {
    let hasher = cheap().build().unwrap();
    let with = "$2a$04$CCCCCCCCCCCCCCCCCCCCC.h87NWu/js59XXaIj1hDyHxnjw7MJ5K6";
    assert!(matches(&hasher, b"\xff\xff\xa3", with));
    assert!(!matches(&hasher, b"\xff\xff\xa3", &with.replacen("2a", "2b", 1)));
    assert!(!matches(&hasher, b"\xa3", with), "what it is a measure against");
    for version in ["2a", "2b"] {
        let without = bcrypt(version, &[3; 16], b"\xff\xff\xa3");
        assert!(matches(&hasher, b"\xff\xff\xa3", &without));
    }
}

#[test]
fn bcrypt_reads_72_bytes_and_not_one_less() {
    let hasher = cheap().build().unwrap();
    let (exact, more, less) = ([b'a'; 72], [b'a'; 73], [b'a'; 71]);
    let stored = bcrypt("2b", &[3; 16], &exact);
    assert!(matches(&hasher, &exact, &stored));
    assert!(matches(&hasher, &more, &stored), "what bcrypt cuts off is cut off here");
    assert!(!matches(&hasher, &less, &stored));
    let mut other = exact;
    other[71] = b'b';
    assert!(!matches(&hasher, &other, &stored), "the last of them counts");
}

/// The key is the password and a NUL, again and again.
#[test]
fn bcrypt_cannot_tell_what_repeats_with_a_nul() {
    let hasher = cheap().build().unwrap();
    let empty = bcrypt("2b", &[3; 16], b"");
    assert!(matches(&hasher, b"", &empty));
    assert!(matches(&hasher, &[0; 8], &empty));
    let abab = bcrypt("2b", &[3; 16], b"abab");
    assert!(matches(&hasher, b"abab", &abab));
    assert!(matches(&hasher, b"abab\0abab", &abab));
    assert!(!matches(&hasher, b"ab", &abab), "a password ends");
    assert!(!matches(&hasher, b"ab\0ab", &abab));
    // A NUL does not end it: what follows counts (a C library stops there).
    let nul = bcrypt("2b", &[3; 16], b"ab\0cd");
    assert!(!matches(&hasher, b"ab", &nul));
    assert!(matches(&hasher, b"ab\0cd", &nul));
}

/// Some have salted with the base64 of the salt.
#[test]
fn pbkdf2_is_salted_with_what_the_base64_stands_for() {
    let hasher = cheap().build().unwrap();
    let salt = b"\xfb\xffsalt";
    let text = Base64Pbkdf2::encode_string(salt);
    assert!(text.contains('.') && text.contains('/'), "passlib's own alphabet: {text}");
    for (by, right) in [(&salt[..], true), (text.as_bytes(), false)] {
        let digest = pbkdf2_digest(Scheme::Pbkdf2Sha256, 3, by, 32, PASSWORD.as_bytes());
        let stored = format!("$pbkdf2-sha256$3${text}${}", Base64Pbkdf2::encode_string(&digest));
        assert_eq!(matches(&hasher, PASSWORD.as_bytes(), &stored), right);
    }
    // Django hashes the characters, which are no base64.
    for (by, right) in [("c2FsdA", true), ("salt", false)] {
        let digest = pbkdf2_digest(Scheme::Pbkdf2Sha256, 3, by.as_bytes(), 32, PASSWORD.as_bytes());
        let stored = format!("pbkdf2_sha256$3$c2FsdA${}", base64ct::Base64::encode_string(&digest));
        assert_eq!(matches(&hasher, PASSWORD.as_bytes(), &stored), right);
    }
}

fn keyed(secret: &[u8], key_id: &str) -> String {
    let params = argon2::Params::new(8, 1, 1, Some(32)).unwrap();
    let (algorithm, version) = (argon2::Algorithm::Argon2id, argon2::Version::V0x13);
    let mut tag = [0; 32];
    argon2::Argon2::new_with_secret(secret, algorithm, version, params)
        .unwrap()
        .hash_password_into(PASSWORD.as_bytes(), &[7; 16], &mut tag)
        .unwrap();
    let base64 = Base64Unpadded::encode_string;
    format!("$argon2id$v=19$m=8,t=1,p=1{key_id}${}${}", base64(&[7; 16]), base64(&tag))
}

/// `argon2` reads a `keyid` and forgets it.
#[test]
fn a_keyid_names_its_secret() {
    let secret = |byte: u8| SecretBytes::dangerous_unchecked(vec![byte; 32]);
    let builder = || cheap().peppers(ring(&["p"]));
    let one = builder().argon2_secret(Some(b"one"), secret(1)).build().unwrap();
    let both = builder()
        .argon2_secret(Some(b"one"), secret(1))
        .argon2_secret(None, secret(2))
        .build()
        .unwrap();
    let password = password(PASSWORD);
    let (of_one, anonymous, unkeyed) =
        (keyed(&[1; 32], ",keyid=b25l"), keyed(&[2; 32], ""), keyed(&[], ""));

    assert!(matches(&one, PASSWORD.as_bytes(), &of_one));
    assert!(matches(&both, PASSWORD.as_bytes(), &of_one));
    assert!(matches(&both, PASSWORD.as_bytes(), &anonymous));
    assert_mismatch(&both, &password, &unkeyed);
    // With the secret of another, or of a key that is not there.
    assert_mismatch(&both, &password, &keyed(&[2; 32], ",keyid=b25l"));
    let verdict = one.verify(&password, &keyed(&[1; 32], ",keyid=dHdv"), now());
    assert!(matches!(verdict, Err(VerifyError::UnknownArgon2Secret)), "{verdict:?}");
    // Whoever writes to the table plants a row without a secret: it is not peppered either.
    let verdict = one.verify(&password, &unkeyed, now());
    assert!(matches!(verdict, Err(VerifyError::Unpeppered)), "{verdict:?}");
    // Where no secret is loaded at all, the field is a name and no more.
    let none = cheap().build().unwrap();
    assert!(matches(&none, PASSWORD.as_bytes(), &keyed(&[], ",keyid=b25l")));
    assert_mismatch(&none, &password, &of_one);
}

/// RFC 6070, and section 11 of RFC 7914 for SHA-256.
#[test]
fn pbkdf2_of_the_rfcs() {
    let hasher = cheap().build().unwrap();
    let sha1: &[(&[u8], &[u8], u32, &str)] = &[
        (b"password", b"salt", 1, "0c60c80f961f0e71f3a9b524af6012062fe037a6"),
        (b"password", b"salt", 2, "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"),
        (b"password", b"salt", 4096, "4b007901b765489abead49d926f721d065a429c1"),
    ];
    for &(password, salt, rounds, digest) in sha1 {
        let base64 = Base64Unpadded::encode_string;
        let stored = format!("$pbkdf2$i={rounds}${}${}", base64(salt), base64(&unhex(digest)));
        assert!(matches(&hasher, password, &stored), "{stored}");
    }
    let digest = unhex(
        "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc\
         49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783",
    );
    let base64 = Base64Unpadded::encode_string;
    let stored = format!("$pbkdf2-sha256$i=1,l=64${}${}", base64(b"salt"), base64(&digest));
    assert!(matches(&hasher, b"passwd", &stored), "{stored}");
}

/// RFC 7914 section 12: the second and third, of 16 MiB at most.
#[test]
fn scrypt_of_the_rfc() {
    let hasher = cheap().build().unwrap();
    let base64 = Base64Unpadded::encode_string;
    let nacl = "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162\
                2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640";
    let stored = format!("$scrypt$ln=10,r=8,p=16${}${}", base64(b"NaCl"), base64(&unhex(nacl)));
    assert!(matches(&hasher, b"password", &stored));
    let chloride = "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2\
                    d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887";
    let salt = base64(b"SodiumChloride");
    let stored = format!("$scrypt$ln=14,r=8,p=1${salt}${}", base64(&unhex(chloride)));
    assert!(matches(&hasher, b"pleaseletmein", &stored));
}

/// RFC 9106 section 5, with its secret and data: each variant.
#[test]
fn argon2_of_the_rfc() {
    let base64 = Base64Unpadded::encode_string;
    let secret = SecretBytes::dangerous_unchecked(vec![3; 8]);
    let hasher = cheap().peppers(ring(&["p"])).argon2_secret(None, secret).build().unwrap();
    for (variant, tag) in [
        ("argon2d", "512b391b6f1162975371d30919734294f868e3be3984f3c1a13a4db9fabe4acb"),
        ("argon2i", "c814d9d1dc7f37aa13f0d77f2494bda1c8de6b016dd388d29952a4c4672b6ce8"),
        ("argon2id", "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"),
    ] {
        let (salt, data) = (base64(&[2; 16]), base64(&[4; 12]));
        let stored =
            format!("${variant}$v=19$m=32,t=3,p=4,data={data}${salt}${}", base64(&unhex(tag)));
        assert!(matches(&hasher, &[1; 32], &stored), "{stored}");
    }
}

#[test]
fn sha_crypt_without_rounds_has_5000() {
    let hasher = cheap().build().unwrap();
    let stored = sha_crypt(Scheme::Sha256Crypt, 5000, PASSWORD.as_bytes());
    assert!(stored.contains("$rounds=5000$"));
    assert!(matches(&hasher, PASSWORD.as_bytes(), &stored));
    assert!(matches(&hasher, PASSWORD.as_bytes(), &stored.replacen("rounds=5000$", "", 1)));
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}
