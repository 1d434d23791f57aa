//! The text format: one entry a line.

use std::io::{self, BufRead, Read};

use crate::entry::halves;
use crate::{BuildError, EntryError};

/// The longest line, in bytes; a comment may be longer.
pub const MAX_LINE: usize = 1_024;

/// The longest line that is read past, comment or fault: 4 MiB. A source with a longer one is no list.
pub const MAX_SKIPPED: usize = 1 << 22;

/// The lines of a text, one at a time and in bounded memory.
pub(crate) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    number: u32,
}

/// A line that holds an entry.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    pub(crate) network: &'a str,
    pub(crate) label: &'a str,
    /// How many bytes of the line stand before the network, and before the label.
    pub(crate) network_at: usize,
    pub(crate) label_at: usize,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, buffer: Vec::with_capacity(MAX_LINE + 1), number: 0 }
    }

    /// Goes to the next line and says whether there is one.
    pub(crate) fn advance(&mut self) -> io::Result<bool> {
        self.buffer.clear();
        let mut limited = self.reader.by_ref().take(MAX_LINE as u64 + 1);
        let is_there = limited.read_until(b'\n', &mut self.buffer)? > 0;
        self.number = self.number.saturating_add(u32::from(is_there));
        Ok(is_there)
    }

    /// The number of the line, counted from 1.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// The entry of the line; nothing for an empty one and for a comment.
    pub(crate) fn entry(&mut self) -> Result<Result<Option<Line<'_>>, EntryError>, BuildError> {
        let is_cut = self.buffer.len() > MAX_LINE && self.buffer.last() != Some(&b'\n');
        let stray = stray_return(&self.buffer);
        let stray = if is_cut { stray.or(self.skip()?) } else { stray };
        if let Some(at) = stray {
            return Ok(Err(EntryError::CarriageReturn { column: at + 1 }));
        }
        if is_cut {
            let line = self.buffer.get(mark_of(&self.buffer, self.number)..).unwrap_or_default();
            let first = line.iter().find(|byte| !matches!(byte, b' ' | b'\t'));
            let is_comment = first == Some(&b'#');
            return Ok(if is_comment { Ok(None) } else { Err(EntryError::LineTooLong) });
        }
        Ok(read_line(&self.buffer, self.number))
    }

    /// Reads to the end of the line, and says where a carriage return stands that does not end it.
    fn skip(&mut self) -> Result<Option<usize>, BuildError> {
        let mut len = self.buffer.len();
        let mut last_was_return = self.buffer.last() == Some(&b'\r');
        let mut stray = None;
        loop {
            let chunk = match self.reader.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            let Some(first) = chunk.first() else { return Ok(stray) };
            if last_was_return && *first != b'\n' {
                stray = stray.or(Some(len - 1));
            }
            let end = chunk.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
            let taken = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or(chunk);
            stray = stray.or(stray_return(taken).map(|at| len + at));
            last_was_return = taken.last() == Some(&b'\r');
            let count = taken.len();
            self.reader.consume(count);
            len += count;
            if end.is_some() {
                return Ok(stray);
            }
            if len > MAX_SKIPPED {
                return Err(BuildError::EndlessLine { line: self.number });
            }
        }
    }
}

/// Where a carriage return stands that is neither the last byte nor before the line feed at the end. Of a file whose lines
/// end in one, the first line would be the whole file, and a comment perhaps.
fn stray_return(bytes: &[u8]) -> Option<usize> {
    let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line.iter().position(|byte| *byte == b'\r')
}

fn read_line(line: &[u8], number: u32) -> Result<Option<Line<'_>>, EntryError> {
    let mark = mark_of(line, number);
    let text = str::from_utf8(line)
        .map_err(|error| EntryError::NotUtf8 { column: error.valid_up_to() + 1 })?;
    let text = text.get(mark..).unwrap_or_default();
    let text = text.trim_end_matches(['\n', '\r', ' ', '\t']);
    let content = text.trim_start_matches([' ', '\t']);
    if content.is_empty() || content.starts_with('#') {
        return Ok(None);
    }
    let network_at = mark + text.len() - content.len();
    let (network, label) = halves(content);
    let label_at = network_at + content.len() - label.len();
    let label = if label.starts_with('#') { "" } else { label };
    Ok(Some(Line { network, label, network_at, label_at }))
}

/// How many bytes a byte order mark takes, with which some editors begin a file.
fn mark_of(line: &[u8], number: u32) -> usize {
    if number == 1 && line.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 }
}
