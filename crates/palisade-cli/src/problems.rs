//! What is wrong with which lines of an input.

use std::fmt::Write;

use serde::Serialize;

use crate::units::counted;

/// What is wrong with a line. The line itself is not repeated.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Problem {
    pub(crate) line: u64,
    /// A short, stable word.
    #[serde(rename = "error")]
    pub(crate) reason: &'static str,
    pub(crate) message: String,
}

impl Problem {
    pub(crate) fn to_text(&self) -> String {
        let Self { line, reason, message } = self;
        format!("line {line}: {message} ({reason})\n")
    }
}

/// The first of the problems, and how many there are: a file that is no list of hashes has one a line.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    first: Vec<Problem>,
    count: u64,
}

impl Problems {
    const MOST_SHOWN: usize = 100;

    pub(crate) fn add(&mut self, problem: Problem) {
        self.count += 1;
        if self.first.len() < Self::MOST_SHOWN {
            self.first.push(problem);
        }
    }

    /// Adds some that are only counted.
    pub(crate) fn add_unseen(&mut self, count: u64) {
        self.count += count;
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn shown(&self) -> &[Problem] {
        &self.first
    }

    /// A line for each that is shown, and one for the rest.
    pub(crate) fn to_text(&self) -> String {
        let mut text: String = self.first.iter().map(Problem::to_text).collect();
        let rest = self.count - self.first.len() as u64;
        if rest > 0 {
            // Writing to a String does not fail.
            let _ = writeln!(text, "and {}", counted(rest, "more line", "more lines"));
        }
        text
    }
}
