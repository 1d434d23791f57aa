//! Why a file was not taken.

use std::io;

use crate::BuildError;

/// Why a file was not taken. The list in use stays what it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReloadError {
    /// The file is not there, or cannot be read.
    #[error("the file cannot be read: {0}")]
    Read(#[source] io::Error),
    /// A folder, a pipe, a device.
    #[error("this is not a regular file")]
    NotAFile,
    /// The file has not one byte, which is how one looks that was cut before it is written anew.
    #[error("the file is empty; a list that denies everyone is a file with a comment in it")]
    Blank,
    /// The file changed while it was read.
    #[error("the file changed while it was read; write a new file beside it and rename that")]
    Changed,
    /// The last line has no line feed at its end, so it may be cut: `10.1.0.0/1` may become `10.1.0.0/16`, and nobody
    /// knows how long whoever writes it takes.
    #[error("the file ends within a line; end the last line with a line feed")]
    Unfinished,
    /// The list has no entry and would let everyone in, as the rules say. It may be that its entries are still to be
    /// written; see [`LiveFile`](crate::LiveFile).
    #[error(
        "the list has no entry and would let everyone in; if that is meant, list 0.0.0.0/0 and ::/0"
    )]
    OpensToEveryone,
    /// The text is not a list.
    #[error(transparent)]
    Build(BuildError),
}

impl ReloadError {
    /// A short, stable word for the audit log and for metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Read(_) | Self::Build(BuildError::Read(_)) => "file_unreadable",
            Self::NotAFile => "not_a_file",
            Self::Blank => "file_empty",
            Self::Changed => "file_changed",
            Self::Unfinished => "file_unfinished",
            Self::OpensToEveryone => "list_opens_to_everyone",
            Self::Build(BuildError::Malformed(_)) => "list_malformed",
            Self::Build(BuildError::Empty) => "list_empty",
            Self::Build(
                BuildError::TooMany { .. }
                | BuildError::LabelsTooLong
                | BuildError::EndlessLine { .. },
            ) => "list_too_large",
        }
    }
}

impl From<BuildError> for ReloadError {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::Read(error) => Self::Read(error),
            other => Self::Build(other),
        }
    }
}

impl From<io::Error> for ReloadError {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}
