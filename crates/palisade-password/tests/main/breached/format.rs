//! The page of the format is true: it is enough to read a filter, and its example is what is written.

use palisade_password::Fingerprint;
use sha1::{Digest, Sha1};

use super::{BOTH, filter, finds, passwords};

const PAGE: &str = include_str!("../../../../../docs/formats/breached-filter.md");

/// A reader written from the page alone.
fn reads(file: &[u8], password: &str) -> bool {
    let number = |from: usize, bytes: usize| {
        file[from..from + bytes].iter().rev().fold(0, |n, byte| n << 8 | u64::from(*byte))
    };
    assert_eq!(&file[..9], b"palbfuse\x01");
    let (width, length) = (usize::from(file[9] / 8), 1 << file[10]);
    let (segments, seed) = (number(12, 4), number(16, 8));

    let key = u64::from_be_bytes(Sha1::digest(password)[..8].try_into().unwrap());
    let mut h = key.wrapping_add(seed);
    h = (h ^ (h >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    h = (h ^ (h >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    h ^= h >> 31;

    let a = u64::try_from((u128::from(h) * u128::from(segments * length)) >> 64).unwrap();
    let b = (a + length) ^ ((h >> 18) % length);
    let c = (a + 2 * length) ^ (h % length);
    let slot = |slot: u64| number(32 + usize::try_from(slot).unwrap() * width, width);
    slot(a) ^ slot(b) ^ slot(c) == (h ^ (h >> 32)) % (1 << (8 * width))
}

#[test]
fn the_page_is_enough_to_read_a_filter() {
    let inside = passwords("inside", 3000);
    for fingerprint in BOTH {
        let filter = filter(fingerprint, inside.iter().map(String::as_str));
        for password in inside.iter().chain(&passwords("outside", 3000)) {
            assert_eq!(reads(filter.as_bytes(), password), finds(&filter, password));
        }
    }
}

#[test]
fn the_example_on_the_page_is_what_is_written() {
    let example = PAGE.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    let bytes: Vec<u8> = example
        .lines()
        .flat_map(|line| line.split("  ").nth(1).unwrap().split(' '))
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect();
    assert_eq!(filter(Fingerprint::Bits8, ["password"]).as_bytes(), bytes);
}
