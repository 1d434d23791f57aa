//! What changes from one list to another.

use std::cmp::Ordering;

use crate::spans::{Span, covered_v4, covered_v6, without};
use crate::table::{Address, Key};
use crate::{Allowlist, EmptyList, Match, Network};

impl Allowlist {
    /// What changes when `new` takes the place of this list: its entries, and who is let in.
    ///
    /// These are two questions. A removed entry inside of a wider one changes nothing for anybody, and neither does
    /// one network in the place of its two halves.
    ///
    /// The time grows with the number of entries of both lists together.
    ///
    /// # Examples
    ///
    /// ```
    /// use palisade_allowlist::Allowlist;
    ///
    /// let list = |entries: &[&str]| {
    ///     let builder = entries.iter().fold(Allowlist::builder(), |builder, entry| builder.push(entry, "Office"));
    ///     builder.build().map(|(list, _)| list)
    /// };
    /// let old = list(&["10.0.0.0/8", "10.1.0.0/16", "192.0.2.0/25"])?;
    /// let new = list(&["10.0.0.0/8", "192.0.2.0/24"])?;
    ///
    /// let diff = old.diff(&new);
    /// assert_eq!(diff.removed().len(), 2);
    /// assert_eq!(diff.added().len(), 1);
    /// let allowed: Vec<_> = diff.newly_allowed().map(|network| network.to_string()).collect();
    /// assert_eq!(allowed, ["192.0.2.128/25"]);
    /// assert_eq!(diff.newly_denied().count(), 0);
    /// # Ok::<(), palisade_allowlist::BuildError>(())
    /// ```
    #[must_use]
    pub fn diff<'a>(&'a self, new: &'a Self) -> Diff<'a> {
        let entries = EntryChanges::between(self, new);
        let newly_allowed = Spans::allowed_only_by(new, self);
        let newly_denied = Spans::allowed_only_by(self, new);
        let outsiders = match (allows_everyone(self), allows_everyone(new)) {
            (true, false) if !newly_denied.is_empty() => Some(Outsiders::NowDenied),
            (false, true) if !newly_allowed.is_empty() => Some(Outsiders::NowAllowed),
            _ => None,
        };
        Diff { entries, newly_allowed, newly_denied, outsiders }
    }

    /// The fewest networks that hold the same addresses as the entries, IPv4 first and in order. Labels are lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use palisade_allowlist::Allowlist;
    ///
    /// let (list, _) = Allowlist::builder()
    ///     .push("192.0.2.0/25", "East")
    ///     .push("192.0.2.128/25", "West")
    ///     .push("192.0.2.7", "Printer")
    ///     .build()?;
    /// let networks: Vec<_> = list.aggregated().map(|network| network.to_string()).collect();
    /// assert_eq!(networks, ["192.0.2.0/24"]);
    /// # Ok::<(), palisade_allowlist::BuildError>(())
    /// ```
    pub fn aggregated(&self) -> impl Iterator<Item = Network> {
        covered_v4(self).flat_map(Span::networks).chain(covered_v6(self).flat_map(Span::networks))
    }
}

/// What changes from one list to another; see [`Allowlist::diff`].
///
/// For operators. It tells what the lists hold, so it is nothing for a stranger.
#[derive(Debug, Clone)]
pub struct Diff<'a> {
    entries: EntryChanges<'a>,
    newly_allowed: Spans,
    newly_denied: Spans,
    outsiders: Option<Outsiders>,
}

/// A change for all who are in no entry, because one of the lists is empty and allows everyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outsiders {
    /// The old list allowed everyone. Whoever is in no entry of the new one is denied now.
    NowDenied,
    /// The new list allows everyone. Whoever was in no entry of the old one is allowed now.
    NowAllowed,
}

/// An entry whose label changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Relabelled<'a> {
    network: Network,
    old: &'a str,
    new: &'a str,
}

impl<'a> Relabelled<'a> {
    /// The network, which is in both lists.
    #[must_use]
    pub fn network(&self) -> Network {
        self.network
    }

    /// Its label in the old list.
    #[must_use]
    pub fn old_label(&self) -> &'a str {
        self.old
    }

    /// Its label in the new list.
    #[must_use]
    pub fn new_label(&self) -> &'a str {
        self.new
    }
}

impl<'a> Diff<'a> {
    /// Entries whose network is in the new list alone, in order.
    #[must_use]
    pub fn added(&self) -> &[Match<'a>] {
        &self.entries.added
    }

    /// Entries whose network is in the old list alone, in order.
    #[must_use]
    pub fn removed(&self) -> &[Match<'a>] {
        &self.entries.removed
    }

