//! The structure that answers lookups: ranges without overlap, and an index over them.

pub(crate) mod answers;
mod cells;
mod cover;
pub(crate) mod flatten;
mod ids;
mod index;
mod key;
mod ranges;
mod walk;

use std::net::IpAddr;

use answers::{Answer, Labels};
use cells::Cells;
use cover::Cover;
use flatten::{Flat, Outer};
pub(crate) use key::{Address, Key};
use ranges::{Range, Ranges};

use crate::Match;

/// The networks of a list.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) v4: V4,
    pub(crate) v6: V6,
    pub(crate) labels: Labels,
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
        self.v4.heap_bytes() + self.v6.heap_bytes() + self.labels.heap_bytes()
    }

    /// The entry that `answer` means for an address.
    #[inline]
    fn entry<K: Address>(&self, address: K, answer: Answer) -> Option<Match<'_>> {
        let (len, label) = answer.parts::<K>()?;
        Some(Match::new(address.network(len), self.labels.get(label)))
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
    /// Which /32s are covered, in a large list.
    cover: Option<Cover>,
    outer: Box<[Outer<u128>]>,
}

/// The networks of IPv4.
#[derive(Debug)]
pub(crate) struct V4 {
    /// By the first 24 bits, in a list that is large enough to be worth it.
    cells: Option<Cells>,
    /// All ranges, or with cells those of split ones.
    fine: Ranges<u32>,
    /// Which /24s are covered, in a list with cells.
    cover: Option<Cover>,
    outer: Box<[Outer<u32>]>,
}

/// From this many ranges on, a bit for each /24 takes less than 12 bytes a range.
const WORTH_CELLS: usize = 1 << 18;

/// From this many ranges on, which no fast cache holds, what IPv6 covers is worth some bytes a range.
const WORTH_COVER: usize = 1 << 15;

impl V4 {
    pub(crate) fn new(flat: Flat<u32>) -> Self {
        if flat.starts.len() >= WORTH_CELLS {
            return Self::with_cells(flat);
        }
        let fine = Ranges::new(flat.starts, &flat.answers);
        Self { cells: None, fine, cover: None, outer: flat.outer.into() }
    }

    fn with_cells(flat: Flat<u32>) -> Self {
        let cover = Some(Cover::new(flat.covered(), 24));
        let split = Split::of(&flat.starts, &flat.answers, 24);
        let starts: Vec<u32> = split.cells.iter().map(|cell| cell >> 8).collect();
        let cells = Some(Cells::new(&starts, &split.cell_answers));
        let fine = Ranges::new(split.starts, &split.answers);
        Self { cells, fine, cover, outer: flat.outer.into() }
    }

    #[inline]
    pub(crate) fn find(&self, address: u32) -> Answer {
        match self.cells.as_ref().map_or(Answer::SPLIT, |cells| cells.find(address)) {
            Answer::SPLIT => self.fine.find(address),
            answer => answer,
        }
    }

    #[inline]
    pub(crate) fn contains(&self, address: u32) -> bool {
        self.covers(address).unwrap_or_else(|| self.find(address) != Answer::NONE)
    }

    /// Whether the /24 is covered; nothing where it is in part, or nobody knows.
    #[inline]
    fn covers(&self, address: u32) -> Option<bool> {
        self.cover.as_ref()?.contains(address >> 8)
    }

    pub(crate) fn outer(&self) -> &[Outer<u32>] {
        &self.outer
    }

    /// The ranges that have an answer, in order.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = Range<u32>> {
        let everything = Range { first: 0, last: u32::MAX, answer: Answer::SPLIT };
        let split = self.cells.is_none().then_some(everything);
        let cells = self.cells.iter().flat_map(Cells::ranges);
        split
            .into_iter()
            .chain(cells)
            .flat_map(|cell| within(&self.fine, cell.first, cell.last, cell.answer))
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.cells.as_ref().map_or(0, Cells::heap_bytes)
            + self.cover.as_ref().map_or(0, Cover::heap_bytes)
            + self.fine.heap_bytes()
            + size_of_val::<[Outer<u32>]>(&self.outer)
    }
}

impl V6 {
    pub(crate) fn new(flat: Flat<u128>) -> Self {
        let is_large = flat.starts.len() >= WORTH_COVER;
        Self::with_cover(flat, is_large)
    }

    fn with_cover(flat: Flat<u128>, with_cover: bool) -> Self {
        let cover = with_cover.then(|| Cover::new(flat.covered(), 32));
        let split = Split::of(&flat.starts, &flat.answers, 64);
        let cells = split.cells.iter().map(|cell| cell.top()).collect();
        Self {
            cells: Ranges::new(cells, &split.cell_answers),
            fine: Ranges::new(split.starts, &split.answers),
            cover,
            outer: flat.outer.into(),
        }
    }

