//! Refusals.

use std::time::Duration;

use crate::time::seconds_up;

/// Why a request does not pass. What a service answers with 429 Too Many Requests, or with 503 when
/// [`Unavailable`](Self::Unavailable).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Limited {
    /// The limit is used up for the moment.
    #[error("too many requests; try again in {} s", seconds_up(*.retry_after))]
    Later {
        /// After which time it would pass.
        retry_after: Duration,
    },
    /// It costs more than the limit allows at once.
    #[error("the request asks for more than the limit ever allows; ask for less at a time")]
    Never,
    /// Nobody knows: the shared counters could not be reached, and the policy is to refuse.
    #[error("requests cannot be counted at the moment; try again in {} s", seconds_up(*.retry_after))]
    Unavailable {
        /// When to try again.
        retry_after: Duration,
    },
}

impl Limited {
    /// A short, stable word for the audit log and for metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Later { .. } => "rate_limited",
            Self::Never => "rate_limit_exceeded_by_cost",
            Self::Unavailable { .. } => "rate_limit_unavailable",
        }
    }

    /// The same as whole seconds, rounded up and at least 1: the value of `Retry-After`.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_after().map(|retry_after| seconds_up(retry_after).max(1))
    }

    /// After which time the same request may pass; `None` when waiting does not help.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Later { retry_after } | Self::Unavailable { retry_after } => Some(*retry_after),
            Self::Never => None,
        }
    }
}

/// Why a policy was not built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the name of a policy is 1 to 64 lower-case letters, digits, `-`, `_` and `.`, and begins with a letter or a digit"
)]
pub struct InvalidPolicyName;
