//! The corpus of stored hashes with their verdicts, gathered from published vectors and made with real
//! libraries. Files of the same schema under `$PALISADE_VECTORS/password` are run as well.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use base64ct::{Base64, Base64Unpadded, Encoding};
use palisade_password::{Hasher, Limits, Password, Scheme, Schemes, Verdict, VerifyError};
use palisade_secret::{Keyring, MacKey, SecretBytes};
use serde_json::Value;

/// Fields of a case that carry no verdict.
const FIELDS: &[&str] = &[
    "id",
    "scheme",
    "password",
    "password_hex",
    "hash",
    "expected",
    "tags",
    "source",
    "verified_by",
    "prehash",
    "pepper_hex",
    "raw",
    "secret_hex",
];

/// Schemes that are refused as unknown: nothing of theirs is in this crate.
const UNSUPPORTED: &[&str] = &["yescrypt", "atlassian_pbkdf2_sha1", "django_md5", "django_sha1"];

#[derive(Default)]
struct Score {
    accepted: usize,
    rejected: usize,
}

#[test]
fn published_hashes() {
    let mut files = json_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors"));
    assert_eq!(files.len(), 1);
    if let Some(folder) = std::env::var_os("PALISADE_VECTORS") {
        files.extend(json_files(&Path::new(&folder).join("password")));
    }
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let corpus: Value = serde_json::from_str(&text).unwrap();
        let cases = corpus["cases"].as_array().unwrap_or_else(|| panic!("{}", file.display()));
        let mut score = Score::default();
        for case in cases {
            run(case, &mut score);
        }
        let Score { accepted, rejected } = score;
        println!("password: {} cases, {accepted} accepted, {rejected} rejected", cases.len());
        assert_eq!(accepted + rejected, cases.len());
        assert!(!cases.is_empty(), "no case in {}", file.display());
    }
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|end| end == "json")).collect()
}

fn run(case: &Value, score: &mut Score) {
    for field in case.as_object().unwrap_or_else(|| panic!("not a case: {case}")).keys() {
        assert!(FIELDS.contains(&field.as_str()), "an unknown field `{field}` in {case}");
    }
    let scheme = case["scheme"].as_str().unwrap();
    let stored = case["hash"].as_str().map_or_else(|| raw(case), str::to_owned);
    let password = Password::from_bytes(password(case)).unwrap();
    let hasher = hasher(case);

    let verdict = hasher.verify(&password, &stored, SystemTime::now());

    if UNSUPPORTED.contains(&scheme) {
        assert!(matches!(verdict, Err(VerifyError::Unsupported)), "{case}: {verdict:?}");
        score.rejected += 1;
        return;
    }
    match &case["expected"] {
        Value::Bool(true) => {
            assert!(matches!(verdict, Ok(Verdict::Match { .. })), "{case}: {verdict:?}");
            score.accepted += 1;
            return;
        }
        Value::Bool(false) => {
            assert!(matches!(verdict, Ok(Verdict::Mismatch)), "{case}: {verdict:?}");
        }
        Value::String(word) if word == "error" => {
            assert!(matches!(verdict, Err(VerifyError::Malformed(_))), "{case}: {verdict:?}");
        }
        Value::String(word) if word == "refuse" => {
            // The digest of one (S-246) is a character short, which is found before its cost; what is
            // well formed is refused for its cost, as the module `limits` tests for each scheme.
            let refused =
                matches!(verdict, Err(VerifyError::TooCostly(_) | VerifyError::Malformed(_)));
            assert!(refused, "{case}: {verdict:?}");
        }
        other => panic!("a verdict that this driver does not know: {other} in {case}"),
    }
    score.rejected += 1;
}

/// A policy that accepts everything, with the Argon2 secret of the case.
fn hasher(case: &Value) -> Hasher {
    let builder =
        Hasher::builder().accept(Schemes::ALL.with(Scheme::Bcrypt2x)).limits(Limits::default());
    let secret = case.get("secret_hex").or_else(|| case.get("raw")?.get("secret_hex"));
    let Some(secret) = secret else { return builder.build().unwrap() };
    let ring = Keyring::new("p".parse().unwrap(), MacKey::dangerous_any_length(&[7; 32]));
    builder
        .peppers(ring)
        .argon2_secret(None, SecretBytes::dangerous_unchecked(unhex(secret)))
        .build()
        .unwrap()
}

/// The bytes that were hashed: the password, or what another system made of it before.
fn password(case: &Value) -> Vec<u8> {
    let password = unhex(&case["password_hex"]);
    let tag =
        || MacKey::dangerous_any_length(&unhex(&case["pepper_hex"])).mac(&[&password]).to_bytes();
    match case.get("prehash").map(|name| name.as_str().unwrap()) {
        None => password,
        Some("hmac-sha256") => Base64::encode_string(&tag()).into_bytes(),
        Some("hmac-sha256-nopad") => Base64Unpadded::encode_string(&tag()).into_bytes(),
        Some(other) => panic!("a prehash that this driver does not know: {other}"),
    }
}

/// A vector of Argon2 itself, as the PHC string that says the same.
fn raw(case: &Value) -> String {
    let raw = &case["raw"];
    let base64 = |field: &str| Base64Unpadded::encode_string(&unhex(&raw[field]));
    let variant = case["scheme"].as_str().unwrap().strip_prefix("raw_").unwrap();
    format!(
        "${variant}$v={}$m={},t={},p={},data={}${}${}",
        raw["version"],
        raw["m_kib"],
        raw["t"],
        raw["p"],
        base64("ad_hex"),
        base64("salt_hex"),
        base64("tag_hex"),
    )
}

fn unhex(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap_or_else(|| panic!("not hex: {text}"));
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}
