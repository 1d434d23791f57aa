//! What is wrong with a network, an entry, a line or a whole list.

use std::fmt;

use crate::lines::{MAX_LINE, MAX_SKIPPED};
use crate::{LabelError, Mend, Place};

/// Why a text is no network: where, what, and what to write instead.
///
/// The message repeats nothing of the text but what was understood, in canonical form, so it can go into a log or
/// a response.
///
/// # Examples
///
/// ```
/// use palisade_allowlist::Network;
///
/// let error = Network::parse("192.168.1.1/255.255.255.0").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "column 13: a netmask stands where the prefix length is due; write 192.168.1.0/24, or 192.168.1.1 for the one address"
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkError {
    column: usize,
    problem: NetworkProblem,
    mend: Option<Mend>,
}

impl NetworkError {
    pub(crate) fn new(column: usize, problem: NetworkProblem) -> Self {
        Self { column, problem, mend: None }
    }

    /// With what to write instead.
    pub(crate) fn write(self, mend: Option<Mend>) -> Self {
        Self { mend, ..self }
    }

    /// Where, as a byte of the text, counted from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }

    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> NetworkProblem {
        self.problem
    }

    /// What to write instead, where that is clear.
    #[must_use]
    pub fn mend(&self) -> Option<&Mend> {
        self.mend.as_ref()
    }

    /// The same error where the text began at byte `offset` of a line.
    pub(crate) fn shifted(self, offset: usize) -> Self {
        Self { column: self.column + offset, ..self }
    }
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.problem)?;
        match &self.mend {
            Some(mend) => write!(f, "; write {mend}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for NetworkError {}

/// What is wrong with a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkProblem {
    /// There is no text.
    #[error("there is nothing; a network is due")]
    Empty,
    /// Longer than any network is.
    #[error("the text is longer than any network")]
    TooLong,
    /// White space before, within or after.
    #[error("a network has no white space in it")]
    WhiteSpace,
    /// A character outside of ASCII, such as a digit of another script or a dash that is no dash.
    #[error("a network has only ASCII characters")]
    NotAscii,
    /// `fe80::1%eth0`.
    #[error("a zone such as %eth0 means something on one machine only")]
    Zone,
    /// `[2001:db8::1]`.
    #[error("an address stands here without brackets")]
    Brackets,
    /// `10.0.0.1:443`.
    #[error("an address stands here without a port")]
    Port,
    /// `010.0.0.1`, which is 10.0.0.1 to one program and 8.0.0.1 to another.
    #[error("an octet begins with a zero, which some programs read as octal")]
    Octal,
    /// `0x0a.0.0.1`.
    #[error("an octet is hexadecimal")]
    Hexadecimal,
    /// `10/8`, `10.1`.
    #[error("an IPv4 address has four octets")]
    Shorthand,
    /// `10.0.*.*`.
    #[error("wildcards are not networks")]
    Wildcard,
    /// `10.0.0.0-10.0.0.255`.
    #[error("a range from one address to another is not a network")]
    Range,
    /// `10.0.0.0/8,192.168.0.0/16`.
    #[error("there are several networks; give each an entry of its own")]
    Several,
    /// No address, in no form that is known.
    #[error("this is not an IP address")]
    Address,
    /// `10.0.0.0/255.0.0.0`.
    #[error("a netmask stands where the prefix length is due")]
    Netmask,
    /// No decimal number of one to three digits, or one with a sign or a leading zero.
    #[error("the prefix length is not a plain decimal number")]
    Length,
    /// Above 32, or above 128.
    #[error("the prefix length is longer than the address")]
    LengthRange,
    /// `::ffff:10.0.0.0/64`, which would hold IPv6 addresses, too.
    #[error("an IPv4 address in IPv6 form needs a prefix length of 96 or more")]
    MappedTooShort,
    /// Bits below the length are set.
    #[error("the address has bits beyond the prefix length")]
    HostBits,
}

impl NetworkProblem {
    /// A short, stable word for logs and programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong => "too_long",
            Self::WhiteSpace => "white_space",
            Self::NotAscii => "not_ascii",
            Self::Zone => "zone",
            Self::Brackets => "brackets",
            Self::Port => "port",
            Self::Octal => "octal",
            Self::Hexadecimal => "hexadecimal",
            Self::Shorthand => "shorthand",
            Self::Wildcard => "wildcard",
            Self::Range => "range",
            Self::Several => "several",
            Self::Address => "bad_address",
            Self::Netmask => "netmask",
            Self::Length => "bad_length",
            Self::LengthRange => "length_range",
            Self::MappedTooShort => "mapped_too_short",
            Self::HostBits => "host_bits",
        }
    }
}

