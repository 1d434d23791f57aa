//! A quota with a name.

use std::borrow::Cow;
use std::fmt;

use crate::quota::Kind;
use crate::{InvalidPolicyName, Quota};

/// A quota with a name: what clients read in headers, operators in logs, and what keeps the counters of one
/// policy apart from those of another.
///
/// Counters belong to the name and the quota together. A policy whose quota is changed begins new ones, under the same
/// name: whoever had used up the old limit has the new one before them. So two versions of a service that run side by
/// side, or two plans of one name, never undo what the other counted.
///
/// # Examples
///
/// ```
/// use palisade_ratelimit::{PER_SECOND, Policy, Quota};
///
/// let per_ip = Policy::new("per-ip", Quota::bucket(100).refill(10, PER_SECOND)?)?;
/// assert_eq!(per_ip.name(), "per-ip");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Policy {
    name: Cow<'static, str>,
    quota: Quota,
    id: u64,
}

/// The longest name, in bytes.
const MAX_NAME: usize = 64;

impl Policy {
    /// A policy.
    ///
    /// # Errors
    ///
    /// [`InvalidPolicyName`] unless the name is 1 to 64 lower-case letters, digits, `-`, `_` and `.`, the first
    /// a letter or a digit.
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        quota: Quota,
    ) -> Result<Self, InvalidPolicyName> {
        let name = name.into();
        let bytes = name.as_bytes();
        let starts = bytes.first().is_some_and(u8::is_ascii_alphanumeric);
        let fits =
            |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(byte);
        if !starts || bytes.len() > MAX_NAME || !bytes.iter().all(fits) {
            return Err(InvalidPolicyName);
        }
        let id = id(bytes, quota);
        Ok(Self { name, quota, id })
    }

    /// For constants, whose names a test checks.
    pub(crate) const fn preset(name: &'static str, quota: Quota) -> Self {
        Self { name: Cow::Borrowed(name), quota, id: id(name.as_bytes(), quota) }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The quota.
    #[must_use]
    pub fn quota(&self) -> Quota {
        self.quota
    }

    /// Stands for the name and the quota where keys are hashed.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("name", &self.name)
            .field("quota", &self.quota)
            .finish_non_exhaustive()
    }
}

/// After FNV-1a, 64 bits, since it can be computed in a constant. The names are the operator's, so nobody aims at a
/// collision; what strangers choose is hashed with a key, in the limiter.
const fn id(name: &[u8], quota: Quota) -> u64 {
    let mut hash: u64 = match quota.kind() {
        Kind::Bucket => 0xcbf2_9ce4_8422_2325,
        Kind::Window => 0xcbf2_9ce4_8422_2325 ^ 0xff,
    };
    let mut rest = name;
    while let [byte, tail @ ..] = rest {
        hash = step(hash, *byte as u64);
        rest = tail;
    }
    step(step(step(hash, 0xff), quota.capacity() as u64), quota.interval_micros())
}

const fn step(hash: u64, part: u64) -> u64 {
    (hash ^ part).wrapping_mul(0x0000_0100_0000_01b3)
}
