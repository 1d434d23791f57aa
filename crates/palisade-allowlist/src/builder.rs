//! How a list is built.

use std::io::BufRead;
use std::net::IpAddr;

use crate::entry::bad_label;
use crate::lines::{Line, Lines};
use crate::place::{MAX_PLACE, Packed};
use crate::report::Noticed;
use crate::table::answers::LabelsBuilder;
use crate::table::flatten::{Listed, flatten};
use crate::table::{Table, V4, V6};
use crate::{
    Allowlist, BuildError, EmptyList, Entry, EntryError, Family, FindingKind, Malformed, Network,
    Place, Report, label,
};

/// Builds an [`Allowlist`], once.
///
/// Whatever is wrong with an entry is kept until [`build`](Self::build), which tells all of it at once.
///
/// # Examples
///
/// ```
/// use palisade_allowlist::{Allowlist, BuildError};
///
/// let feed = "\
/// ## Offices
/// 203.0.113.0/24   Vienna
/// 2001:db8:1::/48  Vienna
/// 10.0.0.300       a typo
/// 10.0.0.0/08      another
/// ";
/// let Err(BuildError::Malformed(malformed)) = Allowlist::builder().extend_lines(feed.as_bytes())?.build() else {
///     panic!("two lines are wrong");
/// };
/// assert_eq!(
///     malformed.to_string(),
///     "line 4: column 8: this is not an IP address\n\
///      line 5: column 10: the prefix length is not a plain decimal number; write 10.0.0.0/8"
/// );
/// # Ok::<(), BuildError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "a builder builds nothing until `build`"]
pub struct Builder {
    v4: Vec<Listed<u32>>,
    v6: Vec<Listed<u128>>,
    labels: LabelsBuilder,
    pushed: u32,
    malformed: Malformed,
    /// Why nothing more is taken.
    full: Option<TooMuch>,
    report: Report,
    policy: Policy,
}

#[derive(Debug, Clone, Copy)]
struct Policy {
    when_empty: Option<EmptyList>,
    reject_host_bits: bool,
    refuse: Breadth,
    report: Breadth,
    max_entries: u32,
    max_lines: u32,
}

/// The shortest prefix length of each family.
#[derive(Debug, Clone, Copy)]
struct Breadth {
    ipv4: u8,
    ipv6: u8,
}

