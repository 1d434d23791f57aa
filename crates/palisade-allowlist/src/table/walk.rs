//! Walks over a table that no request waits for: every match, every entry, what is covered.

use std::iter;
use std::net::IpAddr;

use super::Table;
use super::answers::Answer;
use super::flatten::Outer;
use super::key::{Address, Key};
use super::ranges::Range;
use crate::{Family, Match};

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

    /// Whether every address of the family is in some network.
    pub(crate) fn covers_all(&self, family: Family) -> bool {
        match family {
            Family::V4 => is_gapless(self.v4.ranges()),
            Family::V6 => is_gapless(self.v6.ranges()),
        }
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

fn is_gapless<K: Key>(mut ranges: impl Iterator<Item = Range<K>>) -> bool {
    let mut due = Some(K::ZERO);
    let met = ranges.by_ref().all(|range| {
        let met = Some(range.first) == due && range.answer != Answer::NONE;
        due = range.last.above();
        met
    });
    met && due.is_none()
}
