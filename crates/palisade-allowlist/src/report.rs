//! What was noticed while a list was built.

use std::fmt;

use crate::table::Address;
use crate::table::flatten::{Listed, Notice};
use crate::{Family, Network, Place};

/// As many findings of each kind are kept; of the others only the number is.
pub const KEPT_FINDINGS: usize = 1_000;

/// What its owner should know about a list that was built.
///
/// Nothing here stopped the list. What is worth a refusal is an error of the builder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    ipv4: usize,
    ipv6: usize,
    labels: usize,
    findings: Vec<Finding>,
    counts: [usize; KINDS],
    adds_up: [bool; 2],
}

/// Something that was noticed about one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where the entry stands.
    pub place: Place,
    /// Its network, in canonical form.
    pub network: Network,
    /// What was noticed.
    pub kind: FindingKind,
}

/// What was noticed about an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FindingKind {
    /// The same network is listed again further down, and that entry's label is reported instead of this one's.
    Duplicate {
        /// Where it is listed again.
        again: Place,
    },
    /// A wider entry allows all of its addresses, too: this entry only gives them another label.
    Shadowed {
        /// The next wider entry.
        by: Network,
    },
    /// The address had bits beyond the prefix length. They were set to zero.
    HostBits,
    /// The network is very broad: see [`Builder::report_broader_than`](crate::Builder::report_broader_than).
    TooBroad,
}

const KINDS: usize = 4;

impl FindingKind {
    /// A short, stable word for logs and programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Duplicate { .. } => "duplicate",
            Self::Shadowed { .. } => "shadowed",
            Self::HostBits => "host_bits",
            Self::TooBroad => "too_broad",
        }
    }

    fn index(self) -> usize {
        match self {
            Self::Duplicate { .. } => 0,
            Self::Shadowed { .. } => 1,
            Self::HostBits => 2,
            Self::TooBroad => 3,
        }
    }
}

impl Report {
    /// How many entries the list has, each network counted once.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.ipv4 + self.ipv6
    }

    /// How many of them are of `family`.
    #[must_use]
    pub fn of_family(&self, family: Family) -> usize {
        match family {
            Family::V4 => self.ipv4,
            Family::V6 => self.ipv6,
        }
    }

    /// How many different labels there are, the empty one included.
    #[must_use]
    pub fn labels(&self) -> usize {
        self.labels
    }

    /// What was noticed, in the order in which it was: up to [`KEPT_FINDINGS`] of each kind.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How many entries are listed again further down.
    #[must_use]
    pub fn duplicates(&self) -> usize {
        self.counts[0]
    }

    /// How many entries lie inside of a wider one.
    #[must_use]
    pub fn shadowed(&self) -> usize {
        self.counts[1]
    }

    /// How many entries had bits beyond the prefix length.
    #[must_use]
    pub fn host_bits(&self) -> usize {
        self.counts[2]
    }

    /// How many entries are very broad.
    #[must_use]
    pub fn too_broad(&self) -> usize {
        self.counts[3]
    }

    /// The family of which the list has no entry, while it has some of the other: whoever comes by that family is
    /// denied. Forgotten more often than meant.
    #[must_use]
    pub fn missing_family(&self) -> Option<Family> {
        match (self.ipv4, self.ipv6) {
            (0, 1..) => Some(Family::V4),
            (1.., 0) => Some(Family::V6),
            _ => None,
        }
    }

    /// Whether the entries together allow all of the family, with none of them alone that does: 256 networks of length
    /// 8 are as broad as `0.0.0.0/0`.
    #[must_use]
    pub fn adds_up_to_all(&self, family: Family) -> bool {
        let [ipv4, ipv6] = self.adds_up;
        match family {
            Family::V4 => ipv4,
            Family::V6 => ipv6,
        }
    }

    /// Whether there is nothing to look at.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty() && self.missing_family().is_none() && self.adds_up == [false; 2]
    }

    pub(crate) fn note_broad<K: Address>(&mut self, listed: &Listed<K>) {
        let network = listed.first.network(listed.len);
        self.note(listed.place.unpack(), network, FindingKind::TooBroad);
    }

    pub(crate) fn note_sum(&mut self, family: Family, adds_up: bool) {
        let [ipv4, ipv6] = &mut self.adds_up;
        match family {
            Family::V4 => *ipv4 = adds_up,
            Family::V6 => *ipv6 = adds_up,
        }
    }

    pub(crate) fn note(&mut self, place: Place, network: Network, kind: FindingKind) {
        let count = &mut self.counts[kind.index()];
        *count += 1;
        if *count <= KEPT_FINDINGS {
            self.findings.push(Finding { place, network, kind });
        }
    }

    pub(crate) fn close(&mut self, ipv4: usize, ipv6: usize, labels: usize) {
        (self.ipv4, self.ipv6, self.labels) = (ipv4, ipv6, labels);
    }
}

/// The report, and how many entries of one family were taken.
pub(crate) struct Noticed<'a>(pub(crate) &'a mut Report);

impl<K: Address> Notice<K> for Noticed<'_> {
    fn overridden(&mut self, listed: &Listed<K>, by: &Listed<K>) {
        let kind = FindingKind::Duplicate { again: by.place.unpack() };
        self.0.note(listed.place.unpack(), listed.first.network(listed.len), kind);
    }

    fn shadowed(&mut self, listed: &Listed<K>, by: &Listed<K>) {
        let kind = FindingKind::Shadowed { by: by.first.network(by.len) };
        self.0.note(listed.place.unpack(), listed.first.network(listed.len), kind);
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, network, kind } = self;
        match kind {
            FindingKind::Duplicate { again } => {
                write!(f, "{place}: {network} is listed again at {again}, whose label counts")
            }
            FindingKind::Shadowed { by } => {
                write!(f, "{place}: {network} is inside of {by}, which allows it already")
            }
            FindingKind::HostBits => {
                write!(f, "{place}: the address has bits beyond the length; read as {network}")
            }
            FindingKind::TooBroad => write!(f, "{place}: {network} is very broad"),
        }
    }
}

impl fmt::Display for Report {
    /// A summary, and one line for each finding that was kept.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} entries: {} IPv4, {} IPv6", self.entries(), self.ipv4, self.ipv6)?;
        if let Some(family) = self.missing_family() {
            write!(f, "\nno entry is {family}: whoever comes by {family} is denied")?;
        }
        for family in [Family::V4, Family::V6] {
            if self.adds_up_to_all(family) {
                write!(f, "\nthe entries together allow all of {family}")?;
            }
        }
        for finding in &self.findings {
            write!(f, "\n{finding}")?;
        }
        let more = self.counts.iter().sum::<usize>() - self.findings.len();
        if more > 0 {
            write!(f, "\nand {more} more")?;
        }
        Ok(())
    }
}
