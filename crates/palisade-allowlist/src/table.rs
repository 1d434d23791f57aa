//! The structure that answers lookups: ranges without overlap, and an index over them.

pub(crate) mod answers;
pub(crate) mod flatten;
mod ids;
mod index;
mod key;
mod ranges;
mod walk;

use std::iter;
use std::net::IpAddr;

use answers::{AnswerId, Answers, NONE, SPLIT};
use flatten::{Flat, Outer};
pub(crate) use key::{Address, Key};
use ranges::{Range, Ranges};

use crate::Match;

/// The networks of a list.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) v4: V4,
    pub(crate) v6: V6,
    pub(crate) answers: Answers,
}

impl Table {
    /// The most specific network that holds the address, which is canonical.
    #[inline]
    pub(crate) fn most_specific(&self, address: IpAddr) -> Option<Match<'_>> {
        match address {
            IpAddr::V4(address) => {
                let address = u32::from(address);
                self.entry(address, self.v4.find(address))
            }
            IpAddr::V6(address) => {
                let address = u128::from(address);
                self.entry(address, self.v6.find(address))
            }
        }
    }

    #[inline]
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => self.v4.contains(u32::from(address)),
            IpAddr::V6(address) => self.v6.contains(u128::from(address)),
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.v4.heap_bytes() + self.v6.heap_bytes() + self.answers.heap_bytes()
    }

    /// The entry that `answer` means for an address.
    #[inline]
    fn entry<K: Address>(&self, address: K, answer: AnswerId) -> Option<Match<'_>> {
        let answer = self.answers.get(answer)?;
        Some(Match::new(address.network(answer.len), self.answers.label(answer)))
    }
}

/// The networks of IPv6.
///
/// A cell is a /64. Nearly always one answer applies to the whole of it.
/// Where it does not, the cell is split: its own ranges stand in the fine row.
#[derive(Debug)]
pub(crate) struct V6 {
    /// By the first 64 bits.
    cells: Ranges<u64>,
    /// The ranges of split cells, by all bits.
    fine: Ranges<u128>,
    outer: Box<[Outer<u128>]>,
}

/// The networks of IPv4.
#[derive(Debug)]
pub(crate) struct V4 {
    fine: Ranges<u32>,
    outer: Box<[Outer<u32>]>,
}

impl V4 {
    pub(crate) fn new(flat: Flat<u32>) -> Self {
        Self { fine: Ranges::new(flat.starts, &flat.answers), outer: flat.outer.into() }
    }

    #[inline]
    pub(crate) fn find(&self, address: u32) -> AnswerId {
        self.fine.find(address)
    }

    #[inline]
    pub(crate) fn contains(&self, address: u32) -> bool {
        self.find(address) != NONE
    }

    pub(crate) fn outer(&self) -> &[Outer<u32>] {
        &self.outer
    }

    /// The ranges that have an answer, in order.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = Range<u32>> {
        (0..self.fine.len()).filter_map(|at| self.fine.get(at)).filter(|range| range.answer != NONE)
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.fine.heap_bytes() + size_of_val::<[Outer<u32>]>(&self.outer)
    }
}

impl V6 {
    pub(crate) fn new(flat: Flat<u128>) -> Self {
        let split = split(&flat);
        Self {
            cells: Ranges::new(split.cells, &split.cell_answers),
            fine: Ranges::new(split.starts, &split.answers),
            outer: flat.outer.into(),
        }
    }

    #[inline]
    pub(crate) fn find(&self, address: u128) -> AnswerId {
        match self.cells.find(address.top()) {
            SPLIT => self.fine.find(address),
            answer => answer,
        }
    }

    #[inline]
    pub(crate) fn contains(&self, address: u128) -> bool {
        self.find(address) != NONE
    }

    pub(crate) fn outer(&self) -> &[Outer<u128>] {
        &self.outer
    }

    /// The ranges that have an answer, in order.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = Range<u128>> {
        (0..self.cells.len()).filter_map(|at| self.cells.get(at)).flat_map(|cell| {
            let first = u128::from(cell.first) << 64;
            let last = (u128::from(cell.last) << 64) | u128::from(u64::MAX);
            self.within(first, last, cell.answer)
        })
    }

    /// The ranges from `first` to `last`, which are cells with one answer, or one split cell.
    fn within(
        &self,
        first: u128,
        last: u128,
        answer: AnswerId,
    ) -> impl Iterator<Item = Range<u128>> {
        let begin = self.fine.position(first);
        let whole = (answer != SPLIT).then_some(Range { first, last, answer });
        let parts = iter::successors(Some(begin), |at| Some(at + 1))
            .map_while(|at| self.fine.get(at))
            .take_while(move |range| whole.is_none() && range.first <= last)
            .map(move |range| Range { last: range.last.min(last), ..range });
        whole.into_iter().chain(parts).filter(|range| range.answer != NONE)
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.cells.heap_bytes() + self.fine.heap_bytes() + size_of_val::<[Outer<u128>]>(&self.outer)
    }
}

struct Split {
    cells: Vec<u64>,
    cell_answers: Vec<AnswerId>,
    starts: Vec<u128>,
    answers: Vec<AnswerId>,
}

/// Cuts ranges into cells, and sets aside the ranges of the cells that have more than one answer.
fn split(flat: &Flat<u128>) -> Split {
    let mut split =
        Split { cells: Vec::new(), cell_answers: Vec::new(), starts: vec![0], answers: vec![NONE] };
    let mut ranges = flat.starts.iter().copied().zip(flat.answers.iter().copied()).peekable();
    let mut before = NONE;
    while let Some((start, answer)) = ranges.next() {
        let cell = start.top();
        let whole =
            start.masked(64) == start && ranges.peek().is_none_or(|next| next.0.top() != cell);
        if whole {
            split.cell(cell, answer);
            before = answer;
            continue;
        }
        split.cell(cell, SPLIT);
        if start.masked(64) != start {
            split.part(start.masked(64), before);
        }
        split.part(start, answer);
        before = answer;
        while let Some((start, answer)) = ranges.next_if(|next| next.0.top() == cell) {
            split.part(start, answer);
            before = answer;
        }
        // Up to the next start the last answer goes on.
        if let Some(above) = cell.above()
            && ranges.peek().is_none_or(|next| next.0.top() != above || next.0.masked(64) != next.0)
        {
            split.cell(above, before);
        }
    }
    split
}

impl Split {
    fn cell(&mut self, cell: u64, answer: AnswerId) {
        // A cell that went on by the one before, and is split itself.
        if self.cells.last() == Some(&cell) {
            self.cells.pop();
            self.cell_answers.pop();
        }
        if answer == SPLIT || self.cell_answers.last() != Some(&answer) {
            self.cells.push(cell);
            self.cell_answers.push(answer);
        }
    }

    fn part(&mut self, start: u128, answer: AnswerId) {
        if self.starts.last() == Some(&start) {
            self.starts.pop();
            self.answers.pop();
        }
        self.starts.push(start);
        self.answers.push(answer);
    }
}
