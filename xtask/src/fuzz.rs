//! `cargo xtask fuzz`: every fuzz target for a while, on the stable toolchain.
//!
//! Why no nightly compiler is needed: `docs/decisions/0002-fuzzing-on-stable.md`.

mod build;
mod outcome;

use std::fs::{self, File};
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::fuzz::outcome::{Figures, cause};
use crate::workspace::{Workspace, folder};

/// How often a running target is looked at.
const POLL: Duration = Duration::from_millis(50);

/// How long an interrupted target has to write its figures before it is ended.
const GRACE: Duration = Duration::from_secs(3);

/// Builds the targets and runs each for `seconds`, the next after a crash of one too.
pub(crate) fn run(workspace: &Workspace, seconds: u32, only: Option<&str>) -> anyhow::Result<()> {
    let package = workspace.package("palisade-fuzz")?;
    let names = selected(package.targets.iter().filter(|target| target.is_bin()), only)?;
    let binaries = build::build(workspace, package, &names)?;
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))
        .context("Ctrl-C cannot be handled")?;

    let mut crashes = 0;
    for (name, binary) in names.iter().zip(binaries) {
        let target = Target::new(workspace, &folder(package), name, binary)?;
        crashes += usize::from(!target.run(seconds, &interrupted)?);
        if interrupted.load(Ordering::Relaxed) {
            println!("interrupted");
            break;
        }
    }
    if crashes > 0 {
        bail!("{crashes} of {} targets crashed", names.len());
    }
    Ok(())
}

fn selected<'a>(
    targets: impl Iterator<Item = &'a cargo_metadata::Target>,
    only: Option<&str>,
) -> anyhow::Result<Vec<&'a str>> {
    let all: Vec<&str> = targets.map(|target| target.name.as_str()).collect();
    let Some(only) = only else { return Ok(all) };
    match all.iter().find(|name| **name == only) {
        Some(name) => Ok(vec![name]),
        None => bail!("no fuzz target is named `{only}`; there are: {}", all.join(", ")),
    }
}

/// A built target and the places it works with.
struct Target<'a> {
    name: &'a str,
    root: &'a Path,
    binary: PathBuf,
    seeds: PathBuf,
    dictionary: PathBuf,
    /// What the fuzzer found interesting, kept between runs.
    corpus: PathBuf,
    /// Where inputs that crash are written, and the log of the last run.
    artifacts: PathBuf,
}

impl<'a> Target<'a> {
    fn new(
        workspace: &'a Workspace,
        folder: &Path,
        name: &'a str,
        binary: PathBuf,
    ) -> anyhow::Result<Self> {
        let target = Self {
            name,
            root: workspace.root(),
            binary,
            seeds: folder.join("seeds").join(name),
            dictionary: folder.join("dictionaries").join(format!("{name}.dict")),
            corpus: folder.join("corpus").join(name),
            artifacts: folder.join("artifacts").join(name),
        };
        for created in [&target.corpus, &target.artifacts] {
            fs::create_dir_all(created)
                .with_context(|| format!("{} cannot be made", created.display()))?;
        }
        Ok(target)
    }

    /// Runs the target and prints one line on it; `false` when it crashed.
    fn run(&self, seconds: u32, interrupted: &AtomicBool) -> anyhow::Result<bool> {
        let log = self.artifacts.join("last-run.log");
        let output =
            File::create(&log).with_context(|| format!("{} cannot be made", log.display()))?;
        let mut child = Command::new(&self.binary)
            .arg(format!("-max_total_time={seconds}"))
            .args(["-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1"])
            .arg(format!("-dict={}", self.dictionary.display()))
            .arg(format!("-artifact_prefix={}/", self.artifacts.display()))
            .args([&self.corpus, &self.seeds])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(output)
            .spawn()
            .with_context(|| format!("{} cannot start", self.binary.display()))?;
        if io::stderr().is_terminal() {
            eprintln!("{}: running for {seconds} s, Ctrl-C ends it", self.name);
        }
        let status = wait(&mut child, interrupted)?;

        let text = fs::read(&log).with_context(|| format!("{} cannot be read", log.display()))?;
        let text = String::from_utf8_lossy(&text);
        let figures = Figures::read(&text);
        let was_ended = interrupted.load(Ordering::Relaxed) && figures.artifact.is_none();
        let crashed = !status.success() && !was_ended;
        let verdict = if crashed { "CRASH" } else { "ok" };
        println!("{}: {figures}, {verdict}", self.name);
        if crashed {
            println!("{}\n{}", cause(&text), self.explain(&log, &figures));
        }
        Ok(!crashed)
    }

    /// What a person needs to see a crash again.
    fn explain(&self, log: &Path, figures: &Figures) -> String {
        let shown =
            |path: &Path| path.strip_prefix(self.root).unwrap_or(path).display().to_string();
        let log = format!("  log:      {}", shown(log));
        let Some(artifact) = &figures.artifact else { return log };
        let name = self.name;
        let artifact = shown(Path::new(artifact));
        format!(
            "{log}\n\
             \x20 artifact: {artifact}\n\
             \x20 replay:   cargo run -p palisade-fuzz --bin {name} -- {artifact}\n\
             \x20 keep:     cp {artifact} fuzz/seeds/{name}/, and every test run replays it"
        )
    }
}

/// Waits for the target. A Ctrl-C in a terminal reaches it too, and it stops by itself; one that
/// does not is ended after a grace.
fn wait(child: &mut Child, interrupted: &AtomicBool) -> anyhow::Result<ExitStatus> {
    let mut since: Option<Instant> = None;
    loop {
        if let Some(status) = child.try_wait().context("the target cannot be watched")? {
            return Ok(status);
        }
        if interrupted.load(Ordering::Relaxed)
            && since.get_or_insert_with(Instant::now).elapsed() > GRACE
        {
            child.kill().context("the target cannot be ended")?;
        }
        thread::sleep(POLL);
    }
}
