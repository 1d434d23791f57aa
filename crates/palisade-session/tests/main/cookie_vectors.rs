//! The published cookie cases: requests that are read, and cookies that are built.
//!
//! Files of the same schemas under `$PALISADE_VECTORS/session` are run as well. A file is one of ours when
//! its first case has `headers` and a `verdict`, or a `spec`; others belong to other drivers. Within a file
//! of ours, a case or a field that this driver does not know fails the test.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use palisade_session::cookie::{
    CookieError, CookieRefused, CookieSpec, SameSite, SetCookie, SetCookieError, read_one,
};
use serde_json::Value;

/// Rows whose header lost the Unicode space that it is about, as its note says: what is left is the plain
/// cookie, which `prefix-32` rightly expects to be read. They are run with the space put back.
const LOST_SPACE: &[(&str, char)] = &[
    ("prefix-36", '\u{a0}'),
    ("prefix-38", '\u{2000}'),
    ("prefix-40", '\u{2028}'),
    // Its note names no space.
    ("prefix-44", '\u{2000}'),
];

/// Requests with one value and cookies that can be set; and everything that is to be refused or not found.
#[derive(Default)]
struct Score {
    accepted: usize,
    rejected: usize,
}

impl Score {
    fn count(&mut self, accepted: bool) {
        *if accepted { &mut self.accepted } else { &mut self.rejected } += 1;
    }
}

type Driver = fn(&Value, &mut Score);

#[test]
fn published_cookies() {
    let own = run_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors"));
    assert_eq!(own, 2);
    if let Some(folder) = std::env::var_os("PALISADE_VECTORS") {
        run_folder(&Path::new(&folder).join("session"));
    }
}

/// How many files were of ours.
fn run_folder(folder: &Path) -> usize {
    json_files(folder).iter().filter(|file| run_file(file)).count()
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|end| end == "json")).collect()
}

fn run_file(file: &Path) -> bool {
    let text = std::fs::read_to_string(file).unwrap();
    let content: Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let Some(cases) = content["cases"].as_array() else { return false };
    let Some(drive) = cases.first().and_then(driver) else { return false };
    if let Some(count) = content["count"].as_u64() {
        assert_eq!(u64::try_from(cases.len()).unwrap(), count, "{}", file.display());
    }
    let mut score = Score::default();
    for case in cases {
        drive(case, &mut score);
    }
    let Score { accepted, rejected } = score;
    assert_eq!(accepted + rejected, cases.len());
    println!("session: {} cases, {accepted} accepted, {rejected} rejected", cases.len());
    true
}

fn driver(case: &Value) -> Option<Driver> {
    let has = |field| case.get(field).is_some();
    if has("headers") && has("verdict") {
        return Some(request);
    }
    has("spec").then_some(response)
}

