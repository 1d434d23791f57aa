//! Stored hashes that ask for more than the limits allow: refused at once, with the name of the cost,
//! before anything is allocated.

use allocation_counter::measure;
use palisade_password::{Cost, Hasher, Limits, Verdict, VerifyError};

use crate::support::{PASSWORD, Shop, argon2, cheap, now, password, ring};

const TAG: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const SALT: &str = "AAAAAAAAAAAAAAAAAAAAAA";
const BCRYPT: &str = "......................AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAu";

fn argon2id(params: &str) -> String {
    format!("$argon2id$v=19${params}${SALT}${TAG}")
}

fn scrypt(params: &str) -> String {
    format!("$scrypt${params}${SALT}${TAG}")
}

/// Refused for this cost, with nothing allocated.
#[track_caller]
fn assert_refused(hasher: &Hasher, stored: &str, what: Cost, asked: u64) {
    let password = password(PASSWORD);
    let mut verdict = None;
    let info = measure(|| verdict = Some(hasher.verify(&password, stored, now())));
    let Some(Err(VerifyError::TooCostly(cost))) = verdict else {
        panic!("{verdict:?} of {stored}");
    };
    assert_eq!((cost.what(), cost.asked()), (what, asked), "{stored}");
    assert!(cost.limit() < cost.asked(), "{cost:?}");
    assert_eq!(info.count_total, 0, "{info:?} for {stored}");
}

const MIB: u64 = 1024 * 1024;

#[test]
fn a_bomb_of_any_scheme_is_refused_and_allocates_nothing() {
    let rounds = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.";
    let rounds_512 = format!("{}{}", "A".repeat(85), ".");
    let sha1 = "AAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let max = u64::from(u32::MAX);
    let cases: &[(String, Cost, u64)] = &[
        (argon2id("m=8388608,t=1,p=1"), Cost::Memory, 8192 * MIB),
        (argon2id("m=4294967295,t=4294967295,p=1"), Cost::Memory, max * 1024),
        (argon2id("m=262145,t=1,p=1"), Cost::Memory, 256 * MIB + 1024),
        (argon2id("m=8,t=17,p=1"), Cost::Passes, 17),
        (argon2id("m=8,t=4294967295,p=1"), Cost::Passes, max),
        (argon2id("m=136,t=1,p=17"), Cost::Lanes, 17),
        (argon2id("m=262144,t=5,p=1"), Cost::MemoryPasses, 1280 * MIB),
        (argon2id("m=65537,t=16,p=16"), Cost::MemoryPasses, 1024 * MIB + 16 * 1024),
        (format!("argon2{}", argon2id("m=8388608,t=1,p=1")), Cost::Memory, 8192 * MIB),
        (format!("$2b$17${BCRYPT}"), Cost::BcryptCost, 17),
        (format!("$2a$31${BCRYPT}"), Cost::BcryptCost, 31),
        (format!("$2x$31${BCRYPT}"), Cost::BcryptCost, 31),
        (format!("bcrypt$$2y$31${BCRYPT}"), Cost::BcryptCost, 31),
        (format!("bcrypt_sha256$$2b$31${BCRYPT}"), Cost::BcryptCost, 31),
        (
            format!("$bcrypt-sha256$v=2,t=2b,r=31${}${}", &BCRYPT[..22], &BCRYPT[22..]),
            Cost::BcryptCost,
            31,
        ),
        (scrypt("ln=19,r=8,p=1"), Cost::Memory, 512 * MIB),
        (scrypt("ln=63,r=8,p=1"), Cost::Memory, u64::MAX),
        (scrypt("ln=1,r=1073741823,p=1"), Cost::Memory, 2 * 128 * 1_073_741_823),
        (scrypt("ln=18,r=8,p=5"), Cost::MemoryPasses, 1280 * MIB),
        // A table of 256 bytes, and 512 MiB of blocks for its runs.
        (scrypt("ln=1,r=1,p=4194304"), Cost::Memory, 512 * MIB),
        (scrypt("ln=1,r=1,p=1073741823"), Cost::Memory, 128 * 1_073_741_823),
        (format!("$7$Z6..../....salt${rounds}"), Cost::Memory, (1 << 37) * 128 * 8),
        (format!("$pbkdf2-sha256$4294967295${SALT}${TAG}"), Cost::Iterations, max),
        (format!("$pbkdf2-sha256$5000001${SALT}${TAG}"), Cost::Iterations, 5_000_001),
        (format!("$pbkdf2$4294967295${SALT}${sha1}"), Cost::Iterations, max),
        (format!("pbkdf2_sha256$4294967295$salt${TAG}="), Cost::Iterations, max),
        // 43 characters are 32 bytes: two blocks of SHA-1.
        (format!("$pbkdf2$i=2500001${SALT}${TAG}"), Cost::Iterations, 5_000_002),
        (format!("$pbkdf2$i=4294967295,l=32${SALT}${TAG}"), Cost::Iterations, 2 * max),
        (format!("$5$rounds=1000001$salt${rounds}"), Cost::Rounds, 1_000_001),
        (format!("$6$rounds=999999999$salt${rounds_512}"), Cost::Rounds, 999_999_999),
    ];
    let hasher = cheap().build().unwrap();
    for (stored, what, asked) in cases {
        assert_refused(&hasher, stored, *what, *asked);
    }
}

