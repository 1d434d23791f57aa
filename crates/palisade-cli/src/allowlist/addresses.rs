//! Addresses to ask about, from the command line and from stdin.

use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::net::IpAddr;

use palisade::allowlist::{Mend, Network, NetworkError};

use crate::output::Failure;
use crate::problems::Problem;

/// The longest line of stdin, with its end: far more than any address has, and a log that was given by mistake is no list of them.
const MAX_LINE: u64 = 256;

/// One of the addresses on the command line.
pub(crate) enum Argument {
    Address(IpAddr),
    /// Those on stdin.
    Stdin,
}

/// Reads the arguments. What is no address is told of by its number and not repeated.
pub(crate) fn arguments(texts: &[String]) -> Result<Vec<Argument>, Failure> {
    let is_stdin = |text: &&String| *text == "-";
    if texts.iter().filter(is_stdin).count() > 1 {
        return Err(Failure::error("usage", &"there is one stdin: give - once"));
    }
    let read = |(number, text): (usize, &String)| match text.as_str() {
        "-" => Ok(Argument::Stdin),
        text => address(text).map(Argument::Address).map_err(|(reason, message)| {
            Failure::error(reason, &format!("address {number}: {message}"))
        }),
    };
    (1..).zip(texts).map(read).collect()
}

/// The addresses on stdin, one a line.
pub(crate) struct Lines {
    stdin: io::StdinLock<'static>,
    number: u64,
}

/// An address, and the line that it is on.
pub(crate) struct Line {
    pub(crate) number: u64,
    pub(crate) address: IpAddr,
}

impl Lines {
    pub(crate) fn open() -> Self {
        if io::stdin().is_terminal() {
            // Whoever sees none of it will still type.
            let _ = writeln!(io::stderr(), "Addresses, one a line; then Ctrl-D:");
        }
        Self { stdin: io::stdin().lock(), number: 0 }
    }

    /// The next address, or what is wrong with its line; nothing after the last. Empty lines are skipped.
    pub(crate) fn next(&mut self) -> Result<Option<Result<Line, Problem>>, Failure> {
        let failed =
            |error: &io::Error| Failure::error("input", &format!("stdin cannot be read: {error}"));
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            let read = self.stdin.by_ref().take(MAX_LINE).read_until(b'\n', &mut bytes);
            let read = read.map_err(|error| failed(&error))?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            if read as u64 == MAX_LINE && bytes.last() != Some(&b'\n') {
                self.stdin.skip_until(b'\n').map_err(|error| failed(&error))?;
                // What it begins with may be an address, but nobody saw the rest.
                let message = format!("the line is longer than {MAX_LINE} bytes");
                let problem = Problem { line: self.number, reason: "line_too_long", message };
                return Ok(Some(Err(problem)));
            }
            let text = bytes.trim_ascii();
            if !text.is_empty() {
                return Ok(Some(self.line(text)));
            }
        }
    }

    fn line(&self, text: &[u8]) -> Result<Line, Problem> {
        let number = self.number;
        str::from_utf8(text)
            .map_err(|_| ("not_utf8", "this is not UTF-8".to_owned()))
            .and_then(address)
            .map(|address| Line { number, address })
            .map_err(|(reason, message)| Problem { line: number, reason, message })
    }
}

/// An address, or a word and a sentence that say why it is none.
fn address(text: &str) -> Result<IpAddr, (&'static str, String)> {
    text.parse().map_err(|_| match Network::parse_masking(text) {
        Ok(_) => ("network", "a network stands where one address is due".to_owned()),
        Err(error) => (error.problem().code(), message(&error)),
    })
}

/// What is wrong, and the one address that is probably meant. A network would be refused here, so none is proposed.
fn message(error: &NetworkError) -> String {
    let message = format!("column {}: {}", error.column(), error.problem());
    let Some(Mend::Networks(networks)) = error.mend() else { return message };
    match **networks {
        [network] if network.first() == network.last() => {
            format!("{message}; write {}", network.first())
        }
        _ => message,
    }
}
