//! `palisade-secret` against the bare parts it is made of.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::SystemTime;

use hmac::{Hmac, KeyInit, Mac};
use palisade_secret::{Keyring, MacKey};
use sha2::Sha256;

use super::Rows;
use crate::Comparison;

/// As long as an API key with a prefix of two segments.
const MESSAGE: [u8; 62] = *b"gmk_acct_live_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg_1234";

const KEY: [u8; 32] = *b"\x7f\x5c\x3d\x04\xa6\x73\x80\xda\x04\x56\x94\x40\x62\x85\x0d\x65\
                        \xf0\x0a\x91\xcf\xde\x39\xc3\x1d\xf4\xd1\xc3\x84\xe0\x6a\x48\x76";

pub(super) fn rows() -> Rows {
    Ok(vec![mac()?, keyring_find()?])
}

/// Both sides take a slice: with an array the peer's copy alone is unrolled for its length, which no
/// service knows when it is compiled.
fn mac() -> Result<Comparison, Box<dyn std::error::Error>> {
    let ours = MacKey::dangerous_any_length(&KEY);
    let theirs = Hmac::<Sha256>::new_from_slice(&KEY)?;
    Ok(Comparison::time(
        "secret/mac",
        move || ours.mac(&[black_box(&MESSAGE[..])]),
        "a keyed hmac, cloned",
        move || theirs.clone().chain_update(black_box(&MESSAGE[..])).finalize(),
    ))
}

/// The last of three ids: the dearest to find in a list.
fn keyring_find() -> Result<Comparison, Box<dyn std::error::Error>> {
    let ids = ["2026c", "2026b", "2026a"];
    let ours = Keyring::new(ids[0].parse()?, 0_u32)
        .accept(ids[1].parse()?, 1)?
        .accept(ids[2].parse()?, 2)?;
    let theirs: HashMap<String, u32> = ids.map(str::to_owned).into_iter().zip(0..).collect();
    let now = SystemTime::now();
    Ok(Comparison::time(
        "secret/keyring_find",
        move || ours.find(black_box(ids[2]), now).copied().ok(),
        "HashMap<String, u32>",
        move || theirs.get(black_box(ids[2])).copied(),
    ))
}