#[derive(Debug, Clone, Copy)]
enum TooMuch {
    Entries,
    Labels,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            v4: Vec::new(),
            v6: Vec::new(),
            labels: LabelsBuilder::default(),
            pushed: 0,
            malformed: Malformed::default(),
            full: None,
            report: Report::default(),
            policy: Policy {
                when_empty: None,
                reject_host_bits: false,
                refuse: Breadth { ipv4: 0, ipv6: 0 },
                report: Breadth { ipv4: 8, ipv6: 16 },
                max_entries: 2_000_000,
                max_lines: 4_000_000,
            },
        }
    }

    /// Adds a network and its label; the label may be empty.
    ///
    /// Where the same network is added twice, the later label counts.
    pub fn push(mut self, network: &str, label: &str) -> Self {
        self.pushed = self.pushed.saturating_add(1);
        let place = Place::Entry(self.pushed.min(MAX_PLACE));
        self.add(place, &Line { network, label, network_at: 0, label_at: 0 });
        self
    }

    /// Adds entries that were read before.
    pub fn extend(mut self, entries: impl IntoIterator<Item = Entry>) -> Self {
        for entry in entries {
            self.pushed = self.pushed.saturating_add(1);
            let place = Place::Entry(self.pushed.min(MAX_PLACE));
            self.add_network(place, entry.network(), entry.label());
        }
        self
    }

    /// Adds the entries of a text, one a line.
    ///
    /// A line is a network, then white space and a label if there is one. `#` at the beginning of a line, or where
    /// a label would begin, starts a comment. Empty lines are skipped; a line may end with CR LF, and the text may
    /// begin with a byte order mark.
    ///
    /// Memory is bounded by the limit on entries, whatever the reader holds.
    ///
    /// # Errors
    ///
    /// [`BuildError::Read`] from the reader, and [`BuildError::TooMany`] as soon as there are too many lines or
    /// entries. Lines that are no entries are told by [`build`](Self::build).
    pub fn extend_lines(mut self, reader: impl BufRead) -> Result<Self, BuildError> {
        let mut lines = Lines::new(reader);
        while lines.advance()? {
            let number = lines.number();
            if number > self.policy.max_lines {
                return Err(BuildError::TooMany { limit: self.policy.max_lines, what: "lines" });
            }
            let place = Place::Line(number);
            match lines.entry()? {
                Ok(None) => {}
                Ok(Some(line)) => self.add(place, &line),
                Err(error) => self.malformed.push(place, error),
            }
            if let Some(full) = self.full {
                return Err(self.too_much(full));
            }
        }
        Ok(self)
    }

    /// Says what a list without entries means. Without this, one is an error.
    pub fn when_empty(mut self, meaning: EmptyList) -> Self {
        self.policy.when_empty = Some(meaning);
        self
    }

    /// Refuses entries with bits beyond the prefix length, such as `10.0.0.1/8`. By default these bits are set to
    /// zero, which the report tells.
    pub fn reject_host_bits(mut self) -> Self {
        self.policy.reject_host_bits = true;
        self
    }

    /// Refuses networks whose prefix is shorter than `ipv4` or `ipv6` bits. `refuse_broader_than(1, 1)` refuses
    /// `0.0.0.0/0` and `::/0`. By default nothing is refused.
    pub fn refuse_broader_than(mut self, ipv4: u8, ipv6: u8) -> Self {
        self.policy.refuse = Breadth { ipv4, ipv6 };
        self
    }

    /// Reports networks whose prefix is shorter than `ipv4` or `ipv6` bits. By default 8 and 16.
    pub fn report_broader_than(mut self, ipv4: u8, ipv6: u8) -> Self {
        self.policy.report = Breadth { ipv4, ipv6 };
        self
    }

    /// How many entries are taken at most; 2,000,000 by default, and never more than 2,147,483,647.
    pub fn max_entries(mut self, limit: u32) -> Self {
        self.policy.max_entries = limit.min(MAX_PLACE);
        self
    }

    /// How many lines are read at most, with empty ones and comments; 4,000,000 by default.
    pub fn max_lines(mut self, limit: u32) -> Self {
        self.policy.max_lines = limit.min(MAX_PLACE);
        self
    }

    /// Builds the list, and tells what was noticed.
    ///
    /// # Errors
    ///
    /// [`BuildError::Malformed`] with every entry that was refused, [`BuildError::Empty`] for a list without entries
    /// that nobody gave a meaning, [`BuildError::TooMany`] and [`BuildError::LabelsTooLong`] for one that is too large.
    pub fn build(mut self) -> Result<(Allowlist, Report), BuildError> {
        if let Some(full) = self.full {
            return Err(self.too_much(full));
        }
        if !self.malformed.is_empty() {
            return Err(self.malformed.into());
        }
        let when_empty = match self.policy.when_empty {
            Some(meaning) => meaning,
            None if self.v4.is_empty() && self.v6.is_empty() => return Err(BuildError::Empty),
            None => EmptyList::DeniesEveryone,
        };
        let listed = (self.v4.len(), self.v6.len());
        let before = self.report.duplicates();
        let v4 = flatten(self.v4, &mut Noticed(&mut self.report));
        let between = self.report.duplicates();
        let v6 = flatten(self.v6, &mut Noticed(&mut self.report));
        let ipv4 = listed.0 - (between - before);
        let ipv6 = listed.1 - (self.report.duplicates() - between);
        let table = Table { v4: V4::new(v4), v6: V6::new(v6), labels: self.labels.finish() };
        self.report.close(ipv4, ipv6, table.labels.len());
        Ok((Allowlist::new(table, ipv4 + ipv6, when_empty), self.report))
    }

    fn add(&mut self, place: Place, line: &Line<'_>) {
        let network = match self.read_network(place, line.network) {
            Ok(network) => network,
            Err(error) => return self.malformed.push(place, error.shifted(line.network_at)),
        };
        if let Err(error) = label::check(line.label) {
            let error = match place {
                Place::Line(_) => bad_label(line.network, line.label, error),
                Place::Entry(_) => error.into(),
            };
            return self.malformed.push(place, error.shifted(line.label_at));
        }
        self.add_network(place, network, line.label);
    }

    fn read_network(&mut self, place: Place, text: &str) -> Result<Network, EntryError> {
        let (network, had_host_bits) = Network::parse_masking(text)?;
        if had_host_bits {
            if self.policy.reject_host_bits {
                Network::parse(text)?;
            }
            self.report.note(place, network, FindingKind::HostBits);
        }
        Ok(network)
    }

    fn add_network(&mut self, place: Place, network: Network, label: &str) {
        let limit = self.policy.refuse.of(network.family());
        if network.prefix_len() < limit {
            return self.malformed.push(place, EntryError::TooBroad { limit });
        }
        if network.prefix_len() < self.policy.report.of(network.family()) {
            self.report.note(place, network, FindingKind::TooBroad);
        }
        if self.v4.len() + self.v6.len() >= self.policy.max_entries as usize {
            self.full.get_or_insert(TooMuch::Entries);
            return;
        }
        let Some(label) = self.labels.number_of(label) else {
            self.full.get_or_insert(TooMuch::Labels);
            return;
        };
        let (len, place) = (network.prefix_len(), place.packed());
        match network.first() {
            IpAddr::V4(first) => self.v4.push(listed(u32::from(first), len, label, place)),
            IpAddr::V6(first) => self.v6.push(listed(u128::from(first), len, label, place)),
        }
    }

    fn too_much(&self, what: TooMuch) -> BuildError {
        match what {
            TooMuch::Entries => {
                BuildError::TooMany { limit: self.policy.max_entries, what: "entries" }
            }
            TooMuch::Labels => BuildError::LabelsTooLong,
        }
    }
}

impl Breadth {
    fn of(self, family: Family) -> u8 {
        match family {
            Family::V4 => self.ipv4,
            Family::V6 => self.ipv6,
        }
    }
}

fn listed<K>(first: K, len: u8, label: u32, place: Packed) -> Listed<K> {
    Listed { first, len, label, place }
}
