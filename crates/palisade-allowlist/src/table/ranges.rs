//! Sorted ranges, and the range that holds an address.

use super::answers::AnswerId;
use super::ids::Ids;
use super::index::Index;
use super::key::Key;

/// Up to this many ranges are compared one by one, which needs no guess of a branch.
const LINEAR: usize = 32;

#[derive(Debug)]
pub(crate) struct Ranges<K> {
    /// In order; the first one is the lowest address.
    starts: Box<[K]>,
    answers: Ids,
    index: Index,
}

impl<K: Key> Ranges<K> {
    pub(crate) fn new(starts: Vec<K>, answers: &[AnswerId]) -> Self {
        let index = if starts.len() <= LINEAR { Index::none() } else { Index::over(&starts) };
        Self { starts: starts.into(), answers: Ids::new(answers), index }
    }

    /// The answer for the range that holds `key`.
    #[inline]
    pub(crate) fn find(&self, key: K) -> AnswerId {
        self.answers.get(self.position(key))
    }

    /// Which range holds `key`.
    #[inline]
    pub(crate) fn position(&self, key: K) -> usize {
        let after = if self.starts.len() <= LINEAR {
            self.starts.iter().map(|start| usize::from(*start <= key)).sum()
        } else {
            let within = self.index.slot(key);
            let begin = within.start;
            begin
                + self
                    .starts
                    .get(within)
                    .map_or(0, |starts| starts.partition_point(|start| *start <= key))
        };
        // The first range begins at the lowest address, so at least one start is not above the key.
        after.saturating_sub(1)
    }

    pub(crate) fn len(&self) -> usize {
        self.starts.len()
    }

    /// The first and last address of a range, and its answer.
    pub(crate) fn get(&self, position: usize) -> Option<Range<K>> {
        let first = *self.starts.get(position)?;
        let next = self.starts.get(position + 1);
        // Starts are in order, so the one of the next range is above this one's.
        let last = next.map_or(K::MAX, |next| next.below());
        Some(Range { first, last, answer: self.answers.get(position) })
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        size_of_val::<[K]>(&self.starts) + self.answers.heap_bytes() + self.index.heap_bytes()
    }
}

/// Addresses that have the same answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range<K> {
    pub(crate) first: K,
    pub(crate) last: K,
    pub(crate) answer: AnswerId,
}
