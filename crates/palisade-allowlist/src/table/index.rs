//! Where to look in a sorted row: a direct index of two levels, the second one finer where the row is crowded.

use std::ops::Range;

use super::key::Key;

/// The second level cuts a slot of the first one so that about this many starts remain to be compared.
const CROWD: usize = 4;
/// At most this many bits are used on the first level.
const MAX_ROOT_BITS: u32 = 12;
/// And on the second one.
const MAX_PART_BITS: u32 = 32;

/// Cuts the address space into slots and says which part of a sorted row each slot holds.
///
/// The first level has equal slots. IPv6 is skewed, so that a few of them hold nearly everything: each slot is cut
/// once more, into as many equal parts as its own crowd calls for.
#[derive(Debug)]
pub(crate) struct Index {
    root_bits: u32,
    root: Box<[Slot]>,
    /// How many starts lie below each part; one more at the end.
    below: Box<[u32]>,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    /// The first of this slot's parts in `below`.
    offset: u32,
    /// It has two to this power of them.
    bits: u32,
}

impl Index {
    /// The index of a row that needs none.
    pub(crate) fn none() -> Self {
        Self { root_bits: 0, root: Box::new([]), below: Box::new([]) }
    }

    /// The index of a row that is sorted.
    pub(crate) fn over<K: Key>(starts: &[K]) -> Self {
        let root_bits = (starts.len() / CROWD).max(1).ilog2().min(MAX_ROOT_BITS);
        let mut root = Vec::with_capacity(1 << root_bits);
        let mut below = Vec::new();
        let mut begin = 0;
        for slot in 0..1_u64 << root_bits {
            let crowd = starts.get(begin..).map_or(0, |rest| {
                rest.partition_point(|start| first_bits(start.top(), root_bits) == slot)
            });
            let bits = part_bits(crowd, u32::from(K::BITS) - root_bits);
            root.push(Slot { offset: narrow(below.len()), bits });
            let mut at = begin;
            for part in 0..1_u64 << bits {
                below.push(narrow(at));
                let part = slot << bits | part;
                at += starts.get(at..begin + crowd).map_or(0, |rest| {
                    rest.partition_point(|start| first_bits(start.top(), root_bits + bits) == part)
                });
            }
            begin += crowd;
        }
        below.push(narrow(starts.len()));
        Self { root_bits, root: root.into(), below: below.into() }
    }

    /// The part of the row that holds the starts of the key's slot. The start that is looked for is there, or it
    /// is the last one before.
    #[inline]
    pub(crate) fn slot<K: Key>(&self, key: K) -> Range<usize> {
        let top = key.top();
        let Some(slot) = self.root.get(usize_of(first_bits(top, self.root_bits))) else {
            return 0..0;
        };
        let part = slot.offset as usize + usize_of(first_bits(top << self.root_bits, slot.bits));
        match (self.below.get(part), self.below.get(part + 1)) {
            (Some(begin), Some(end)) => *begin as usize..*end as usize,
            _ => 0..0,
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        size_of_val::<[Slot]>(&self.root) + size_of_val::<[u32]>(&self.below)
    }
}

/// How many bits to cut a slot by. One more than its share, since a crowd is seldom even.
fn part_bits(crowd: usize, available: u32) -> u32 {
    if crowd <= CROWD {
        0
    } else {
        ((crowd / CROWD).max(1).ilog2() + 2).min(available).min(MAX_PART_BITS)
    }
}

/// The first `bits` of the key, as a number; `bits` is below 64.
#[inline]
fn first_bits(top: u64, bits: u32) -> u64 {
    top >> 1 >> (63 - bits)
}

#[inline]
#[allow(clippy::cast_possible_truncation, reason = "at most as large as a row that is in memory")]
fn usize_of(bits: u64) -> usize {
    bits as usize
}

/// The builder allows fewer than 2^31 entries, and a row has at most two ranges an entry.
fn narrow(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
