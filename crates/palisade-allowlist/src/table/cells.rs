//! The whole IPv4 space as a row of bits, one for each /24: a set bit begins a range.

use super::answers::Answer;
use super::ids::Ids;
use super::ranges::Range;

/// How many addresses share a cell, as bits.
const CELL_BITS: u32 = 8;
const CELLS: u32 = 1 << (32 - CELL_BITS);
const WORD: u32 = u64::BITS;

/// Which answer applies to each /24.
///
/// To find the range of a cell is to count the set bits up to the cell's own: those of the words before are counted
/// beforehand, those of its own word by the processor. No search, so no branch to guess wrong; that is what the time
/// of a search in a large table goes into.
#[derive(Debug)]
pub(crate) struct Cells {
    begins: Box<[u64]>,
    /// How many bits are set in all words before.
    before: Box<[u32]>,
    answers: Ids,
}

impl Cells {
    /// From ranges of cells, in order and without a gap.
    pub(crate) fn new(starts: &[u32], answers: &[Answer]) -> Self {
        let mut begins = vec![0_u64; (CELLS / WORD) as usize];
        for start in starts {
            if let Some(word) = begins.get_mut((start / WORD) as usize) {
                *word |= 1 << (start % WORD);
            }
        }
        let mut sum = 0;
        let before = begins.iter().map(|word| {
            let before = sum;
            sum += word.count_ones();
            before
        });
        let before = before.collect();
        Self { begins: begins.into(), before, answers: Ids::new(answers) }
    }

    /// The answer for the cell that holds the address.
    #[inline]
    pub(crate) fn find(&self, address: u32) -> Answer {
        let cell = address >> CELL_BITS;
        let word = (cell / WORD) as usize;
        let (Some(begins), Some(before)) = (self.begins.get(word), self.before.get(word)) else {
            return Answer::NONE;
        };
        let up_to = begins & (u64::MAX >> (WORD - 1 - cell % WORD));
        // The first cell begins a range, so at least one bit is set.
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
        size_of_val::<[u64]>(&self.begins)
            + size_of_val::<[u32]>(&self.before)
            + self.answers.heap_bytes()
    }

    fn starts(&self) -> impl Iterator<Item = u32> {
        (0..).step_by(WORD as usize).zip(&self.begins).flat_map(|(first, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros())?;
                rest &= rest - 1;
                Some(first + bit)
            })
        })
    }
}
