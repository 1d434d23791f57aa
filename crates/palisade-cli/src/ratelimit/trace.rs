//! A trace of requests, one a line, read as it goes.

use std::io::{self, BufRead, Read};
use std::path::Path;
use std::time::{Duration, SystemTime};

use indicatif::ProgressBar;

use super::{Arrival, Form};
use crate::gzip;
use crate::output::Failure;
use crate::problems::{Problem, Problems};
use crate::stream::Stream;

const PROMPT: &str = "Requests, one a line: seconds and keys; then Ctrl-D:";

/// The longest line, with its end: far more than time and keys need.
const MAX_LINE: u64 = 16 * 1024;

/// 2200-01-01T00:00:00Z, up to which limiters count exactly.
const END: u64 = 7_258_118_400;

pub(super) struct Trace {
    source: Box<dyn BufRead>,
    bar: ProgressBar,
    tiers: usize,
    bytes: Vec<u8>,
    line: u64,
    requests: u64,
    /// That of the first time, and so of all.
    form: Option<Form>,
}

/// What is wrong with a line.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("the line has more than {MAX_LINE} bytes")]
    TooLong,
    #[error("this is not UTF-8")]
    Encoding,
    #[error(
        "a line begins with a time: seconds from the start such as 12.5, or 2026-01-01T12:00:00.5Z, up to the year 2200"
    )]
    Time,
    #[error("the first line tells the time in another way; write all in seconds, or all as dates")]
    Mixed,
    #[error("there is a key for each policy, so {expected} are due, and here are {found}")]
    TooFewKeys { expected: usize, found: usize },
    #[error("something stands after the keys; only cost=N may, and a comment after #")]
    TooManyKeys,
    #[error("a cost is a whole number from 1 to {}", u32::MAX)]
    Cost,
}

impl Fault {
    fn at(&self, line: u64) -> Problem {
        let reason = match self {
            Self::TooLong => "line_too_long",
            Self::Encoding => "not_utf8",
            Self::Time => "bad_time",
            Self::Mixed => "mixed_times",
            Self::TooFewKeys { .. } => "too_few_keys",
            Self::TooManyKeys => "too_many_keys",
            Self::Cost => "bad_cost",
        };
        Problem { line, reason, message: self.to_string() }
    }
}

impl Trace {
    /// Opens a trace, with a bar for whoever does not see the rows.
    pub(super) fn open(path: &Path, tiers: usize, quiet: bool) -> Result<Self, Failure> {
        let opened = Stream(path).open(PROMPT, quiet).and_then(|(bar, source)| {
            let source = gzip::decompressed(bar.wrap_read(source))?;
            Ok((bar, source))
        });
        let (bar, source) = opened.map_err(|error| unreadable(&error))?;
        Ok(Self { source, bar, tiers, bytes: Vec::new(), line: 0, requests: 0, form: None })
    }

    /// How the times that were read are written.
    pub(super) fn form(&self) -> Form {
        self.form.unwrap_or(Form::Seconds)
    }

    /// The next request; nothing after the last. A line that cannot be read ends it: without that request, all that
    /// follows would be another trace.
    pub(super) fn next(&mut self) -> Result<Option<Arrival>, Failure> {
        loop {
            self.bytes.clear();
            let read = self.source.by_ref().take(MAX_LINE).read_until(b'\n', &mut self.bytes);
            let read = read.map_err(|error| unreadable(&error))?;
            if read == 0 {
                self.bar.finish_and_clear();
                // No line at all is a query that went wrong.
                return match self.requests {
                    0 => Err(Failure::error("input", &"there is no request in the trace")),
                    _ => Ok(None),
                };
            }
            self.line += 1;
            match self.arrival(read as u64 == MAX_LINE) {
                Ok(None) => {}
                Ok(Some(arrival)) => return Ok(Some(arrival)),
                Err(fault) => {
                    self.bar.finish_and_clear();
                    let mut problems = Problems::default();
                    problems.add(fault.at(self.line));
                    let message = "the trace has a line that is no request; the rest was not read";
                    return Err(Failure::error("trace", &message).with_problems(problems));
                }
            }
        }
    }

    /// The request on the line, if it is not empty.
    fn arrival(&mut self, is_full: bool) -> Result<Option<Arrival>, Fault> {
        if is_full && self.bytes.last() != Some(&b'\n') {
            return Err(Fault::TooLong);
        }
        let text = str::from_utf8(&self.bytes).map_err(|_| Fault::Encoding)?;
        let mut words = text.split_ascii_whitespace().take_while(|word| !word.starts_with('#'));
        let Some(first) = words.next() else { return Ok(None) };
        let (time, form) = time(first)?;
        if *self.form.get_or_insert(form) != form {
            return Err(Fault::Mixed);
        }
        let keys: Vec<String> = words.by_ref().take(self.tiers).map(str::to_owned).collect();
        let cost = match words.next() {
            None => 1,
            Some(word) => cost(word.strip_prefix("cost=").ok_or(Fault::TooManyKeys)?)?,
        };
        // A cost in the place of a key is a forgotten key; no key is called so.
        let found = keys.iter().take_while(|key| !key.starts_with("cost=")).count();
        if found < self.tiers {
            return Err(Fault::TooFewKeys { expected: self.tiers, found });
        }
        if words.next().is_some() {
            return Err(Fault::TooManyKeys);
        }
        self.requests += 1;
        Ok(Some(Arrival { number: self.requests, line: Some(self.line), time, keys, cost }))
    }
}

fn time(text: &str) -> Result<(Duration, Form), Fault> {
    let is_calendar = text.contains('-') || text.contains(':');
    let time = if is_calendar {
        let time = humantime::parse_rfc3339(text).ok();
        time.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok())
    } else {
        seconds(text)
    };
    let form = if is_calendar { Form::Calendar } else { Form::Seconds };
    time.filter(|time| time.as_secs() < END).map(|time| (time, form)).ok_or(Fault::Time)
}

/// Decimal digits, read exactly: `12`, `12.5`, with up to nine places.
fn seconds(text: &str) -> Option<Duration> {
    let (whole, places) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(places) || places.len() > 9 {
        return None;
    }
    Some(Duration::new(whole.parse().ok()?, format!("{places:0<9}").parse().ok()?))
}

fn cost(text: &str) -> Result<u32, Fault> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let cost = is_number.then(|| text.parse().ok()).flatten();
    cost.filter(|cost| *cost > 0).ok_or(Fault::Cost)
}

fn unreadable(error: &io::Error) -> Failure {
    Failure::error("input", &format!("the trace cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_exact() {
        for (text, nanos) in [
            ("0", 0),
            ("12.5", 12_500_000_000),
            ("0.000001", 1_000),
            ("0.000000001", 1),
            ("7258118399.9", 7_258_118_399_900_000_000),
            ("1970-01-01T00:00:01.25Z", 1_250_000_000),
        ] {
            assert_eq!(time(text).unwrap().0.as_nanos(), nanos, "{text}");
        }
        for text in [
            "",
            ".",
            ".5",
            "5.",
            "-1",
            "+1",
            "1e3",
            "0x1",
            "NaN",
            "1.0000000001",
            "7258118400",
            "99999999999999999999",
            "12:30",
            "2026-01-01",
            "2200-01-01T00:00:00Z",
            "1,5",
        ] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
