//! What came back.

use std::fmt;
use std::time::{Duration, SystemTime};

use hyper::StatusCode;
use hyper::header::{HeaderMap, RETRY_AFTER};

/// What the receiver answered: a status, and the beginning of a body.
#[derive(Clone)]
pub struct Answer {
    status: StatusCode,
    retry_after: Option<RetryAfter>,
    body: Vec<u8>,
    is_cut: bool,
}

impl Answer {
    pub(super) fn new(
        status: StatusCode,
        headers: &HeaderMap,
        body: Vec<u8>,
        is_cut: bool,
    ) -> Self {
        Self { status, retry_after: RetryAfter::read(headers), body, is_cut }
    }

    /// The status, from 200. That of a redirect is one like any other: it was not followed.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// When the receiver asks to be called again.
    #[must_use]
    pub fn retry_after(&self) -> Option<RetryAfter> {
        self.retry_after
    }

    /// The body, up to [`Limits::body_kept`](super::Limits::body_kept) bytes. They are a stranger's: any bytes at all.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Whether more of the body was announced than was kept: it was too long, too late, or broke off.
    #[must_use]
    pub fn body_is_cut(&self) -> bool {
        self.is_cut
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("retry_after", &self.retry_after)
            .field("body", &self.body.len())
            .field("is_cut", &self.is_cut)
            .finish()
    }
}

/// When to try again (RFC 9110 section 10.2.3). A stranger's wish, without a bound: cap it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// After this time.
    Delay(Duration),
    /// At this time, which may lie in the past.
    Date(SystemTime),
}

impl RetryAfter {
    /// Nothing where there is none, more than one, or one that is neither seconds nor a date.
    fn read(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(RETRY_AFTER).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return None };
        let value = value.to_str().ok()?.trim_matches([' ', '\t']);
        if value.bytes().all(|byte| byte.is_ascii_digit()) {
            return value.parse().ok().map(Duration::from_secs).map(Self::Delay);
        }
        httpdate::parse_http_date(value).ok().map(Self::Date)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Option<RetryAfter> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(RETRY_AFTER, value.parse().unwrap());
        }
        RetryAfter::read(&headers)
    }

    #[test]
    fn seconds_and_dates() {
        assert_eq!(read(&["120"]), Some(RetryAfter::Delay(Duration::from_mins(2))));
        assert_eq!(read(&["0"]), Some(RetryAfter::Delay(Duration::ZERO)));
        // The date of RFC 9110 section 5.6.7.
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(read(&["Sun, 06 Nov 1994 08:49:37 GMT"]), Some(RetryAfter::Date(date)));
    }

    #[test]
    fn what_is_neither() {
        for odd in ["", "-1", "+1", "1.5", "soon", "99999999999999999999999", "Sun, 06 Nov", "1 2"]
        {
            assert_eq!(read(&[odd]), None, "{odd}");
        }
        assert_eq!(read(&["1", "2"]), None);
        assert_eq!(read(&[]), None);
    }
}
