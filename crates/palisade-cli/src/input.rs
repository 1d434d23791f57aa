//! Reading a key or a short file: bounded, and never tidied in silence.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;

use zeroize::Zeroizing;

use crate::args::{KeySource, VariableName};
use crate::output::Failure;

/// The most that is read, in bytes: far more than any key or digest, and far less than a file that
/// was given by mistake.
pub(crate) const MAX_INPUT: usize = 4096;

/// Characters that no eye sees and that copying brings along: zero-width and directional marks,
/// the word joiner and the byte order mark.
const INVISIBLE: [char; 9] = [
    '\u{200b}', '\u{200c}', '\u{200d}', '\u{200e}', '\u{200f}', '\u{2060}', '\u{00ad}', '\u{061c}',
    '\u{feff}',
];

/// Reads the key from where it is said to be, without the one line break that ends it.
///
/// Its shape is not looked at yet.
pub(crate) fn read_key(source: &KeySource) -> Result<Zeroizing<String>, Failure> {
    let bytes = match (&source.file, &source.env) {
        (Some(path), _) => read_file(path, "--file")?,
        (None, Some(name)) => read_variable(name)?,
        (None, None) => read_stdin()?,
    };
    key_text(&bytes)
}

/// Reads a short file. An error names the option and not the path: `--file $KEY` is an easy slip.
pub(crate) fn read_file(path: &Path, option: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    read_file_up_to(path, option, MAX_INPUT)
}

/// Reads a file of at most so many bytes, or one byte more.
pub(crate) fn read_file_up_to(
    path: &Path,
    option: &str,
    most: usize,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    File::open(path).and_then(|file| read_bounded(file, most)).map_err(|error| {
        Failure::error("input", &format!("the file given with {option} cannot be read: {error}"))
    })
}

/// The text without the one line break that ends it.
pub(crate) fn without_line_end(text: &str) -> &str {
    let line = text.strip_suffix('\n').unwrap_or(text);
    // A lone `\r` is no line break.
    if line.len() < text.len() { line.strip_suffix('\r').unwrap_or(line) } else { text }
}

fn read_variable(name: &VariableName) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let name = name.as_str();
    std::env::var_os(name)
        .map(|value| Zeroizing::new(value.into_encoded_bytes()))
        .ok_or_else(|| Failure::error("input", &format!("{name}: not set; set it to the key")))
}

fn read_stdin() -> Result<Zeroizing<Vec<u8>>, Failure> {
    let stdin = io::stdin();
    let read = if stdin.is_terminal() {
        rpassword::prompt_password("API key (not shown as you type or paste): ")
            .map(|line| Zeroizing::new(line.into_bytes()))
    } else {
        read_bounded(stdin.lock(), MAX_INPUT)
    };
    read.map_err(|error| Failure::error("input", &format!("stdin cannot be read: {error}")))
}

/// Reads one byte more than is allowed, so that too much can be told from just enough.
pub(crate) fn read_bounded(source: impl Read, most: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    // The whole buffer at once: growing it would leave copies of the secret on the heap.
    let mut bytes = Zeroizing::new(Vec::with_capacity(most + 1));
    source.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The bytes as text that may be a key. What a key cannot hold and an eye cannot see is refused
/// here, where it can be explained; to drop it in silence would be to accept another text than
/// the one that a service is going to see.
fn key_text(bytes: &[u8]) -> Result<Zeroizing<String>, Failure> {
    if bytes.len() > MAX_INPUT {
        return Err(palisade::apikey::Malformed::TooLong.into());
    }
    if bytes.contains(&0) {
        let message = "the text holds NUL bytes; is it UTF-16, or no text at all?";
        return Err(Failure::no_key("key_nul", message));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Failure::no_key("key_encoding", "the text is not UTF-8"))?;
    let key = without_line_end(text);
    if let Some(place) = invisible_place(key) {
        let message = format!(
            "there is white space or another invisible character {place}; give the key alone"
        );
        return Err(Failure::no_key("key_white_space", message));
    }
    Ok(Zeroizing::new(key.to_owned()))
}

/// Where in the text something invisible stands first.
fn invisible_place(text: &str) -> Option<&'static str> {
    let invisible = |c: char| c.is_whitespace() || c.is_control() || INVISIBLE.contains(&c);
    let position = text.find(invisible)?;
    let is_last = text[position..].chars().all(invisible);
    Some(match position {
        0 => "before the key",
        _ if is_last => "after the key",
        _ => "within the text",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_break_is_dropped_and_no_more() {
        for (text, line) in [
            ("a", "a"),
            ("a\n", "a"),
            ("a\r\n", "a"),
            ("a\n\n", "a\n"),
            ("a\r\n\r\n", "a\r\n"),
            ("a\r", "a\r"),
            ("\n", ""),
            ("", ""),
        ] {
            assert_eq!(without_line_end(text), line, "{text:?}");
        }
    }

    #[test]
    fn invisible_characters_are_placed() {
        assert_eq!(invisible_place("key"), None);
        assert_eq!(invisible_place(" key"), Some("before the key"));
        assert_eq!(invisible_place("\u{feff}key"), Some("before the key"));
        assert_eq!(invisible_place("key \n"), Some("after the key"));
        assert_eq!(invisible_place("a key"), Some("within the text"));
        assert_eq!(invisible_place("a\u{200b}key"), Some("within the text"));
    }
}
