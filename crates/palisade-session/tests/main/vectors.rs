//! The corpora of sessions and their tokens: those here, and those of the same schemas under
//! `$PALISADE_VECTORS/session`. A file is told by what is in it; files about cookies, epoch tokens,
//! CSRF and one-time passwords are for other tests.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{jwt_vectors, lifecycle_vectors};

/// Accept and reject rows are counted apart: who rejects everything would look good in a corpus of
/// attacks.
#[derive(Default)]
pub(crate) struct Score {
    pub(crate) accepted: usize,
    pub(crate) rejected: usize,
}

impl Score {
    /// Compares a verdict, and counts it.
    pub(crate) fn row(&mut self, id: &Value, accepted: bool, expected: bool) {
        assert_eq!(accepted, expected, "{id}: accepted and expected");
        if expected { self.accepted += 1 } else { self.rejected += 1 }
    }
}

/// Which driver understands a file.
fn driver(file: &Value) -> Option<fn(&Value, &mut Score)> {
    let first = &file["cases"][0];
    let has = |name: &str| first.get(name).is_some();
    if file.get("profile").is_some() && (has("token") || has("token_gen")) {
        Some(jwt_vectors::corpus)
    } else if has("jws") && has("keys") {
        Some(jwt_vectors::wycheproof)
    } else if has("jws") && has("jwk") {
        Some(jwt_vectors::rfc7515)
    } else if has("event") || has("sequence") || has("created_at") || has("password_verified_at") {
        Some(lifecycle_vectors::lifecycle)
    } else {
        None
    }
}

#[test]
fn every_corpus() {
    let own = json_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors"));
    let ours = own.iter().filter(|path| drive(path)).count();
    assert_eq!(ours, 4);
    if let Some(folder) = std::env::var_os("PALISADE_VECTORS") {
        for path in json_files(&Path::new(&folder).join("session")) {
            drive(&path);
        }
    }
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|end| end == "json")).collect()
}

/// Runs a file, if it is for this test.
fn drive(path: &Path) -> bool {
    let text = std::fs::read_to_string(path).unwrap();
    let file: Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let Some(driver) = driver(&file) else { return false };
    let cases = rows(&file).len();
    if let Some(count) = file.get("count") {
        assert_eq!(count, cases, "{}: rows are missing", path.display());
    }
    let mut score = Score::default();
    driver(&file, &mut score);
    let Score { accepted, rejected } = score;
    println!("session: {} cases, {accepted} accepted, {rejected} rejected", accepted + rejected);
    assert!(accepted + rejected >= cases, "{}: a row was not judged", path.display());
    true
}

pub(crate) fn rows(file: &Value) -> &Vec<Value> {
    file["cases"].as_array().expect("a list of cases")
}

pub(crate) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("no text `{name}` in {value}"))
}

pub(crate) fn number(value: &Value, name: &str) -> u64 {
    value[name].as_u64().unwrap_or_else(|| panic!("no number `{name}` in {value}"))
}

/// A field that the driver does not know may be a verdict that it would ignore.
pub(crate) fn assert_fields(value: &Value, known: &[&str]) {
    for field in value.as_object().unwrap_or_else(|| panic!("not an object: {value}")).keys() {
        assert!(known.contains(&field.as_str()), "an unknown field `{field}` in {value}");
    }
}
