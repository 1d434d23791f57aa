//! `palisade-apikey` against the bare MAC beneath it, and against `prefixed-api-key`.

use std::error::Error;
use std::hint::black_box;
use std::time::SystemTime;

use hmac::{Hmac, KeyInit, Mac};
use palisade_apikey::{
    ApiKeys, DigestRing, Formats, KeyDigest, KeyFormat, MemoryStore, NewKey, Policy,
};
use palisade_secret::{Keyring, MacKey};
use prefixed_api_key::{PakControllerOsSha256, PrefixedApiKey, PrefixedApiKeyController};
use sha2::Sha256;

use super::Rows;
use crate::{Comparison, now_or_never};

const PEPPER: [u8; 32] = *b"\x91\x0a\x4c\x3d\x04\xa6\x73\x80\xda\x04\x56\x94\x40\x62\x85\x0d\
                           \x65\xf0\x7f\x5c\xcf\xde\x39\xc3\x1d\xf4\xd1\xc3\x84\xe0\x6a\x48";

pub(super) fn rows() -> Rows {
    Ok(vec![
        authenticate_without_store()?,
        reject_wrong_checksum()?,
        authenticate_cached()?,
        check()?,
        mint()?,
    ])
}

/// What a request costs before any store is asked: parse, checksum, digest, compare.
fn authenticate_without_store() -> Result<Comparison, Box<dyn Error>> {
    let Fixture { formats, ring, key, stored } = fixture()?;
    let theirs = bare_mac(key.clone())?;
    Ok(Comparison::time(
        "apikey/authenticate_without_store",
        move || {
            let presented = formats.parse(black_box(&key)).ok()?;
            ring.digest(&presented).verify(&stored).ok()
        },
        "a keyed hmac, cloned",
        theirs,
    ))
}

/// What a mistyped or random key costs.
fn reject_wrong_checksum() -> Result<Comparison, Box<dyn Error>> {
    let Fixture { formats, mut key, .. } = fixture()?;
    let theirs = bare_mac(key.clone())?;
    let last = key.pop();
    key.push(if last == Some('0') { '1' } else { '0' });
    Ok(Comparison::time(
        "apikey/reject_wrong_checksum",
        move || formats.parse(black_box(&key)).is_err(),
        "a keyed hmac, cloned",
        theirs,
    ))
}

/// The whole service with a record in its cache: lookup, state, expiry, usage and proof as well.
fn authenticate_cached() -> Result<Comparison, Box<dyn Error>> {
    let now = SystemTime::now();
    let format = account()?;
    let formats = Formats::new([format.clone()])?;
    let keys = ApiKeys::new(formats, ring()?, MemoryStore::new(), Policy::default());
    let new = NewKey::new("org".parse()?, &format, "bench".parse()?, "read".parse()?);
    let key = now_or_never(keys.issue(new, now)).ok_or("the store is in memory")??.key.reveal();
    let theirs = bare_mac(key.clone())?;
    Ok(Comparison::time(
        "apikey/authenticate_cached",
        move || now_or_never(keys.authenticate(black_box(&key), now)),
        "a keyed hmac, cloned",
        theirs,
    ))
}

/// From the text of a key to the verdict, each on its own token.
fn check() -> Result<Comparison, Box<dyn Error>> {
    let Fixture { formats, ring, key, stored } = fixture()?;
    let peer = peer()?;
    let (token, hash) = peer.generate_key_and_hash();
    let token = token.to_string();
    Ok(Comparison::time(
        "apikey/check",
        move || {
            let presented = formats.parse(black_box(&key)).ok()?;
            ring.digest(&presented).verify(&stored).ok()
        },
        "prefixed-api-key",
        move || {
            let parsed = PrefixedApiKey::from_string(black_box(&token)).ok()?;
            Some(peer.check_hash(&parsed, &hash))
        },
    ))
}

fn mint() -> Result<Comparison, Box<dyn Error>> {
    let format = account()?;
    let peer = peer()?;
    Ok(Comparison::time(
        "apikey/mint",
        move || format.mint(),
        "prefixed-api-key",
        move || peer.generate_key(),
    ))
}

struct Fixture {
    formats: Formats,
    ring: DigestRing,
    key: String,
    stored: KeyDigest,
}

fn fixture() -> Result<Fixture, Box<dyn Error>> {
    let formats = Formats::new([KeyFormat::new("gmk_cru_live")?, account()?])?;
    let ring = ring()?;
    let key = account()?.mint()?.reveal();
    let stored = ring.digest(&formats.parse(&key)?);
    Ok(Fixture { formats, ring, key, stored })
}

fn account() -> Result<KeyFormat, Box<dyn Error>> {
    Ok(KeyFormat::new("gmk_acct_live")?)
}

fn ring() -> Result<DigestRing, Box<dyn Error>> {
    let pepper = MacKey::dangerous_any_length(&PEPPER);
    Ok(DigestRing::new(Keyring::new("2026a".parse()?, pepper)))
}

/// The least that any keyed digest of this key can cost.
fn bare_mac(key: String) -> Result<impl FnMut() -> [u8; 32], Box<dyn Error>> {
    let keyed = Hmac::<Sha256>::new_from_slice(&PEPPER)?;
    Ok(move || keyed.clone().chain_update(black_box(key.as_bytes())).finalize().into_bytes().into())
}

/// The peer as its front page sets it up.
fn peer() -> Result<PakControllerOsSha256, Box<dyn Error>> {
    Ok(PrefixedApiKeyController::configure()
        .prefix("mycompany".to_owned())
        .seam_defaults()
        .finalize()?)
}
