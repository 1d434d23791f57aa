//! Lines of a list, one at a time, each of a bounded length.

use std::io::{self, BufRead, Read};

use crate::Password;

/// The lines of a list that are not empty. They end with `\n` or `\r\n`.
pub(crate) struct Lines<R> {
    reader: R,
    line: Vec<u8>,
    number: u64,
    bytes_read: u64,
}

/// Why there is no next line.
#[derive(Debug)]
pub(crate) enum LineError {
    Read(io::Error),
    /// More than [`Lines::MAX_BYTES`].
    TooLong,
}

impl<R: BufRead> Lines<R> {
    /// What is longer can be no password.
    pub(crate) const MAX_BYTES: usize = Password::MAX_BYTES;

    pub(crate) fn new(reader: R) -> Self {
        Self { reader, line: Vec::new(), number: 0, bytes_read: 0 }
    }

    /// The number of the line that was read last, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// The next line that is not empty, without its end.
    pub(crate) fn read_next(&mut self) -> Result<Option<&[u8]>, LineError> {
        let with_its_end = Self::MAX_BYTES as u64 + 2;
        loop {
            self.line.clear();
            self.number += 1;
            let mut limited = self.reader.by_ref().take(with_its_end);
            let got = limited.read_until(b'\n', &mut self.line).map_err(LineError::Read)?;
            if got == 0 {
                return Ok(None);
            }
            self.bytes_read += got as u64;
            if self.line.ends_with(b"\n") {
                self.line.pop();
                if self.line.ends_with(b"\r") {
                    self.line.pop();
                }
            }
            if self.line.len() > Self::MAX_BYTES {
                return Err(LineError::TooLong);
            }
            if !self.line.is_empty() {
                break;
            }
        }
        Ok(Some(&self.line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Numbered<T> = (u64, T);

    fn all(text: &[u8]) -> Result<Vec<Numbered<Vec<u8>>>, Numbered<LineError>> {
        let mut lines = Lines::new(text);
        let mut found = Vec::new();
        loop {
            match lines.read_next() {
                Ok(None) => return Ok(found),
                Ok(Some(line)) => {
                    let line = line.to_vec();
                    found.push((lines.number(), line));
                }
                Err(error) => return Err((lines.number(), error)),
            }
        }
    }

    #[test]
    fn ends_and_empty_lines() {
        let found = all(b"one\n\r\n\ntwo\r\nth\rree").unwrap();
        let want: [(u64, &[u8]); 3] = [(1, b"one"), (4, b"two"), (5, b"th\rree")];
        assert_eq!(found, want.map(|(number, line)| (number, line.to_vec())));
        assert!(all(b"").unwrap().is_empty());
    }

    #[test]
    fn a_line_has_a_limit() {
        let longest = vec![b'x'; Password::MAX_BYTES];
        for end in ["", "\n", "\r\n", "\r\nnext\n"] {
            let text = [&longest[..], end.as_bytes()].concat();
            assert_eq!(all(&text).unwrap()[0].1, longest);
        }
        for end in ["x", "x\n", "x\r\n", "xxxx"] {
            let text = [b"first\n", &longest[..], end.as_bytes()].concat();
            assert!(matches!(all(&text), Err((2, LineError::TooLong))));
        }
    }
}
