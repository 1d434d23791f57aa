//! The header `Forwarded` of RFC 7239, read from the right.
//!
//! From the left, one quote that never ends swallows whatever follows it: a client sends `for="` and the address that
//! the proxy appends becomes a part of the client's string. Whatever a trusted proxy appends is at the right and
//! well-formed by itself. Reading from there finds exactly its element, whatever stands further left:
//!
//! - Outside of strings an element has no comma, no quote and no backslash.
//! - The last quote of an element closes a string, since a string that opens also closes.
//! - Inside of a string each quote has an odd number of backslashes before it, and the one that opens it has `=`.
//!   So the next quote to the left with an even number of them is the one that opens.
//!
//! Field lines are read one by one. A string that would go on in another line is one that never ends.

use std::net::IpAddr;

use super::hop::{self, HopProblem, MAX_HOP, trim};

/// Splits off the last element. Nothing is left of it where there is no comma.
pub(super) fn split_last(line: &[u8]) -> Result<(Option<&[u8]>, &[u8]), HopProblem> {
    let mut rest = line;
    while let [before @ .., byte] = rest {
        rest = match byte {
            b',' => return Ok((Some(before), line.get(rest.len()..).unwrap_or_default())),
            b'"' => before_string(before).ok_or(HopProblem::Malformed)?,
            _ => before,
        };
    }
    Ok((None, line))
}

/// The address in one element: `for=192.0.2.43;proto=https`.
///
/// Names have no case, and the order of the pairs means nothing. White space may stand around `;` and at either end.
/// `for` stands there once.
pub(super) fn element(bytes: &[u8]) -> Result<IpAddr, HopProblem> {
    let mut rest = bytes;
    let mut found = None;
    loop {
        // Between two semicolons there may be nothing.
        let (name, after) = token(trim(rest));
        rest = after;
        if !name.is_empty() {
            let (value, after) = value(after)?;
            rest = after;
            if name.eq_ignore_ascii_case(b"for") && found.replace(value).is_some() {
                return Err(HopProblem::Malformed);
            }
        }
        match trim(rest) {
            [] => break,
            [b';', after @ ..] => rest = after,
            _ => return Err(HopProblem::Malformed),
        }
    }
    match found.ok_or(HopProblem::NoFor)? {
        // A colon is no character of a token, so neither a port nor IPv6 can stand here.
        Value::Token(text) => hop::parse_node(text),
        Value::Quoted(text) => {
            let mut buffer = [0; MAX_HOP];
            hop::parse_node(unescape(text, &mut buffer).ok_or(HopProblem::Malformed)?)
        }
    }
}

enum Value<'a> {
    Token(&'a [u8]),
    /// What stands between the quotes.
    Quoted(&'a [u8]),
}

/// What stands left of a string, given what stands left of the quote that closes it. Whether it does close it is seen
/// when the element is read.
fn before_string(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes;
    while let [before @ .., byte] = rest {
        if *byte == b'"' && !is_escaped(before) {
            return Some(before);
        }
        rest = before;
    }
    None
}

/// Whether the byte that follows is escaped.
fn is_escaped(before: &[u8]) -> bool {
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// `=` and a value, and what follows.
fn value(bytes: &[u8]) -> Result<(Value<'_>, &[u8]), HopProblem> {
    match bytes {
        [b'=', b'"', rest @ ..] => string(rest).ok_or(HopProblem::Malformed),
        [b'=', rest @ ..] => match token(rest) {
            ([], _) => Err(HopProblem::Malformed),
            (text, rest) => Ok((Value::Token(text), rest)),
        },
        _ => Err(HopProblem::Malformed),
    }
}

/// A string whose quote was just read, and what follows (RFC 9110, section 5.6.4).
fn string(bytes: &[u8]) -> Option<(Value<'_>, &[u8])> {
    let mut rest = bytes;
    loop {
        rest = match rest {
            [b'"', after @ ..] => {
                let text = bytes.get(..bytes.len() - rest.len())?;
                return Some((Value::Quoted(text), after));
            }
            [b'\\', byte, after @ ..] | [byte, after @ ..] if is_text(*byte) => after,
            _ => return None,
        };
    }
}

/// Tab, space, visible ASCII, or a byte beyond ASCII.
fn is_text(byte: u8) -> bool {
    byte == b'\t' || !byte.is_ascii_control()
}

/// As many characters of a token as there are, and what follows (RFC 9110, section 5.6.2).
fn token(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| !is_token(*byte)).unwrap_or(bytes.len());
    bytes.split_at_checked(end).unwrap_or((bytes, &[]))
}

/// Whether a byte may stand in a token.
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The text without its backslashes, or nothing if that is longer than any address.
fn unescape<'a>(text: &'a [u8], buffer: &'a mut [u8; MAX_HOP]) -> Option<&'a [u8]> {
    if !text.contains(&b'\\') {
        return Some(text);
    }
    let (mut rest, mut len) = (text, 0);
    while let [b'\\', byte, after @ ..] | [byte, after @ ..] = rest {
        *buffer.get_mut(len)? = *byte;
        (rest, len) = (after, len + 1);
    }
    buffer.get(..len)
}
