//! Quotas as an operator writes them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::{InvalidQuota, Kind, Quota};

/// The longest text, in bytes. The longest that [`Display`](fmt::Display) writes has 38.
const MAX_TEXT: usize = 64;

/// A unit of time by its name, in microseconds; the longest first.
const UNITS: [(&str, u64); 6] = [
    ("day", 86_400_000_000),
    ("h", 3_600_000_000),
    ("min", 60_000_000),
    ("s", 1_000_000),
    ("ms", 1_000),
    ("us", 1),
];

/// In which units a rate is told, the shortest first.
const RATES: [&str; 4] = ["s", "min", "h", "day"];

/// Reads a quota, such as an operator writes it into a configuration or on a command line.
///
/// | text | meaning |
/// |---|---|
/// | `100/min` | a bucket of 100 that is refilled with 100 a minute |
/// | `1000 + 100/s` | a bucket of 1,000 that is refilled with 100 a second |
/// | `20/15min` | a bucket of 20 that is refilled with 20 in 15 minutes |
/// | `10000/day fixed` | a fixed window: 10,000 from midnight to midnight, UTC |
///
/// A period is `us`, `ms`, `s`, `min`, `h` or `day`, with a whole number before it if need be. Numbers are ASCII
/// digits. Spaces may stand between the parts.
///
/// # Errors
///
/// [`InvalidQuotaText`], which says what to write and repeats nothing of the text. The bounds are those of
/// [`Bucket::refill`](crate::Bucket::refill) and of [`Quota::window`].
///
/// # Examples
///
/// ```
/// use palisade_ratelimit::{InvalidQuotaText, PER_SECOND, Quota};
///
/// let quota: Quota = "1000 + 100/s".parse()?;
/// assert_eq!(quota, Quota::bucket(1_000).refill(100, PER_SECOND)?);
///
/// // A minute or a month?
/// assert_eq!("100/m".parse::<Quota>(), Err(InvalidQuotaText::Minute));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl FromStr for Quota {
    type Err = InvalidQuotaText;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > MAX_TEXT {
            return Err(InvalidQuotaText::Shape);
        }
        let (left, period) = text.split_once('/').ok_or(InvalidQuotaText::Shape)?;
        let (capacity, tokens) = match left.split_once('+') {
            Some((capacity, tokens)) => (Some(amount(capacity)?), amount(tokens)?),
            None => (None, amount(left)?),
        };
        let period = period.trim_matches(' ');
        let (period, is_fixed) = match period.strip_suffix(" fixed") {
            Some(period) => (period.trim_end_matches(' '), true),
            None => (period, false),
        };
        let period = self::period(period)?;
        let quota = match (capacity, is_fixed) {
            (None, true) => Self::window(tokens, period),
            (Some(_), true) => return Err(InvalidQuotaText::FixedAndRefilled),
            (capacity, false) => Self::bucket(capacity.unwrap_or(tokens)).refill(tokens, period),
        };
        Ok(quota?)
    }
}

/// Writes a text that [`FromStr`] reads as an equal quota, the shortest of those that a person would write.
///
/// # Examples
///
/// ```
/// use palisade_ratelimit::{PER_MINUTE, PER_SECOND, Quota};
///
/// assert_eq!(Quota::per_minute(100)?.to_string(), "100/min");
/// assert_eq!(Quota::bucket(7).refill(3, PER_SECOND)?.to_string(), "7 + 3/s");
/// assert_eq!(Quota::window(10_000, 15 * PER_MINUTE)?.to_string(), "10000/15min fixed");
/// # Ok::<(), palisade_ratelimit::InvalidQuota>(())
/// ```
impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (capacity, interval, span) =
            (self.capacity(), self.interval_micros(), self.span_micros());
        if self.kind() == Kind::Window {
            return write!(f, "{capacity}/{} fixed", Period(span));
        }
        let all = u64::from(capacity);
        if let Some(unit) = RATES.iter().find(|unit| is_rate(all, unit, interval)) {
            return write!(f, "{capacity}/{unit}");
        }
        // Nobody thinks in more tokens an hour than the bucket holds.
        let is_plain = |rate: &Rate| rate.tokens <= all || matches!(rate.unit, "s" | "min");
        let mut rates = RATES.iter().filter_map(|unit| Rate::of(unit, interval)).filter(is_plain);
        if let Some(rate) = rates.clone().find(|rate| rate.is_exact) {
            return write!(f, "{capacity} + {rate}");
        }
        if span.is_multiple_of(1_000_000) {
            return write!(f, "{capacity}/{}", Period(span));
        }
        match rates.next() {
            Some(rate) => write!(f, "{capacity} + {rate}"),
            None => write!(f, "{capacity} + 1/{}", Period(interval)),
        }
    }
}

