//! An answer of many rows, written as they come: a column of hashes may have millions.

use std::io::{self, BufWriter, ErrorKind, StdoutLock, Write};

use serde::Serialize;

use crate::output::{Failure, Output};
use crate::problems::Problem;
use crate::units::visible;

/// Rows on stdout: lines of text, or the array `rows` of the one JSON object.
pub(crate) struct Rows {
    stdout: BufWriter<StdoutLock<'static>>,
    json: bool,
    is_first: bool,
    /// Whoever reads has read enough.
    is_closed: bool,
}

impl Rows {
    pub(crate) fn begin(json: bool) -> Result<Self, Failure> {
        let stdout = BufWriter::new(io::stdout().lock());
        let mut rows = Self { stdout, json, is_first: true, is_closed: false };
        if json {
            rows.write(b"{\"rows\":[")?;
        }
        Ok(rows)
    }

    /// One row. The text ends in a line break.
    pub(crate) fn add(&mut self, text: &str, json: &impl Serialize) -> Result<(), Failure> {
        if !self.json {
            return self.write(text.as_bytes());
        }
        let json = serde_json::to_string(json).map_err(|error| Failure::error("output", &error))?;
        // A stranger may have written some of it.
        let json = visible(&json);
        if !std::mem::take(&mut self.is_first) {
            self.write(b",")?;
        }
        self.write(json.as_bytes())
    }

    /// A line of the input that has no row: on stderr, or as a row of its own in JSON.
    pub(crate) fn add_problem(&mut self, problem: &Problem) -> Result<(), Failure> {
        if self.json {
            return self.add("", problem);
        }
        self.stdout.flush().or_else(|error| self.judge(&error))?;
        // The status tells of it, even where stderr is gone.
        let _ = io::stderr().write_all(problem.to_text().as_bytes());
        Ok(())
    }

    /// The end: the object's other fields are those of the output or of the failure.
    pub(crate) fn end(mut self, result: Result<Output, Failure>) -> Result<Output, Failure> {
        self.stdout.flush().or_else(|error| self.judge(&error))?;
        if self.json { result.map(Output::after_rows).map_err(Failure::after_rows) } else { result }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if self.is_closed {
            return Ok(());
        }
        self.stdout.write_all(bytes).or_else(|error| self.judge(&error))
    }

    fn judge(&mut self, error: &io::Error) -> Result<(), Failure> {
        if error.kind() == ErrorKind::BrokenPipe {
            self.is_closed = true;
            return Ok(());
        }
        Err(Failure::error("output", &format!("cannot write: {error}")))
    }
}
