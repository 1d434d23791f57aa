//! A binary fuse filter: a set of 64-bit keys in about nine bits a key, or eighteen.
//!
//! After Graf and Lemire, *Binary Fuse Filters: Fast and Smaller Than Xor Filters* (2022). An array of
//! fingerprints is cut into segments. A key has a slot in each of three neighbouring segments, and the
//! array is filled such that the three fingerprints of a key in the set XOR to the key's own. A key that
//! is not in the set has the right sum by chance alone.

use super::fingerprint::Fingerprint;

/// How the array is cut: into equal segments whose length is a power of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// The length of a segment is two to this.
    segment_bits: u8,
    /// In how many segments the first slot of a key may be. Two more follow.
    segments: u32,
}

impl Shape {
    /// Longer segments would fill no better, and lie farther apart in memory.
    const MAX_SEGMENT_BITS: u8 = 18;

    /// `None` unless there is a segment and every slot has a number of 32 bits.
    pub(super) fn new(segment_bits: u8, segments: u32) -> Option<Self> {
        let shape = Self { segment_bits, segments };
        let fits = segment_bits <= Self::MAX_SEGMENT_BITS && segments > 0;
        (fits && u32::try_from(shape.slots()).is_ok()).then_some(shape)
    }

    /// The shape to try for this many keys; `None` where they are too many. Each attempt gets a little
    /// more room than the one before, which some numbers of keys need.
    pub(super) fn to_try(keys: usize, attempt: u32) -> Option<Self> {
        let bits = segment_bits(keys);
        let slots = (keys as u64).checked_mul(slots_per_mille(keys, attempt))? / 1000;
        let segments = slots.div_ceil(1 << bits).max(3);
        Self::new(bits, u32::try_from(segments - 2).ok()?)
    }

    pub(super) fn segment_bits(self) -> u8 {
        self.segment_bits
    }

    pub(super) fn segments(self) -> u32 {
        self.segments
    }

    /// How many fingerprints the array has.
    pub(super) fn slots(self) -> u64 {
        (u64::from(self.segments) + 2) << self.segment_bits
    }

    /// The three slots of a key: one in each of three neighbouring segments, so they are never equal,
    /// and always within the array.
    fn slots_of(self, hash: u64) -> [u32; 3] {
        let length = 1_u32 << self.segment_bits;
        let starts = u128::from(self.segments) << self.segment_bits;
        let bits = |shift: u32| low_32(hash >> shift) & (length - 1);
        let first = low_32(((u128::from(hash) * starts) >> 64) as u64);
        [first, (first + length) ^ bits(18), (first + 2 * length) ^ bits(0)]
    }
}

/// 2.25 + log(keys) / log(3.33), rounded down: the length that the authors found to fill best. In
/// thousandths and by multiplication, since a logarithm of floating point is not the same on every
/// machine.
fn segment_bits(keys: usize) -> u8 {
    let keys = (keys as u64).saturating_mul(1000);
    let mut bits = 2;
    // 3.33^0.75: the fewest keys that have segments of 2^3.
    let mut next = 2465;
    while bits < Shape::MAX_SEGMENT_BITS && keys >= next {
        next = next * 333 / 100;
        bits += 1;
    }
    bits
}

/// How many slots a thousand keys get at first: 1,125, and more where there are fewer than a million. The
/// authors' 0.875 + 0.25 log(1,000,000) / log(keys), with the logarithm rounded down to a whole number.
fn slots_per_mille(keys: usize, attempt: u32) -> u64 {
    let log = u64::from(keys.max(2).ilog2());
    (875 + 4983 / log).max(1125) + 10 * u64::from(attempt)
}

/// A bijection of 64-bit numbers for every seed, so that keys that differ have hashes that differ. It is
/// the finaliser of `SplitMix64` (Steele, Lea and Flood, 2014).
pub(super) fn mix(key: u64, seed: u64) -> u64 {
    let mut hash = key.wrapping_add(seed);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    hash ^ (hash >> 31)
}

/// Whether a hash is in the set, or seems to be. The array has as many slots as the shape says.
pub(super) fn contains(shape: Shape, fingerprint: Fingerprint, array: &[u8], hash: u64) -> bool {
    let sum = shape.slots_of(hash).map(|slot| fingerprint.read(array, slot));
    sum[0] ^ sum[1] ^ sum[2] == fingerprint.of(hash)
}