/// So many tokens in one unit.
struct Rate {
    tokens: u64,
    unit: &'static str,
    /// Whether the interval was not rounded up.
    is_exact: bool,
}

impl Rate {
    /// The rate whose tokens come at this interval, rounded up as a quota rounds it.
    fn of(unit: &'static str, interval: u64) -> Option<Self> {
        let micros = micros(unit)?;
        let tokens = micros.div_ceil(interval.max(1));
        let is_exact = tokens.checked_mul(interval) == Some(micros);
        is_rate(tokens, unit, interval).then_some(Self { tokens, unit, is_exact })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.tokens, self.unit)
    }
}

/// Whether a quota with so many tokens in this unit has this interval.
fn is_rate(tokens: u64, unit: &str, interval: u64) -> bool {
    micros(unit).is_some_and(|micros| {
        u32::try_from(tokens).is_ok()
            && tokens <= micros
            && micros.div_ceil(tokens.max(1)) == interval
    })
}

/// Microseconds in the longest unit that leaves no rest.
struct Period(u64);

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole =
            UNITS.iter().find(|(_, micros)| self.0 >= *micros && self.0.is_multiple_of(*micros));
        let (unit, micros) = whole.copied().unwrap_or(("us", 1));
        match self.0 / micros {
            1 => f.write_str(unit),
            count => write!(f, "{count}{unit}"),
        }
    }
}

fn micros(unit: &str) -> Option<u64> {
    UNITS.iter().find(|(name, _)| *name == unit).map(|(_, micros)| *micros)
}

fn amount(text: &str) -> Result<u32, InvalidQuotaText> {
    let number = number(text.trim_matches(' '))?;
    u32::try_from(number).map_err(|_| InvalidQuotaText::Number)
}

/// Digits alone: `parse` takes a plus sign as well.
fn number(text: &str) -> Result<u64, InvalidQuotaText> {
    if text.is_empty() {
        return Err(InvalidQuotaText::Shape);
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(InvalidQuotaText::Number);
    }
    text.parse().map_err(|_| InvalidQuotaText::Number)
}

/// `min`, `15min` or `15 min`.
fn period(text: &str) -> Result<Duration, InvalidQuotaText> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = text.strip_suffix(unit).unwrap_or_default();
    let count = if digits.is_empty() { 1 } else { number(digits)? };
    let micros = match unit.trim_start_matches(' ') {
        "m" | "M" => return Err(InvalidQuotaText::Minute),
        unit => micros(unit).ok_or(InvalidQuotaText::Period)?,
    };
    // What does not fit into a u64 is more than 400 days.
    Ok(Duration::from_micros(count.saturating_mul(micros)))
}

/// Why a text is no quota. It repeats nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidQuotaText {
    /// Something is missing, or too much.
    #[error("a quota is written `100/min`, `1000 + 100/s` or `10000/day fixed`")]
    Shape,
    /// No number, or too large a one.
    #[error(
        "a number in a quota is written in digits alone, without separators, and is at most {}",
        u32::MAX
    )]
    Number,
    /// No period.
    #[error(
        "a period is `s`, `min`, `h` or `day`, also `ms` or `us`, in lower case, with a whole number before it if need be, such as `15min`"
    )]
    Period,
    /// `m`, which some read as minutes and others as months.
    #[error("`m` may be minutes or months; write `min` for a minute")]
    Minute,
    /// A burst for a fixed window.
    #[error(
        "a fixed window is not refilled; write `10000/day fixed`, or leave out `fixed` for a bucket"
    )]
    FixedAndRefilled,
    /// Well written, and still no quota.
    #[error(transparent)]
    Quota(#[from] InvalidQuota),
}
