//! What depends on what, as `docs/architecture.md` draws it, kept true.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{CargoOpt, DependencyKind, Metadata, MetadataCommand, Package};

/// The arrows: a package of ours, and the packages of ours that it may need to run.
///
/// A new package gets a line here. An arrow between two domain crates is no line to add but a design
/// to change: a service wires them together, they do not know each other.
const ARROWS: &[(&str, &[&str])] = &[
    ("palisade-secret", &[]),
    // Domain crates.
    ("palisade-allowlist", &[]),
    ("palisade-apikey", &["palisade-secret"]),
    ("palisade-password", &["palisade-secret"]),
    ("palisade-ratelimit", &[]),
    ("palisade-session", &["palisade-secret"]),
    ("palisade-webhook", &["palisade-secret"]),
    // Adapters.
    ("palisade-sqlx", &["palisade-apikey", "palisade-session"]),
    ("palisade-redis", &["palisade-ratelimit", "palisade-session", "palisade-webhook"]),
    (
        "palisade-testkit",
        &["palisade-apikey", "palisade-ratelimit", "palisade-session", "palisade-webhook"],
    ),
    // The facade and the programs.
    (
        "palisade",
        &[
            "palisade-secret",
            "palisade-allowlist",
            "palisade-apikey",
            "palisade-password",
            "palisade-ratelimit",
            "palisade-session",
            "palisade-webhook",
        ],
    ),
    ("palisade-cli", &["palisade"]),
    ("gatehouse", &["palisade", "palisade-redis", "palisade-sqlx"]),
];

/// Tools may need anything of ours, and nothing needs them.
const TOOLS: &[&str] = &["palisade-benches", "palisade-fuzz", "xtask"];

/// Crates that know nothing of a web framework, an async runtime, a database, a socket or a log.
const DOMAIN: &[&str] = &[
    "palisade-secret",
    "palisade-allowlist",
    "palisade-apikey",
    "palisade-password",
    "palisade-ratelimit",
    "palisade-session",
    "palisade-webhook",
];

/// What none of [`DOMAIN`] has anywhere in its tree.
const FOREIGN_TO_DOMAIN: &[&str] =
    &["async-std", "axum", "http", "hyper", "redis", "sqlx", "tokio", "tracing"];

/// What one of [`DOMAIN`] has behind a feature of its own, and not by default.
///
/// `http` is types only, a `HeaderMap` and what goes into it: no server, no client and no runtime.
const BEHIND_A_FEATURE: &[(&str, &str)] =
    &[("palisade-allowlist", "http"), ("palisade-session", "http"), ("palisade-webhook", "http")];

/// The files that measure how long work takes, which is no clock that anything is decided by.
const MEASURES_WORK: &[&str] = &[
    // Says how soon a full queue should be empty.
    "palisade-password/src/pool/worker.rs",
    // Finds the cost that a machine can afford.
    "palisade-password/src/calibrate.rs",
];

/// The tables of a manifest that are stated once, in the root.
const INHERITED: &[&str] = &["edition", "rust-version", "version", "license"];

#[test]
fn every_package_has_its_place() {
    for package in metadata().workspace_packages() {
        let name = package.name.as_str();
        assert!(
            TOOLS.contains(&name) || allowed(name).is_some(),
            "{name} is not in the table of xtask/tests/arrows.rs: add it there with what it may depend on"
        );
    }
}

#[test]
fn arrows_hold() {
    let metadata = metadata();
    let ours: BTreeSet<&str> =
        metadata.workspace_packages().iter().map(|package| package.name.as_str()).collect();
    for package in metadata.workspace_packages() {
        let Some(allowed) = allowed(&package.name) else { continue };
        for needed in needed(package).filter(|needed| ours.contains(needed)) {
            assert!(!TOOLS.contains(&needed), "{} depends on the tool {needed}", package.name);
            assert!(
                allowed.contains(&needed),
                "{} depends on {needed}, and may depend only on {allowed:?} of ours",
                package.name
            );
        }
    }
}

#[test]
fn domain_crates_know_no_runtime_and_no_framework() {
    for package in metadata().workspace_packages() {
        let name = package.name.as_str();
        if DOMAIN.contains(&name) {
            assert_nothing_foreign(name, &tree(name, &["--all-features"]), BEHIND_A_FEATURE);
        }
    }
    for (name, _) in BEHIND_A_FEATURE {
        assert_nothing_foreign(name, &tree(name, &[]), &[]);
    }
}

