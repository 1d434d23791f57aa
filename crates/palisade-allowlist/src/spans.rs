//! Stretches of addresses: what a list covers, what one list covers and another does not, and the networks that make
//! them up.

use std::iter;

use crate::table::{Address, Key};
use crate::{Allowlist, Network};

/// Addresses from the first up to and with the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span<K> {
    pub(crate) first: K,
    pub(crate) last: K,
}

impl<K: Key> Span<K> {
    pub(crate) fn everything() -> Self {
        Self { first: K::ZERO, last: K::MAX }
    }
}

impl<K: Address> Span<K> {
    /// The fewest networks that make it up, in order.
    pub(crate) fn networks(self) -> impl Iterator<Item = Network> {
        let mut due = Some(self.first);
        iter::from_fn(move || {
            let first = due.filter(|first| *first <= self.last)?;
            let len = shortest_len(first, self.last);
            due = first.last_of(len).above();
            Some(first.network(len))
        })
    }
}

/// The length of the largest network that begins at `first` and does not pass `last`.
fn shortest_len<K: Key>(first: K, last: K) -> u8 {
    let (mut too_short, mut fits) = (0, K::BITS);
    // When one length fits, so does each longer one.
    while too_short < fits {
        let len = too_short.midpoint(fits);
        if first.masked(len) == first && first.last_of(len) <= last {
            fits = len;
        } else {
            too_short = len + 1;
        }
    }
    fits
}

/// What the entries of IPv4 cover, in order; stretches that touch are one.
pub(crate) fn covered_v4(list: &Allowlist) -> impl Iterator<Item = Span<u32>> {
    joined(list.table().v4.ranges().map(|range| Span { first: range.first, last: range.last }))
}

/// The same for IPv6.
pub(crate) fn covered_v6(list: &Allowlist) -> impl Iterator<Item = Span<u128>> {
    joined(list.table().v6.ranges().map(|range| Span { first: range.first, last: range.last }))
}

/// The same stretches; those that touch are one.
pub(crate) fn joined<K: Key>(
    spans: impl Iterator<Item = Span<K>>,
) -> impl Iterator<Item = Span<K>> {
    let mut spans = spans.peekable();
    iter::from_fn(move || {
        let mut joined = spans.next()?;
        while let Some(next) = spans.next_if(|next| joined.last.above() == Some(next.first)) {
            joined.last = next.last;
        }
        Some(joined)
    })
}

/// What is in `spans` and not in `others`. Both are in order, and so is the result.
pub(crate) fn without<K: Key>(
    spans: impl Iterator<Item = Span<K>>,
    others: impl Iterator<Item = Span<K>>,
) -> Vec<Span<K>> {
    let mut others = others.peekable();
    let mut rest = Vec::new();
    for span in spans {
        let mut due = Some(span.first);
        while let Some(first) = due {
            while others.next_if(|other| other.last < first).is_some() {}
            let other = others.peek().filter(|other| other.first <= span.last);
            if other.is_none_or(|other| first < other.first) {
                let last = other.map_or(span.last, |other| other.first.below());
                rest.push(Span { first, last });
            }
            // Beyond the other one, where this one reaches so far.
            due = other.and_then(|other| other.last.above()).filter(|above| *above <= span.last);
        }
    }
    rest.shrink_to_fit();
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span((first, last): (u32, u32)) -> Span<u32> {
        Span { first, last }
    }

    fn rest(spans: &[(u32, u32)], others: &[(u32, u32)]) -> Vec<(u32, u32)> {
        let (spans, others) = (spans.iter().copied().map(span), others.iter().copied().map(span));
        without(spans, others).into_iter().map(|span| (span.first, span.last)).collect()
    }

    #[test]
    fn what_is_left_without_the_others() {
        const MAX: u32 = u32::MAX;
        for (spans, others, left) in [
            (&[][..], &[(0, MAX)][..], &[][..]),
            (&[(0, MAX)], &[], &[(0, MAX)]),
            (&[(0, MAX)], &[(0, MAX)], &[]),
            (&[(0, MAX)], &[(0, 0), (MAX, MAX)], &[(1, MAX - 1)]),
            (&[(5, 9)], &[(0, 4), (10, 12)], &[(5, 9)]),
            (&[(5, 9)], &[(0, 5), (9, 12)], &[(6, 8)]),
            (&[(5, 9)], &[(6, 6), (8, 8)], &[(5, 5), (7, 7), (9, 9)]),
            (&[(5, 9), (20, 29)], &[(8, 22)], &[(5, 7), (23, 29)]),
            (&[(5, 9), (20, 29), (40, 40)], &[(0, 30)], &[(40, 40)]),
        ] {
            assert_eq!(rest(spans, others), left, "{spans:?} without {others:?}");
        }
    }
}
