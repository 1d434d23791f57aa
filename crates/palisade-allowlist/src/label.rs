//! The rules for labels.

use std::fmt;

/// The longest label, in bytes of UTF-8.
pub const MAX_LABEL: usize = 200;

/// Why a text cannot be a label: where and what.
///
/// A label is up to [`MAX_LABEL`] bytes on one line, without control characters, without white space at its ends,
/// and does not begin with `#`, so that each list can be written as text and read back.
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
    /// White space before or after.
    #[error("the label begins or ends with white space; remove it")]
    WhiteSpace,
    /// It would be read as a comment.
    #[error("a label does not begin with #, which begins a comment; write another sign")]
    Comment,
}

impl LabelProblem {
    /// A short, stable word for logs and programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLong => "label_too_long",
            Self::Control => "label_control",
            Self::WhiteSpace => "label_white_space",
            Self::Comment => "label_comment",
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
    if label.starts_with(char::is_whitespace) {
        return problem(0, LabelProblem::WhiteSpace);
    }
    if label.ends_with(char::is_whitespace) {
        return problem(label.trim_end().len(), LabelProblem::WhiteSpace);
    }
    if label.starts_with('#') {
        return problem(0, LabelProblem::Comment);
    }
    Ok(())
}