fn assert_nothing_foreign(name: &str, tree: &BTreeSet<String>, excepted: &[(&str, &str)]) {
    for dependency in tree {
        let dependency = dependency.as_str();
        assert!(
            !FOREIGN_TO_DOMAIN.contains(&dependency) || excepted.contains(&(name, dependency)),
            "{name} has {dependency} in its tree; see `cargo tree -p {name} -e normal -i {dependency}`"
        );
    }
}

/// `now` is an argument. A crate that read the clock could not be tested without waiting.
#[test]
fn domain_crates_do_not_read_the_clock() {
    for package in metadata().workspace_packages() {
        if !DOMAIN.contains(&package.name.as_str()) {
            continue;
        }
        let sources = package.manifest_path.parent().unwrap().join("src");
        for file in files_below(sources.as_std_path()) {
            let text = fs::read_to_string(&file).unwrap();
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            let may_measure = MEASURES_WORK.iter().any(|name| file.ends_with(name));
            let reads = code.filter(|line| {
                line.contains("SystemTime::now") || (!may_measure && line.contains("Instant::now"))
            });
            assert_eq!(reads.count(), 0, "{} reads the clock", file.display());
        }
    }
}

#[test]
fn what_is_stated_once_is_inherited() {
    for package in metadata().workspace_packages() {
        let manifest: toml::Table =
            fs::read_to_string(&package.manifest_path).unwrap().parse().unwrap();
        let inherits = |table: &str, key: Option<&str>| {
            let value = manifest.get(table);
            let value = key.map_or(value, |key| value.and_then(|table| table.get(key)));
            value.and_then(|value| value.get("workspace")) == Some(&toml::Value::Boolean(true))
        };
        let name = &package.name;
        assert!(inherits("lints", None), "{name} lacks `lints.workspace = true`");
        for key in INHERITED {
            assert!(inherits("package", Some(key)), "{name} lacks `{key}.workspace = true`");
        }
    }
}

#[test]
fn the_stated_rust_version_is_enough_for_each_direct_dependency() {
    let metadata = metadata();
    let packages: HashMap<_, &Package> =
        metadata.packages.iter().map(|package| (&package.id, package)).collect();
    let resolve = metadata.resolve.as_ref().unwrap();
    for node in &resolve.nodes {
        let package = packages[&node.id];
        let is_ours = metadata.workspace_members.contains(&package.id);
        if !is_ours || !package.targets.iter().any(cargo_metadata::Target::is_lib) {
            continue;
        }
        let stated = package.rust_version.as_ref().expect("inherited, as another test says");
        for edge in &node.deps {
            let runs = edge.dep_kinds.iter().any(|kind| kind.kind != DependencyKind::Development);
            let needs = packages[&edge.pkg].rust_version.as_ref();
            assert!(
                !runs || needs.is_none_or(|needs| needs <= stated),
                "{} states Rust {stated}, and its dependency {} needs {}",
                package.name,
                edge.name,
                needs.unwrap()
            );
        }
    }
}

/// Every file in a folder and in the folders within it.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .features(CargoOpt::AllFeatures)
        .other_options(["--locked".to_owned()])
        .exec()
        .unwrap()
}

fn allowed(name: &str) -> Option<&'static [&'static str]> {
    ARROWS.iter().find(|(package, _)| *package == name).map(|(_, allowed)| *allowed)
}

/// The names of what a package is built of, tests aside.
fn needed(package: &Package) -> impl Iterator<Item = &str> {
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != DependencyKind::Development)
        .map(|dependency| dependency.name.as_str())
}

/// The names of all that a package is built of, on any platform and with the features that the options
/// name.
///
/// From `cargo tree` and not from the metadata: those add up the features that any package of the
/// workspace asks for, and with them dependencies that this one alone does not have.
fn tree(name: &str, features: &[&str]) -> BTreeSet<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--locked", "--package", name, "--edges", "normal"])
        .args(features)
        .args(["--target", "all", "--prefix", "none", "--format", "{p}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let names: BTreeSet<String> =
        text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    assert!(names.contains(name), "the tree of {name} lacks itself: {text}");
    names
}
