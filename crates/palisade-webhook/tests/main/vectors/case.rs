//! What the fields of a row mean.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use palisade_webhook::{PrivateKey, PublicKey, Scheme, SharedSecret, SigningKey, VerifyingKey};
use serde_json::Value;
use sha2::{Digest, Sha256};

pub(super) fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

pub(super) fn text<'a>(value: &'a Value, what: &str) -> &'a str {
    value.as_str().unwrap_or_else(|| panic!("{what} is no text: {value}"))
}

pub(super) fn number(value: &Value, what: &str) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{what} is no number: {value}"))
}

pub(super) fn hex(value: &Value) -> Vec<u8> {
    base16ct::mixed::decode_vec(text(value, "hex")).expect("hex")
}

pub(super) fn scheme(row: &Value) -> Scheme {
    let name = match text(&row["scheme"], "scheme") {
        "standard-v1a" => "standard",
        name => name,
    };
    Scheme::by_name(name).unwrap_or_else(|| panic!("the scheme {name} is not understood"))
}

pub(super) fn headers(row: &Value) -> Vec<(String, String)> {
    let pairs = row["headers"].as_array().expect("headers");
    pairs
        .iter()
        .map(|pair| (text(&pair[0], "name").to_owned(), text(&pair[1], "value").to_owned()))
        .collect()
}

/// A body: text, base64, or generated from a seed and checked by its digest.
pub(super) fn body(value: &Value) -> Vec<u8> {
    if let Some(text) = value["utf8"].as_str() {
        return text.as_bytes().to_vec();
    }
    if let Some(base64) = value["b64"].as_str() {
        return BASE64_STANDARD.decode(base64).expect("base64");
    }
    let recipe = &value["gen"];
    let len = usize::try_from(number(&recipe["len"], "len")).unwrap();
    let seed = text(&recipe["seed"], "seed");
    let blocks = (0_u64..).flat_map(|block| {
        <[u8; 32]>::from(
            Sha256::new().chain_update(seed).chain_update(block.to_be_bytes()).finalize(),
        )
    });
    let body: Vec<u8> = match text(&recipe["alg"], "alg") {
        "sha256-ctr" => blocks.take(len).collect(),
        "sha256-ctr-hex" => {
            let digits = |byte: u8| {
                [byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)])
            };
            blocks.flat_map(digits).take(len).collect()
        }
        other => panic!("the generator {other} is not understood"),
    };
    assert_eq!(
        base16ct::lower::encode_string(&Sha256::digest(&body)),
        text(&value["sha256"], "sha256"),
        "the generated body differs"
    );
    body
}

/// A key to verify with. An error is a reason to reject: the key would have been refused at start-up.
pub(super) fn verifying_key(secret: &Value) -> Result<VerifyingKey, String> {
    let value = text(&secret["value"], "secret");
    let shared = match text(&secret["format"], "format") {
        "utf8" => SharedSecret::from_verbatim_text(value),
        "whsec" => SharedSecret::from_whsec(value),
        "base64" => SharedSecret::from_base64(value),
        format => {
            let public = match format {
                "whpk" | "ed25519-base64" => PublicKey::from_whpk(value),
                "ed25519-hex" => PublicKey::from_ed25519_hex(value),
                "p256-spki-b64" => PublicKey::from_spki_base64(value),
                other => panic!("the format {other} is not understood"),
            };
            return public.map(Into::into).map_err(|error| error.to_string());
        }
    };
    shared.map(Into::into).map_err(|error| error.to_string())
}

pub(super) fn signing_key(secret: &Value) -> SigningKey {
    let value = text(&secret["value"], "secret");
    match text(&secret["format"], "format") {
        "utf8" => SharedSecret::from_text(value).expect("secret").into(),
        "whsec" => SharedSecret::from_whsec(value).expect("secret").into(),
        "whsk" => PrivateKey::from_whsk(value).expect("key").into(),
        other => panic!("the format {other} is not understood"),
    }
}
