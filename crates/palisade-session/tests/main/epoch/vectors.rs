//! The published rows for epochs and scopes: every row, accept and reject apart.
//!
//! Files of the same schema under `$PALISADE_VECTORS/session` are run as well. A category or a verdict
//! that this driver does not know fails the test.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use palisade_session::{Epoch, EpochStanding};
use serde_json::{Value, json};

use super::{HEADER, noon, seconds, sign, verify};

/// Rows that are meant to have white space around the id and have none, so that they are byte for byte
/// the first row, which is good. `one_spelling_alone_is_read` has what they meant.
const LOST_ITS_SPACE: [&str; 2] = ["bad-27", "bad-31"];

#[test]
fn published_rows() {
    let mut files = json_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors"));
    if let Some(folder) = std::env::var_os("PALISADE_VECTORS") {
        files.extend(json_files(&Path::new(&folder).join("session")));
    }
    let mut ours = 0;
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let content: Value = serde_json::from_str(&text).unwrap();
        let Some(cases) = content["cases"].as_array().filter(|cases| is_ours(cases)) else {
            continue;
        };
        ours += 1;
        assert_eq!(content["count"].as_u64(), Some(cases.len() as u64), "{}", file.display());
        let accepted = cases.iter().filter(|case| run(case, &cases[0])).count();
        let rejected = cases.len() - accepted;
        println!("session: {} cases, {accepted} accepted, {rejected} rejected", cases.len());
        assert!(accepted > 0 && rejected > 0, "{}", file.display());
    }
    assert!(ours > 0, "no file of epochs");
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|end| end == "json")).collect()
}

/// One category is enough: then every case must be of one that is known.
fn is_ours(cases: &[Value]) -> bool {
    cases
        .iter()
        .filter_map(|case| case["category"].as_str())
        .any(|name| name == "scope" || name.starts_with("epoch-"))
}

/// Whether the case was accepted, which is what it asks for.
fn run(case: &Value, first: &Value) -> bool {
    match text(&case["category"]) {
        "epoch-id-valid" => {
            assert_fields(case, &["epoch_id", "starts_at", "expires_at", "refresh_from"]);
            let epoch: Epoch = text(&case["epoch_id"]).parse().unwrap();
            assert_eq!(epoch.to_string(), text(&case["epoch_id"]));
            assert_eq!(epoch.starts_at(), time(&case["starts_at"]), "{case}");
            assert_eq!(epoch.expires_at(), time(&case["expires_at"]), "{case}");
            assert_eq!(epoch.refresh_from(), time(&case["refresh_from"]), "{case}");
            assert_eq!(Epoch::of(epoch.starts_at()), Ok(epoch));
            true
        }
        "epoch-id-invalid" => {
            assert_fields(case, &["epoch_id", "expected"]);
            assert_eq!(case["expected"], "reject");
            let is_read = text(&case["epoch_id"]).parse::<Epoch>().is_ok();
            let lost = LOST_ITS_SPACE.contains(&text(&case["id"]))
                && case["epoch_id"] == first["epoch_id"];
            assert_eq!(is_read, lost, "{case}");
            is_read
        }
        "epoch-clock" | "epoch-clock-leeway" => clock(case),
        "scope" => scope(case),
        unknown => panic!("a category that this driver does not know: {unknown}"),
    }
}

fn clock(case: &Value) -> bool {
    assert_fields(case, &["epoch_id", "now", "leeway", "expected"]);
    let epoch: Epoch = text(&case["epoch_id"]).parse().unwrap();
    let leeway = seconds(case["leeway"].as_u64().unwrap());
    let now = time(&case["now"]);
    let expected = match text(&case["expected"]) {
        "not_yet_valid" => EpochStanding::NotYetValid,
        "valid" => EpochStanding::Valid,
        "valid_refresh_due" => EpochStanding::RefreshDue,
        "expired" => EpochStanding::Expired,
        unknown => panic!("a verdict that this driver does not know: {unknown}"),
    };
    assert_eq!(epoch.standing(now, leeway), expected, "{case}");
    matches!(expected, EpochStanding::Valid | EpochStanding::RefreshDue)
}

/// Through a whole token, for scopes are asked of claims.
fn scope(case: &Value) -> bool {
    assert_fields(case, &["granted", "required", "expected"]);
    let granted: Vec<&str> = case["granted"].as_array().unwrap().iter().map(text).collect();
    let payload = json!({
        "iss": "https://auth.example", "aud": "attestations", "sub": "org_1", "sidecar": "sc_1",
        "scope": granted.join(" "), "epoch": "epoch_2024010112", "iat": 1_704_110_400,
        "exp": 1_704_114_000,
    });
    let claims = verify(&format!("wt_{}", sign(HEADER, &payload.to_string())), noon()).unwrap();
    let allowed = claims.require(text(&case["required"])).is_ok();
    let expected = match text(&case["expected"]) {
        // A scope that stands twice changes nothing, and is not refused.
        "allow" | "allow_or_reject_duplicate" => true,
        // There is no hierarchy.
        "deny" | "deny_unless_hierarchy" => false,
        unknown => panic!("a verdict that this driver does not know: {unknown}"),
    };
    assert_eq!(allowed, expected, "{case}");
    allowed
}

/// A field that this driver does not know may be a verdict that it would ignore.
fn assert_fields(case: &Value, known: &[&str]) {
    for field in case.as_object().unwrap().keys() {
        let is_known =
            ["id", "category"].contains(&field.as_str()) || known.contains(&field.as_str());
        assert!(is_known, "an unknown field `{field}` in {case}");
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}

fn time(value: &Value) -> SystemTime {
    SystemTime::UNIX_EPOCH + seconds(value.as_u64().unwrap())
}