    #[inline]
    pub(crate) fn find(&self, address: u128) -> Answer {
        match self.cells.find(address.top()) {
            Answer::SPLIT => self.fine.find(address),
            answer => answer,
        }
    }

    #[inline]
    pub(crate) fn contains(&self, address: u128) -> bool {
        self.covers(address).unwrap_or_else(|| self.find(address) != Answer::NONE)
    }

    /// Whether the /32 is covered; nothing where it is in part, or nobody knows.
    #[inline]
    fn covers(&self, address: u128) -> Option<bool> {
        let first_bits = u32::try_from(address >> 96).ok()?;
        self.cover.as_ref()?.contains(first_bits)
    }

    pub(crate) fn outer(&self) -> &[Outer<u128>] {
        &self.outer
    }

    /// The ranges that have an answer, in order.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = Range<u128>> {
        (0..self.cells.len()).filter_map(|at| self.cells.get(at)).flat_map(|cell| {
            let first = u128::from(cell.first) << 64;
            let last = (u128::from(cell.last) << 64) | u128::from(u64::MAX);
            within(&self.fine, first, last, cell.answer)
        })
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.cells.heap_bytes()
            + self.fine.heap_bytes()
            + self.cover.as_ref().map_or(0, Cover::heap_bytes)
            + size_of_val::<[Outer<u128>]>(&self.outer)
    }
}

/// The ranges from `first` to `last` that have an answer: either these are cells with one `answer`, or it is a cell
/// that is split, and its ranges are the fine ones.
fn within<K: Key>(
    fine: &Ranges<K>,
    first: K,
    last: K,
    answer: Answer,
) -> impl Iterator<Item = Range<K>> {
    let is_split = answer == Answer::SPLIT;
    let whole = (!is_split).then_some(Range { first, last, answer });
    let parts = is_split.then(|| parts(fine, first, last)).into_iter().flatten();
    whole.into_iter().chain(parts).filter(|range| range.answer != Answer::NONE)
}

/// The fine ranges from `first` to `last`, those without an answer, too.
fn parts<K: Key>(fine: &Ranges<K>, first: K, last: K) -> impl Iterator<Item = Range<K>> {
    (fine.position(first)..fine.len())
        .map_while(|at| fine.get(at))
        .take_while(move |range| range.first <= last)
        .map(move |range| Range { last: range.last.min(last), ..range })
}

/// Ranges cut into cells, and the ranges of the cells that have more than one answer.
struct Split<K> {
    /// The first address of each cell that begins a range of cells.
    cells: Vec<K>,
    cell_answers: Vec<Answer>,
    starts: Vec<K>,
    answers: Vec<Answer>,
}

impl<K: Key> Split<K> {
    /// A cell is a network with this prefix length.
    fn of(starts: &[K], answers: &[Answer], len: u8) -> Self {
        let mut split = Self {
            cells: Vec::new(),
            cell_answers: Vec::new(),
            starts: vec![K::ZERO],
            answers: vec![Answer::NONE],
        };
        let mut ranges = starts.iter().copied().zip(answers.iter().copied()).peekable();
        let mut before = Answer::NONE;
        while let Some((start, answer)) = ranges.next() {
            let cell = start.masked(len);
            let in_cell = |next: &(K, Answer)| next.0.masked(len) == cell;
            if cell == start && !ranges.peek().is_some_and(in_cell) {
                split.cell(cell, answer);
                before = answer;
                continue;
            }
            split.cell(cell, Answer::SPLIT);
            if cell != start {
                split.part(cell, before);
            }
            split.part(start, answer);
            before = answer;
            while let Some((start, answer)) = ranges.next_if(in_cell) {
                split.part(start, answer);
                before = answer;
            }
            // The last answer goes on, unless the next cell begins with one of its own.
            if let Some(above) = cell.last_of(len).above() {
                split.cell(above, before);
            }
        }
        split
    }

    fn cell(&mut self, cell: K, answer: Answer) {
        if self.cells.last() == Some(&cell) {
            self.cells.pop();
            self.cell_answers.pop();
        }
        // Two split cells are not one, whatever their ranges.
        if answer == Answer::SPLIT || self.cell_answers.last() != Some(&answer) {
            self.cells.push(cell);
            self.cell_answers.push(answer);
        }
    }

    fn part(&mut self, start: K, answer: Answer) {
        if self.starts.last() == Some(&start) {
            self.starts.pop();
            self.answers.pop();
        }
        self.starts.push(start);
        self.answers.push(answer);
    }
}

#[cfg(test)]
mod tests;
