//! How a list is built.

use std::io::BufRead;
use std::net::IpAddr;
use std::{fmt, mem};

use crate::entry::bad_label;
use crate::faults::{Faults, Source};
use crate::lines::{Line, Lines};
use crate::place::{MAX_PLACE, Packed};
use crate::report::Noticed;
use crate::table::answers::LabelsBuilder;
use crate::table::flatten::{Listed, flatten};
use crate::table::{Table, V4, V6};
use crate::{
    Allowlist, BuildError, EmptyList, Entry, EntryError, Family, FindingKind, Malformed, Network,
    Place, Report, label, parse,
};

/// Builds an [`Allowlist`], once.
///
/// Whatever is wrong with an entry is kept until [`build`](Self::build), which tells all of it at once. Rules apply to
/// all entries, whether they are set before or after; of one that is set twice the last counts.
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
#[derive(Clone)]
#[must_use = "a builder builds nothing until `build`"]
pub struct Builder {
    v4: Vec<Listed<u32>>,
    v6: Vec<Listed<u128>>,
    labels: LabelsBuilder,
    pushed: u32,
    sources: Vec<Source>,
    /// What no rule can make right.
    malformed: Faults,
    /// What is a fault where host bits are refused.
    host_bits: Faults,
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
    Entries { limit: u32 },
    Labels,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            v4: Vec::new(),
            v6: Vec::new(),
            labels: LabelsBuilder::default(),
            pushed: 0,
            sources: Vec::new(),
            malformed: Faults::default(),
            host_bits: Faults::default(),
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
        let place = self.next_place();
        self.add(place, &Line { network, label, network_at: 0, label_at: 0 });
        self
    }

    /// Adds entries that were read before, as many of them as are taken; see [`max_entries`](Self::max_entries).
    pub fn extend(mut self, entries: impl IntoIterator<Item = Entry>) -> Self {
        for entry in entries {
            let place = self.next_place();
            self.add_network(place, entry.network(), entry.label());
            if self.full.is_some() {
                break;
            }
        }
        self
    }

    /// Adds the entries of a text, one a line.
    ///
    /// A line is a network, then white space and a label if there is one. `#` at the beginning of a line, or where
    /// a label would begin, starts a comment. Empty lines are skipped; a line may end with CR LF, and the text may
    /// begin with a byte order mark.
    ///
    /// Memory is bounded by the limit on entries, whatever the reader holds. Limits stop the reading if they were set
    /// before. Of several texts, [`Place::Line`] does not say which one it is of: build each by itself where that
    /// matters.
    ///
    /// # Errors
    ///
    /// [`BuildError::Read`] from the reader, [`BuildError::TooMany`] as soon as there are too many lines or entries,
    /// and [`BuildError::EndlessLine`]. Lines that are no entries are told by [`build`](Self::build).
    pub fn extend_lines(mut self, reader: impl BufRead) -> Result<Self, BuildError> {
        let mut lines = Lines::new(reader);
        self.begin_source(true);
        while lines.advance()? {
            let number = lines.number();
            if number > self.policy.max_lines {
                return Err(BuildError::TooMany { limit: self.policy.max_lines, what: "lines" });
            }
            let place = Place::Line(number);
            match lines.entry()? {
                Ok(None) => {}
                Ok(Some(line)) => self.add(place, &line),
                Err(error) => self.malformed.push(self.source(), place, || error),
            }
            if let Some(full) = self.full {
                return Err(Self::too_much(full));
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

    /// How many entries are taken at most; 2,000,000 by default, and never more than 2,147,483,647. What passed a lower
    /// limit before is not taken back.
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
            return Err(Self::too_much(full));
        }
        if self.v4.len() + self.v6.len() > self.policy.max_entries as usize {
            return Err(Self::too_much(TooMuch::Entries { limit: self.policy.max_entries }));
        }
        if let Some(malformed) = self.judge() {
            return Err(malformed.into());
        }
        let when_empty = match self.policy.when_empty {
            Some(meaning) => meaning,
            None if self.v4.is_empty() && self.v6.is_empty() => return Err(BuildError::Empty),
            None => EmptyList::DeniesEveryone,
        };
        let listed = (self.v4.len(), self.v6.len());
        let everyone =
            (broader(&self.v4, 1).next().is_some(), broader(&self.v6, 1).next().is_some());
        let before = self.report.duplicates();
        let v4 = flatten(self.v4, &mut Noticed(&mut self.report));
        let between = self.report.duplicates();
        let v6 = flatten(self.v6, &mut Noticed(&mut self.report));
        let ipv4 = listed.0 - (between - before);
        let ipv6 = listed.1 - (self.report.duplicates() - between);
        let table = Table { v4: V4::new(v4), v6: V6::new(v6), labels: self.labels.finish() };
        self.report.close(ipv4, ipv6, table.labels.len());
        let list = Allowlist::new(table, ipv4 + ipv6, when_empty);
        self.report.note_sum(Family::V4, !everyone.0 && list.covers_all(Family::V4));
        self.report.note_sum(Family::V6, !everyone.1 && list.covers_all(Family::V6));
        Ok((list, self.report))
    }

    /// Every fault under the rules as they are now; and into the report what is very broad.
    fn judge(&mut self) -> Option<Malformed> {
        let Breadth { ipv4, ipv6 } = self.policy.refuse;
        let (mut broad_v4, mut broad_v6) = (Faults::default(), Faults::default());
        for (index, listed) in broader(&self.v4, ipv4) {
            let source = self.sources.partition_point(|source| source.ipv4 <= index);
            broad_v4.push(source, listed.place.unpack(), || EntryError::TooBroad { limit: ipv4 });
        }
        for (index, listed) in broader(&self.v6, ipv6) {
            let source = self.sources.partition_point(|source| source.ipv6 <= index);
            broad_v6.push(source, listed.place.unpack(), || EntryError::TooBroad { limit: ipv6 });
        }
        let host_bits = mem::take(&mut self.host_bits);
        let host_bits = if self.policy.reject_host_bits { host_bits } else { Faults::default() };
        let Breadth { ipv4, ipv6 } = self.policy.report;
        for (_, listed) in broader(&self.v4, ipv4) {
            self.report.note_broad(listed);
        }
        for (_, listed) in broader(&self.v6, ipv6) {
            self.report.note_broad(listed);
        }
        Faults::joined([mem::take(&mut self.malformed), host_bits, broad_v4, broad_v6])
    }

    fn next_place(&mut self) -> Place {
        if self.sources.last().is_none_or(|source| source.is_text) {
            self.begin_source(false);
        }
        self.pushed = self.pushed.saturating_add(1);
        Place::Entry(self.pushed.min(MAX_PLACE))
    }

    fn begin_source(&mut self, is_text: bool) {
        self.sources.push(Source { is_text, ipv4: self.v4.len(), ipv6: self.v6.len() });
    }

    /// The number of the source that is being read, counted from 1.
    fn source(&self) -> usize {
        self.sources.len()
    }

    fn add(&mut self, place: Place, line: &Line<'_>) {
        let source = self.source();
        let (network, had_host_bits) = match Network::parse_masking(line.network) {
            Ok(read) => read,
            Err(error) => {
                let error = || EntryError::Network(error.shifted(line.network_at));
                return self.malformed.push(source, place, error);
            }
        };
        if let Err(error) = label::check(line.label) {
            let error = || match place {
                Place::Line(_) => bad_label(line.network, line.label, error),
                Place::Entry(_) => error.into(),
            };
            return self.malformed.push(source, place, || error().shifted(line.label_at));
        }
        if had_host_bits {
            self.report.note(place, network, FindingKind::HostBits);
            let error = || parse::host_bits(line.network).shifted(line.network_at).into();
            self.host_bits.push(source, place, error);
        }
        self.add_network(place, network, line.label);
    }

    fn add_network(&mut self, place: Place, network: Network, label: &str) {
        if self.v4.len() + self.v6.len() >= self.policy.max_entries as usize {
            self.full.get_or_insert(TooMuch::Entries { limit: self.policy.max_entries });
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

    fn too_much(what: TooMuch) -> BuildError {
        match what {
            TooMuch::Entries { limit } => BuildError::TooMany { limit, what: "entries" },
            TooMuch::Labels => BuildError::LabelsTooLong,
        }
    }
}

impl fmt::Debug for Builder {
    /// How much there is, and nothing of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("ipv4", &self.v4.len())
            .field("ipv6", &self.v6.len())
            .field("faults", &self.malformed.count())
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// The entries with a shorter prefix, and their indices.
fn broader<K>(listed: &[Listed<K>], len: u8) -> impl Iterator<Item = (usize, &Listed<K>)> {
    listed.iter().enumerate().filter(move |(_, listed)| listed.len < len)
}

fn listed<K>(first: K, len: u8, label: u32, place: Packed) -> Listed<K> {
    Listed { first, len, label, place }
}
