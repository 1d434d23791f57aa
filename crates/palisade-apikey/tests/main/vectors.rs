//! The published formats: those that `KeyFormat` describes must parse and digest to the byte, the
//! others must be refused.
//!
//! Files of the same schema under `$PALISADE_VECTORS/apikey` are run as well. A section that this
//! driver does not know fails the test.

use std::path::{Path, PathBuf};

use palisade_apikey::{Checksum, DigestRing, Formats, KeyFormat};
use palisade_secret::Keyring;
use regex::Regex;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::{pepper, start};

const PRODUCT_FIELDS: &[&str] = &[
    "prefix",
    "body",
    "crc32_prefix_us_body",
    "crc32_body_only",
    "check_low4_full",
    "check_low4_body_only",
    "key",
    "len",
    "sha256",
    "hmac_sha256_pepper_00_1f",
    "inner_blocks_after_ipad",
];

/// Keys that have to be accepted, and what has to be rejected: foreign tokens, and every key with a
/// character changed.
#[derive(Default)]
struct Score {
    accepted: usize,
    rejected: usize,
}

#[test]
fn published_formats() {
    let mut files = json_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors"));
    assert_eq!(files.len(), 2);
    if let Some(folder) = std::env::var_os("PALISADE_VECTORS") {
        files.extend(json_files(&Path::new(&folder).join("apikey")));
    }
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let Value::Object(sections) = serde_json::from_str(&text).unwrap() else {
            panic!("{}: not an object of sections", file.display());
        };
        let mut score = Score::default();
        for (name, section) in &sections {
            run(name, section, &mut score);
        }
        let Score { accepted, rejected } = score;
        println!("apikey: {} cases, {accepted} accepted, {rejected} rejected", accepted + rejected);
        assert!(accepted + rejected > 0, "no case in {}", file.display());
    }
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|end| end == "json")).collect()
}

fn run(name: &str, section: &Value, score: &mut Score) {
    match name {
        // Described without a token where there are no vectors.
        "github_classic" | "npm" if section.get("vectors").is_none() => {}
        "github_classic" | "npm" => rows(&section["vectors"]).for_each(|row| classic(row, score)),
        "product_candidate_vectors_own_computation" => {
            rows(section).for_each(|row| product(row, score));
        }
        // Formats that `KeyFormat` does not describe: their tokens are no keys of ours.
        "gitlab_routable" => {
            rows(&section["computed_vectors"]).for_each(|row| foreign(&row["token"], score));
        }
        "crates_io_trustpub" => foreign(&section["token"], score),
        "prefixed_api_key" => foreign(&section["vector"]["token"], score),
        // Descriptions without a token.
        "github_fine_grained"
        | "crates_io_api"
        | "api_keys_simplified_0.4"
        | "unkey"
        | "better_auth"
        | "drf_api_key_3"
        | "base62_43"
        | "checksum4" => {}
        unknown => panic!("a section that this driver does not know: {unknown}"),
    }
}

fn rows(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().unwrap_or_else(|| panic!("not a list of cases: {value}")).iter()
}

/// A field that this driver does not know may be a verdict that it would ignore.
fn assert_fields(row: &Value, known: &[&str]) {
    let fields = row.as_object().unwrap_or_else(|| panic!("not a case: {row}"));
    for field in fields.keys() {
        assert!(known.contains(&field.as_str()), "an unknown field `{field}` in {row}");
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}

/// GitHub's classic form, which npm shares: `<prefix>_<30><6>`.
fn classic(row: &Value, score: &mut Score) {
    assert_fields(row, &["token", "source", "body", "crc32", "checksum", "verified"]);
    let token = text(&row["token"]);
    let (prefix, _) = token.split_once('_').unwrap();
    let format =
        KeyFormat::new(prefix).unwrap().body_length(30).unwrap().checksum(Checksum::Crc32Body6);
    let key = format.parse(token).unwrap_or_else(|error| panic!("{token}: {error}"));
    assert_eq!(key.mask().to_string(), format!("{prefix}_…{}", &token[36..]));
    assert_eq!(token, format!("{prefix}_{}{}", text(&row["body"]), text(&row["checksum"])));
    assert!(Regex::new(&format!("^{}$", format.regex())).unwrap().is_match(token));
    score.accepted += 1;
    reject_changes(&format, token, score);
}

fn product(row: &Value, score: &mut Score) {
    assert_fields(row, PRODUCT_FIELDS);
    let (prefix, key) = (text(&row["prefix"]), text(&row["key"]));
    let format = KeyFormat::new(prefix).unwrap();
    assert_eq!(key, format!("{prefix}_{}_{}", text(&row["body"]), text(&row["check_low4_full"])));
    assert_eq!(format.key_length(), usize::try_from(row["len"].as_u64().unwrap()).unwrap());
    let parsed = format.parse(key).unwrap_or_else(|error| panic!("{key}: {error}"));

    let ring = DigestRing::new(Keyring::new("v".parse().unwrap(), pepper(0)));
    let stored = ring.digest(&parsed);
    assert_eq!(hex(stored.as_bytes()), text(&row["hmac_sha256_pepper_00_1f"]), "{key}");
    ring.verify(&parsed, &stored, start()).unwrap();

    let legacy = ring.accept_legacy_sha256();
    let sha256: [u8; 32] = Sha256::digest(key).into();
    assert_eq!(hex(&sha256), text(&row["sha256"]));
    let stored = palisade_apikey::KeyDigest::legacy_sha256(sha256);
    legacy.verify(&parsed, &stored, start()).unwrap();
    score.accepted += 1;

    // The checksum over the body alone, which would let `live` pass as `test`.
    let body_only =
        format!("{prefix}_{}_{}", text(&row["body"]), text(&row["check_low4_body_only"]));
    assert!(format.parse(&body_only).is_err());
    score.rejected += 1;
    reject_changes(&format, key, score);
}

fn foreign(token: &Value, score: &mut Score) {
    let token = text(token);
    let prefixes = ["gmk_acct_live", "gmk_acct_test", "gmk_cru_live", "glc_live", "glc_test"];
    let formats = Formats::new(prefixes.map(|prefix| KeyFormat::new(prefix).unwrap())).unwrap();
    assert!(formats.parse(token).is_err(), "{token}");
    score.rejected += 1;
}

/// Every single character of the body or checksum, changed, is a typing error.
fn reject_changes(format: &KeyFormat, key: &str, score: &mut Score) {
    for at in format.prefix().len()..key.len() {
        let mut changed = key.as_bytes().to_vec();
        changed[at] = if changed[at] == b'5' { b'6' } else { b'5' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(format.parse(&changed).is_err(), "{changed}");
        score.rejected += 1;
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
