//! `cargo xtask bench`: the ratio table, measured by a release build of `palisade-benches`.

use std::path::Path;

use anyhow::{Context, bail};

use crate::workspace::Workspace;

/// Builds and runs the comparisons; the table is the standard output.
pub(crate) fn run(
    workspace: &Workspace,
    only: Option<&str>,
    json: Option<&Path>,
) -> anyhow::Result<()> {
    let mut command = workspace.cargo(&["run", "--release", "--quiet"]);
    command.args(["--package", "palisade-benches", "--bin", "ratio", "--"]);
    if let Some(pattern) = only {
        command.arg(format!("--only={pattern}"));
    }
    if let Some(file) = json {
        // Relative to the folder of the caller, and the command runs in the root.
        command.arg("--json").arg(std::path::absolute(file).context("no such place")?);
    }
    let status = command.status().context("cargo cannot start")?;
    if !status.success() {
        bail!("the comparisons ended with {status}");
    }
    Ok(())
}
