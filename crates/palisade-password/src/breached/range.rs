//! The range protocol: a service that knows the breached passwords is asked without being told which
//! password it is about.

use std::fmt;
use std::future::Future;

use subtle::{ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

use super::sha1::PasswordSha1;
use crate::Password;

/// How many of the 40 digits are sent.
const PREFIX_DIGITS: usize = 5;
/// How many are not, and stand in the answer.
const SUFFIX_DIGITS: usize = 40 - PREFIX_DIGITS;

/// A question about one password to a range service, as Have I Been Pwned runs one and others mirror.
///
/// The service is sent the first five hexadecimal digits of the SHA-1 of the password and answers with
/// the rest of every hash it knows that begins so, some hundreds of them. Which one was meant, it does
/// not learn (k-anonymity).
///
/// This type makes the question and reads the answer. Who has an HTTP client either sends the request
/// in between, or implements [`RangeSource`] once and calls [`ask`](Self::ask).
///
/// # Security
///
/// The bytes are those that were typed, without normalisation, as in the lists. Nothing here says
/// what to do where the service does not answer: decide it, and do not let it block a login.
///
/// # Examples
///
/// ```
/// use palisade_password::{Password, RangeQuery, RangeStanding};
///
/// let query = RangeQuery::new(&Password::new("password")?);
/// assert_eq!(query.prefix().to_string(), "5BAA6");
///
/// // GET …/range/5BAA6, with the header `Add-Padding: true`
/// let response = b"1E4C9B93F3F0682250B6CF8331B7EE68FD8:9545824\r\n\
///                  1E4CBD5B4D3D1C4F4A5DCB2E1E8B7D7C1B6:0\r\n";
/// assert_eq!(query.find_in(response)?, RangeStanding::Breached { count: 9_545_824 });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct RangeQuery {
    prefix: RangePrefix,
    suffix: Zeroizing<[u8; SUFFIX_DIGITS]>,
}

impl RangeQuery {
    /// The longest answer that is read, in bytes. A true one has some tens of thousands.
    pub const MAX_RESPONSE: usize = 1 << 20;

    /// The question about this password.
    #[must_use]
    pub fn new(password: &Password) -> Self {
        let hex = PasswordSha1::of_password(password).hex();
        let (mut prefix, mut suffix) = ([0; PREFIX_DIGITS], Zeroizing::new([0; SUFFIX_DIGITS]));
        prefix.copy_from_slice(&hex[..PREFIX_DIGITS]);
        suffix.copy_from_slice(&hex[PREFIX_DIGITS..]);
        Self { prefix: RangePrefix(prefix), suffix }
    }

    /// What is sent.
    #[must_use]
    pub fn prefix(&self) -> &RangePrefix {
        &self.prefix
    }

    /// Looks the password up in the body of an answer: lines `SUFFIX:COUNT` that end with LF or CRLF,
    /// the last end being optional. Digits may be in either case. Rows with the count 0 are padding and
    /// no breach; of rows that repeat a suffix, the greatest count stands.
    ///
    /// All rows are read, and compared in a time that does not depend on where the match is.
    ///
    /// # Errors
    ///
    /// [`InvalidRange`] for anything else, an empty answer included: every true one has rows, so an
    /// empty one comes from something in between, and would make every password look fine.
    pub fn find_in(&self, response: &[u8]) -> Result<RangeStanding, InvalidRange> {
        if response.len() > Self::MAX_RESPONSE {
            return Err(InvalidRange::TooLarge);
        }
        let body = response.strip_suffix(b"\n").unwrap_or(response);
        if body.is_empty() || body == b"\r" {
            return Err(InvalidRange::Empty);
        }
        let mut count = 0;
        for (index, line) in body.split(|byte| *byte == b'\n').enumerate() {
            let row = Row::parse(line.strip_suffix(b"\r").unwrap_or(line))
                .ok_or(InvalidRange::Malformed { line: index + 1 })?;
            let same = row.suffix.ct_eq(&*self.suffix);
            count = u64::conditional_select(&count, &count.max(row.count), same);
        }
        Ok(match count {
            0 => RangeStanding::NotFound,
            count => RangeStanding::Breached { count },
        })
    }

