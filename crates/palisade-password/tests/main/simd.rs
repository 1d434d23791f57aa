//! The other backend: the same digests to the bit, and nothing left of the hash before.
#![cfg(feature = "simd")]

use base64ct::{Base64Unpadded, Encoding};
use palisade_password::{Backend, HashPool, Hasher, HasherBuilder, MemoryBudget, Queue, Verdict};
use palisade_secret::SecretBytes;
use proptest::prelude::*;

use crate::support::{argon2id, bytes, cheap, examples, now, reason, ring};

fn simd(builder: HasherBuilder) -> Hasher {
    builder.backend(Backend::Simd).build().unwrap()
}

fn is_match(hasher: &Hasher, password: &[u8], stored: &str) -> bool {
    matches!(hasher.verify(&bytes(password), stored, now()), Ok(Verdict::Match { .. }))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn digests_are_the_same_to_the_bit(
        variant in 0_usize..3, old in any::<bool>(), lanes in 1_u32..6, more in 0_u32..200,
        passes in 1_u32..5, salt in prop::collection::vec(any::<u8>(), 8..=48),
        tag in 12_usize..=64, password in prop::collection::vec(any::<u8>(), 0..300),
        secret in prop::collection::vec(any::<u8>(), 1..40),
        data in prop::collection::vec(any::<u8>(), 0..=32),
    ) {
        let memory = 8 * lanes + more;
        let mut params = argon2::ParamsBuilder::new();
        params.m_cost(memory).t_cost(passes).p_cost(lanes).output_len(tag);
        params.data(argon2::AssociatedData::new(&data).unwrap());
        let name = ["argon2d", "argon2i", "argon2id"][variant];
        let version = if old { argon2::Version::V0x10 } else { argon2::Version::V0x13 };
        let algorithm = argon2::Algorithm::new(name).unwrap();
        let mut digest = vec![0; tag];
        argon2::Argon2::new_with_secret(&secret, algorithm, version, params.build().unwrap())
            .unwrap()
            .hash_password_into(&password, &salt, &mut digest)
            .unwrap();
        let base64 = Base64Unpadded::encode_string;
        let version = if old { "v=16" } else { "v=19" };
        let data =
            if data.is_empty() { String::new() } else { format!(",data={}", base64(&data)) };
        let stored = format!(
            "${name}${version}$m={memory},t={passes},p={lanes}{data}${}${}",
            base64(&salt), base64(&digest),
        );
        let builder = || {
            let secret = SecretBytes::dangerous_unchecked(secret.clone());
            cheap().peppers(ring(&["p"])).argon2_secret(None, secret)
        };
        let hasher = simd(builder());
        prop_assert!(is_match(&hasher, &password, &stored), "{}", stored);
        prop_assert!(!is_match(&hasher, &[&password[..], b"x"].concat(), &stored), "{}", stored);
        prop_assert!(is_match(&builder().build().unwrap(), &password, &stored), "{}", stored);
    }

    #[test]
    fn what_one_mints_the_other_verifies(
        lanes in 1_u32..6, more in 0_u32..200, passes in 1_u32..5,
        password in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let builder = || cheap().mint(argon2id(8 * lanes + more, passes, lanes));
        let (portable, simd) = (builder().build().unwrap(), simd(builder()));
        for (minting, verifying) in [(&portable, &simd), (&simd, &portable)] {
            let stored = minting.hash(&bytes(&password)).unwrap();
            prop_assert_eq!(reason(verifying, &bytes(&password), stored.as_str()), None);
            let wrong = [&password[..], b"x"].concat();
            prop_assert!(!is_match(verifying, &wrong, stored.as_str()));
        }
    }
}

/// One worker, and hashes of all sizes one after the other in the same memory.
#[test]
fn memory_that_was_used_before_makes_no_difference() {
    let backends = [Backend::Portable, Backend::Simd];
    let rows: Vec<String> =
        [(8, 1, 1), (1024, 2, 3), (64, 1, 4), (16, 3, 2), (512, 1, 1), (9, 2, 1)]
            .map(|(memory, passes, lanes)| {
                let hasher = cheap().mint(argon2id(memory, passes, lanes)).build().unwrap();
                hasher.hash(&bytes(b"correct horse")).unwrap().into_string()
            })
            .into();
    let others = examples(b"correct horse").into_iter().map(|example| example.stored);
    let rows: Vec<String> = rows.into_iter().chain(others.take(6)).collect();
    for backend in backends {
        let hasher = cheap().backend(backend).build().unwrap();
        let pool =
            HashPool::with_workers(hasher, 1, MemoryBudget::mib(4), Queue::bounded(64)).unwrap();
        for step in 0..3 * rows.len() {
            let stored = &rows[(step * 7) % rows.len()];
            let right = pool.verify(&bytes(b"correct horse"), stored, now()).wait().unwrap();
            assert!(matches!(right, Verdict::Match { .. }), "{backend:?} {stored}");
            let wrong = pool.verify(&bytes(b"wrong"), stored, now()).wait().unwrap();
            assert_eq!(wrong, Verdict::Mismatch, "{backend:?} {stored}");
        }
    }
}

/// Beside one box of the backend, refusing allocates nothing here either.
#[test]
fn a_bomb_is_refused_before_memory_is_asked_for() {
    let hasher = simd(cheap());
    let typed = bytes(b"correct horse");
    let stored = format!("$argon2id$v=19$m=8388608,t=1,p=1$AAAAAAAAAAA${}", "A".repeat(43));
    let info = allocation_counter::measure(|| {
        assert!(hasher.verify(&typed, &stored, now()).is_err());
    });
    assert!(info.bytes_max < 4096, "{info:?}");
}