#[test]
fn a_bomb_in_a_wrapping_is_refused_inside_and_outside() {
    let hasher = cheap().build().unwrap();
    let outer = |params: &str| format!("$wrap$argon2id$v=19${params}${SALT}${TAG}");
    let cheap_outer = outer("m=8,t=1,p=1");
    let bcrypt = format!("$2b$04${}*31", &BCRYPT[..22]);
    let bomb = format!("{}${bcrypt}", outer("m=8388608,t=1,p=1"));
    assert_refused(&hasher, &bomb, Cost::Memory, 8192 * MIB);
    for (inner, what, asked) in [
        (format!("$2b$31${}*31", &BCRYPT[..22]), Cost::BcryptCost, 31),
        (format!("$argon2i$v=19$m=8388608,t=1,p=1${SALT}$*43"), Cost::Memory, 8192 * MIB),
        (format!("$scrypt$ln=30,r=8,p=1${SALT}$*43"), Cost::Memory, 1 << 40),
        ("$6$rounds=999999999$salt$*86".to_owned(), Cost::Rounds, 999_999_999),
        ("pbkdf2_sha256$4294967295$salt$*44".to_owned(), Cost::Iterations, u64::from(u32::MAX)),
    ] {
        assert_refused(&hasher, &format!("{cheap_outer}${inner}"), what, asked);
    }
}

#[test]
fn a_bomb_under_a_pepper_is_refused_and_allocates_nothing() {
    let hasher = cheap().peppers(ring(&["a"])).build().unwrap();
    let stored = format!("$hmac-sha256$a{}", argon2id("m=8388608,t=1,p=1"));
    assert_refused(&hasher, &stored, Cost::Memory, 8192 * MIB);
    let inner = format!("$hmac-sha256$a$2b$31${}*31", &BCRYPT[..22]);
    let stored = format!("$hmac-sha256$a$wrap{}${inner}", argon2id("m=8,t=1,p=1"));
    assert_refused(&hasher, &stored, Cost::BcryptCost, 31);
}

/// What stands in the way of a refusal in no time: reading 512 bytes, and nothing for what is longer.
#[test]
fn refusing_what_is_malformed_or_unknown_allocates_nothing() {
    let hasher = cheap().legacy(Shop).build().unwrap();
    let password = password(PASSWORD);
    let megabyte = "$argon2id$".repeat(100_000);
    for stored in [
        "",
        "$y$j9T$salt$digest",
        "$argon2id$v=19$m=8,t=0,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA",
        "shop$salt$short",
        "$2b$04$short",
        "$wrap$",
        "$hmac-sha256$a",
        &megabyte,
    ] {
        let info = measure(|| assert!(hasher.verify(&password, stored, now()).is_err()));
        assert_eq!(info.count_total, 0, "{info:?} for {stored:.40}");
    }
}

fn limited(change: impl FnOnce(&mut Limits)) -> Hasher {
    let mut limits = Limits::default();
    change(&mut limits);
    cheap().limits(limits).build().unwrap()
}

