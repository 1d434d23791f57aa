//! Sorted ranges, and the range that holds an address.

use super::answers::Answer;
use super::ids::Ids;
use super::index::Index;
use super::key::Key;

/// Up to this many ranges are all compared. That takes no branch, and to guess one wrong costs more.
const TINY: usize = 32;

/// So many are compared at a time.
const WINDOW: usize = 8;

#[derive(Debug)]
pub(crate) struct Ranges<K> {
    /// In order; the first one is the lowest address. In a tiny row the highest one fills up the last window.
    starts: Box<[K]>,
    len: usize,
    answers: Ids,
    index: Option<Index>,
}

impl<K: Key> Ranges<K> {
    pub(crate) fn new(mut starts: Vec<K>, answers: &[Answer]) -> Self {
        let len = starts.len();
        let index = (len > TINY).then(|| Index::over(&starts));
        if index.is_none() {
            starts.resize(len.next_multiple_of(WINDOW), K::MAX);
        }
        Self { starts: starts.into(), len, answers: Ids::new(answers), index }
    }

    /// The answer for the range that holds `key`.
    #[inline]
    pub(crate) fn find(&self, key: K) -> Answer {
        self.answers.get(self.position(key))
    }

    /// Which range holds `key`.
    #[inline]
    pub(crate) fn position(&self, key: K) -> usize {
        let not_above = match &self.index {
            None => count(&self.starts, key),
            Some(index) => {
                let slot = index.slot(key);
                let begin = slot.start;
                let slot = self.starts.get(slot).unwrap_or_default();
                begin + slot.partition_point(|start| *start <= key)
            }
        };
        // The first range begins at the lowest address, so at least one start is not above the key. What fills up the
        // row is not above the highest one.
        not_above.min(self.len).saturating_sub(1)
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The first and last address of a range, and its answer.
    pub(crate) fn get(&self, position: usize) -> Option<Range<K>> {
        let starts = self.starts.get(..self.len)?;
        let first = *starts.get(position)?;
        let next = starts.get(position + 1);
        // Starts are in order, so the one of the next range is above this one's.
        let last = next.map_or(K::MAX, |next| next.below());
        Some(Range { first, last, answer: self.answers.get(position) })
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        size_of_val::<[K]>(&self.starts)
            + self.answers.heap_bytes()
            + self.index.as_ref().map_or(0, Index::heap_bytes)
    }
}

/// Addresses that have the same answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range<K> {
    pub(crate) first: K,
    pub(crate) last: K,
    pub(crate) answer: Answer,
}

/// How many starts are not above `key`.
#[inline]
fn count<K: Key>(starts: &[K], key: K) -> usize {
    // Counted by column, so that the compiler compares a window at once and adds up the columns in the end.
    let mut columns = [0_u32; WINDOW];
    for window in starts.as_chunks::<WINDOW>().0 {
        for (column, start) in columns.iter_mut().zip(window) {
            *column += u32::from(*start <= key);
        }
    }
    columns.iter().sum::<u32>() as usize
}
