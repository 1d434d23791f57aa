//! Reading the headers of a request as a person has them at hand.

use std::io::Read;
use std::path::Path;

use crate::output::Failure;
use crate::problems::{Problem, Problems};
use crate::stream::Stream;

/// The most that is read, in bytes: far more than a server lets through.
const MOST: u64 = 1024 * 1024;

/// Name and value of each header, in order, and each as often as it is there.
pub(super) type HeaderLines = Vec<(String, Vec<u8>)>;

/// The headers of the file and then those of the command line.
pub(super) fn load(file: Option<&Path>, lines: &[String]) -> Result<HeaderLines, Failure> {
    let mut headers = match file {
        Some(path) => {
            let text = read(path)?;
            parse(&text).map_err(|problems| {
                let message = "what is given with --headers has lines that are no headers";
                Failure::error("headers", &message).with_problems(problems)
            })?
        }
        None => Vec::new(),
    };
    for line in lines {
        headers.push(header(line.as_bytes()).map_err(|fault| {
            Failure::error(
                "headers",
                &format!("what is given with --header is no header: {}", fault.1),
            )
        })?);
    }
    Ok(headers)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |error| {
        Failure::error("input", &format!("the file given with --headers cannot be read: {error}"))
    };
    let (_, source) =
        Stream(path).open("Headers, one a line; then Ctrl-D:", true).map_err(unreadable)?;
    let mut text = Vec::new();
    source.take(MOST + 1).read_to_end(&mut text).map_err(unreadable)?;
    if text.len() as u64 > MOST {
        let message = "what is given with --headers has more than 1 MiB; is it the right file?";
        return Err(Failure::error("headers", &message));
    }
    Ok(text)
}

/// The headers up to the empty line that ends them, as in HTTP (RFC 9112 section 2.1).
fn parse(text: &[u8]) -> Result<HeaderLines, Problems> {
    let mut headers = Vec::new();
    let mut problems = Problems::default();
    let mut is_first = true;
    for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // What curl says itself, and not either side.
        if line.starts_with(b"* ") || line == b"*" {
            continue;
        }
        let line = without_mark(line);
        match line {
            [] if is_first => continue,
            [] => break,
            _ if is_first && is_start_line(line) => {}
            // A pseudo-header of HTTP/2 (RFC 9113 section 8.3).
            [b':', ..] => {}
            _ => match header(line) {
                Ok(header) => headers.push(header),
                Err((reason, message)) => {
                    problems.add(Problem { line: number, reason, message: message.to_owned() });
                }
            },
        }
        is_first = false;
    }
    if problems.count() == 0 { Ok(headers) } else { Err(problems) }
}

/// Without the mark that `curl -v` sets before what it sends and what it gets. No name begins so.
fn without_mark(line: &[u8]) -> &[u8] {
    match line {
        [b'>' | b'<', b' ', rest @ ..] => rest,
        [b'>' | b'<'] => &[],
        line => line,
    }
}

/// Whether this is `POST /hooks HTTP/1.1` or `HTTP/1.1 200 OK`.
fn is_start_line(line: &[u8]) -> bool {
    let last = line.trim_ascii_end().rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    line.starts_with(b"HTTP/") || (last.starts_with(b"HTTP/") && last.len() < line.len())
}

/// One header, or a word and a sentence for what is wrong with it. The line is not repeated.
fn header(line: &[u8]) -> Result<(String, Vec<u8>), (&'static str, &'static str)> {
    if line.starts_with(b" ") || line.starts_with(b"\t") {
        return Err((
            "folded",
            "it begins with white space: a header that is broken into lines goes on one line",
        ));
    }
    let Some(colon) = line.iter().position(|byte| *byte == b':') else {
        return Err(("no_colon", "there is no colon: a header is `Name: value`"));
    };
    let (name, value) = line.split_at(colon);
    let name = std::str::from_utf8(name)
        .ok()
        .filter(|name| is_name(name))
        .ok_or(("name", "what stands before the colon is no name of a header"))?;
    let value = value.get(1..).unwrap_or_default().trim_ascii();
    let is_control = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
    if value.iter().any(is_control) {
        return Err(("control", "the value holds control characters"));
    }
    Ok((name.to_owned(), value.to_vec()))
}

/// A token of RFC 9110 section 5.6.2.
fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        parse(text.as_bytes()).unwrap().into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn the_forms_in_which_headers_come() {
        for text in [
            "A: 1\nB: 2",
            "A: 1\r\nB: 2\r\n\r\n{\"body\": 1}",
            "\n\nA:1\nB:2\n\nC: 3",
            "POST /hooks HTTP/1.1\nA: 1\nB: 2\n",
            "HTTP/1.1 200 OK\nA: 1\nB: 2\n",
            "* Connected to localhost\n> POST /hooks HTTP/1.1\n> A: 1\n> B: 2\n>\n< HTTP/1.1 200 OK\n< C: 3",
            ":method: POST\n:path: /\nA: 1\nB: 2",
        ] {
            assert_eq!(names(text), ["A", "B"], "{text}");
        }
        assert_eq!(names("A: 1\nA: 1"), ["A", "A"], "duplicates stay");
        assert_eq!(names(""), [""; 0]);
        assert_eq!(parse(b"A: \xff b:c \n").unwrap(), [("A".to_owned(), b"\xff b:c".to_vec())]);
    }

    #[test]
    fn what_is_no_header_is_told_with_its_line() {
        for (text, line, reason) in [
            (&b"A: 1\nnonsense\n"[..], 2, "no_colon"),
            (b"A: 1\n folded\n", 2, "folded"),
            (b"A : 1", 1, "name"),
            (b"\xff: 1", 1, "name"),
            (b"\xef\xbb\xbfA: 1", 1, "name"),
            (b": 1\nA:1\n=: 1", 3, "name"),
            (b"A: 1\0", 1, "control"),
            (b"A: 1\rB: 2", 1, "control"),
            (b"A: 1\nPOST / HTTP/1.1", 2, "no_colon"),
        ] {
            let problems = parse(text).unwrap_err();
            let first = &problems.shown()[0];
            assert_eq!((first.line, first.reason), (line, reason), "{text:?}");
        }
    }
}
