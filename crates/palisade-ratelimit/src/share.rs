//! What one process may give away of a limit that several share.

/// The part of each quota that a limiter gives away: the whole, or for one of several processes that cannot ask
/// each other, a share.
///
/// With four processes behind a load balancer and a share of a quarter each, all of them together allow about what
/// was meant. A share is never less than a capacity of one, so small quotas and many processes allow more.
///
/// # Examples
///
/// ```
/// use palisade_ratelimit::Share;
///
/// let quarter = Share::one_of(4)?;
/// assert_eq!(quarter.to_string(), "1/4");
/// assert!(Share::one_of(0).is_err());
/// # Ok::<(), palisade_ratelimit::InvalidShare>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Share {
    part: u32,
    of: u32,
}

impl Share {
    /// All of it.
    pub const WHOLE: Self = Self { part: 1, of: 1 };

    /// What each of so many processes may give away.
    ///
    /// # Errors
    ///
    /// [`InvalidShare`] for zero processes.
    pub fn one_of(processes: u32) -> Result<Self, InvalidShare> {
        Self::fraction_of(1, processes)
    }

    /// `part` of `of` parts.
    ///
    /// # Errors
    ///
    /// [`InvalidShare`] unless 0 < `part` ≤ `of`.
    pub fn fraction_of(part: u32, of: u32) -> Result<Self, InvalidShare> {
        if part == 0 || part > of {
            return Err(InvalidShare);
        }
        Ok(Self { part, of })
    }

    pub(crate) fn is_whole(self) -> bool {
        self.part == self.of
    }

    pub(crate) fn fraction(self) -> (u32, u32) {
        (self.part, self.of)
    }
}

impl Default for Share {
    /// The whole.
    fn default() -> Self {
        Self::WHOLE
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.part, self.of)
    }
}

/// A share of nothing, or of more than the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a share is more than nothing and at most the whole")]
pub struct InvalidShare;
