//! `docs/known-mistakes.md` names a test for each mistake: this sees to it that they exist.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

use std::fs;
use std::path::Path;

#[test]
fn every_named_test_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(root.join("docs/known-mistakes.md")).unwrap();
    let named: Vec<(&str, &str)> =
        page.split('`').filter_map(|quoted| quoted.split_once("::")).collect();
    assert!(named.len() > 20, "the page is not read as it is meant");
    for (file, test) in named {
        let code = fs::read_to_string(root.join(file)).unwrap_or_else(|_| panic!("no file {file}"));
        assert!(code.contains(&format!("fn {test}")), "{file} has no test {test}");
    }
    for row in page.lines().filter(|line| line.starts_with("| ") && !line.contains("| test |")) {
        assert!(row.contains("::"), "a mistake without a test: {row}");
    }
}
