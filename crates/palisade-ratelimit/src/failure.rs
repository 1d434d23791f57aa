//! What to do when the shared counters cannot be reached.

use std::fmt;

use crate::Share;

/// What a limiter answers when the counters that it shares with others cannot be reached.
///
/// There is no right answer for every door, so there is no default.
///
/// # Examples
///
/// ```
/// use palisade_ratelimit::{FailurePolicy, Share};
///
/// // Four processes, each of which goes on with a quarter of every limit.
/// let policy = FailurePolicy::Local(Share::one_of(4)?);
/// assert_eq!("local:1/4".parse::<FailurePolicy>()?, policy);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailurePolicy {
    /// Every request passes: for limits that keep a service smooth, not safe.
    Open,
    /// No request passes: for limits that stand between an attacker and a password.
    Closed,
    /// This process counts by itself and gives away a share of every limit: for most.
    Local(Share),
}

/// As [`FromStr`](std::str::FromStr) reads it: `open`, `closed`, or `local:1/4`.
impl fmt::Display for FailurePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("open"),
            Self::Closed => f.write_str("closed"),
            Self::Local(share) => write!(f, "local:{share}"),
        }
    }
}

impl std::str::FromStr for FailurePolicy {
    type Err = InvalidFailurePolicy;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "open" => return Ok(Self::Open),
            "closed" => return Ok(Self::Closed),
            _ => {}
        }
        let share = text.strip_prefix("local:").and_then(|share| share.split_once('/'));
        let (part, of) = share.ok_or(InvalidFailurePolicy)?;
        let (part, of) = (number(part)?, number(of)?);
        Share::fraction_of(part, of).map(Self::Local).map_err(|_| InvalidFailurePolicy)
    }
}

/// Digits alone: `parse` takes a plus sign as well.
fn number(text: &str) -> Result<u32, InvalidFailurePolicy> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(InvalidFailurePolicy);
    }
    text.parse().map_err(|_| InvalidFailurePolicy)
}

/// A text that is no failure policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a failure policy is `open`, `closed`, or `local:1/4` with the share of one process")]
pub struct InvalidFailurePolicy;
