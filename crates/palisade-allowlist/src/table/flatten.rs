//! From nested networks to ranges that do not overlap.

use super::answers::Answer;
use super::key::Key;
use crate::spans::{self, Span};

/// A network as it was listed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listed<K> {
    pub(crate) first: K,
    pub(crate) len: u8,
    pub(crate) label: u32,
    pub(crate) place: crate::place::Packed,
}

/// Ranges of addresses, in order and without a gap: each runs from its start up to the start of the next one.
#[derive(Debug)]
pub(crate) struct Flat<K> {
    pub(crate) starts: Vec<K>,
    pub(crate) answers: Vec<Answer>,
    /// The networks that have others inside of them, by address and length.
    pub(crate) outer: Vec<Outer<K>>,
}

impl<K: Key> Flat<K> {
    /// The stretches of addresses that have an answer; those that touch are one.
    pub(crate) fn covered(&self) -> impl Iterator<Item = Span<K>> {
        let nexts = self.starts.iter().skip(1).map(|next| next.below()).chain([K::MAX]);
        let ranges = self.starts.iter().zip(nexts).zip(&self.answers);
        let answered = ranges.filter(|(_, answer)| **answer != Answer::NONE);
        spans::joined(answered.map(|((first, last), _)| Span { first: *first, last }))
    }
}

/// A network that has others inside of it. Its addresses may all be answered by those, so that no range tells of
/// it; networks that have none inside are found in the ranges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outer<K> {
    pub(crate) first: K,
    pub(crate) len: u8,
    pub(crate) answer: Answer,
}

/// What the sweep notices on its way.
pub(crate) trait Notice<K> {
    /// `by` stands on the same network further down in the list, and wins.
    fn overridden(&mut self, listed: &Listed<K>, by: &Listed<K>);
    /// All addresses of `listed` are in `by`, too.
    fn shadowed(&mut self, listed: &Listed<K>, by: &Listed<K>);
}

/// Sweeps over the networks in order of address, with a stack of those that are open at the moment.
pub(crate) fn flatten<K: Key>(mut listed: Vec<Listed<K>>, notice: &mut impl Notice<K>) -> Flat<K> {
    // Stable, so that networks that are equal keep the order of the list.
    listed.sort_by_key(|network| (network.first, network.len));
    let mut sweep = Sweep {
        flat: Flat { starts: vec![K::ZERO], answers: vec![Answer::NONE], outer: Vec::new() },
        open: Vec::new(),
    };
    let mut listed = listed.into_iter().peekable();
    while let Some(network) = listed.next() {
        match listed.peek() {
            Some(next) if (next.first, next.len) == (network.first, network.len) => {
                notice.overridden(&network, next);
                continue;
            }
            _ => {}
        }
        sweep.close_before(network.first);
        if let Some(parent) = sweep.open.last() {
            notice.shadowed(&network, &parent.listed);
        }
        let answer = Answer::new::<K>(network.len, network.label);
        sweep.open(network, answer);
    }
    sweep.close_all();
    sweep.flat.starts.shrink_to_fit();
    sweep.flat.answers.shrink_to_fit();
    sweep.flat.outer.sort_by_key(|outer| (outer.first, outer.len));
    sweep.flat
}

struct Sweep<K> {
    flat: Flat<K>,
    /// From the widest to the most specific.
    open: Vec<Open<K>>,
}

struct Open<K> {
    listed: Listed<K>,
    last: K,
    answer: Answer,
    has_inner: bool,
}

impl<K: Key> Sweep<K> {
    fn open(&mut self, listed: Listed<K>, answer: Answer) {
        if let Some(parent) = self.open.last_mut() {
            parent.has_inner = true;
        }
        let last = listed.first.last_of(listed.len);
        self.open.push(Open { listed, last, answer, has_inner: false });
        self.begin(listed.first, answer);
    }

    fn close_before(&mut self, address: K) {
        while self.open.last().is_some_and(|innermost| innermost.last < address) {
            self.close_innermost();
        }
    }

    fn close_all(&mut self) {
        while !self.open.is_empty() {
            self.close_innermost();
        }
    }

    fn close_innermost(&mut self) {
        let Some(closed) = self.open.pop() else { return };
        if closed.has_inner {
            let Listed { first, len, .. } = closed.listed;
            self.flat.outer.push(Outer { first, len, answer: closed.answer });
        }
        if let Some(above) = closed.last.above() {
            self.begin(above, self.open.last().map_or(Answer::NONE, |parent| parent.answer));
        }
    }

    /// From `address` on, `answer` applies.
    fn begin(&mut self, address: K, answer: Answer) {
        let Flat { starts, answers, .. } = &mut self.flat;
        if starts.last() == Some(&address) {
            starts.pop();
            answers.pop();
        }
        // Neighbours with the same answer are one range.
        if answers.last() != Some(&answer) {
            starts.push(address);
            answers.push(answer);
        }
    }
}