/// At the limit it is computed: a mismatch, or a match for the one whose digest is known.
#[test]
fn limits_are_inclusive_and_each_can_be_set() {
    let sha256 = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.";
    let cases: [(Hasher, String, String, Cost); 11] = [
        (
            limited(|limits| limits.argon2_memory = 32 * 1024),
            argon2id("m=32,t=1,p=1"),
            argon2id("m=33,t=1,p=1"),
            Cost::Memory,
        ),
        (
            limited(|limits| limits.argon2_passes = 3),
            argon2id("m=8,t=3,p=1"),
            argon2id("m=8,t=4,p=1"),
            Cost::Passes,
        ),
        (
            limited(|limits| limits.argon2_lanes = 2),
            argon2id("m=24,t=1,p=2"),
            argon2id("m=24,t=1,p=3"),
            Cost::Lanes,
        ),
        (
            limited(|limits| limits.argon2_work = 64 * 1024),
            argon2id("m=32,t=2,p=1"),
            argon2id("m=22,t=3,p=1"),
            Cost::MemoryPasses,
        ),
        (
            limited(|limits| limits.bcrypt_cost = 5),
            format!("$2b$05${BCRYPT}"),
            format!("$2b$06${BCRYPT}"),
            Cost::BcryptCost,
        ),
        (
            limited(|limits| limits.scrypt_memory = 4096),
            scrypt("ln=4,r=2,p=1"),
            scrypt("ln=4,r=3,p=1"),
            Cost::Memory,
        ),
        (
            limited(|limits| limits.scrypt_work = 4096),
            scrypt("ln=3,r=1,p=4"),
            scrypt("ln=3,r=1,p=5"),
            Cost::MemoryPasses,
        ),
        (
            limited(|limits| limits.pbkdf2_iterations = 10),
            format!("$pbkdf2$i=5${SALT}${TAG}"),
            format!("$pbkdf2$i=6${SALT}${TAG}"),
            Cost::Iterations,
        ),
        (
            limited(|limits| limits.sha_crypt_rounds = 1000),
            format!("$5$rounds=1000$salt${sha256}"),
            format!("$5$rounds=1001$salt${sha256}"),
            Cost::Rounds,
        ),
        (
            // Each round reads the 13 bytes, and so does each byte of the password once.
            limited(|limits| limits.sha_crypt_work = (1000 + 13) * 13),
            format!("$5$rounds=1000$salt${sha256}"),
            format!("$5$rounds=1001$salt${sha256}"),
            Cost::RoundBytes,
        ),
        (
            limited(|limits| limits.bcrypt_cost = 31),
            format!("$2b$04${BCRYPT}"),
            argon2id("m=8388608,t=1,p=1"),
            Cost::Memory,
        ),
    ];
    let password = password(PASSWORD);
    for (hasher, at_the_limit, above, what) in cases {
        let verdict = hasher.verify(&password, &at_the_limit, now());
        assert!(matches!(verdict, Ok(Verdict::Mismatch)), "{verdict:?} of {at_the_limit}");
        let verdict = hasher.verify(&password, &above, now());
        // The one limit that depends on the password is the client's to respect.
        let Err(VerifyError::TooCostly(cost) | VerifyError::PasswordTooLong(cost)) = verdict else {
            panic!("{verdict:?} of {above}")
        };
        assert_eq!(cost.what(), what, "{above}");
    }
    let stored = argon2("argon2id", 19, "m=32,t=2,p=1", &[1; 16], b"", PASSWORD.as_bytes());
    let hasher = limited(|limits| limits.argon2_work = 64 * 1024);
    assert!(matches!(hasher.verify(&password, &stored, now()), Ok(Verdict::Match { .. })));
}

/// sha-crypt reads the whole password in each round, and once for each of its bytes.
#[test]
fn sha_crypt_counts_the_password_too() {
    let hasher = cheap().build().unwrap();
    let stored = format!("$5$rounds=1000000$salt${}.", "A".repeat(42));
    let long = password(&"a".repeat(4096));
    let verdict = hasher.verify(&long, &stored, now());
    let Err(VerifyError::PasswordTooLong(cost)) = verdict else { panic!("{verdict:?}") };
    assert_eq!(cost.what(), Cost::RoundBytes);
    assert_eq!(cost.asked(), (1_000_000 + 4096) * 4096);

    // One character of 3 bytes becomes 18 of 33, for which the quadratic part alone is 2 GB.
    let hasher = cheap().normalization(palisade_password::Normalization::Nfkc).build().unwrap();
    let stored = format!("$5$rounds=1000$salt${}.", "A".repeat(42));
    let verdict = hasher.verify(&password(&"\u{fdfa}".repeat(1365)), &stored, now());
    let Err(VerifyError::PasswordTooLong(cost)) = verdict else { panic!("{verdict:?}") };
    assert_eq!(cost.what(), Cost::RoundBytes);
}

/// Under a pepper, sha-crypt is given 44 bytes, whatever was typed.
#[test]
fn under_a_pepper_a_long_password_is_not_long() {
    let hasher = cheap().peppers(ring(&["a"])).build().unwrap();
    let stored = format!("$hmac-sha256$a$5$rounds=300000$salt${}.", "A".repeat(42));
    let verdict = hasher.verify(&password(&"a".repeat(4096)), &stored, now());
    assert!(matches!(verdict, Ok(Verdict::Mismatch)), "{verdict:?}");
}

#[test]
fn a_policy_whose_own_hashes_are_above_its_limits_is_not_built() {
    let mut limits = Limits::default();
    limits.argon2_memory = 19 * MIB - 1;
    let error = Hasher::builder().limits(limits).build().unwrap_err();
    assert!(error.to_string().contains("above the limits"), "{error}");
    limits.argon2_memory = 19 * MIB;
    Hasher::builder().limits(limits).build().unwrap();
}
