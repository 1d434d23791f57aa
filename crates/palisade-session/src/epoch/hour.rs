//! An hour, and where a clock stands in it.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use super::civil;

/// An hour in UTC, such as `epoch_2024010112` for 12:00 to 13:00 on the first of January 2024.
///
/// The hour is half-open: its first moment belongs to it, and its end to the next one. Its text is
/// `epoch_YYYYMMDDHH`, for years from 1970 to 9999, and there is no other spelling.
///
/// # Examples
///
/// ```
/// use palisade_session::{Epoch, EpochStanding};
/// use std::time::{Duration, SystemTime};
///
/// let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_704_113_700); // 12:55
/// let epoch = Epoch::of(now)?;
/// assert_eq!(epoch.to_string(), "epoch_2024010112");
/// assert_eq!(epoch.standing(now, Duration::ZERO), EpochStanding::RefreshDue);
/// assert_eq!(epoch.next(), Some("epoch_2024010113".parse()?));
/// # Ok::<(), palisade_session::InvalidEpoch>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct Epoch {
    /// Since 1970-01-01T00:00Z.
    hours: u32,
}

impl Epoch {
    /// How long an epoch lasts.
    pub const LENGTH: Duration = Duration::from_hours(1);
    /// How long before the end of an epoch the token for the next one is to be had.
    pub const REFRESH_WINDOW: Duration = Duration::from_mins(5);

    /// The last hour of the year 9999.
    const LAST: u32 = 70_389_527;

    /// The epoch that a moment lies in.
    ///
    /// # Errors
    ///
    /// [`InvalidEpoch`] when that is before 1970 or after 9999.
    pub fn of(now: SystemTime) -> Result<Self, InvalidEpoch> {
        let since = now.duration_since(SystemTime::UNIX_EPOCH).map_err(|_| InvalidEpoch)?;
        let hours = u32::try_from(since.as_secs() / Self::LENGTH.as_secs());
        hours
            .ok()
            .filter(|hours| *hours <= Self::LAST)
            .map(|hours| Self { hours })
            .ok_or(InvalidEpoch)
    }

    /// Its first moment.
    #[must_use]
    pub fn starts_at(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Self::LENGTH * self.hours
    }

    /// The first moment after it.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        self.starts_at() + Self::LENGTH
    }

    /// From when the token for the next epoch is to be had: five minutes before the end.
    #[must_use]
    pub fn refresh_from(&self) -> SystemTime {
        self.expires_at() - Self::REFRESH_WINDOW
    }

    /// The epoch that follows; none follows the last hour of the year 9999.
    #[must_use]
    pub fn next(&self) -> Option<Self> {
        (self.hours < Self::LAST).then(|| Self { hours: self.hours + 1 })
    }

    /// Where a clock stands that may be wrong by so much: leeway widens the epoch at both ends.
    #[must_use]
    pub fn standing(&self, now: SystemTime, leeway: Duration) -> EpochStanding {
        // A leeway beyond what a clock can show reaches every time.
        if now.checked_add(leeway).is_some_and(|latest| latest < self.starts_at()) {
            EpochStanding::NotYetValid
        } else if self.expires_at().checked_add(leeway).is_some_and(|end| now >= end) {
            EpochStanding::Expired
        } else if now >= self.refresh_from() {
            EpochStanding::RefreshDue
        } else {
            EpochStanding::Valid
        }
    }
}

/// Where a clock stands with respect to an [`Epoch`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EpochStanding {
    /// Before it.
    NotYetValid,
    /// In it.
    Valid,
    /// In its last five minutes: the token for the next epoch is to be had.
    RefreshDue,
    /// After it.
    Expired,
}

impl EpochStanding {
    /// A short, stable word: `not_yet_valid`, `valid`, `refresh_due` or `expired`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotYetValid => "not_yet_valid",
            Self::Valid => "valid",
            Self::RefreshDue => "refresh_due",
            Self::Expired => "expired",
        }
    }
}

impl FromStr for Epoch {
    type Err = InvalidEpoch;

    fn from_str(text: &str) -> Result<Self, InvalidEpoch> {
        let digits = text.strip_prefix("epoch_").ok_or(InvalidEpoch)?.as_bytes();
        let digits: &[u8; 10] = digits.try_into().map_err(|_| InvalidEpoch)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(InvalidEpoch);
        }
        let number =
            |digits: &[u8]| digits.iter().fold(0, |n, digit| n * 10 + u32::from(digit - b'0'));
        let days = civil::days(number(&digits[..4]), number(&digits[4..6]), number(&digits[6..8]));
        match (days, number(&digits[8..])) {
            (Some(days), hour @ 0..24) => Ok(Self { hours: days * 24 + hour }),
            _ => Err(InvalidEpoch),
        }
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil::date(self.hours / 24);
        write!(f, "epoch_{year:04}{month:02}{day:02}{:02}", self.hours % 24)
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Epoch({self})")
    }
}

impl TryFrom<String> for Epoch {
    type Error = InvalidEpoch;

    fn try_from(text: String) -> Result<Self, InvalidEpoch> {
        text.parse()
    }
}

impl From<Epoch> for String {
    fn from(epoch: Epoch) -> String {
        epoch.to_string()
    }
}

/// Text or a time that is no [`Epoch`]. It does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an epoch is an hour in UTC from 1970 to 9999, written epoch_YYYYMMDDHH")]
pub struct InvalidEpoch;
