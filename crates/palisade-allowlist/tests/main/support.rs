//! What several topics need: addresses and small lists that crowd together.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use palisade_allowlist::{Allowlist, EmptyList, Entry, Family, Network};
use proptest::prelude::*;

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(crate) fn build(entries: &[(Network, String)]) -> Allowlist {
    let entries = entries.iter().map(|(network, label)| Entry::new(*network, label).unwrap());
    let builder = Allowlist::builder().extend(entries).when_empty(EmptyList::DeniesEveryone);
    builder.build().unwrap().0
}

pub(crate) fn address() -> impl Strategy<Value = IpAddr> {
    let v4 = prop_oneof![
        6 => (0_u32..2, 0_u32..64).prop_map(|(high, low)| (10 << 24) | (high << 16) | low),
        1 => prop_oneof![Just(0), Just(u32::MAX), any::<u32>()],
    ];
    let v6 = prop_oneof![
        6 => (0_u128..3, 0_u128..64)
            .prop_map(|(high, low)| (0x2001_0db8 << 96) | (high << 64) | low),
        1 => prop_oneof![Just(0), Just(u128::MAX), any::<u128>()],
        1 => (0_u128..64).prop_map(|low| (0xffff_0a00 << 16) | low),
    ];
    prop_oneof![
        v4.prop_map(|bits| IpAddr::V4(Ipv4Addr::from(bits))),
        v6.prop_map(|bits| IpAddr::V6(Ipv6Addr::from(bits))),
    ]
}

pub(crate) fn network() -> impl Strategy<Value = Network> {
    (address(), 0_u8..20).prop_map(|(address, up)| {
        let longest = Family::of(address).bits();
        // Mostly long, and now and then everything.
        let len = if up == 19 { 0 } else { longest - up };
        let text = format!("{}/{len}", address.to_canonical());
        Network::parse_masking(&text).unwrap().0
    })
}

/// Every character that a label may have, with those among them that a reader could stumble over.
pub(crate) fn label() -> impl Strategy<Value = String> {
    let odd = prop_oneof![
        Just("#7"),
        Just("a # b"),
        Just("a  b"),
        Just("net 10.0.0.0/8"),
        Just("/x - y"),
        Just("ä/ö"),
        Just("\u{200c}x"),
        Just("a\u{a0}b"),
        Just("\u{200d}"),
        Just("\"quoted\", \\"),
    ];
    let any_label = prop_oneof![
        3 => (0_u8..3).prop_map(|number| format!("label {number}")),
        2 => odd.prop_map(str::to_owned),
        1 => Just(String::new()),
        1 => "\\PC{0,40}",
        1 => "[-/:., f0-9]{1,12}",
    ];
    let probe = Network::parse("10.0.0.0/8").unwrap();
    any_label.prop_filter("a label", move |label| Entry::new(probe, label).is_ok())
}

pub(crate) fn entries(most: usize) -> impl Strategy<Value = Vec<(Network, String)>> {
    prop::collection::vec((network(), label()), 0..most)
}
