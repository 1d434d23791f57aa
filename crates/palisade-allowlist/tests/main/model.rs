//! Random lists against the naive matcher.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use palisade_allowlist::{Allowlist, Entry, Family, Match, Network};
use proptest::prelude::*;

use crate::naive::Naive;

pub(crate) fn pair(entry: Match<'_>) -> (Network, &str) {
    (entry.network(), entry.label())
}

/// Addresses that crowd together, so that networks nest and touch, with the ends of the space among them.
pub(crate) fn address() -> impl Strategy<Value = IpAddr> {
    let v4 = prop_oneof![
        8 => (0_u32..4, any::<u16>()).prop_map(|(high, low)| (10 << 24) | (high << 16) | u32::from(low)),
        4 => (0_u32..1024).prop_map(|low| (192 << 24) | low),
        1 => Just(0),
        1 => Just(u32::MAX),
        2 => any::<u32>(),
    ];
    let v6 = prop_oneof![
        6 => (0_u128..4, 0_u128..4, 0_u128..600).prop_map(|(a, b, c)| (0x2001_0db8 << 96) | (a << 80) | (b << 64) | c),
        3 => (0_u128..64).prop_map(|low| (0x2001_0db8 << 96) | (low << 62)),
        1 => Just(0),
        1 => Just(u128::MAX),
        1 => (any::<u32>()).prop_map(|low| (0xffff << 32) | u128::from(low)),
        2 => any::<u128>(),
    ];
    prop_oneof![
        v4.prop_map(|bits| IpAddr::V4(Ipv4Addr::from(bits))),
        v6.prop_map(|bits| IpAddr::V6(Ipv6Addr::from(bits))),
    ]
}

pub(crate) fn network() -> impl Strategy<Value = Network> {
    (address(), any::<u8>()).prop_map(|(address, len)| {
        let longest = Family::of(address).bits();
        // Long prefixes are as common as in real lists, short ones rare.
        let len = if len < 8 { len } else { longest - (len % (longest / 2 + 1)) };
        let text = format!("{}/{}", address.to_canonical(), len.min(longest));
        Network::parse_masking(&text).unwrap().0
    })
}

pub(crate) fn entries(most: usize) -> impl Strategy<Value = Vec<(Network, String)>> {
    prop::collection::vec(
        (network(), 0_u8..6).prop_map(|(network, label)| (network, format!("label {label}"))),
        0..most,
    )
}

pub(crate) fn build(entries: &[(Network, String)]) -> Allowlist {
    let entries = entries.iter().map(|(network, label)| Entry::new(*network, label).unwrap());
    Allowlist::builder()
        .extend(entries)
        .when_empty(palisade_allowlist::EmptyList::DeniesEveryone)
        .build()
        .unwrap()
        .0
}

/// The ends of each network and the addresses beside them, which is where mistakes are.
pub(crate) fn edges(entries: &[(Network, String)]) -> Vec<IpAddr> {
    let step = |address: IpAddr, up: bool| match address {
        IpAddr::V4(address) => {
            let bits = u32::from(address);
            IpAddr::V4(Ipv4Addr::from(if up { bits.wrapping_add(1) } else { bits.wrapping_sub(1) }))
        }
        IpAddr::V6(address) => {
            let bits = u128::from(address);
            IpAddr::V6(Ipv6Addr::from(if up { bits.wrapping_add(1) } else { bits.wrapping_sub(1) }))
        }
    };
    entries
        .iter()
        .flat_map(|(network, _)| [network.first(), network.last()])
        .flat_map(|address| [address, step(address, true), step(address, false)])
        .collect()
}

fn agree(entries: &[(Network, String)], probes: &[IpAddr]) {
    let list = build(entries);
    let naive = Naive::new(entries.iter().cloned());
    for probe in probes.iter().copied().chain(edges(entries)) {
        let expected = naive.most_specific(probe);
        assert_eq!(list.check(probe).entry().map(pair), expected, "{probe}");
        assert_eq!(list.contains(probe), expected.is_some(), "{probe}");
        assert_eq!(
            list.matches(probe).map(pair).collect::<Vec<_>>(),
            naive.matches(probe),
            "{probe}"
        );
    }
    assert_eq!(list.entries().map(pair).collect::<Vec<_>>(), naive.listed());
    assert_eq!(list.len(), naive.listed().len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn small_lists_agree(entries in entries(40), probes in prop::collection::vec(address(), 50)) {
        agree(&entries, &probes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn middle_lists_agree(entries in entries(600), probes in prop::collection::vec(address(), 200)) {
        agree(&entries, &probes);
    }
}