    /// Networks of both lists whose label changes, in order.
    #[must_use]
    pub fn relabelled(&self) -> &[Relabelled<'a>] {
        &self.entries.relabelled
    }

    /// The fewest networks that hold every address that was denied and is now allowed, in order.
    ///
    /// There may be far more of them than entries: around one IPv6 address there are 128 networks that make up
    /// all others. See [`outsiders`](Self::outsiders).
    pub fn newly_allowed(&self) -> impl Iterator<Item = Network> {
        self.newly_allowed.networks()
    }

    /// The fewest networks that hold every address that was allowed and is now denied, in order.
    ///
    /// There may be far more of them than entries, as with [`newly_allowed`](Self::newly_allowed).
    pub fn newly_denied(&self) -> impl Iterator<Item = Network> {
        self.newly_denied.networks()
    }

    /// Whether all change sides who are in no entry: one list is empty and allows everyone, and the other is not.
    /// Then [`newly_allowed`](Self::newly_allowed) or [`newly_denied`](Self::newly_denied) is the rest of the world.
    #[must_use]
    pub fn outsiders(&self) -> Option<Outsiders> {
        self.outsiders
    }

    /// Whether any address is judged otherwise.
    #[must_use]
    pub fn changes_addresses(&self) -> bool {
        !self.newly_allowed.is_empty() || !self.newly_denied.is_empty()
    }

    /// Whether nothing changes: neither an entry, nor a label, nor who is let in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let EntryChanges { added, removed, relabelled } = &self.entries;
        let same_entries = added.is_empty() && removed.is_empty() && relabelled.is_empty();
        same_entries && !self.changes_addresses()
    }
}

#[derive(Debug, Clone, Default)]
struct EntryChanges<'a> {
    added: Vec<Match<'a>>,
    removed: Vec<Match<'a>>,
    relabelled: Vec<Relabelled<'a>>,
}

impl<'a> EntryChanges<'a> {
    fn between(old: &'a Allowlist, new: &'a Allowlist) -> Self {
        let mut changes = Self::default();
        let (mut old, mut new) = (old.entries().peekable(), new.entries().peekable());
        loop {
            let order = match (old.peek(), new.peek()) {
                (Some(old), Some(new)) => old.network().cmp(&new.network()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return changes,
            };
            match order {
                Ordering::Less => changes.removed.extend(old.next()),
                Ordering::Greater => changes.added.extend(new.next()),
                Ordering::Equal => {
                    changes.relabelled.extend(old.next().zip(new.next()).and_then(relabelled));
                }
            }
        }
    }
}

fn relabelled<'a>((old, new): (Match<'a>, Match<'a>)) -> Option<Relabelled<'a>> {
    let (network, old, new) = (old.network(), old.label(), new.label());
    (old != new).then_some(Relabelled { network, old, new })
}

/// Addresses of both families. Kept as stretches, of which there are at most as many as entries in both lists.
#[derive(Debug, Clone)]
struct Spans {
    v4: Vec<Span<u32>>,
    v6: Vec<Span<u128>>,
}

/// `::ffff:0:0/96`. An address in it is IPv4, so no IPv6 address changes sides there.
const MAPPED: Span<u128> = Span { first: 0xffff << 32, last: (0xffff << 32) | 0xffff_ffff };

impl Spans {
    fn allowed_only_by(list: &Allowlist, other: &Allowlist) -> Self {
        let v4 = without(allowed(list, covered_v4(list)), allowed(other, covered_v4(other)));
        let mut v6 = without(allowed(list, covered_v6(list)), allowed(other, covered_v6(other)));
        v6.retain(|span| *span != MAPPED);
        Self { v4, v6 }
    }

    fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    fn networks(&self) -> impl Iterator<Item = Network> {
        let v4 = self.v4.iter().copied().flat_map(Span::networks);
        let v6 = self.v6.iter().copied().flat_map(Span::networks);
        // No stretch ends within it: a network of IPv6 holds all of it or nothing.
        let mapped = MAPPED.first.network(96);
        v4.chain(v6.filter(move |network| *network != mapped))
    }
}

/// What the list allows of a family, of which its entries cover `covered`.
fn allowed<K: Key>(
    list: &Allowlist,
    covered: impl Iterator<Item = Span<K>>,
) -> impl Iterator<Item = Span<K>> {
    // Without entries nothing is covered.
    allows_everyone(list).then(Span::everything).into_iter().chain(covered)
}

fn allows_everyone(list: &Allowlist) -> bool {
    list.is_empty() && list.when_empty() == EmptyList::AllowsEveryone
}