/// A field that this driver does not know may be a verdict that it would ignore.
fn assert_fields(row: &Value, known: &[&str]) {
    let fields = row.as_object().unwrap_or_else(|| panic!("not an object: {row}"));
    for field in fields.keys() {
        assert!(known.contains(&field.as_str()), "an unknown field `{field}` in {row}");
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap_or_else(|| panic!("not a list: {value}")).iter().map(text).collect()
}

fn request(case: &Value, score: &mut Score) {
    assert_fields(case, &["id", "category", "headers", "name", "values", "verdict", "note"]);
    let id = text(&case["id"]);
    let (headers, name) = (texts(&case["headers"]), text(&case["name"]));
    let headers: Vec<String> =
        headers.into_iter().map(|header| with_its_space(id, name, header)).collect();
    let read = read_one(&headers, name);
    let values = || texts(&case["values"]);
    let expected = match text(&case["verdict"]) {
        "one" => {
            assert_eq!(values().len(), 1, "{id}");
            Ok(Some(values()[0]))
        }
        "duplicate_same" => {
            let distinct: BTreeSet<&str> = values().into_iter().collect();
            assert_eq!((values().len() > 1, distinct.len()), (true, 1), "{id}");
            Ok(distinct.first().copied())
        }
        "none" => {
            assert!(values().is_empty(), "{id}");
            Ok(None)
        }
        "ambiguous" => {
            assert!(values().len() > 1, "{id}");
            Err(CookieRefused::Ambiguous)
        }
        "malformed" => Err(CookieRefused::Malformed),
        "too_large" => Err(CookieRefused::TooLarge),
        unknown => panic!("{id}: a verdict that this driver does not know: {unknown}"),
    };
    assert_eq!(read, expected, "{id}");
    score.count(matches!(read, Ok(Some(_))));
}

/// Where a row of [`LOST_SPACE`] has its space after all, it is left as it is.
fn with_its_space(id: &str, name: &str, header: &str) -> String {
    match LOST_SPACE.iter().find(|(row, _)| *row == id) {
        Some((_, space)) if header.starts_with(name) => format!("{space}{header}"),
        _ => header.to_owned(),
    }
}

fn response(case: &Value, score: &mut Score) {
    assert_fields(case, &["id", "category", "spec", "expected", "note"]);
    let id = text(&case["id"]);
    let written = write(&case["spec"]);
    let expected = case["expected"].as_object().unwrap_or_else(|| panic!("{id}: no verdict"));
    assert_eq!(expected.len(), 1, "{id}");
    for (verdict, detail) in expected {
        match (verdict.as_str(), &written) {
            ("ok", Ok(set)) => assert_written(id, set, detail, &case["spec"]),
            ("ok", Err(error)) => panic!("{id}: {error:?}"),
            ("err", Ok(_)) => panic!("{id}: accepted"),
            ("err", Err(error)) => assert_reason(id, text(detail), *error),
            ("err_or_clamp", Ok(set)) => {
                assert_eq!(attribute(set, "Max-Age"), Some(&*detail.to_string()), "{id}");
            }
            // Both are right.
            ("ok_or_err" | "err_or_ok", _) | ("err_or_clamp", Err(_)) => {}
            (unknown, _) => panic!("{id}: a verdict that this driver does not know: {unknown}"),
        }
    }
    score.count(written.is_ok());
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Refused {
    Spec(CookieError),
    Value(SetCookieError),
    /// A `Duration` is not negative: there is nothing to call.
    NoDuration,
}

fn write(spec: &Value) -> Result<SetCookie, Refused> {
    let fields = [
        "name",
        "value",
        "domain",
        "path",
        "secure",
        "http_only",
        "same_site",
        "max_age",
        "remove",
    ];
    assert_fields(spec, &fields);
    let flag = |field: &str| spec[field].as_bool().unwrap();
    let mut builder = CookieSpec::builder(text(&spec["name"])).path(text(&spec["path"]));
    builder = builder.same_site(match text(&spec["same_site"]) {
        "Strict" => SameSite::Strict,
        "Lax" => SameSite::Lax,
        "None" => SameSite::None,
        unknown => panic!("unknown: SameSite={unknown}"),
    });
    if let Some(domain) = spec.get("domain") {
        builder = builder.domain(text(domain));
    }
    if !flag("secure") {
        builder = builder.dangerous_without_secure();
    }
    if !flag("http_only") {
        builder = builder.dangerous_readable_by_scripts();
    }
    let seconds = spec.get("max_age").map(|age| age.as_i64().unwrap());
    let life = seconds.map(|age| u64::try_from(age).map(Duration::from_secs));
    let life = life.transpose().map_err(|_| Refused::NoDuration)?;
    // A policy of no life is refused, while one cookie may well be at its end.
    let at_its_end = life == Some(Duration::ZERO);
    if let Some(life) = life.filter(|_| !at_its_end) {
        builder = builder.max_age(life);
    }
    let spec_built = builder.build().map_err(Refused::Spec)?;
    if spec.get("remove").is_some() && flag("remove") {
        return Ok(spec_built.remove());
    }
    let value = text(&spec["value"]);
    let set = if at_its_end {
        spec_built.set_text_for(value, Duration::ZERO)
    } else {
        spec_built.set_text(value)
    };
    set.map_err(Refused::Value)
}

fn assert_written(id: &str, set: &SetCookie, expected: &Value, spec: &Value) {
    assert_fields(expected, &["pair", "attrs", "domain", "max_age"]);
    let (pair, attributes) =
        set.expose_secret().split_once("; ").unwrap_or_else(|| panic!("{id}: no attribute"));
    let read = read_one([pair], text(&spec["name"]));
    assert!(matches!(read, Ok(Some(_))), "{id}: {read:?}");
    if let Some(expected) = expected.get("pair") {
        assert_eq!(pair, text(expected), "{id}");
    }
    if let Some(expected) = expected.get("attrs") {
        // In any order.
        let attributes: Vec<&str> = attributes.split("; ").collect();
        let expected = texts(expected);
        assert_eq!(attributes.len(), expected.len(), "{id}");
        assert_eq!(BTreeSet::from_iter(attributes), BTreeSet::from_iter(expected), "{id}");
    }
    if let Some(expected) = expected.get("domain") {
        assert_eq!(attribute(set, "Domain"), Some(text(expected)), "{id}");
    }
    if let Some(expected) = expected.get("max_age") {
        assert_eq!(attribute(set, "Max-Age"), Some(&*expected.to_string()), "{id}");
    }
}

fn attribute<'s>(set: &'s SetCookie, name: &str) -> Option<&'s str> {
    let mut attributes = set.expose_secret().split("; ").skip(1);
    attributes.find_map(|attribute| attribute.strip_prefix(name)?.strip_prefix('='))
}

/// The names of errors are suggestions: a name that is known here has to be the reason, and any other says
/// no more than that the cookie is refused.
fn assert_reason(id: &str, name: &str, error: Refused) {
    let expected = match name {
        "host_prefix_forbids_domain" => Refused::Spec(CookieError::HostPrefixWithDomain),
        "prefix_needs_secure" => Refused::Spec(CookieError::PrefixWithoutSecure),
        "http_prefix_needs_httponly" => Refused::Spec(CookieError::HttpPrefixReadableByScripts),
        "samesite_none_needs_secure" => Refused::Spec(CookieError::SameSiteNoneWithoutSecure),
        "bad_name" => Refused::Spec(CookieError::Name),
        "bad_path" | "attr_too_large" => Refused::Spec(CookieError::Path),
        "bad_domain" => Refused::Spec(CookieError::Domain),
        "bad_value" => Refused::Value(SetCookieError::Value),
        "too_large" => Refused::Value(SetCookieError::TooLong),
        _ => return,
    };
    assert_eq!(error, expected, "{id}");
}
