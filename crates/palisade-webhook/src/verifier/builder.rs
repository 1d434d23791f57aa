//! How a verifier is made.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use palisade_secret::KeyId;

use super::{Inner, Verifier};
use crate::presented::MAX_SIGNATURES;
use crate::ring::Ring;
use crate::scheme::TimeField;
use crate::{BuildError, Scheme, VerifyingKey};

/// The longest body when nothing is said: 32 MiB, above the 25 MB that GitHub sends at most.
const DEFAULT_MAX_BODY: u64 = 32 * 1024 * 1024;

/// The largest tolerance: ten years. A guard has to remember a message for as long as this.
pub(crate) const MAX_TOLERANCE: Duration = Duration::from_hours(10 * 365 * 24);

/// Makes a [`Verifier`]; every mistake in it is told by [`build`](Self::build).
#[derive(Clone, Debug)]
pub struct VerifierBuilder {
    scheme: Scheme,
    ring: Ring<VerifyingKey>,
    url: Option<Box<str>>,
    tolerance: Tolerance,
    require_time: bool,
    max_body: u64,
    max_signatures: usize,
}

#[derive(Clone, Copy, Debug)]
enum Tolerance {
    OfScheme,
    Given(Duration),
    Unchecked,
}

impl VerifierBuilder {
    pub(super) fn new(scheme: Scheme) -> Self {
        Self {
            scheme,
            ring: Ring::new(),
            url: None,
            tolerance: Tolerance::OfScheme,
            require_time: false,
            max_body: DEFAULT_MAX_BODY,
            max_signatures: MAX_SIGNATURES,
        }
    }

    /// Adds a key: a [`SharedSecret`](crate::SharedSecret) or a public key. Any of the keys may have signed.
    ///
    /// To rotate, add the new key, let the sender change over, and take the old one out.
    #[must_use]
    pub fn key(mut self, id: KeyId, key: impl Into<VerifyingKey>) -> Self {
        self.ring.push(id, key.into(), None);
        self
    }

    /// Adds a key that counts before `not_after` and is unknown from then on.
    #[must_use]
    pub fn key_until(
        mut self,
        id: KeyId,
        key: impl Into<VerifyingKey>,
        not_after: SystemTime,
    ) -> Self {
        self.ring.push(id, key.into(), Some(not_after));
        self
    }

    /// The URL under which the sender knows this receiver, for schemes that sign it, such as Square's.
    ///
    /// It is configured, never read from the request: whoever sends that writes what he likes.
    #[must_use]
    pub fn url(mut self, url: impl Into<Box<str>>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// How far the time of signing may be off, both ways, instead of what the scheme says: at most ten years.
    /// Zero means zero.
    #[must_use]
    pub fn tolerance(mut self, tolerance: Duration) -> Self {
        self.tolerance = Tolerance::Given(tolerance);
        self
    }

    /// Accepts messages of any age, as for a queue that is worked off days later.
    ///
    /// # Security
    ///
    /// Whoever captured a message can send it for ever. Keep a [`ReplayGuard`](crate::ReplayGuard) with a
    /// retention as long as the messages can be of use to him.
    #[must_use]
    pub fn dangerous_any_age(mut self) -> Self {
        self.tolerance = Tolerance::Unchecked;
        self
    }

    /// Refuses a message whose body does not tell the time, for schemes that tell it there, such as Linear's.
    ///
    /// Otherwise such a message passes: its sender signed it without a time.
    #[must_use]
    pub fn require_time(mut self) -> Self {
        self.require_time = true;
        self
    }

    /// The longest body, in bytes: 32 MiB when nothing is said.
    #[must_use]
    pub fn max_body(mut self, bytes: u64) -> Self {
        self.max_body = bytes;
        self
    }

    /// The most signatures in one header, 16 at the highest, which it is when nothing is said. A header with
    /// more is refused.
    #[must_use]
    pub fn max_signatures(mut self, signatures: usize) -> Self {
        self.max_signatures = signatures;
        self
    }

    /// The verifier.
    ///
    /// # Errors
    ///
    /// [`BuildError`].
    pub fn build(self) -> Result<Verifier, BuildError> {
        let scheme = self.scheme;
        scheme.check()?;
        self.ring.check(&scheme, VerifyingKey::algorithm)?;
        if self.max_body == 0 {
            return Err(BuildError::Zero("max_body"));
        }
        match self.max_signatures {
            0 => return Err(BuildError::Zero("max_signatures")),
            1..=MAX_SIGNATURES => {}
            _ => return Err(BuildError::TooHigh("max_signatures")),
        }
        if self.require_time && !matches!(scheme.time, TimeField::Body(_)) {
            return Err(BuildError::RequireUnused);
        }
        let tolerance = match self.tolerance {
            Tolerance::Given(_) | Tolerance::Unchecked if !scheme.has_time() => {
                return Err(BuildError::ToleranceUnused);
            }
            Tolerance::OfScheme => Some(scheme.tolerance),
            Tolerance::Given(tolerance) => Some(tolerance),
            Tolerance::Unchecked => None,
        };
        if tolerance.is_some_and(|tolerance| tolerance > MAX_TOLERANCE) {
            return Err(BuildError::TooHigh("tolerance"));
        }
        Ok(Verifier(Arc::new(Inner {
            scheme,
            ring: self.ring,
            url: scheme.checked_url(self.url)?,
            tolerance,
            require_time: self.require_time,
            max_body: self.max_body,
            max_signatures: self.max_signatures,
        })))
    }
}

impl Scheme {
    /// The URL to sign: there if and only if the scheme signs one.
    pub(crate) fn checked_url(&self, url: Option<Box<str>>) -> Result<Box<str>, BuildError> {
        match (self.signs_url(), url) {
            (true, Some(url)) if !url.is_empty() => Ok(url),
            (true, _) => Err(BuildError::NoUrl),
            (false, Some(_)) => Err(BuildError::UrlUnused),
            (false, None) => Ok(Box::default()),
        }
    }
}
