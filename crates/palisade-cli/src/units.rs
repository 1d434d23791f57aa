//! Sizes, times and numbers as an operator writes them and reads them. No refusal repeats what was given.

use std::fmt::{self, Write};
use std::str::FromStr;
use std::time::{Duration, SystemTime};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const GIB: u64 = 1024 * MIB;

/// A number of bytes, written `64KiB`, `19MiB` or `1GiB`.
///
/// Without a unit, or with `MB`, it would be a guess: one program means 1000 by it and another 1024.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(u64);

impl Size {
    pub(crate) const fn from_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    pub(crate) fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for Size {
    type Err = InvalidSize;

    fn from_str(text: &str) -> Result<Self, InvalidSize> {
        let unit = [("KiB", KIB), ("MiB", MIB), ("GiB", GIB)];
        let (digits, unit) = unit
            .into_iter()
            .find_map(|(name, unit)| Some((text.strip_suffix(name)?, unit)))
            .ok_or(InvalidSize)?;
        // `parse` alone would accept a sign.
        let number: u64 = Some(digits.trim_end_matches(' '))
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok())
            .ok_or(InvalidSize)?;
        number.checked_mul(unit).filter(|bytes| *bytes > 0).map(Self).ok_or(InvalidSize)
    }
}

impl fmt::Display for Size {
    /// In the largest unit that leaves no rest.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("0"),
            bytes if bytes % GIB == 0 => write!(f, "{} GiB", bytes / GIB),
            bytes if bytes % MIB == 0 => write!(f, "{} MiB", bytes / MIB),
            bytes if bytes % KIB == 0 => write!(f, "{} KiB", bytes / KIB),
            bytes => write!(f, "{bytes} bytes"),
        }
    }
}

/// Text that is no size.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a size is a whole number above 0 and KiB, MiB or GiB, such as 19MiB or 1GiB")]
pub(crate) struct InvalidSize;

/// A length of time, written `250ms` or `1s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Time(pub(crate) Duration);

impl FromStr for Time {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let time = humantime::parse_duration(text).map_err(|_| InvalidTime)?;
        if time.is_zero() { Err(InvalidTime) } else { Ok(Self(time)) }
    }
}

/// Text that is no length of time.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a time is a number above 0 and a unit, such as 250ms or 1s")]
pub(crate) struct InvalidTime;

/// How far two clocks may be apart, written `30s` or `0s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leeway(pub(crate) Duration);

impl FromStr for Leeway {
    type Err = InvalidLeeway;

    fn from_str(text: &str) -> Result<Self, InvalidLeeway> {
        humantime::parse_duration(text).map(Self).map_err(|_| InvalidLeeway)
    }
}

/// Text that is no leeway.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a leeway is a number and a unit, such as 0s or 30s")]
pub(crate) struct InvalidLeeway;

/// A point in time, written `2026-01-01T12:00:00Z` or in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment(pub(crate) SystemTime);

impl FromStr for Moment {
    type Err = InvalidMoment;

    fn from_str(text: &str) -> Result<Self, InvalidMoment> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let seconds = text.parse().ok().filter(|seconds| *seconds <= LAST_SECOND);
            let seconds = seconds.map(Duration::from_secs).ok_or(InvalidMoment)?;
            return Ok(Self(SystemTime::UNIX_EPOCH + seconds));
        }
        humantime::parse_rfc3339(text).map(Self).map_err(|_| InvalidMoment)
    }
}

/// Text that is no point in time.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error(
    "a time is written 2026-01-01T12:00:00Z, in UTC, or in seconds since 1970, up to the year 9999"
)]
pub(crate) struct InvalidMoment;

/// 9999-12-31T23:59:59Z, the last that has a calendar date here.
const LAST_SECOND: u64 = 253_402_300_799;

/// Whole seconds since 1970.
pub(crate) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).as_ref().map_or(0, Duration::as_secs)
}

/// A point in time for a person.
pub(crate) fn shown(time: SystemTime) -> String {
    match seconds(time) {
        // What is printed there would be an error, which ends a program.
        beyond if beyond > LAST_SECOND => format!("{beyond} seconds after 1970"),
        _ => humantime::format_rfc3339_seconds(time).to_string(),
    }
}

/// A number of seconds since 1970 for a person, if it is one.
pub(crate) fn shown_seconds(number: f64) -> Option<String> {
    let since = Duration::try_from_secs_f64(number).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(since).map(shown)
}

/// A stranger's text for a terminal: what is not visible ASCII is written as in JSON, so that
/// nothing moves the cursor, turns the direction or looks like something else. JSON stays the same.
pub(crate) fn visible(text: &str) -> String {
    escaped(text, |c| c == ' ' || c.is_ascii_graphic())
}

/// A number and what it counts.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// An operator's own text for a terminal. Letters of every script stay; what moves the cursor, turns the direction
/// or is seen by no eye is written as in JSON.
pub(crate) fn readable(text: &str) -> String {
    escaped(text, |c| !c.is_control() && !is_format(c))
}

fn escaped(text: &str, stays: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if stays(c) {
            shown.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String does not fail.
                let _ = write!(shown, "\\u{unit:04x}");
            }
        }
    }
    shown
}

/// Characters that shape the text around them and have no shape of their own: zero-width and directional marks,
/// separators of lines, tags.
fn is_format(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

/// A whole number from `LEAST` to `MOST`.
pub(crate) fn number<const LEAST: u32, const MOST: u32>(text: &str) -> Result<u32, String> {
    text.parse()
        .ok()
        .filter(|number| (LEAST..=MOST).contains(number))
        .ok_or_else(|| format!("a whole number from {LEAST} to {MOST} is expected"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, bytes) in
            [("64KiB", 65_536), ("19MiB", 19_922_944), ("1GiB", GIB), ("1 GiB", GIB)]
        {
            assert_eq!(text.parse::<Size>().unwrap().bytes(), bytes, "{text}");
        }
        for text in
            ["", "19", "19MB", "19M", "0MiB", "-1MiB", "+1MiB", "1.5MiB", "MiB", "99999999999GiB"]
        {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
        let shown = [1, 1024, 1536, MIB, 19 * MIB, 3 * GIB].map(|n| Size(n).to_string());
        assert_eq!(shown, ["1 bytes", "1 KiB", "1536 bytes", "1 MiB", "19 MiB", "3 GiB"]);
    }

    #[test]
    fn times() {
        assert_eq!("250ms".parse::<Time>().unwrap().0, Duration::from_millis(250));
        for text in ["", "250", "0ms", "-1s", "ms"] {
            assert!(text.parse::<Time>().is_err(), "{text}");
        }
    }

    #[test]
    fn texts_for_a_terminal() {
        assert_eq!(visible("a b\u{e9}\u{1b}"), "a b\\u00e9\\u001b");
        assert_eq!(readable("Büro 東京 🏢"), "Büro 東京 🏢");
        for c in
            ['\u{1b}', '\n', '\u{7f}', '\u{9b}', '\u{202e}', '\u{200b}', '\u{2066}', '\u{feff}']
        {
            assert_eq!(readable(&format!("a{c}b")), format!("a\\u{:04x}b", u32::from(c)));
        }
    }
}
