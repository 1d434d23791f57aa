//! Reading a column of stored hashes, one a line, with a bound on each line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};

use palisade::password::VerifyError;

use super::describe;
use crate::args::ColumnArgs;
use crate::output::Failure;
use crate::problems::Problem;

/// The most bytes of a line: a key of any sane length, and the longest hash.
const MAX_LINE: usize = 8192;

/// A column of stored hashes, read as it goes.
pub(crate) struct Column {
    /// Nothing after the end: at a terminal, reading on would wait for a second Ctrl-D.
    source: Option<BufReader<Box<dyn Read>>>,
    tab: bool,
    /// Of the line that was read last, from 1.
    number: u64,
    bytes: u64,
    /// Of a file.
    len: Option<u64>,
}

/// A line whose hash is text. Whether it can be read is not looked at yet.
pub(crate) struct Line {
    pub(crate) number: u64,
    /// The key and the tab behind it.
    pub(crate) before: Vec<u8>,
    pub(crate) hash: String,
    /// The line break as it was.
    pub(crate) after: &'static str,
}

/// Why a line has no hash.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("the line has more than {MAX_LINE} bytes")]
    TooLong,
    #[error("the stored hash is not UTF-8")]
    Encoding,
    #[error("there is no tab between a key and a hash")]
    NoTab,
    #[error("there is no stored hash in it")]
    Empty,
}

impl Fault {
    fn at(self, line: u64) -> Problem {
        let reason = match self {
            Self::TooLong => "line_too_long",
            Self::Encoding => "hash_encoding",
            Self::NoTab => "line_without_tab",
            Self::Empty => "hash_empty",
        };
        Problem { line, reason, message: self.to_string() }
    }
}

impl Column {
    pub(crate) fn open(args: &ColumnArgs) -> Result<Self, Failure> {
        let (source, len): (Box<dyn Read>, _) = if let Some(path) = &args.file {
            // The path is not repeated: it may be a hash that was put in its place.
            let file = File::open(path).map_err(|error| unreadable(&error))?;
            let about = file.metadata().map_err(|error| unreadable(&error))?;
            (Box::new(file), about.is_file().then_some(about.len()))
        } else {
            if io::stdin().is_terminal() {
                // Whoever sees none of it will still type.
                let _ = writeln!(io::stderr(), "Stored hashes, one a line; then Ctrl-D:");
            }
            (Box::new(io::stdin()), None)
        };
        let source = BufReader::with_capacity(64 * 1024, source);
        let source = Some(source);
        Ok(Self { source, tab: args.tab, number: 0, bytes: 0, len })
    }

    /// How many bytes there are, where that is known.
    pub(crate) fn len(&self) -> Option<u64> {
        self.len
    }

    /// How many bytes were read.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.bytes
    }

    /// How many lines were read.
    pub(crate) fn lines_read(&self) -> u64 {
        self.number
    }

    /// Whether the line that was read last is the first and the last.
    pub(crate) fn was_only_line(&mut self) -> Result<bool, Failure> {
        if self.number != 1 {
            return Ok(false);
        }
        if let Some(source) = &mut self.source
            && source.fill_buf().map_err(|error| unreadable(&error))?.is_empty()
        {
            self.source = None;
        }
        Ok(self.source.is_none())
    }

    /// The next line, or what is wrong with it; nothing after the last.
    pub(crate) fn next(&mut self) -> Result<Option<Result<Line, Problem>>, Failure> {
        let Some(bytes) = self.next_bytes().map_err(|error| unreadable(&error))? else {
            // No line at all is a query that went wrong.
            let message = "there is no stored hash in the input";
            return if self.number == 0 {
                Err(Failure::error("input", &message))
            } else {
                Ok(None)
            };
        };
        let number = self.number;
        Ok(Some(bytes.and_then(|bytes| self.to_line(bytes)).map_err(|fault| fault.at(number))))
    }

    fn next_bytes(&mut self) -> io::Result<Option<Result<Vec<u8>, Fault>>> {
        let Some(source) = &mut self.source else { return Ok(None) };
        let mut bytes = Vec::new();
        let most = MAX_LINE as u64 + "\r\n".len() as u64;
        let read = source.by_ref().take(most).read_until(b'\n', &mut bytes)?;
        if read == 0 {
            self.source = None;
            return Ok(None);
        }
        self.number += 1;
        self.bytes += read as u64;
        if read as u64 == most && bytes.last() != Some(&b'\n') {
            self.bytes += source.skip_until(b'\n')? as u64;
            return Ok(Some(Err(Fault::TooLong)));
        }
        Ok(Some(Ok(bytes)))
    }

    fn to_line(&self, mut bytes: Vec<u8>) -> Result<Line, Fault> {
        let after = ["\r\n", "\n"].into_iter().find(|end| bytes.ends_with(end.as_bytes()));
        let after = after.unwrap_or("");
        bytes.truncate(bytes.len() - after.len());
        let start = match bytes.iter().rposition(|byte| *byte == b'\t') {
            Some(tab) if self.tab => tab + 1,
            None if self.tab => return Err(Fault::NoTab),
            _ => 0,
        };
        let hash = String::from_utf8(bytes.split_off(start)).map_err(|_| Fault::Encoding)?;
        if hash.is_empty() {
            return Err(Fault::Empty);
        }
        Ok(Line { number: self.number, before: bytes, hash, after })
    }
}

impl Line {
    /// What is wrong with its hash.
    pub(crate) fn problem(&self, error: &VerifyError) -> Problem {
        Problem { line: self.number, reason: error.reason(), message: describe::message(error) }
    }
}

fn unreadable(error: &io::Error) -> Failure {
    Failure::error("input", &format!("the stored hashes cannot be read: {error}"))
}
