//! When the receiver wants to be asked again.

use std::time::{Duration, SystemTime};

use super::RetryPolicy;

/// The longest value that is read. The longest HTTP date has 33 bytes.
const MAX_LEN: usize = 64;

/// How long a receiver asks the sender to wait: the value of `Retry-After` (RFC 9110 section 10.2.3).
///
/// It is a wish, not an order: [`Delivery::record`](super::Delivery::record) honours it up to
/// [`longest_retry_after`](super::RetryPolicyBuilder::longest_retry_after), and never comes back earlier
/// because of it than the policy says.
///
/// # Examples
///
/// ```
/// use palisade_webhook::RetryAfter;
/// use std::time::{Duration, SystemTime};
///
/// let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_700);
/// let wait = RetryAfter::parse(b"120", now)?;
/// assert_eq!(wait.wait(), Duration::from_secs(120));
/// let until = RetryAfter::parse(b"Sun, 06 Nov 1994 08:49:37 GMT", now)?;
/// assert_eq!(until.wait(), Duration::from_secs(77));
/// # Ok::<(), palisade_webhook::InvalidRetryAfter>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryAfter(Duration);

impl RetryAfter {
    /// Reads the header's value: seconds, or a date in one of the three forms of RFC 9110 section 5.6.7.
    ///
    /// A date that is past means no wait. What is longer than [`MAX_DELAY`](RetryPolicy::MAX_DELAY) means that.
    ///
    /// # Errors
    ///
    /// [`InvalidRetryAfter`] when it is neither; then the sender goes on as if there were no header.
    pub fn parse(value: &[u8], now: SystemTime) -> Result<Self, InvalidRetryAfter> {
        if value.len() > MAX_LEN {
            return Err(InvalidRetryAfter);
        }
        let text = str::from_utf8(value).map_err(|_| InvalidRetryAfter)?;
        let text = text.trim_matches([' ', '\t']);
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let seconds = text.parse().unwrap_or(u64::MAX);
            return Ok(Self::at_most(Duration::from_secs(seconds)));
        }
        // Checked here as well: the parser of dates trims line breaks and other white space.
        if !text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
            return Err(InvalidRetryAfter);
        }
        let until = httpdate::parse_http_date(text).map_err(|_| InvalidRetryAfter)?;
        Ok(Self::at_most(until.duration_since(now).unwrap_or_default()))
    }

    /// A caller adds it to a time, which must not overflow.
    fn at_most(wait: Duration) -> Self {
        Self(wait.min(RetryPolicy::MAX_DELAY))
    }

    /// How long, as the receiver said it: [`MAX_DELAY`](RetryPolicy::MAX_DELAY) at the most.
    #[must_use]
    pub fn wait(&self) -> Duration {
        self.0
    }
}

/// Text that is no value of `Retry-After`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Retry-After is a number of seconds or an HTTP date")]
pub struct InvalidRetryAfter;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 30 days, in seconds.
    const MOST: u64 = 2_592_000;

    /// 1994-11-06 08:48:20 UTC, 77 seconds before the example of RFC 9110.
    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_700)
    }

    fn seconds(value: &str) -> Option<u64> {
        RetryAfter::parse(value.as_bytes(), now()).ok().map(|after| after.wait().as_secs())
    }

    #[test]
    fn values() {
        for (value, expected) in [
            ("0", Some(0)),
            ("120", Some(120)),
            (" 120\t", Some(120)),
            ("00120", Some(120)),
            ("2591999", Some(2_591_999)),
            ("2592001", Some(MOST)),
            ("18446744073709551615", Some(MOST)),
            ("18446744073709551616", Some(MOST)),
            ("99999999999999999999999999999999999999999999999999", Some(MOST)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(77)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(77)),
            ("Sun Nov  6 08:49:37 1994", Some(77)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(MOST)),
            ("", None),
            (" ", None),
            ("-1", None),
            ("+1", None),
            ("1.5", None),
            ("1e3", None),
            ("0x10", None),
            ("1 2", None),
            ("\u{ff11}", None),
            ("\u{661}", None),
            ("120\n", None),
            ("\u{a0}120", None),
            ("Sun, 06 Nov 1994 08:49:37 GMT\n", None),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
            ("Mon, 06 Nov 1994 08:49:37 GMT", None),
            ("Sun, 31 Feb 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 0000 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 24:00:00 GMT", None),
            ("Sun, 00 Nov 1994 08:49:37 GMT", None),
        ] {
            assert_eq!(seconds(value), expected, "{value:?}");
        }
        assert_eq!(seconds(&"1".repeat(64)), Some(MOST));
        assert_eq!(seconds(&"1".repeat(65)), None);
        assert!(RetryAfter::parse(&[0xff, 0xfe], now()).is_err());
    }

    #[test]
    fn a_clock_before_the_epoch_is_no_trouble() {
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        let date = RetryAfter::parse(b"Thu, 01 Jan 1970 00:00:01 GMT", before).unwrap();
        assert_eq!(date.wait(), Duration::from_secs(2));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(value in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = RetryAfter::parse(&value, now());
        }

        #[test]
        fn nothing_like_a_date_panics(
            day in "(Mon|Tues|Wednes|Sun)(day)?,? ?", date in "[0-9 -]{0,3}(Nov|Feb|Dec)?[0-9 -]{0,6}",
            time in "[0-9:]{0,9}", rest in "( GMT| [0-9]{1,5})?",
        ) {
            let _ = RetryAfter::parse(format!("{day}{date} {time}{rest}").as_bytes(), now());
        }
    }
}
