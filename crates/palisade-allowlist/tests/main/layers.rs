//! Layers are one list that has the entries of all.

use std::net::IpAddr;

use palisade_allowlist::{Allowlist, Decision, EmptyList, Layers, Match};
use proptest::prelude::*;

use crate::support::{address, build, entries, ip};

fn empty(meaning: EmptyList) -> Allowlist {
    Allowlist::builder().when_empty(meaning).build().unwrap().0
}

fn list(entries: &[(&str, &str)]) -> Allowlist {
    let builder = entries
        .iter()
        .fold(Allowlist::builder(), |builder, (network, label)| builder.push(network, label));
    builder.build().unwrap().0
}

fn found(entry: Match<'_>) -> (String, &str) {
    (entry.network().to_string(), entry.label())
}

#[test]
fn the_most_specific_entry_decides_whichever_layer_it_is_in() {
    let below = list(&[("10.1.0.0/16", "below"), ("10.2.0.0/16", "below"), ("10.9.9.9", "below")]);
    let above = list(&[("10.0.0.0/8", "above"), ("10.2.0.0/16", "above"), ("10.2.3.0/24", "up")]);
    let lists = [&below, &above];
    let layers = Layers::new(&lists);
    for (probe, layer, network, label) in [
        ("10.1.0.1", 0, "10.1.0.0/16", "below"),
        ("10.2.0.1", 1, "10.2.0.0/16", "above"),
        ("10.2.3.1", 1, "10.2.3.0/24", "up"),
        ("10.3.0.1", 1, "10.0.0.0/8", "above"),
        ("::ffff:10.9.9.9", 0, "10.9.9.9/32", "below"),
    ] {
        let (index, entry) = layers.entry(ip(probe)).unwrap();
        assert_eq!((index, found(entry)), (layer, (network.to_owned(), label)), "{probe}");
        assert_eq!(layers.check(ip(probe)), Decision::Allowed(entry), "{probe}");
    }
    let all: Vec<_> = layers.matches(ip("10.2.3.4")).map(found).collect();
    let expected = [("10.2.3.0/24", "up"), ("10.2.0.0/16", "above"), ("10.0.0.0/8", "above")];
    assert_eq!(all, expected.map(|(network, label)| (network.to_owned(), label)));

    let lists = [&above, &below];
    let turned = Layers::new(&lists);
    assert_eq!(
        turned.entry(ip("10.2.0.1")).map(|(layer, entry)| (layer, entry.label())),
        Some((1, "below"))
    );
}

#[test]
fn the_refusal_names_the_canonical_address() {
    let lists = [&list(&[("10.0.0.0/8", "")])];
    let denied = Layers::new(&lists).check(ip("::ffff:192.0.2.1")).require().unwrap_err();
    assert_eq!(denied.address(), ip("192.0.2.1"));
}

/// A tenant that has no entries does not open what the feed closes, nor the other way round.
#[test]
fn empty_layers_allow_everyone_only_if_each_of_them_says_so() {
    let (open, shut) = (empty(EmptyList::AllowsEveryone), empty(EmptyList::DeniesEveryone));
    let feed = list(&[("203.0.113.0/24", "feed")]);
    let stranger = ip("198.51.100.1");
    let allowed = |lists: &[&Allowlist]| {
        let layers = Layers::new(lists);
        assert!(!layers.contains(stranger));
        let is_allowed = layers.check(stranger).require().is_ok();
        assert_eq!(layers.would_lock_out(stranger), !is_allowed);
        is_allowed
    };
    assert!(allowed(&[&open]));
    assert!(allowed(&[&open, &open]));
    assert!(!allowed(&[&open, &shut]));
    assert!(!allowed(&[&shut, &open]));
    assert!(!allowed(&[&shut, &shut]));
    assert!(!allowed(&[&feed, &open]));
    assert!(!allowed(&[&open, &feed]));
    assert!(!allowed(&[&open, &feed, &open]));
    assert!(!allowed(&[&feed, &shut]));
    assert!(!allowed(&[]));
    assert!(Layers::new(&[]).is_empty());
    assert!(!Layers::new(&[&open, &feed]).is_empty());
    assert_eq!(Layers::new(&[&open, &open]).check(stranger), Decision::AllowedByEmptyList);
    assert!(!Layers::new(&[&feed, &open]).would_lock_out(ip("203.0.113.1")));
}

#[test]
fn a_decision_outlives_the_layers() {
    let feed = list(&[("203.0.113.0/24", "feed")]);
    let entry = Layers::new(&[&feed]).check(ip("203.0.113.1")).entry().unwrap();
    assert_eq!(entry.label(), "feed");
}

#[test]
fn looking_allocates_nothing() {
    let (feed, tenant) = (list(&[("203.0.113.0/24", "a")]), list(&[("203.0.113.7", "b")]));
    let probes: [IpAddr; 3] = [ip("203.0.113.7"), ip("198.51.100.1"), ip("::1")];
    let counted = allocation_counter::measure(|| {
        for probe in probes {
            let lists = [&feed, &tenant];
            let layers = Layers::new(&lists);
            let _ = (layers.check(probe), layers.contains(probe), layers.would_lock_out(probe));
        }
    });
    assert_eq!(counted.count_total, 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn they_agree_with_one_list(
        parts in prop::collection::vec(entries(12), 1..4),
        probes in prop::collection::vec(address(), 30),
    ) {
        let lists: Vec<Allowlist> = parts.iter().map(|part| build(part)).collect();
        let lists: Vec<&Allowlist> = lists.iter().collect();
        let layers = Layers::new(&lists);
        let one = build(&parts.concat());
        prop_assert_eq!(layers.is_empty(), one.is_empty());
        let edges = parts.iter().flatten().flat_map(|(network, _)| [network.first(), network.last()]);
        for probe in probes.into_iter().chain(edges) {
            prop_assert_eq!(layers.check(probe), one.check(probe));
            prop_assert_eq!(layers.contains(probe), one.contains(probe));
            prop_assert_eq!(layers.would_lock_out(probe), one.would_lock_out(probe));
            prop_assert!(layers.matches(probe).eq(one.matches(probe)));
        }
    }
}
