//! Which /24s are covered: the one question that a service asks most, answered by one bit.

use std::collections::HashMap;

use super::answers::Answer;
use super::ranges::Range;

/// How many cells share a block.
const BLOCK: u32 = 256;
const WORD: u32 = u64::BITS;
const WORDS: usize = (BLOCK / WORD) as usize;

/// A bit for each cell, in blocks of a /16. Many blocks are alike, and are stored once.
#[derive(Debug, Default)]
pub(crate) struct Cover {
    /// Which block holds each /16. There are 65,536 of them, so the number of a block has 16 bits.
    block_of: Box<[u16]>,
    blocks: Box<[Block]>,
}

/// The cells of a /16. One cache line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Block {
    /// Cells that are covered wholly.
    whole: [u64; WORDS],
    /// Cells that are covered in part.
    part: [u64; WORDS],
}

impl Cover {
    /// From ranges that are cut at cells, in order and without a gap. `is_covered` says whether the split cell that
    /// begins with this address is covered wholly.
    pub(crate) fn new(
        ranges: impl Iterator<Item = Range<u32>>,
        is_covered: impl Fn(u32) -> bool,
    ) -> Self {
        let mut blocks = BlocksBuilder::default();
        for range in ranges.filter(|range| range.answer != Answer::NONE) {
            let is_part = range.answer == Answer::SPLIT && !is_covered(range.first);
            blocks.set(range.first >> 8, range.last >> 8, is_part);
        }
        blocks.finish()
    }

    /// Whether the cell is covered; nothing where it is in part.
    #[inline]
    pub(crate) fn contains(&self, cell: u32) -> Option<bool> {
        let number = self.block_of.get((cell / BLOCK) as usize)?;
        let block = self.blocks.get(usize::from(*number))?;
        let (word, bit) = ((cell % BLOCK / WORD) as usize, cell % WORD);
        if block.part.get(word)? >> bit & 1 == 1 {
            return None;
        }
        Some(block.whole.get(word)? >> bit & 1 == 1)
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        size_of_val::<[u16]>(&self.block_of) + size_of_val::<[Block]>(&self.blocks)
    }
}

/// Fills one block after the other.
#[derive(Default)]
struct BlocksBuilder {
    numbers: HashMap<Block, u16>,
    blocks: Vec<Block>,
    block_of: Vec<u16>,
    open: Block,
}

impl BlocksBuilder {
    /// Marks the cells from `first` to `last`, none of which lies below one that was marked before.
    fn set(&mut self, first: u32, last: u32, is_part: bool) {
        let mut cell = first;
        loop {
            self.close_up_to(cell / BLOCK);
            let end = last.min(cell | (BLOCK - 1));
            let words = if is_part { &mut self.open.part } else { &mut self.open.whole };
            for (word, base) in
                words.iter_mut().zip((cell / BLOCK * BLOCK..).step_by(WORD as usize))
            {
                *word |= ones(cell.max(base), end.min(base + WORD - 1), base);
            }
            if end == last {
                return;
            }
            cell = end + 1;
        }
    }

    fn close_up_to(&mut self, block: u32) {
        while self.block_of.len() < block as usize {
            self.close();
        }
    }

    fn close(&mut self) {
        let block = std::mem::take(&mut self.open);
        let number = *self.numbers.entry(block).or_insert_with(|| {
            self.blocks.push(block);
            // One of at most 65,536.
            u16::try_from(self.blocks.len() - 1).unwrap_or(u16::MAX)
        });
        self.block_of.push(number);
    }

    fn finish(mut self) -> Cover {
        self.close_up_to(1 << 16);
        Cover { block_of: self.block_of.into(), blocks: self.blocks.into() }
    }
}

/// The bits from `first` to `last`, of the word whose first bit is `base`; none where there are none in it.
fn ones(first: u32, last: u32, base: u32) -> u64 {
    if first > last || first >= base + WORD {
        return 0;
    }
    (u64::MAX >> (WORD - 1 - (last - first))) << (first - base)
}
