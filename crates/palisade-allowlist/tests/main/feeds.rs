//! Readers of the text format: feeds without end, and readers that fail.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};

use palisade_allowlist::{Allowlist, BuildError, Builder};

use crate::support::ip;

/// Lines that are made as they are read.
struct Feed<'a, F> {
    line: F,
    number: u64,
    last: u64,
    pending: Vec<u8>,
    at: usize,
    read: &'a Cell<u64>,
}

impl<'a, F: Fn(u64) -> String> Feed<'a, F> {
    fn new(last: u64, read: &'a Cell<u64>, line: F) -> Self {
        Self { line, number: 0, last, pending: Vec::new(), at: 0, read }
    }
}

impl<F: Fn(u64) -> String> Read for Feed<'_, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl<F: Fn(u64) -> String> BufRead for Feed<'_, F> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.pending.len() && self.number < self.last {
            self.number += 1;
            self.read.set(self.number);
            self.pending = (self.line)(self.number).into_bytes();
            self.at = 0;
        }
        Ok(&self.pending[self.at..])
    }

    fn consume(&mut self, count: usize) {
        self.at += count;
    }
}

/// Reads ten million lines, and says what stopped that, after how many lines, and with how much memory.
fn ten_million(builder: Builder, line: impl Fn(u64) -> String) -> (BuildError, u64, u64) {
    let read = Cell::new(0);
    let mut error = None;
    let counted = allocation_counter::measure(|| {
        let feed = Feed::new(10_000_000, &read, line);
        error = builder.extend_lines(feed).and_then(Builder::build).err();
    });
    (error.unwrap(), read.get(), counted.bytes_max)
}

#[test]
fn a_feed_of_ten_million_lines_stops_early() {
    let address =
        |number: u64| format!("10.{}.{}.{}\n", number >> 16 & 255, number >> 8 & 255, number & 255);
    let (error, read, bytes) = ten_million(Allowlist::builder().max_entries(10_000), address);
    assert!(matches!(error, BuildError::TooMany { limit: 10_000, what: "entries" }), "{error}");
    assert_eq!(read, 10_001);
    assert!(bytes < 1 << 20, "{bytes}");
    assert_eq!(
        error.to_string(),
        "the list has more than 10000 entries; raise the limit if that is meant"
    );

    for line in ["\n", "# comment\n", "nonsense\n", "10.0.0.1 the same\n"] {
        let builder = Allowlist::builder().max_lines(20_000).max_entries(30_000);
        let (error, read, bytes) = ten_million(builder, |_| line.to_owned());
        assert!(
            matches!(error, BuildError::TooMany { limit: 20_000, what: "lines" }),
            "{line}: {error}"
        );
        assert_eq!(read, 20_001, "{line}");
        assert!(bytes < 1 << 20, "{line}: {bytes}");
    }

    // Labels are what an entry can make large.
    let label = |number: u64| format!("{} {number:0>200}\n", address(number).trim_end());
    let (error, read, bytes) = ten_million(Allowlist::builder().max_entries(10_000), label);
    assert!(matches!(error, BuildError::TooMany { .. }), "{error}");
    assert_eq!(read, 10_001);
    assert!(bytes < 10_001 * 1_000, "{bytes}");
}

/// The limits that nobody set are there, too.
#[test]
fn without_a_word_there_are_limits() {
    let read = Cell::new(0);
    let feed = Feed::new(10_000_000, &read, |_| "\n".to_owned());
    let error = Allowlist::builder().extend_lines(feed).unwrap_err();
    assert!(matches!(error, BuildError::TooMany { limit: 4_000_000, what: "lines" }), "{error}");
    assert_eq!(read.get(), 4_000_001);
}

#[test]
fn exactly_as_many_as_allowed() {
    let text = "::1\n::2\n::3\n";
    let build = |entries, lines| {
        let builder = Allowlist::builder().max_entries(entries).max_lines(lines);
        builder.extend_lines(text.as_bytes()).and_then(Builder::build)
    };
    assert_eq!(build(3, 3).unwrap().0.len(), 3);
    assert!(matches!(build(2, 3), Err(BuildError::TooMany { what: "entries", .. })));
    assert!(matches!(build(3, 2), Err(BuildError::TooMany { what: "lines", .. })));
    let pushed = Allowlist::builder().max_entries(1).push("::1", "").push("::2", "");
    assert!(matches!(pushed.build(), Err(BuildError::TooMany { limit: 1, what: "entries" })));
}

/// Gives its pieces one by one; a piece may be an error.
struct Pieces(Vec<Result<&'static str, io::ErrorKind>>);

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() {
            return Ok(0);
        }
        let piece = self.0.remove(0)?;
        buffer[..piece.len()].copy_from_slice(piece.as_bytes());
        Ok(piece.len())
    }
}

#[test]
fn a_reader_that_fails_halfway() {
    for kind in
        [io::ErrorKind::ConnectionReset, io::ErrorKind::UnexpectedEof, io::ErrorKind::WouldBlock]
    {
        for before in ["10.0.0.0/8 a\n", "10.0.0.0/8 a\n10.1", "# comment"] {
            let pieces = Pieces(vec![Ok("::1\n"), Ok(before), Err(kind), Ok("::2\n")]);
            match Allowlist::builder().extend_lines(BufReader::new(pieces)) {
                Err(BuildError::Read(error)) => assert_eq!(error.kind(), kind),
                other => panic!("{other:?}"),
            }
        }
    }
    // In the middle of a line that is skipped.
    let long = BufReader::new(
        io::repeat(b'x').take(5_000).chain(Pieces(vec![Err(io::ErrorKind::TimedOut)])),
    );
    assert!(matches!(Allowlist::builder().extend_lines(long), Err(BuildError::Read(_))));
}

#[test]
fn a_reader_that_is_interrupted_goes_on() {
    let interrupted = || Err(io::ErrorKind::Interrupted);
    let pieces = Pieces(vec![
        interrupted(),
        Ok("10.0."),
        interrupted(),
        Ok("0.0/8 la"),
        interrupted(),
        Ok("bel"),
        interrupted(),
        Ok("\r"),
        interrupted(),
        Ok("\n::1"),
        interrupted(),
    ]);
    let builder = Allowlist::builder().extend_lines(BufReader::new(pieces)).unwrap();
    let (list, _) = builder.build().unwrap();
    assert_eq!(list.check(ip("10.1.1.1")).entry().unwrap().label(), "label");
    assert!(list.contains(ip("::1")));
    let skipped = Pieces(vec![interrupted(), Ok("y\n::2\n")]);
    let long = BufReader::new(b"# ".chain(io::repeat(b'x').take(5_000)).chain(skipped));
    let (list, _) = Allowlist::builder().extend_lines(long).unwrap().build().unwrap();
    assert_eq!(list.len(), 1);
}
