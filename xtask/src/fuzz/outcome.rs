//! Reading what libFuzzer wrote.

use std::fmt;

/// The figures of one run.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Figures {
    executions: u64,
    /// Features covered by the corpus and the seeds, before anything new was tried.
    features_before: u64,
    features_after: u64,
    /// The file with the input that crashed.
    pub(crate) artifact: Option<String>,
}

impl Figures {
    /// Reads the log of a run, whole or cut off.
    pub(crate) fn read(log: &str) -> Self {
        let mut figures = Self::default();
        for line in log.lines() {
            if let Some(count) = line.strip_prefix("stat::number_of_executed_units:") {
                figures.executions = count.trim().parse().unwrap_or(figures.executions);
            } else if let Some((_, path)) = line.split_once("Test unit written to ") {
                figures.artifact = Some(path.trim().to_owned());
            } else if let Some(features) = features(line) {
                if line.contains("\tINITED ") {
                    figures.features_before = features;
                }
                figures.features_after = features;
            }
        }
        figures
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let new = self.features_after.saturating_sub(self.features_before);
        write!(
            f,
            "{} executions, {new} new features ({} in all)",
            self.executions, self.features_after
        )
    }
}

/// The feature count of a status line: `#12 NEW    cov: 98 ft: 120 corp: 3/90b …`.
fn features(line: &str) -> Option<u64> {
    if !line.starts_with('#') {
        return None;
    }
    let (_, after) = line.split_once(" ft: ")?;
    after.split(' ').next()?.parse().ok()
}

/// Why a run failed, in a few lines: the panic's message, else libFuzzer's word, else the log's end.
pub(crate) fn cause(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    let panic = lines.iter().position(|line| line.contains(" panicked at "));
    let fault = || lines.iter().position(|line| line.contains("ERROR: libFuzzer: "));
    let start = panic.or_else(fault).unwrap_or(lines.len().saturating_sub(CAUSE_LINES));
    let shown = lines[start..].iter().take(CAUSE_LINES);
    let shown: Vec<&str> =
        shown.copied().take_while(|line| !line.starts_with("stack backtrace:")).collect();
    format!("  {}", shown.join("\n  "))
}

/// The most lines that are shown of a log.
const CAUSE_LINES: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "INFO: Seed: 1\n\
        #7\tINITED cov: 90 ft: 100 corp: 5/200b exec/s: 0 rss: 40Mb\n\
        #9\tNEW    cov: 95 ft: 130 corp: 6/240b lim: 43 exec/s: 0 rss: 40Mb L: 4/4 MS: 1 CMP-\n\
        #5000\tDONE   cov: 95 ft: 131 corp: 6/240b lim: 80 exec/s: 2500 rss: 40Mb\n\
        stat::number_of_executed_units: 5000\n\
        stat::new_units_added:          3\n";

    #[test]
    fn a_run_without_a_crash() {
        let figures = Figures::read(GOOD);
        assert_eq!(figures.to_string(), "5000 executions, 31 new features (131 in all)");
        assert_eq!(figures.artifact, None);
    }

    #[test]
    fn a_crash_names_its_artifact() {
        let log = format!("{GOOD}artifact_prefix='a/'; Test unit written to a/crash-12ab\n");
        assert_eq!(Figures::read(&log).artifact.as_deref(), Some("a/crash-12ab"));
    }

    #[test]
    fn a_log_cut_off() {
        assert_eq!(Figures::read(""), Figures::default());
        assert_eq!(Figures::read(&GOOD[..120]).executions, 0);
    }

    #[test]
    fn the_cause_of_a_crash() {
        let panic = "INFO: x\nthread '<unnamed>' (7) panicked at fuzz/src/secret.rs:18:5:\nplanted\n\
                     stack backtrace:\n   0: rust\n==7== ERROR: libFuzzer: deadly signal\n";
        assert_eq!(
            cause(panic),
            "  thread '<unnamed>' (7) panicked at fuzz/src/secret.rs:18:5:\n  planted"
        );
        let timeout = "INFO: x\n==7== ERROR: libFuzzer: timeout after 10 seconds\n";
        assert_eq!(cause(timeout), "  ==7== ERROR: libFuzzer: timeout after 10 seconds");
        assert_eq!(cause("cannot\nload"), "  cannot\n  load");
        assert_eq!(cause(""), "  ");
    }
}
