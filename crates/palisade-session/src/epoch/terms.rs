//! What a server tells beside a token.

use std::time::SystemTime;

use super::{Epoch, TokenScopes};

/// The public part of an issued token, for the answer of a server.
///
/// With the feature `serde` it is `epoch`, `starts_at`, `expires_at` and `refresh_from`, times in seconds
/// since 1970, and `scope`. A server puts `token` beside it; it reads back only when the times are
/// those of the epoch.
///
/// # Examples
///
/// ```
/// use palisade_session::EpochTerms;
///
/// let terms = EpochTerms::new("epoch_2024010112".parse()?, "read:controls".parse()?);
/// # #[cfg(feature = "serde")] {
/// let json = serde_json::to_string(&terms)?;
/// assert_eq!(
///     json,
///     r#"{"epoch":"epoch_2024010112","starts_at":1704110400,"expires_at":1704114000,"refresh_from":1704113700,"scope":"read:controls"}"#,
/// );
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "form::Form", into = "form::Form"))]
pub struct EpochTerms {
    epoch: Epoch,
    scopes: TokenScopes,
}

impl EpochTerms {
    /// The terms of a token for this epoch with these scopes.
    #[must_use]
    pub fn new(epoch: Epoch, scopes: TokenScopes) -> Self {
        Self { epoch, scopes }
    }

    /// The hour in which the token works.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// What the token may be used for.
    #[must_use]
    pub fn scopes(&self) -> &TokenScopes {
        &self.scopes
    }

    /// From when it works.
    #[must_use]
    pub fn starts_at(&self) -> SystemTime {
        self.epoch.starts_at()
    }

    /// The first moment at which it no longer works.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        self.epoch.expires_at()
    }

    /// From when the token for the next hour is to be had.
    #[must_use]
    pub fn refresh_from(&self) -> SystemTime {
        self.epoch.refresh_from()
    }
}

#[cfg(feature = "serde")]
mod form {
    use std::time::{Duration, SystemTime};

    use super::EpochTerms;
    use crate::epoch::{Epoch, InvalidEpoch, TokenScopes};

    #[derive(serde::Serialize, serde::Deserialize)]
    pub(super) struct Form {
        epoch: Epoch,
        starts_at: u64,
        expires_at: u64,
        refresh_from: u64,
        #[serde(default)]
        scope: TokenScopes,
    }

    impl From<EpochTerms> for Form {
        fn from(terms: EpochTerms) -> Self {
            let seconds = |time: SystemTime| {
                time.duration_since(SystemTime::UNIX_EPOCH).as_ref().map_or(0, Duration::as_secs)
            };
            Self {
                starts_at: seconds(terms.starts_at()),
                expires_at: seconds(terms.expires_at()),
                refresh_from: seconds(terms.refresh_from()),
                epoch: terms.epoch,
                scope: terms.scopes,
            }
        }
    }

    impl TryFrom<Form> for EpochTerms {
        type Error = InvalidEpoch;

        fn try_from(form: Form) -> Result<Self, InvalidEpoch> {
            let given = (form.starts_at, form.expires_at, form.refresh_from);
            let terms = Self::new(form.epoch, form.scope);
            let right = Form::from(terms.clone());
            if given == (right.starts_at, right.expires_at, right.refresh_from) {
                Ok(terms)
            } else {
                Err(InvalidEpoch)
            }
        }
    }
}
