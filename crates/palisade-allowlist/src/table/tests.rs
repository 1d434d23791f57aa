//! The structures for large lists, tried on small ones: with and without them every lookup is the same.

use proptest::prelude::*;

use super::answers::Answer;
use super::flatten::{Flat, Listed, Notice, flatten};
use super::key::Key;
use super::ranges::{Range, Ranges};
use super::{V4, V6};
use crate::Place;

struct Deaf;

impl<K> Notice<K> for Deaf {
    fn overridden(&mut self, _: &Listed<K>, _: &Listed<K>) {}
    fn shadowed(&mut self, _: &Listed<K>, _: &Listed<K>) {}
}

fn flat<K: Key>(networks: &[(K, u8)]) -> Flat<K> {
    let listed = networks.iter().enumerate().map(|(at, (first, len))| Listed {
        first: first.masked(*len),
        len: *len,
        label: u32::try_from(at % 3).unwrap_or(0),
        place: Place::Entry(1).packed(),
    });
    flatten(listed.collect(), &mut Deaf)
}

/// The first and last address of each range and their neighbours.
fn edges<K: Key>(flat: &Flat<K>) -> Vec<K> {
    let starts = flat
        .starts
        .iter()
        .flat_map(|start| [start.below(), *start, start.above().unwrap_or(K::MAX)]);
    starts.chain([K::ZERO, K::MAX]).collect()
}

fn merged<K: Key>(ranges: impl Iterator<Item = Range<K>>) -> Vec<Range<K>> {
    let mut merged: Vec<Range<K>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if last.answer == range.answer && last.last.above() == Some(range.first) => {
                last.last = range.last;
            }
            _ => merged.push(range),
        }
    }
    merged
}

/// Networks of IPv4 that crowd around the borders of a /24 and a /16, and some that are anywhere.
fn networks_v4() -> impl Strategy<Value = Vec<(u32, u8)>> {
    let near = (0_u32..3, 254_u32..258, any::<u8>()).prop_map(|(a, b, c)| {
        (10 << 24) | (a << 16).wrapping_add(b << 8).wrapping_add(u32::from(c))
    });
    let any = prop_oneof![6 => near, 1 => any::<u32>(), 1 => Just(0), 1 => Just(u32::MAX)];
    prop::collection::vec((any, prop_oneof![4 => 20_u8..=32, 2 => 8_u8..=20, 1 => 0_u8..=8]), 0..60)
}

fn networks_v6() -> impl Strategy<Value = Vec<(u128, u8)>> {
    let near = (0_u128..3, 0_u128..3, 0_u128..3, any::<u8>()).prop_map(|(a, b, c, d)| {
        (0x2001_0db8 << 96) | (a << 80) | (b << 64) | (c << 62) | u128::from(d)
    });
    let any = prop_oneof![6 => near, 1 => any::<u128>(), 1 => Just(0), 1 => Just(u128::MAX)];
    prop::collection::vec(
        (
            any,
            prop_oneof![3 => 60_u8..=68, 3 => 28_u8..=36, 2 => 100_u8..=128, 2 => 20_u8..=64, 1 => 0_u8..=20],
        ),
        0..60,
    )
}

proptest! {
    // Each case fills three megabytes.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_bit_for_each_cell_changes_no_answer(networks in networks_v4(), probes in prop::collection::vec(any::<u32>(), 20)) {
        let flat = flat(&networks);
        let fine = Ranges::new(flat.starts.clone(), &flat.answers);
        let probes: Vec<u32> = edges(&flat).into_iter().chain(probes).collect();
        let expected = merged((0..fine.len()).filter_map(|at| fine.get(at)).filter(|range| range.answer != Answer::NONE));
        let cells = V4::with_cells(flat);
        for probe in probes {
            prop_assert_eq!(cells.find(probe), fine.find(probe), "{:#x}", probe);
            prop_assert_eq!(cells.contains(probe), fine.find(probe) != Answer::NONE, "{:#x}", probe);
        }
        prop_assert_eq!(merged(cells.ranges()), expected);
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn cells_of_ipv6_change_no_answer(networks in networks_v6(), probes in prop::collection::vec(any::<u128>(), 20)) {
        let flat = flat(&networks);
        let fine = Ranges::new(flat.starts.clone(), &flat.answers);
        let probes: Vec<u128> = edges(&flat).into_iter().chain(probes).collect();
        let expected = merged((0..fine.len()).filter_map(|at| fine.get(at)).filter(|range| range.answer != Answer::NONE));
        for with_cover in [false, true] {
            let cells = V6::with_cover(self::flat(&networks), with_cover);
            for probe in &probes {
                prop_assert_eq!(cells.find(*probe), fine.find(*probe), "{:#x}", probe);
                prop_assert_eq!(cells.contains(*probe), fine.find(*probe) != Answer::NONE, "{:#x}", probe);
            }
            prop_assert_eq!(merged(cells.ranges()), expected.clone());
        }
    }

    #[test]
    fn the_index_changes_no_position(mut starts in prop::collection::vec(prop_oneof![any::<u64>(), (0_u64..2000).prop_map(|low| (0x2001_0db8 << 32) + (low << 16)), 0_u64..500], 1..500), probes in prop::collection::vec(any::<u64>(), 50)) {
        starts.push(0);
        starts.sort_unstable();
        starts.dedup();
        let answers = vec![Answer::NONE; starts.len()];
        let ranges = Ranges::new(starts.clone(), &answers);
        let near = starts.iter().flat_map(|start| [start.saturating_sub(1), *start, start.saturating_add(1)]);
        for probe in near.chain(probes).chain([u64::MAX]) {
            let expected = starts.partition_point(|start| *start <= probe) - 1;
            prop_assert_eq!(ranges.position(probe), expected, "{:#x}", probe);
        }
    }
}
