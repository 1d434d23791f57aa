//! Why there is no token.

use std::fmt;
use std::sync::Arc;

/// Why there is no token. All calls that waited for one fetch get the same error.
#[derive(Debug)]
#[non_exhaustive]
pub enum EpochUnavailable<E> {
    /// The fetch failed; its error is the source.
    Fetch(Arc<E>),
    /// The server sent a token that does not work now, or two that do not follow each other: a clock is
    /// wrong.
    WrongEpoch,
    /// The server refused the tokens that it had sent, one soon after the other, and the next try has
    /// to wait.
    Refused,
}

impl<E> Clone for EpochUnavailable<E> {
    fn clone(&self) -> Self {
        match self {
            Self::Fetch(error) => Self::Fetch(Arc::clone(error)),
            Self::WrongEpoch => Self::WrongEpoch,
            Self::Refused => Self::Refused,
        }
    }
}

impl<E> EpochUnavailable<E> {
    /// A short, stable word for the log and for metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Fetch(_) => "epoch_fetch",
            Self::WrongEpoch => "epoch_wrong",
            Self::Refused => "epoch_refused",
        }
    }
}

impl<E> fmt::Display for EpochUnavailable<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fetch(_) => "no epoch token could be fetched",
            Self::WrongEpoch => {
                "the epoch token that was fetched does not work now; is a clock wrong?"
            }
            Self::Refused => "the server refuses the epoch tokens that it sends",
        })
    }
}

impl<E: std::error::Error + 'static> std::error::Error for EpochUnavailable<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Fetch(error) => Some(&**error),
            Self::WrongEpoch | Self::Refused => None,
        }
    }
}
