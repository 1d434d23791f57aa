//! `cargo xtask docs`: the documentation, with warnings denied, and its links.

use cargo_metadata::Package;

use crate::test::scope;
use crate::workspace::Workspace;
use crate::{links, step};

/// Builds the documentation and checks the links of every Markdown file.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<()> {
    build(workspace, None)?;
    links::check_step(workspace.root(), workspace.root())?;
    println!("open {}", workspace.target_directory().join("doc").display());
    Ok(())
}

/// Builds the documentation of one package or of all, with warnings denied.
pub(crate) fn build(workspace: &Workspace, package: Option<&Package>) -> anyhow::Result<()> {
    let mut arguments = vec!["doc", "--no-deps", "--all-features"];
    arguments.extend(scope(package, "--workspace"));
    let mut command = workspace.cargo(&arguments);
    command.env("RUSTDOCFLAGS", "-D warnings");
    step::run(&format!("cargo {}", arguments.join(" ")), &mut command)
}