/// Why a text is no entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// The network.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The label.
    #[error(transparent)]
    Label(#[from] LabelError),
    /// The line is longer than any entry; see [`MAX_LINE`].
    #[error("the line is longer than {MAX_LINE} bytes; no entry is")]
    LineTooLong,
    /// The line is no UTF-8 from this column on.
    #[error("column {column}: this is not UTF-8; save the list as UTF-8")]
    NotUtf8 {
        /// Where, as a byte of the line, counted from 1.
        column: usize,
    },
    /// A carriage return within the line. Where it was meant to end lines, the rest of the list stands in this one.
    #[error(
        "column {column}: a carriage return stands within the line; end lines with LF or CR LF"
    )]
    CarriageReturn {
        /// Where, as a byte of the line, counted from 1.
        column: usize,
    },
    /// Wider than the list allows; see [`Builder::refuse_broader_than`](crate::Builder::refuse_broader_than).
    #[error("the network is broader than /{limit}, the broadest that this list takes")]
    TooBroad {
        /// The shortest prefix length that is taken.
        limit: u8,
    },
}

impl EntryError {
    /// Where in the line, as a byte counted from 1, where one place is to blame.
    #[must_use]
    pub fn column(&self) -> Option<usize> {
        match self {
            Self::Network(error) => Some(error.column()),
            Self::Label(error) => Some(error.column()),
            Self::NotUtf8 { column } | Self::CarriageReturn { column } => Some(*column),
            Self::LineTooLong | Self::TooBroad { .. } => None,
        }
    }

    /// A short, stable word for logs and programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Network(error) => error.problem().code(),
            Self::Label(error) => error.problem().code(),
            Self::LineTooLong => "line_too_long",
            Self::NotUtf8 { .. } => "not_utf8",
            Self::CarriageReturn { .. } => "carriage_return",
            Self::TooBroad { .. } => "too_broad",
        }
    }

    /// The same error where the text began at byte `offset` of a line.
    pub(crate) fn shifted(self, offset: usize) -> Self {
        match self {
            Self::Network(error) => Self::Network(error.shifted(offset)),
            Self::Label(error) => Self::Label(error.shifted(offset)),
            other => other,
        }
    }
}

/// An entry that was refused, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {error}")]
pub struct Fault {
    /// The line or the number of the entry.
    pub place: Place,
    /// What is wrong with it.
    pub error: EntryError,
}

/// Why a list was not built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Entries were refused: all of them are told at once.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// There is no entry, and nobody said what that means; see
    /// [`Builder::when_empty`](crate::Builder::when_empty).
    #[error("the list has no entry; say with when_empty whether that allows nobody or everybody")]
    Empty,
    /// There are more entries or lines than allowed; reading stopped there.
    #[error("the list has more than {limit} {what}; raise the limit if that is meant")]
    TooMany {
        /// The limit that was passed.
        limit: u32,
        /// `entries` or `lines`.
        what: &'static str,
    },
    /// A line is longer than [`MAX_SKIPPED`]; reading stopped there.
    #[error("line {line} is longer than {MAX_SKIPPED} bytes; this is no list")]
    EndlessLine {
        /// The number of the line, counted from 1.
        line: u32,
    },
    /// All labels together are longer than 4 GiB, or there are more than 33 million different ones.
    #[error("there are too many labels, or they are too long; 33 million and 4 GiB fit")]
    LabelsTooLong,
    /// The text could not be read.
    #[error("the list cannot be read: {0}")]
    Read(#[from] std::io::Error),
}

/// All entries that were refused, in the order of the list.
#[derive(Debug, Clone, Default)]
pub struct Malformed {
    faults: Vec<Fault>,
    more: u64,
}

/// As many faults are kept; of the others only the number is.
pub const KEPT_FAULTS: usize = 1_000;

impl Malformed {
    /// The first [`KEPT_FAULTS`] of them.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// How many there are beyond those that were kept.
    #[must_use]
    pub fn more(&self) -> u64 {
        self.more
    }

    pub(crate) fn new(faults: Vec<Fault>, more: u64) -> Self {
        Self { faults, more }
    }
}

impl fmt::Display for Malformed {
    /// One line for each fault.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for fault in &self.faults {
            write!(f, "{separator}{fault}")?;
            separator = "\n";
        }
        if self.more > 0 {
            write!(f, "{separator}and {} more", self.more)?;
        }
        Ok(())
    }
}

impl std::error::Error for Malformed {}
