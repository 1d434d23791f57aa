//! Where in its source an entry stands.

use std::fmt;

/// Where an entry stands: in a text, or among those that were pushed one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A line of the text, counted from 1.
    Line(u32),
    /// A pushed entry, counted from 1.
    Entry(u32),
}

impl Place {
    /// The number of the line or of the entry.
    #[must_use]
    pub fn number(self) -> u32 {
        match self {
            Self::Line(number) | Self::Entry(number) => number,
        }
    }

    /// In four bytes, since a large list has a million of them while it is built.
    pub(crate) fn packed(self) -> Packed {
        match self {
            Self::Line(number) => Packed(number & !ENTRY),
            Self::Entry(number) => Packed(number | ENTRY),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number) => write!(f, "line {number}"),
            Self::Entry(number) => write!(f, "entry {number}"),
        }
    }
}

/// The highest number of a place.
pub(crate) const MAX_PLACE: u32 = !ENTRY;
const ENTRY: u32 = 1 << 31;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Packed(u32);

impl Packed {
    pub(crate) fn unpack(self) -> Place {
        if self.0 & ENTRY == 0 { Place::Line(self.0) } else { Place::Entry(self.0 & !ENTRY) }
    }
}
