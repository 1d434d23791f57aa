//! `cargo xtask test`: what has to pass before anything is merged.

use std::time::Instant;

use cargo_metadata::Package;

use crate::workspace::{Workspace, folder, is_published_library};
use crate::{docs, links, servers, step};

/// Runs every step in order, for the whole workspace or for one package, up to the first that fails.
pub(crate) fn run(workspace: &Workspace, package: Option<&str>) -> anyhow::Result<()> {
    let package = package.map(|name| workspace.package(name)).transpose()?;
    let start = Instant::now();

    cargo(workspace, &["fmt"], package, "--all", &["--check"])?;
    let clippy = ["--all-targets", "--all-features", "--", "-D", "warnings"];
    cargo(workspace, &["clippy"], package, "--workspace", &clippy)?;
    docs::build(workspace, package)?;
    match package {
        Some(package) => links::check_step(workspace.root(), &folder(package))?,
        None => links::check_step(workspace.root(), workspace.root())?,
    }
    if package.is_none_or(servers::are_needed_by) {
        servers::require_redis()?;
    }
    cargo(workspace, &["test"], package, "--workspace", &["--all-features", "--no-fail-fast"])?;
    for bare in package.map_or_else(|| workspace.packages(), |package| vec![package]) {
        if is_published_library(bare) && !bare.features.is_empty() {
            cargo(workspace, &["check"], Some(bare), "", &["--no-default-features"])?;
        }
    }

    println!("all steps passed in {:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}

/// Runs `cargo <command> <the package, or everything> <options>` as a step.
fn cargo(
    workspace: &Workspace,
    command: &[&str],
    package: Option<&Package>,
    everything: &str,
    options: &[&str],
) -> anyhow::Result<()> {
    let scope = scope(package, everything);
    let arguments: Vec<&str> = command.iter().chain(&scope).chain(options).copied().collect();
    step::run(&format!("cargo {}", arguments.join(" ")), &mut workspace.cargo(&arguments))
}

/// What a cargo command is about: one package, or everything.
pub(crate) fn scope<'a>(package: Option<&'a Package>, everything: &'a str) -> Vec<&'a str> {
    package.map_or_else(|| vec![everything], |package| vec!["--package", package.name.as_str()])
}
