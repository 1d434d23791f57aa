//! What cargo knows of this repository: its root, its packages, its build folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, anyhow};
use cargo_metadata::{Metadata, MetadataCommand, Package};

/// Every published package of ours is named `palisade-…`, and people leave that out.
const FAMILY: &str = "palisade-";

/// The packages of this repository.
pub(crate) struct Workspace {
    metadata: Metadata,
}

impl Workspace {
    /// Asks cargo, from wherever in the repository the command is run.
    pub(crate) fn load() -> anyhow::Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let metadata = MetadataCommand::new()
            .manifest_path(manifest)
            .no_deps()
            .exec()
            .context("cargo cannot read the workspace")?;
        Ok(Self { metadata })
    }

    /// The folder of the root manifest.
    pub(crate) fn root(&self) -> &Path {
        self.metadata.workspace_root.as_std_path()
    }

    /// Where cargo builds: `target`, unless the environment says otherwise.
    pub(crate) fn target_directory(&self) -> &Path {
        self.metadata.target_directory.as_std_path()
    }

    /// Every package, sorted by name.
    pub(crate) fn packages(&self) -> Vec<&Package> {
        let mut packages = self.metadata.workspace_packages();
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        packages
    }

    /// The package of this name, in full or without `palisade-`.
    ///
    /// # Errors
    ///
    /// A message that lists the names, when there is no such package.
    pub(crate) fn package(&self, name: &str) -> anyhow::Result<&Package> {
        let packages = self.packages();
        let names: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
        let index = find_name(&names, name).ok_or_else(|| {
            anyhow!("no package is named `{name}`; there are: {}", names.join(", "))
        })?;
        Ok(packages[index])
    }

    /// A cargo command that runs in the root folder.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        // Set by the cargo that runs this program, so that both are of one toolchain.
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args(arguments).current_dir(self.root());
        command
    }
}

/// The folder of a package.
pub(crate) fn folder(package: &Package) -> PathBuf {
    let manifest = package.manifest_path.as_std_path();
    manifest.parent().unwrap_or(manifest).to_owned()
}

/// Whether the package is a library that others depend on.
pub(crate) fn is_published_library(package: &Package) -> bool {
    let may_be_published = package.publish.as_ref().is_none_or(|registries| !registries.is_empty());
    may_be_published && package.targets.iter().any(cargo_metadata::Target::is_lib)
}

fn find_name(names: &[&str], asked: &str) -> Option<usize> {
    let position = |wanted: &str| names.iter().position(|name| *name == wanted);
    position(asked).or_else(|| position(&format!("{FAMILY}{asked}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_full_and_in_short() {
        let names = ["palisade", "palisade-fuzz", "palisade-secret", "xtask"];
        assert_eq!(find_name(&names, "palisade-secret"), Some(2));
        assert_eq!(find_name(&names, "secret"), Some(2));
        assert_eq!(find_name(&names, "xtask"), Some(3));
        assert_eq!(find_name(&names, "palisade"), Some(0));
        for unknown in ["", "sec", "palisade-", "palisade-xtask", "Secret"] {
            assert_eq!(find_name(&names, unknown), None, "{unknown}");
        }
    }

    #[test]
    fn an_unknown_package_is_answered_with_the_names() {
        let workspace = Workspace::load().unwrap();
        assert_eq!(workspace.package("secret").unwrap().name, "palisade-secret");
        let error = workspace.package("nonsense").unwrap_err().to_string();
        assert!(error.contains("`nonsense`") && error.contains("palisade-secret"), "{error}");
    }
}
