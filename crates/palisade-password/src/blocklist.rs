//! Passwords that nobody may choose.

use std::collections::HashSet;
use std::fmt;
use std::io::{self, BufRead};

use crate::fold::fold;
use crate::lines::{LineError, Lines};

/// Passwords that nobody may choose, compared whole: a password that merely contains one is accepted
/// (NIST SP 800-63B-4 section 3.1.1.2).
///
/// Case does not count, nor does the form of Unicode: both sides are brought to NFKC and lower case,
/// whatever the store's [`Normalization`](crate::Normalization). A list of some thousands belongs here;
/// for millions there is the [`BreachedFilter`](crate::BreachedFilter), which takes a byte each.
///
/// # Examples
///
/// ```
/// use palisade_password::Blocklist;
///
/// let list = Blocklist::from_lines("correcthorsebatterystaple\nto be or not to be\n".as_bytes())?;
/// assert!(list.contains("To Be Or Not To Be"));
/// assert!(!list.contains("to be or not to be, that is"));
/// # Ok::<(), palisade_password::BlocklistError>(())
/// ```
#[derive(Clone, Default)]
pub struct Blocklist {
    folded: HashSet<Box<str>>,
}

impl Blocklist {
    /// The most lines of a list, so that a wrong file is noticed before it fills the memory.
    pub const MAX_LINES: usize = 1_000_000;

    /// Reads a list in UTF-8 with one password a line. Empty lines are passed over; spaces count, and
    /// there are no comments, since a password may begin with any character.
    ///
    /// # Errors
    ///
    /// Each names the line: [`BlocklistError::NotText`], [`BlocklistError::TooLong`],
    /// [`BlocklistError::TooMany`], [`BlocklistError::Read`].
    pub fn from_lines(list: impl BufRead) -> Result<Self, BlocklistError> {
        let mut lines = Lines::new(list);
        let mut folded = HashSet::new();
        let mut count = 0;
        loop {
            let text = match lines.read_next() {
                Ok(None) => return Ok(Self { folded }),
                Ok(Some(line)) => std::str::from_utf8(line).map(fold),
                Err(LineError::TooLong) => {
                    return Err(BlocklistError::TooLong { line: lines.number() });
                }
                Err(LineError::Read(source)) => {
                    return Err(BlocklistError::Read { line: lines.number(), source });
                }
            };
            let line = lines.number();
            let text = text.map_err(|_| BlocklistError::NotText { line })?;
            count += 1;
            if count > Self::MAX_LINES {
                return Err(BlocklistError::TooMany { line });
            }
            folded.insert(Box::from(text.as_str()));
        }
    }

    /// Whether this text, whole, is on the list.
    #[must_use]
    pub fn contains(&self, text: &str) -> bool {
        self.contains_folded(&fold(text))
    }

    pub(crate) fn contains_folded(&self, folded: &str) -> bool {
        self.folded.contains(folded)
    }

    /// How many passwords there are; those that differ in case alone are one.
    #[must_use]
    pub fn len(&self) -> usize {
        self.folded.len()
    }

    /// Whether the list forbids nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.folded.is_empty()
    }
}

impl fmt::Debug for Blocklist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blocklist({} passwords)", self.len())
    }
}

/// Why a list of forbidden passwords could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlocklistError {
    /// A line is not UTF-8.
    #[error("line {line} of the list is not UTF-8; convert the file")]
    NotText {
        /// Which line, from 1.
        line: u64,
    },
    /// A line is longer than any password.
    #[error(
        "line {line} of the list has more than {} bytes; is it a list with one password a line?",
        crate::Password::MAX_BYTES
    )]
    TooLong {
        /// Which line, from 1.
        line: u64,
    },
    /// There are more lines than a list in memory may have.
    #[error(
        "line {line} is one too many: a list has at most {} passwords; make a filter of it instead",
        Blocklist::MAX_LINES
    )]
    TooMany {
        /// Which line, from 1.
        line: u64,
    },
    /// The list could not be read on.
    #[error("the list could not be read beyond line {line}: {source}")]
    Read {
        /// The line that was being read, from 1.
        line: u64,
        /// What the system says.
        source: io::Error,
    },
}
