//! Where to look in a sorted row: a direct index of two levels, the second one finer where the row is crowded.

use std::ops::Range;

use super::key::Key;

/// About as many starts are left to search in each part.
const CROWD: usize = 16;
/// At most this many bits are used on the first level.
const MAX_ROOT_BITS: u32 = 12;
/// And on the second one.
const MAX_PART_BITS: u32 = 24;

/// Cuts the address space into slots and says which part of a sorted row each slot holds.
///
/// The first level has equal slots. Addresses are skewed, those of IPv6 above all, so that a few slots hold nearly
/// everything: each is cut once more, into as many equal parts as its own crowd calls for.
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
    /// The index of a row that is sorted.
    pub(crate) fn over<K: Key>(starts: &[K]) -> Self {
        let root_bits = (starts.len() / CROWD).max(2).ilog2().min(MAX_ROOT_BITS);
        let mut index = Building { starts, below: Vec::new(), at: 0 };
        let root = (0..1_u64 << root_bits).map(|slot| index.cut(slot, root_bits)).collect();
        index.below.push(narrow(starts.len()));
        Self { root_bits, root, below: index.below.into() }
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

struct Building<'a, K> {
    starts: &'a [K],
    below: Vec<u32>,
    /// How many starts lie below the part that is next.
    at: usize,
}

impl<K: Key> Building<'_, K> {
    fn cut(&mut self, slot: u64, root_bits: u32) -> Slot {
        let bits = part_bits(self.count(slot, root_bits)).min(u32::from(K::BITS) - root_bits);
        let offset = narrow(self.below.len());
        for part in 0..1_u64 << bits {
            self.below.push(narrow(self.at));
            self.at += self.count(slot << bits | part, root_bits + bits);
        }
        Slot { offset, bits }
    }

    /// How many of the next starts begin with `prefix`, which is `bits` long.
    fn count(&self, prefix: u64, bits: u32) -> usize {
        let rest = self.starts.get(self.at..).unwrap_or_default();
        // Parts are small and stand where the last one ended, so this is searched from there.
        let mut end = CROWD;
        while rest.get(end).is_some_and(|start| first_bits(start.top(), bits) == prefix) {
            end *= 2;
        }
        let near = rest.get(..end.min(rest.len())).unwrap_or_default();
        near.partition_point(|start| first_bits(start.top(), bits) == prefix)
    }
}

/// With how many bits a slot is cut. Two more than its share, since a crowd is never even.
fn part_bits(crowd: usize) -> u32 {
    if crowd <= CROWD { 0 } else { ((crowd / CROWD).ilog2() + 2).min(MAX_PART_BITS) }
}

/// The first `bits` of the key, as a number; `bits` is at most 63.
#[inline]
fn first_bits(top: u64, bits: u32) -> u64 {
    top >> 1 >> (63 - bits)
}

#[inline]
#[allow(clippy::cast_possible_truncation, reason = "at most as large as a row that is in memory")]
fn usize_of(bits: u64) -> usize {
    bits as usize
}

/// No row is longer than the builder allows.
fn narrow(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
