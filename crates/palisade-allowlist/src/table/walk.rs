//! Walks over a table that no request waits for: every match, every entry, what is covered.

use std::iter;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Table;
use super::answers::Answer;
use super::flatten::Outer;
use super::key::{Address, Key};
use super::ranges::Range;
use crate::{Family, Match};

/// The last address below the IPv4-mapped ones, and the first above them.
const BELOW_MAPPED: Ipv6Addr = Ipv6Addr::new(0, 0, 0, 0, 0, 0xfffe, 0xffff, 0xffff);
const ABOVE_MAPPED: Ipv6Addr = Ipv6Addr::new(0, 0, 0, 0, 1, 0, 0, 0);

impl Table {
    /// Every network that holds the address, the most specific one first.
    pub(crate) fn matches(&self, address: IpAddr) -> impl Iterator<Item = Match<'_>> {
        let (v4, v6) = match address {
            IpAddr::V4(address) => {
                let address = u32::from(address);
                (Some(self.around(address, self.v4.find(address), self.v4.outer())), None)
            }
            IpAddr::V6(address) => {
                let address = u128::from(address);
                (None, Some(self.around(address, self.v6.find(address), self.v6.outer())))
            }
        };
        v4.into_iter().flatten().chain(v6.into_iter().flatten())
    }

    /// Every entry, by address and then by length.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Match<'_>> {
        self.listed(self.v4.ranges(), self.v4.outer())
            .chain(self.listed(self.v6.ranges(), self.v6.outer()))
    }

    /// Whether every address of the family is in some network. The IPv4-mapped addresses are none of IPv6.
    pub(crate) fn covers_all(&self, family: Family) -> bool {
        match family {
            Family::V4 => self.covers_v4(Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST),
            Family::V6 => {
                self.covers_v6(Ipv6Addr::UNSPECIFIED, BELOW_MAPPED)
                    && self.covers_v6(ABOVE_MAPPED, Ipv6Addr::from(u128::MAX))
            }
        }
    }

    /// Whether every address from `first` to `last` is in some network.
    pub(crate) fn covers_v4(&self, first: Ipv4Addr, last: Ipv4Addr) -> bool {
        covers(self.v4.ranges(), first.into(), last.into())
    }

    /// Whether every address from `first` to `last` is in some network.
    pub(crate) fn covers_v6(&self, first: Ipv6Addr, last: Ipv6Addr) -> bool {
        covers(self.v6.ranges(), first.into(), last.into())
    }

    /// The network of `answer`, and those around it. A network around another one has one inside of it, so it is
    /// among the outer ones.
    fn around<'a, K: Address>(
        &'a self,
        address: K,
        answer: Answer,
        outer: &'a [Outer<K>],
    ) -> impl Iterator<Item = Match<'a>> {
        let innermost = self.entry(address, answer);
        let longest = innermost.map_or(0, |entry| entry.network().prefix_len());
        let around = (0..longest).rev().filter_map(move |len| {
            let key = (address.masked(len), len);
            let found = outer.binary_search_by_key(&key, |outer| (outer.first, outer.len)).ok()?;
            self.entry(address, outer.get(found)?.answer)
        });
        innermost.into_iter().chain(around)
    }

    /// The networks that the ranges tell of, and the outer ones.
    fn listed<'a, K: Address>(
        &'a self,
        ranges: impl Iterator<Item = Range<K>> + 'a,
        outer: &'a [Outer<K>],
    ) -> impl Iterator<Item = Match<'a>> {
        let mut innermost = ranges.flat_map(|range| Self::whole_networks(range)).peekable();
        let mut outer = outer.iter().map(|outer| (outer.first, outer.len, outer.answer)).peekable();
        iter::from_fn(move || {
            let inner_first = match (innermost.peek(), outer.peek()) {
                (Some(inner), Some(outer)) => (inner.0, inner.1) < (outer.0, outer.1),
                (inner, _) => inner.is_some(),
            };
            let (first, _, answer) = if inner_first { innermost.next() } else { outer.next() }?;
            self.entry(first, answer)
        })
    }

    /// The networks of a range that lie in it wholly: nothing is inside of them. One that reaches beyond the range
    /// has another one inside of it there.
    fn whole_networks<K: Key>(range: Range<K>) -> impl Iterator<Item = (K, u8, Answer)> + use<K> {
        let len = range.answer.parts::<K>().map(|(len, _)| len);
        let is_answered = len.is_some();
        let len = len.unwrap_or(0);
        let begin = if range.first.masked(len) == range.first {
            Some(range.first)
        } else {
            range.first.last_of(len).above()
        };
        iter::successors(begin.filter(|_| is_answered), move |first| first.last_of(len).above())
            .take_while(move |first| *first <= range.last && first.last_of(len) <= range.last)
            .map(move |first| (first, len, range.answer))
    }
}

/// Whether the ranges, which are in order and all have an answer, leave no gap from `first` to `last`.
fn covers<K: Key>(ranges: impl Iterator<Item = Range<K>>, first: K, last: K) -> bool {
    let mut due = first;
    for range in ranges {
        if range.first > due {
            return false;
        }
        match range.last.above() {
            Some(above) if range.last < last => due = due.max(above),
            _ => return true,
        }
    }
    false
}