    /// Asks a source, and looks the password up in its answer.
    ///
    /// # Errors
    ///
    /// [`RangeError::Source`] where the source fails, [`RangeError::Invalid`] where its answer is not
    /// of the form.
    pub async fn ask<S: RangeSource>(
        &self,
        source: &S,
    ) -> Result<RangeStanding, RangeError<S::Error>> {
        let response = source.fetch(&self.prefix).await.map_err(RangeError::Source)?;
        Ok(self.find_in(&response)?)
    }
}

impl fmt::Debug for RangeQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RangeQuery(<redacted>)")
    }
}

/// The first five hexadecimal digits of a hash, in upper case: the last segment of the request's path.
///
/// Writing it with `Display` is how it gets into a request. It is 20 bits of a secret: keep it out of
/// logs that name the person. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct RangePrefix([u8; PREFIX_DIGITS]);

impl RangePrefix {
    /// The name of the header that asks for padding, so that the length of the encrypted answer does
    /// not tell the prefix. Send it always.
    pub const PADDING_HEADER: &str = "Add-Padding";
    /// The value of [`PADDING_HEADER`](Self::PADDING_HEADER).
    pub const PADDING_VALUE: &str = "true";
}

impl fmt::Display for RangePrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|digit| fmt::Write::write_char(f, char::from(*digit)))
    }
}

impl fmt::Debug for RangePrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RangePrefix(<redacted>)")
    }
}

/// A range service, reached with whatever HTTP client the program has.
///
/// # For authors of a source
///
/// Request the prefix as the last segment of the path, with the header
/// [`PADDING_HEADER`](RangePrefix::PADDING_HEADER), a time limit, and a limit on the body of
/// [`RangeQuery::MAX_RESPONSE`] bytes. Return the body of a 200, and an error for any other status.
///
/// # Examples
///
/// ```
/// use palisade_password::{RangePrefix, RangeSource};
///
/// /// A folder with a file for each prefix.
/// struct Folder(std::path::PathBuf);
///
/// impl RangeSource for Folder {
///     type Error = std::io::Error;
///
///     async fn fetch(&self, prefix: &RangePrefix) -> Result<Vec<u8>, Self::Error> {
///         std::fs::read(self.0.join(prefix.to_string()))
///     }
/// }
/// ```
pub trait RangeSource: Send + Sync {
    /// Why there is no answer. Its text must not repeat the prefix.
    type Error: std::error::Error + Send + Sync + 'static;

    /// The body of the service's answer about this prefix.
    fn fetch(
        &self,
        prefix: &RangePrefix,
    ) -> impl Future<Output = Result<Vec<u8>, Self::Error>> + Send;
}

/// What a range service knows of a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum RangeStanding {
    /// It is known from breaches.
    Breached {
        /// How many times it was seen, at least once.
        count: u64,
    },
    /// The service does not know it.
    NotFound,
}

/// Why a question had no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RangeError<E> {
    /// The source failed.
    #[error("the range service cannot be asked: {0}")]
    Source(#[source] E),
    /// The answer is not of the form.
    #[error(transparent)]
    Invalid(#[from] InvalidRange),
}

/// An answer is not what a range service sends. It does not repeat the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRange {
    /// It is too large to be one.
    #[error(
        "the answer of the range service has more than {} bytes; is its address right?",
        RangeQuery::MAX_RESPONSE
    )]
    TooLarge,
    /// There are no rows.
    #[error("the answer of the range service is empty; is something between here and there?")]
    Empty,
    /// A line is no row.
    #[error(
        "line {line} of the range service's answer is not `SUFFIX:COUNT`; is its address right?"
    )]
    Malformed {
        /// Which line, from 1.
        line: usize,
    },
}

struct Row {
    /// In upper case.
    suffix: [u8; SUFFIX_DIGITS],
    count: u64,
}

impl Row {
    fn parse(line: &[u8]) -> Option<Self> {
        let (suffix, rest) = line.split_first_chunk::<SUFFIX_DIGITS>()?;
        let count = std::str::from_utf8(rest.strip_prefix(b":")?).ok()?;
        // `parse` alone would accept a sign.
        let digits = suffix.iter().all(u8::is_ascii_hexdigit)
            && count.bytes().all(|byte| byte.is_ascii_digit());
        digits.then_some(Self {
            suffix: suffix.map(|digit| digit.to_ascii_uppercase()),
            count: count.parse().ok()?,
        })
    }
}
