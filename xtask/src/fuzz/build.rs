//! Building the fuzz targets with coverage instrumentation, by flags that a stable compiler takes.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};
use cargo_metadata::Package;

use crate::step;
use crate::workspace::Workspace;

/// `cfg(fuzzing)` brings libFuzzer in; the others are LLVM's `SanitizerCoverage`
/// (<https://clang.llvm.org/docs/SanitizerCoverage.html>), counted inline, with comparisons traced so
/// that the fuzzer learns the constants it is compared with.
const FLAGS: [&str; 7] = [
    "--cfg=fuzzing",
    "-Ccodegen-units=1",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// Between flags in `CARGO_ENCODED_RUSTFLAGS`.
const SEPARATOR: &str = "\u{1f}";

/// Builds the targets of these names and returns their binaries, in the same order.
pub(crate) fn build(
    workspace: &Workspace,
    package: &Package,
    names: &[&str],
) -> anyhow::Result<Vec<PathBuf>> {
    let host = host()?;
    let directory = workspace.target_directory().join("fuzz");
    let mut command = workspace.cargo(&["build", "--profile", "fuzz"]);
    command
        .args(["--package", package.name.as_str()])
        .args(names.iter().flat_map(|name| ["--bin", name]))
        // A stated target, even the host's own, leaves build scripts and macros uninstrumented.
        .args(["--target", &host])
        .arg("--target-dir")
        .arg(&directory)
        .env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join(SEPARATOR));
    step::run("build the fuzz targets", &mut command)
        .context("fuzzing needs a C++ compiler, for libFuzzer; is there one?")?;
    let binaries = directory.join(host).join("fuzz");
    Ok(names
        .iter()
        .map(|name| binaries.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
        .collect())
}

/// The target triple of the compiler's own machine.
fn host() -> anyhow::Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output().context("rustc cannot start")?;
    let text = String::from_utf8_lossy(&output.stdout);
    match host_in(&text) {
        Some(host) => Ok(host.to_owned()),
        None => bail!("rustc -vV names no host"),
    }
}

fn host_in(version: &str) -> Option<&str> {
    version.lines().find_map(|line| line.strip_prefix("host: "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_found() {
        let version = "rustc 1.95.0\nbinary: rustc\nhost: aarch64-apple-darwin\nrelease: 1.95.0\n";
        assert_eq!(host_in(version), Some("aarch64-apple-darwin"));
        assert_eq!(host_in("rustc 1.95.0"), None);
    }
}
