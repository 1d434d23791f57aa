//! The servers that tests start for themselves: whether they are installed, and how they get there.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, bail};
use cargo_metadata::Package;

use crate::step;

/// The program, and Debian's package of the same name.
const REDIS: &str = "redis-server";

/// The package of ours that starts servers, and its feature for that.
const TESTKIT: (&str, &str) = ("palisade-testkit", "servers");

/// What Debian's packages ask before they start a service; 101 means no. By the comment it is known as ours.
const POLICY: (&str, &str) = (
    "/usr/sbin/policy-rc.d",
    "#!/bin/sh\n# Written by `cargo xtask test` for the time of an installation, and removed after it.\nexit 101\n",
);

/// Makes sure that a Redis server can be started, and installs Debian's package where that is allowed.
///
/// # Errors
///
/// When there is none: the message is the one command to run.
pub(crate) fn require_redis() -> anyhow::Result<()> {
    let (policy, content) = POLICY;
    let policy = Path::new(policy);
    remove_stale(policy, content)?;
    if runs(REDIS, &["--version"]) {
        return Ok(());
    }
    if !is_root() || !runs("apt-get", &["--version"]) {
        bail!("the tests start Redis servers; install one with: apt-get install {REDIS}");
    }
    println!("Debian's package {REDIS} is about to be installed; its service is not started");
    // A Ctrl-C ends the installation and not this process, which has the policy to take back.
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            // Somebody insists.
            std::process::exit(130);
        }
    })
    .context("Ctrl-C cannot be handled")?;
    let _policy = Policy::write(policy, content)?;
    install(&interrupted, apt_get)
}

/// Installs the package, and reads the lists of packages only where that fails: they may be there, and
/// current.
fn install(
    interrupted: &AtomicBool,
    apt_get: impl Fn(&[&str]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let arguments = ["install", "-y", "--no-install-recommends", REDIS];
    match apt_get(&arguments) {
        Err(error) if !interrupted.load(Ordering::Relaxed) => {
            eprintln!("{error:#}; the lists of packages are read, and it is tried again");
            apt_get(&["update"])?;
            apt_get(&arguments)
        }
        outcome => outcome,
    }
}

/// Removes the policy of a former run that was killed. Another one is the owner's.
fn remove_stale(path: &Path, content: &str) -> anyhow::Result<()> {
    if fs::read_to_string(path).is_ok_and(|found| found == content) {
        eprintln!("{} was left behind by a former run, and is removed", path.display());
        return fs::remove_file(path).with_context(|| {
            format!("remove it: {} keeps services from starting", path.display())
        });
    }
    Ok(())
}

/// Whether the tests of a package start servers.
pub(crate) fn are_needed_by(package: &Package) -> bool {
    let (testkit, feature) = TESTKIT;
    package.name.as_str() == testkit
        || package
            .dependencies
            .iter()
            .any(|needed| needed.name == testkit && needed.features.iter().any(|on| on == feature))
}

fn apt_get(arguments: &[&str]) -> anyhow::Result<()> {
    let mut command = Command::new("apt-get");
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    step::run(&format!("apt-get {}", arguments.join(" ")), &mut command)
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}

fn runs(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// A policy that holds until the value is dropped: an installation starts no service of the system.
struct Policy(Option<PathBuf>);

impl Policy {
    /// Writes the policy. One that is there already is the owner's, and stays as it is.
    fn write(path: &Path, content: &str) -> anyhow::Result<Self> {
        let mut new = fs::OpenOptions::new();
        match new.write(true).create_new(true).mode(0o755).open(path) {
            Ok(mut file) => {
                let policy = Self(Some(path.to_owned()));
                file.write_all(content.as_bytes()).context("the policy cannot be written")?;
                Ok(policy)
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(Self(None)),
            Err(error) => Err(error).context("the policy cannot be written"),
        }
    }
}

impl Drop for Policy {
    fn drop(&mut self) {
        if let Some(path) = &self.0
            && let Err(error) = fs::remove_file(path)
        {
            eprintln!("{} cannot be removed: {error}", path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_policy_is_taken_back_unless_it_is_the_owners() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy-rc.d");
        let policy = Policy::write(&path, POLICY.1).unwrap();
        assert_eq!(Command::new(&path).status().unwrap().code(), Some(101));
        drop(Policy::write(&path, "other").unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), POLICY.1);
        drop(policy);
        assert!(!path.exists());
    }

    #[test]
    fn a_policy_of_a_run_that_was_killed_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy-rc.d");
        remove_stale(&path, POLICY.1).unwrap();
        std::mem::forget(Policy::write(&path, POLICY.1).unwrap());
        remove_stale(&path, POLICY.1).unwrap();
        assert!(!path.exists());
        fs::write(&path, "#!/bin/sh\nexit 101\n").unwrap();
        remove_stale(&path, POLICY.1).unwrap();
        assert!(path.exists(), "that one is the owner's");
    }

    #[test]
    fn an_installation_that_is_interrupted_is_not_tried_again() {
        for (interrupted, expected) in [(false, 3), (true, 1)] {
            let calls = Cell::new(0);
            let outcome = install(&AtomicBool::new(interrupted), |arguments| {
                calls.set(calls.get() + 1);
                if arguments == ["update"] { Ok(()) } else { bail!("no") }
            });
            outcome.unwrap_err();
            assert_eq!(calls.get(), expected);
        }
    }

    #[test]
    fn programs_are_looked_for() {
        assert!(runs("sh", &["-c", "exit 0"]));
        assert!(!runs("sh", &["-c", "exit 1"]));
        assert!(!runs("no-such-program-anywhere", &[]));
    }

    #[test]
    fn the_packages_that_need_servers_are_known() {
        let workspace = crate::workspace::Workspace::load().unwrap();
        let need = |name: &str| are_needed_by(workspace.package(name).unwrap());
        assert!(need("palisade-testkit") && need("palisade-redis"));
        assert!(!need("palisade-secret") && !need("palisade-sqlx"));
    }
}
