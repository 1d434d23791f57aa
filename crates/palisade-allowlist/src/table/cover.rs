//! Which cells are covered: the question that a service asks most, answered by one bit.

use std::collections::HashMap;
use std::hash::Hash;
use std::ops::Range;

use super::key::Key;
use crate::spans::Span;

/// How many cells share a block, and how many blocks share a page.
const BLOCK: u32 = 256;
const BLOCKS: usize = 256;
const PAGE: u32 = BLOCK * 256;
const WORD: u32 = u64::BITS;
const WORDS: usize = (BLOCK / WORD) as usize;

/// Two bits for each cell of the space, which is a /24 of IPv4 or a /32 of IPv6.
///
/// Most of the space is covered wholly or not at all, and much of it is alike: equal blocks are stored once, and equal
/// pages of blocks, too. What is left fits into a cache that the ranges do not fit into.
#[derive(Debug)]
pub(crate) struct Cover {
    /// Which page holds the cells with the same upper bits.
    page_of: Box<[u16]>,
    pages: Box<[Page]>,
    blocks: Box<[Block]>,
}

/// The numbers of blocks.
type Page = [u32; BLOCKS];

/// One cache line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Block {
    /// Cells that are covered wholly.
    whole: [u64; WORDS],
    /// Cells that are covered in part.
    part: [u64; WORDS],
}

impl Cover {
    /// From stretches of addresses, in order and without two that touch. A cell is a network of `len` bits, at least 16
    /// and at most 32.
    pub(crate) fn new<K: Key>(spans: impl Iterator<Item = Span<K>>, len: u8) -> Self {
        let mut building = Building::new();
        for Span { first, last } in spans {
            let (mut begin, mut end) = (cell(first, len), cell(last, len) + 1);
            let begins_within = first.masked(len) != first;
            let ends_within = last.last_of(len) != last;
            if begins_within || (begin + 1 == end && ends_within) {
                building.set(begin..begin + 1, Kind::Part);
                begin += 1;
            }
            let has_end = ends_within && begin < end;
            if has_end {
                end -= 1;
            }
            building.set(begin..end, Kind::Whole);
            if has_end {
                building.set(end..end + 1, Kind::Part);
            }
        }
        building.finish(1 << (len - 16))
    }

    /// Whether the cell is covered; nothing where it is in part.
    #[inline]
    pub(crate) fn contains(&self, cell: u32) -> Option<bool> {
        let page = self.pages.get(usize::from(*self.page_of.get((cell / PAGE) as usize)?))?;
        let block = self.blocks.get(*page.get((cell % PAGE / BLOCK) as usize)? as usize)?;
        let (word, bit) = ((cell % BLOCK / WORD) as usize, cell % WORD);
        if block.part.get(word)? >> bit & 1 == 1 {
            return None;
        }
        Some(block.whole.get(word)? >> bit & 1 == 1)
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        size_of_val::<[u16]>(&self.page_of)
            + size_of_val::<[Page]>(&self.pages)
            + size_of_val::<[Block]>(&self.blocks)
    }
}

/// The first `len` bits.
fn cell<K: Key>(address: K, len: u8) -> u64 {
    address.top() >> (64 - len)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Whole,
    Part,
}

/// The pages without a cell that is covered, and with all of them: there are thousands of each.
const EMPTY: u32 = 0;
const FULL: u32 = 1;

/// Fills one page after the other.
struct Building {
    page_of: Vec<u16>,
    pages: Numbered<Page>,
    blocks: Numbered<Block>,
    /// The page that is being filled; nothing while it is empty.
    open: Option<Box<[Block; BLOCKS]>>,
}

impl Building {
    fn new() -> Self {
        let (mut pages, mut blocks) = (Numbered::default(), Numbered::default());
        // In this order, so that these two pages have the numbers that are meant.
        for whole in [0, u64::MAX] {
            let block = Block { whole: [whole; WORDS], part: [0; WORDS] };
            pages.number_of([blocks.number_of(block); BLOCKS]);
        }
        Self { page_of: Vec::new(), pages, blocks, open: None }
    }

    /// Marks cells, none of which lies below one that was marked before.
    fn set(&mut self, cells: Range<u64>, kind: Kind) {
        let mut begin = cells.start;
        while begin < cells.end {
            let page = begin / u64::from(PAGE);
            self.close_up_to(page);
            let first = page * u64::from(PAGE);
            let end = cells.end.min(first + u64::from(PAGE));
            if kind == Kind::Whole && end - begin == u64::from(PAGE) {
                self.push(FULL);
            } else {
                let open = self.open.get_or_insert_with(|| Box::new([Block::default(); BLOCKS]));
                mark(open, within(begin - first)..within(end - first), kind);
            }
            begin = end;
        }
    }

    fn close_up_to(&mut self, page: u64) {
        while (self.page_of.len() as u64) < page {
            self.close();
        }
    }

    fn close(&mut self) {
        match self.open.take() {
            Some(open) => {
                let page = open.map(|block| self.blocks.number_of(block));
                let number = self.pages.number_of(page);
                self.push(number);
            }
            None => self.push(EMPTY),
        }
    }

    fn push(&mut self, page: u32) {
        // One of at most 65,536, as there are no more pages in the space.
        self.page_of.push(u16::try_from(page).unwrap_or(u16::MAX));
    }

    fn finish(mut self, pages: u64) -> Cover {
        self.close_up_to(pages);
        let Self { page_of, pages, blocks, .. } = self;
        Cover { page_of: page_of.into(), pages: pages.values.into(), blocks: blocks.values.into() }
    }
}

/// Marks cells of a page.
fn mark(blocks: &mut [Block; BLOCKS], cells: Range<u32>, kind: Kind) {
    let words = blocks.iter_mut().flat_map(|block| match kind {
        Kind::Whole => &mut block.whole,
        Kind::Part => &mut block.part,
    });
    for (word, base) in words.zip((0..).step_by(WORD as usize)) {
        let (begin, end) = (cells.start.max(base), cells.end.min(base + WORD));
        if begin < end {
            *word |= (u64::MAX >> (WORD - (end - begin))) << (begin - base);
        }
    }
}

/// The position in a page, which has 65,536.
fn within(cell: u64) -> u32 {
    u32::try_from(cell).unwrap_or(PAGE)
}

/// Gives each distinct value one number.
struct Numbered<T> {
    numbers: HashMap<T, u32>,
    values: Vec<T>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self { numbers: HashMap::new(), values: Vec::new() }
    }
}

impl<T: Copy + Eq + Hash> Numbered<T> {
    fn number_of(&mut self, value: T) -> u32 {
        *self.numbers.entry(value).or_insert_with(|| {
            self.values.push(value);
            u32::try_from(self.values.len() - 1).unwrap_or(u32::MAX)
        })
    }
}
