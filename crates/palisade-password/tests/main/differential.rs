//! Each scheme against another crate's reader and writer of its strings, over random parameters.

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier, phc};
use palisade_password::Bcrypt;
use proptest::prelude::*;

use crate::schemes::matches;
use crate::support::{PASSWORD, argon2id, bytes, cheap};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn argon2_minted_by_another_crate_verifies(
        variant in 0_usize..3, old in any::<bool>(), lanes in 1_u32..4, more in 0_u32..40,
        passes in 1_u32..4, salt in prop::collection::vec(any::<u8>(), 8..48),
        tag in 12_usize..=64, password in prop::collection::vec(any::<u8>(), 0..100),
        data in prop::collection::vec(any::<u8>(), 0..32),
    ) {
        let mut params = argon2::ParamsBuilder::new();
        params.m_cost(8 * lanes + more).t_cost(passes).p_cost(lanes).output_len(tag);
        if !data.is_empty() {
            params.data(argon2::AssociatedData::new(&data).unwrap());
        }
        let algorithm = [
            argon2::Algorithm::Argon2d, argon2::Algorithm::Argon2i, argon2::Algorithm::Argon2id,
        ][variant];
        let version = if old { argon2::Version::V0x10 } else { argon2::Version::V0x13 };
        let other = argon2::Argon2::new(algorithm, version, params.build().unwrap());
        let stored = other.hash_password_with_salt(&password, &salt).unwrap().to_string();
        let hasher = cheap().build().unwrap();
        prop_assert!(matches(&hasher, &password, &stored), "{}", stored);
        let wrong = [&password[..], b"x"].concat();
        prop_assert!(!matches(&hasher, &wrong, &stored), "{}", stored);
    }

    #[test]
    fn argon2_minted_here_verifies_elsewhere(
        lanes in 1_u32..4, more in 0_u32..40, passes in 1_u32..4,
        password in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let hasher = cheap().mint(argon2id(8 * lanes + more, passes, lanes)).build().unwrap();
        let stored = hasher.hash(&bytes(&password)).unwrap();
        let other = phc::PasswordHash::new(stored.as_str()).unwrap();
        prop_assert_eq!(argon2::Argon2::default().verify_password(&password, &other), Ok(()));
        let wrong = [&password[..], b"x"].concat();
        prop_assert!(argon2::Argon2::default().verify_password(&wrong, &other).is_err());
    }

    #[test]
    fn bcrypt_minted_by_another_crate_verifies(
        cost in 4_u32..6, salt in any::<[u8; 16]>(), version in 0_usize..3,
        password in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let versions = [bcrypt::Version::TwoA, bcrypt::Version::TwoB, bcrypt::Version::TwoY];
        let parts = bcrypt::hash_with_salt(&password, cost, salt).unwrap();
        let stored = parts.format_for_version(versions[version].clone());
        let hasher = cheap().build().unwrap();
        prop_assert!(matches(&hasher, &password, &stored), "{}", stored);
        if password.len() < 72 {
            let wrong = [&password[..], b"x"].concat();
            prop_assert!(!matches(&hasher, &wrong, &stored), "{}", stored);
        }
    }

    #[test]
    fn scrypt_minted_by_another_crate_verifies(
        log_n in 1_u8..6, r in 1_u32..5, p in 1_u32..4, len in 16_usize..=64,
        salt in prop::collection::vec(any::<u8>(), 8..48),
        password in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let params = scrypt::Params::new_with_output_len(log_n, r, p, len).unwrap();
        let other = scrypt::Scrypt::new_with_params(params);
        let stored = other.hash_password_with_salt(&password, &salt).unwrap().to_string();
        let hasher = cheap().build().unwrap();
        prop_assert!(matches(&hasher, &password, &stored), "{}", stored);
        prop_assert!(!matches(&hasher, &[&password[..], b"x"].concat(), &stored), "{}", stored);
    }

    #[test]
    fn pbkdf2_minted_by_another_crate_verifies(
        algorithm in 0_usize..2, rounds in 1000_u32..1100, len in 16_usize..=64,
        salt in prop::collection::vec(any::<u8>(), 8..48),
        password in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let algorithm = [pbkdf2::Algorithm::Pbkdf2Sha256, pbkdf2::Algorithm::Pbkdf2Sha512][algorithm];
        let params = pbkdf2::Params::new_with_output_len(rounds, len).unwrap();
        let other = pbkdf2::Pbkdf2::new(algorithm, params);
        let stored = other.hash_password_with_salt(&password, &salt).unwrap().to_string();
        let hasher = cheap().build().unwrap();
        prop_assert!(matches(&hasher, &password, &stored), "{}", stored);
        // HMAC pads its key with zeros, so a NUL at the end is no other password.
        prop_assert!(!matches(&hasher, &[&password[..], b"x"].concat(), &stored), "{}", stored);
    }

    #[test]
    fn sha_crypt_minted_by_another_crate_verifies(
        long in any::<bool>(), rounds in 1000_u32..1100,
        salt in prop::collection::vec(any::<u8>(), 1..=12),
        password in prop::collection::vec(any::<u8>(), 0..150),
    ) {
        let algorithm =
            if long { sha_crypt::Algorithm::Sha512Crypt } else { sha_crypt::Algorithm::Sha256Crypt };
        let other = sha_crypt::ShaCrypt::new(algorithm, sha_crypt::Params::new(rounds).unwrap());
        let stored = other.hash_password_with_salt(&password, &salt).unwrap().to_string();
        let hasher = cheap().build().unwrap();
        prop_assert!(matches(&hasher, &password, &stored), "{}", stored);
        prop_assert!(!matches(&hasher, &[&password[..], b"x"].concat(), &stored), "{}", stored);
    }
}

/// bcrypt has no cheap cost to mint, so these are few.
#[test]
fn bcrypt_minted_here_verifies_elsewhere() {
    let hasher = cheap().mint(Bcrypt::new(10).unwrap()).build().unwrap();
    for password in [&b""[..], PASSWORD.as_bytes(), &[0xff; 72], "pässwörd".as_bytes()] {
        let stored = hasher.hash(&bytes(password)).unwrap();
        assert!(bcrypt::verify(password, stored.as_str()).unwrap());
        assert!(
            !bcrypt::verify([password, b"x"].concat(), stored.as_str()).unwrap()
                || password.len() == 72
        );
        assert!(stored.as_str().starts_with("$2b$10$"));
    }
}
