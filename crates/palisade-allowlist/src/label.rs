//! The rules for labels.

use std::fmt;
use std::net::IpAddr;

/// The longest label, in bytes of UTF-8.
pub const MAX_LABEL: usize = 200;

/// Why a text cannot be a label: where and what.
///
/// A label is up to [`MAX_LABEL`] bytes on one line, without control characters, characters that hide or turn text
/// around, and white space at its ends. It does not begin with `#`, so that each list can be written as text and read
/// back, nor with what looks like the rest of a network: in `10.0.0.0 - 10.0.0.9` the author meant a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LabelError {
    column: usize,
    problem: LabelProblem,
}

impl LabelError {
    /// Where, as a byte of the text, counted from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }

    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> LabelProblem {
        self.problem
    }

    pub(crate) fn shifted(self, offset: usize) -> Self {
        Self { column: self.column + offset, ..self }
    }
}

impl fmt::Display for LabelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.problem)
    }
}

impl std::error::Error for LabelError {}

/// What is wrong with a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum LabelProblem {
    /// More than [`MAX_LABEL`] bytes.
    #[error("the label is longer than {MAX_LABEL} bytes; shorten it")]
    TooLong,
    /// A control character or a separator of lines.
    #[error("the label has a control character in it; remove it")]
    Control,
    /// A character that cannot be seen, or one that changes the direction of what follows: a label must not look like
    /// another one.
    #[error("the label has an invisible character, or one that turns text around; remove it")]
    Invisible,
    /// White space before or after.
    #[error("the label begins or ends with white space; remove it")]
    WhiteSpace,
    /// It would be read as a comment.
    #[error("a label does not begin with #, which begins a comment; write another sign")]
    Comment,
    /// It begins with an address, a network, `/` and a digit, or a dash and an address.
    #[error("the label begins like a network or a part of one; write other words first")]
    Network,
}

impl LabelProblem {
    /// A short, stable word for logs and programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLong => "label_too_long",
            Self::Control => "label_control",
            Self::Invisible => "label_invisible",
            Self::WhiteSpace => "label_white_space",
            Self::Comment => "label_comment",
            Self::Network => "label_network",
        }
    }
}

pub(crate) fn check(label: &str) -> Result<(), LabelError> {
    let problem = |at, problem| Err(LabelError { column: at + 1, problem });
    if label.len() > MAX_LABEL {
        return problem(MAX_LABEL, LabelProblem::TooLong);
    }
    if let Some(at) = label.find(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        return problem(at, LabelProblem::Control);
    }
    if let Some(at) = label.find(is_invisible) {
        return problem(at, LabelProblem::Invisible);
    }
    if label.starts_with(char::is_whitespace) {
        return problem(0, LabelProblem::WhiteSpace);
    }
    if label.ends_with(char::is_whitespace) {
        return problem(label.trim_end().len(), LabelProblem::WhiteSpace);
    }
    if label.starts_with('#') {
        return problem(0, LabelProblem::Comment);
    }
    if torn_from(label).is_some() {
        return problem(0, LabelProblem::Network);
    }
    Ok(())
}

/// The zero width space, the byte order mark and the marks of direction. The zero width joiner and non-joiner are not
/// among them: Persian and several scripts of India are spelt with them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{feff}' | '\u{61c}' | '\u{200e}' | '\u{200f}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What was torn from a network by white space, where a label should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Torn<'a> {
    /// A prefix length, `/16`: what stands after the slash.
    Length(&'a str),
    /// The end of a range, `- 10.0.0.9`.
    RangeEnd(IpAddr),
    /// A netmask, or another entry.
    Address(IpAddr),
}

/// What the label begins with, if that belongs to a network.
pub(crate) fn torn_from(label: &str) -> Option<Torn<'_>> {
    if let Some(rest) = label.strip_prefix('/') {
        let len = first_word(rest.trim_start());
        return len.starts_with(|c: char| c.is_ascii_digit()).then_some(Torn::Length(len));
    }
    if let Some(rest) = label.strip_prefix(['-', '\u{2013}', '\u{2014}']) {
        return first_address(rest.trim_start()).map(Torn::RangeEnd);
    }
    first_address(label).map(Torn::Address)
}

/// The address before the first white space, slash, comma or semicolon.
fn first_address(text: &str) -> Option<IpAddr> {
    let first = first_word(text).split(['/', ',', ';']).next()?;
    first.parse().ok()
}

fn first_word(text: &str) -> &str {
    text.split(char::is_whitespace).next().unwrap_or_default()
}
