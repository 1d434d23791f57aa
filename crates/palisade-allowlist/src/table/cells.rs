//! The whole IPv4 space as a row of bits, one for each /24: a set bit begins a range.

use super::answers::Answer;
use super::ids::Ids;
use super::ranges::Range;

/// How many addresses share a cell, as bits.
const CELL_BITS: u32 = 8;
const CELLS: u32 = 1 << (32 - CELL_BITS);
const WORD: u32 = u64::BITS;
/// How many cells share a block.
const BLOCK: u32 = 256;

/// Which answer applies to each /24.
///
/// To find the range of a cell is to count the set bits up to the cell's own: those of the words before are counted
/// beforehand, those of its own word by the processor. No search, so no branch to guess wrong; that is what the time
/// of a search in a large table goes into.
#[derive(Debug)]
pub(crate) struct Cells {
    blocks: Box<[Block]>,
    /// One for each bit that is set.
    answers: Ids,
}

/// The cells of a /16, in one or two cache lines.
#[derive(Debug, Clone, Copy, Default)]
struct Block {
    begins: [u64; (BLOCK / WORD) as usize],
    /// How many bits are set in all blocks before, and in this one before each word.
    before: u32,
    within: [u8; (BLOCK / WORD) as usize],
}

impl Cells {
    /// From ranges of cells, in order and without a gap.
    pub(crate) fn new(starts: &[u32], answers: &[Answer]) -> Self {
        let mut blocks = vec![Block::default(); (CELLS / BLOCK) as usize];
        for start in starts {
            let block = blocks.get_mut((start / BLOCK) as usize);
            let word =
                block.and_then(|block| block.begins.get_mut((start % BLOCK / WORD) as usize));
            if let Some(word) = word {
                *word |= 1 << (start % WORD);
            }
        }
        let mut sum = 0;
        for block in &mut blocks {
            block.before = sum;
            for (word, before) in block.begins.iter().zip(&mut block.within) {
                // At most three words of 64 bits.
                *before = u8::try_from(sum - block.before).unwrap_or(u8::MAX);
                sum += word.count_ones();
            }
        }
        Self { blocks: blocks.into(), answers: Ids::new(answers) }
    }

    /// The answer for the cell that holds the address.
    #[inline]
    pub(crate) fn find(&self, address: u32) -> Answer {
        let cell = address >> CELL_BITS;
        let Some(block) = self.blocks.get((cell / BLOCK) as usize) else { return Answer::NONE };
        let word = (cell % BLOCK / WORD) as usize;
        let (Some(begins), Some(within)) = (block.begins.get(word), block.within.get(word)) else {
            return Answer::NONE;
        };
        let up_to = begins & (u64::MAX >> (WORD - 1 - cell % WORD));
        // The first cell begins a range, so at least one bit is set.
        let before = block.before.wrapping_add(u32::from(*within));
        let position = before.wrapping_add(up_to.count_ones()).wrapping_sub(1);
        self.answers.get(position as usize)
    }

    /// The ranges of cells, in order, as addresses. A split cell is a range of its own.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = Range<u32>> {
        let mut starts = self.starts().peekable();
        let mut position = 0;
        std::iter::from_fn(move || {
            let first = starts.next()?;
            let last = starts.peek().map_or(u32::MAX, |next| (next << CELL_BITS) - 1);
            let answer = self.answers.get(position);
            position += 1;
            Some(Range { first: first << CELL_BITS, last, answer })
        })
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        size_of_val::<[Block]>(&self.blocks) + self.answers.heap_bytes()
    }

    fn starts(&self) -> impl Iterator<Item = u32> {
        (0..)
            .step_by(WORD as usize)
            .zip(self.blocks.iter().flat_map(|block| &block.begins))
            .flat_map(|(first, word)| {
                let mut rest = *word;
                std::iter::from_fn(move || {
                    let bit = (rest != 0).then(|| rest.trailing_zeros())?;
                    rest &= rest - 1;
                    Some(first + bit)
                })
            })
    }
}
