//! Strings of JSON, escapes and all.

use super::{Change, before};

/// Writes the string that the text begins with; returns it without its quotes, and the rest of the text.
///
/// None when the text does not begin with a string of JSON.
pub(super) fn rewrite<'a>(
    text: &'a str,
    change: Change,
    out: &mut String,
) -> Option<(&'a str, &'a str)> {
    let start = text.strip_prefix('"')?;
    out.push('"');
    let mut rest = start;
    loop {
        if let Some(after) = rest.strip_prefix('"') {
            out.push('"');
            return Some((before(start, rest), after));
        }
        let (piece, after) = piece(rest)?;
        write(piece, change, out);
        rest = after;
    }
}

/// By which names are sorted: their code points, and half of a surrogate pair by its number.
pub(super) fn sort_key(inner: &str) -> Vec<u32> {
    let mut rest = inner;
    std::iter::from_fn(|| {
        let (piece, after) = piece(rest)?;
        rest = after;
        Some(match piece {
            Piece::Plain(c) => u32::from(c),
            Piece::Escape { code, .. } => code,
        })
    })
    .collect()
}

#[derive(Clone, Copy)]
enum Piece<'a> {
    Plain(char),
    Escape { as_written: &'a str, code: u32 },
}

/// The first character of the text, be it escaped or not.
fn piece(text: &str) -> Option<(Piece<'_>, &str)> {
    let first = text.chars().next()?;
    if first < ' ' {
        return None;
    }
    if first != '\\' {
        return Some((Piece::Plain(first), text.get(first.len_utf8()..)?));
    }
    let (code, length) = match text.as_bytes().get(1)? {
        b'u' => {
            let high = unit(text)?;
            match text.get(6..).and_then(unit) {
                Some(low @ 0xdc00..0xe000) if (0xd800..0xdc00).contains(&high) => {
                    (0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00), 12)
                }
                _ => (high, 6),
            }
        }
        b'b' => (0x08, 2),
        b'f' => (0x0c, 2),
        b'n' => (0x0a, 2),
        b'r' => (0x0d, 2),
        b't' => (0x09, 2),
        byte @ (b'"' | b'\\' | b'/') => (u32::from(*byte), 2),
        _ => return None,
    };
    let (as_written, rest) = text.split_at_checked(length)?;
    Some((Piece::Escape { as_written, code }, rest))
}

/// The UTF-16 unit of the `\uXXXX` that the text begins with.
fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let valid = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    valid.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}

fn write(piece: Piece<'_>, change: Change, out: &mut String) {
    match (piece, change) {
        (Piece::Plain(c), Change::EscapeNonAscii) if !c.is_ascii() => escape(u32::from(c), out),
        (Piece::Plain('/'), Change::EscapeSlashes) => out.push_str("\\/"),
        (Piece::Plain(c), _) => out.push(c),
        // Written anew for the case of its digits.
        (Piece::Escape { code: code @ 0x80.., .. }, Change::EscapeNonAscii) => escape(code, out),
        (Piece::Escape { as_written, code: code @ 0x80.. }, Change::PlainNonAscii) => {
            match char::from_u32(code) {
                Some(c) => out.push(c),
                None => out.push_str(as_written),
            }
        }
        (Piece::Escape { as_written: "\\/", .. }, Change::PlainSlashes) => out.push('/'),
        (Piece::Escape { as_written, .. }, _) => out.push_str(as_written),
    }
}

/// Writes a code point as one `\uXXXX` or two.
fn escape(code: u32, out: &mut String) {
    if let Some(above) = code.checked_sub(0x1_0000) {
        escape(0xd800 + (above >> 10), out);
        escape(0xdc00 + (above & 0x3ff), out);
        return;
    }
    out.push_str("\\u");
    out.extend(
        [12, 8, 4, 0].into_iter().filter_map(|shift| char::from_digit(code >> shift & 0xf, 16)),
    );
}