/// The array for these hashes, which all differ. `None` where it cannot be filled: try another seed.
///
/// As long as some slot belongs to one key alone, that key is set aside. When all keys are, they are put
/// back in the opposite order, each settling its sum in a slot that no later one reads.
pub(super) fn fill(
    shape: Shape,
    fingerprint: Fingerprint,
    mut hashes: Vec<u64>,
) -> Option<Vec<u8>> {
    // Neighbours in this order are neighbours in the array: without it, most of the time goes into
    // waiting for memory.
    hashes.sort_unstable();
    let slots = usize::try_from(shape.slots()).ok()?;
    let mut degree = vec![0_u8; slots];
    // The XOR of the hashes that have the slot: where there is one, that very hash.
    let mut hashes_at = vec![0_u64; slots];
    for hash in &hashes {
        for slot in shape.slots_of(*hash) {
            let slot = slot as usize;
            degree[slot] = degree[slot].checked_add(1)?;
            hashes_at[slot] ^= hash;
        }
    }
    let keys = hashes.len();
    drop(hashes);

    let mut alone: Vec<u32> =
        (0..).zip(&degree).filter(|(_, n)| **n == 1).map(|(s, _)| s).collect();
    let mut order = Vec::with_capacity(keys);
    while let Some(slot) = alone.pop() {
        // Its key may have been set aside by another slot.
        if degree[slot as usize] != 1 {
            continue;
        }
        let hash = hashes_at[slot as usize];
        order.push(slot);
        degree[slot as usize] = 0;
        for other in others(shape.slots_of(hash), slot) {
            degree[other as usize] -= 1;
            hashes_at[other as usize] ^= hash;
            if degree[other as usize] == 1 {
                alone.push(other);
            }
        }
    }
    if order.len() != keys {
        return None;
    }

    let mut array = vec![0; slots * fingerprint.bytes()];
    for slot in order.into_iter().rev() {
        let hash = hashes_at[slot as usize];
        let value = others(shape.slots_of(hash), slot)
            .fold(fingerprint.of(hash), |sum, other| sum ^ fingerprint.read(&array, other));
        fingerprint.write(&mut array, slot, value);
    }
    Some(array)
}

fn others(slots: [u32; 3], slot: u32) -> impl Iterator<Item = u32> {
    slots.into_iter().filter(move |other| *other != slot)
}

#[expect(clippy::cast_possible_truncation, reason = "the low half is what is asked for")]
fn low_32(n: u64) -> u32 {
    n as u32
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::cast_precision_loss,
        clippy::float_cmp,
        reason = "the numbers are small and whole"
    )]

    use super::*;

    const BOTH: [Fingerprint; 2] = [Fingerprint::Bits8, Fingerprint::Bits16];

    fn hashes(keys: usize, seed: u64) -> Vec<u64> {
        (0..keys as u64).map(|key| mix(key, seed)).collect()
    }

    #[test]
    fn sets_of_every_size_are_filled_and_found() {
        let sizes = (1..200).chain([608, 3362, 11_193, 37_273, 50_000]);
        for (keys, fingerprint) in sizes.flat_map(|keys| BOTH.map(|both| (keys, both))) {
            let filled = (0..5).find_map(|attempt| {
                let shape = Shape::to_try(keys, attempt).unwrap();
                let seed = mix(keys as u64, attempt.into());
                Some((shape, seed, fill(shape, fingerprint, hashes(keys, seed))?))
            });
            let (shape, seed, array) = filled.unwrap();
            assert_eq!(array.len() as u64, shape.slots() * fingerprint.bytes() as u64);
            for hash in hashes(keys, seed) {
                assert!(contains(shape, fingerprint, &array, hash), "{keys} keys");
            }
        }
    }

    #[test]
    fn a_set_that_cannot_be_filled() {
        let shape = Shape::to_try(1000, 0).unwrap();
        for copies in [2, 255, 256, 1000] {
            assert_eq!(fill(shape, Fingerprint::Bits8, vec![0x1234_5678_9ABC_DEF0; copies]), None);
        }
        // More keys in one slot than its counter holds, all in the first slot of the array.
        let crowd = hashes(257, 3).into_iter().map(|hash| hash >> 20).collect();
        assert_eq!(fill(shape, Fingerprint::Bits8, crowd), None);
        // More keys than slots.
        let small = Shape::new(2, 1).unwrap();
        assert_eq!(fill(small, Fingerprint::Bits8, hashes(13, 1)), None);
    }

    #[test]
    fn segments_are_as_long_as_the_authors_found() {
        for keys in (1..100_000).chain((100_000..50_000_000).step_by(99_991)) {
            let by_logarithm = (keys as f64).log(3.33) + 2.25;
            let near_a_step = (by_logarithm - by_logarithm.round()).abs() < 1e-3;
            let bits = f64::from(segment_bits(keys));
            assert!(near_a_step || bits == by_logarithm.floor(), "{keys}: {bits}, {by_logarithm}");
        }
        assert_eq!(segment_bits(usize::MAX), Shape::MAX_SEGMENT_BITS);
    }

    #[test]
    fn bits_a_key() {
        let slots = |keys| Shape::to_try(keys, 0).unwrap().slots() as f64 / keys as f64;
        assert!(slots(1_000_000) < 1.15);
        assert!(slots(100_000_000) < 1.13);
        assert!(slots(3_000_000_000) < 1.13);
        assert_eq!(Shape::to_try(usize::MAX, 0), None);
    }

    #[test]
    fn shapes_that_are_not_sound() {
        assert_eq!(Shape::new(2, 0), None);
        assert_eq!(Shape::new(19, 1), None);
        assert_eq!(Shape::new(255, u32::MAX), None);
        assert_eq!(Shape::new(18, 1 << 14), None);
        assert!(Shape::new(18, (1 << 14) - 3).is_some());
        assert!(Shape::new(0, u32::MAX - 2).is_some());
    }

    proptest::proptest! {
        #[test]
        fn slots_differ_and_lie_within_the_array(
            bits in 0..=18_u8, segments in 1..u32::MAX, hash in proptest::prelude::any::<u64>(),
        ) {
            let segments = (segments >> bits).saturating_sub(2).max(1);
            let shape = Shape::new(bits, segments).unwrap();
            for hash in [hash, 0, u64::MAX] {
                let [a, b, c] = shape.slots_of(hash);
                assert!(a < b && b < c && u64::from(c) < shape.slots());
            }
        }
    }
}
