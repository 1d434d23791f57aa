//! A command run as a named step, with its time.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context, bail};

/// Runs a command as a step: its name before, its time after.
///
/// # Errors
///
/// When the command cannot start or ends with another status than 0; the message names the step.
pub(crate) fn run(name: &str, command: &mut Command) -> anyhow::Result<()> {
    timed(name, || {
        let status = command.status().context("the command cannot start")?;
        if !status.success() {
            bail!("the command ended with {status}");
        }
        Ok(())
    })
}

/// Runs a closure as a step.
///
/// # Errors
///
/// That of the closure, with the name of the step in front.
pub(crate) fn timed<T>(name: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    println!("==> {name}");
    let start = Instant::now();
    let result = work().with_context(|| format!("step `{name}` failed"))?;
    println!("    {name}: {:.1} s", start.elapsed().as_secs_f64());
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_step_is_named() {
        assert_eq!(timed("fine", || Ok(1)).unwrap(), 1);
        let error = run("nothing", &mut Command::new("no-such-program-anywhere")).unwrap_err();
        assert!(format!("{error:#}").starts_with("step `nothing` failed: "), "{error:#}");
    }
}
