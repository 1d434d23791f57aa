//! Makes a filter of a list of breached passwords.

use std::fmt;
use std::io::{self, BufRead};

use super::filter::BreachedFilter;
use super::fingerprint::Fingerprint;
use super::fuse::{self, Shape};
use super::header::Header;
use super::sha1::PasswordSha1;
use crate::lines::{LineError, Lines};

/// Makes a [`BreachedFilter`] of lists of passwords, or of their hashes.
///
/// The same passwords give the same bytes, in whatever order and however often they come.
///
/// While it reads it takes 8 bytes for each line, up to twice that when it has to grow, and while it
/// builds about 30 bytes for each password: some 3 GB for a hundred million. It works on one core and
/// does not yield, so it belongs into a command or a job and not into a request.
///
/// # Examples
///
/// ```
/// use palisade_password::{FilterBuilder, FilterStanding, Fingerprint, Password};
///
/// let mut builder = FilterBuilder::new(Fingerprint::Bits8);
/// builder.add_passwords("password\n123456\n".as_bytes(), |_bytes_read| ())?;
/// // The SHA-1 of "letmein", seen 1,000 times.
/// let hashes = "B7A875FC1EA228B9061041B7CEC4BD3C52AB3CE3:1000\n";
/// builder.add_sha1(hashes.as_bytes(), 1, |_bytes_read| ())?;
///
/// let filter = builder.build()?;
/// assert_eq!(filter.passwords(), 3);
/// assert_eq!(filter.look_up(&Password::new("letmein")?), FilterStanding::ProbablyBreached);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct FilterBuilder {
    fingerprint: Fingerprint,
    keys: Vec<u64>,
}

impl FilterBuilder {
    /// The most lines that are counted in: more would not fit into the numbers of the slots.
    pub const MAX_PASSWORDS: usize = 3_000_000_000;

    /// How many seeds are tried. One or two nearly always do; that this many fail is as good as
    /// impossible, unless somebody made the list so.
    const ATTEMPTS: u32 = 32;

    /// A filter of nothing yet.
    #[must_use]
    pub fn new(fingerprint: Fingerprint) -> Self {
        Self { fingerprint, keys: Vec::new() }
    }

    /// Adds a list with one password a line. The bytes are taken as they are, UTF-8 or not; empty lines
    /// are passed over. `progress` is told how many bytes were read, after each mebibyte and at the end.
    ///
    /// # Errors
    ///
    /// Each names the line, and what came before it stays added: [`FilterBuildError::TooLong`],
    /// [`FilterBuildError::TooMany`], [`FilterBuildError::Read`].
    pub fn add_passwords(
        &mut self,
        list: impl BufRead,
        progress: impl FnMut(u64),
    ) -> Result<(), FilterBuildError> {
        self.add(list, progress, |line| Some(Some(PasswordSha1::of(line).key())))
    }

    /// Adds a list with one SHA-1 a line, as 40 hexadecimal digits of either case, alone or with `:`
    /// and how many times the password was seen, as in the download of Have I Been Pwned. Lines with a
    /// count below `least_count` are passed over; a line without a count stands for any. `progress` is
    /// told how many bytes were read, after each mebibyte and at the end.
    ///
    /// # Errors
    ///
    /// Each names the line, and what came before it stays added: [`FilterBuildError::NotAHash`],
    /// [`FilterBuildError::TooLong`], [`FilterBuildError::TooMany`], [`FilterBuildError::Read`].
    pub fn add_sha1(
        &mut self,
        list: impl BufRead,
        least_count: u64,
        progress: impl FnMut(u64),
    ) -> Result<(), FilterBuildError> {
        self.add(list, progress, |line| {
            let (key, count) = parse_sha1(line)?;
            Some(count.is_none_or(|count| count >= least_count).then_some(key))
        })
    }

    /// Makes the filter.
    ///
    /// # Errors
    ///
    /// [`FilterBuildError::Empty`] where nothing was added, and [`FilterBuildError::NotBuilt`] where no
    /// seed would do.
    pub fn build(mut self) -> Result<BreachedFilter, FilterBuildError> {
        self.keys.sort_unstable();
        self.keys.dedup();
        if self.keys.is_empty() {
            return Err(FilterBuildError::Empty);
        }
        for attempt in 0..Self::ATTEMPTS {
            let shape =
                Shape::to_try(self.keys.len(), attempt).ok_or(FilterBuildError::NotBuilt)?;
            let seed = fuse::mix(u64::from(attempt), 1);
            let hashes = self.keys.iter().map(|key| fuse::mix(*key, seed)).collect();
            if let Some(fingerprints) = fuse::fill(shape, self.fingerprint, hashes) {
                let keys = self.keys.len() as u64;
                let header = Header { fingerprint: self.fingerprint, shape, seed, keys };
                return Ok(BreachedFilter::from_parts(header, &fingerprints));
            }
        }
        Err(FilterBuildError::NotBuilt)
    }

    /// `key_of` gives `None` for a line that is not of the form, and `Some(None)` for one to pass over.
    fn add(
        &mut self,
        list: impl BufRead,
        mut progress: impl FnMut(u64),
        key_of: impl Fn(&[u8]) -> Option<Option<u64>>,
    ) -> Result<(), FilterBuildError> {
        const STEP: u64 = 1 << 20;
        let mut lines = Lines::new(list);
        let mut next_report = STEP;
        loop {
            let key = match lines.read_next() {
                Ok(None) => break,
                Ok(Some(line)) => key_of(line),
                Err(error) => return Err(FilterBuildError::from_line(error, lines.number())),
            };
            let line = lines.number();
            if let Some(key) = key.ok_or(FilterBuildError::NotAHash { line })? {
                if self.keys.len() == Self::MAX_PASSWORDS {
                    return Err(FilterBuildError::TooMany { line });
                }
                self.keys.push(key);
            }
            if lines.bytes_read() >= next_report {
                progress(lines.bytes_read());
                next_report = lines.bytes_read() + STEP;
            }
        }
        progress(lines.bytes_read());
        Ok(())
    }
}

impl fmt::Debug for FilterBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FilterBuilder({} lines)", self.keys.len())
    }
}

/// The key of a hash, and the count where there is one.
fn parse_sha1(line: &[u8]) -> Option<(u64, Option<u64>)> {
    let (hash, rest) = line.split_first_chunk::<40>()?;
    if !hash.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let key = u64::from_str_radix(std::str::from_utf8(&hash[..16]).ok()?, 16).ok()?;
    if rest.is_empty() {
        return Some((key, None));
    }
    let count = std::str::from_utf8(rest.strip_prefix(b":")?).ok()?;
    // `parse` alone would accept a sign.
    let count = count.bytes().all(|byte| byte.is_ascii_digit()).then(|| count.parse().ok())??;
    Some((key, Some(count)))
}

/// Why there is no filter.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FilterBuildError {
    /// A line is longer than any password.
    #[error(
        "line {line} of the list has more than {} bytes; is it a list with one password a line?",
        crate::Password::MAX_BYTES
    )]
    TooLong {
        /// Which line, from 1.
        line: u64,
    },
    /// A line is no hash.
    #[error("line {line} of the list is not 40 hexadecimal digits, alone or with `:` and a count")]
    NotAHash {
        /// Which line, from 1.
        line: u64,
    },
    /// There are more lines than a filter can hold.
    #[error(
        "line {line} is one too many: a filter takes at most {} lines; raise the least count",
        FilterBuilder::MAX_PASSWORDS
    )]
    TooMany {
        /// Which line, from 1.
        line: u64,
    },
    /// A list could not be read on.
    #[error("the list could not be read beyond line {line}: {source}")]
    Read {
        /// The line that was being read, from 1.
        line: u64,
        /// What the system says.
        source: io::Error,
    },
    /// Nothing was added. A filter of nothing would find every password fine.
    #[error("there is no password in the lists; are they the right files?")]
    Empty,
    /// No seed would do.
    #[error("no filter can be made of these passwords; was the list made to prevent it?")]
    NotBuilt,
}

impl FilterBuildError {
    fn from_line(error: LineError, line: u64) -> Self {
        match error {
            LineError::TooLong => Self::TooLong { line },
            LineError::Read(source) => Self::Read { line, source },
        }
    }
}
