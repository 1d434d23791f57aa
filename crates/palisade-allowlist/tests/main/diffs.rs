//! What changes from one list to another.

use std::collections::BTreeMap;
use std::net::IpAddr;

use palisade_allowlist::{Allowlist, Diff, EmptyList, Match, Network, Outsiders};
use proptest::prelude::*;

use crate::model::{address, build, edges, entries, pair};
use crate::naive::Naive;
use crate::sets::assert_fewest;

fn list(entries: &[(&str, &str)], when_empty: EmptyList) -> Allowlist {
    let builder = Allowlist::builder().when_empty(when_empty);
    let builder =
        entries.iter().fold(builder, |builder, (network, label)| builder.push(network, label));
    builder.build().unwrap().0
}

fn closed(entries: &[(&str, &str)]) -> Allowlist {
    list(entries, EmptyList::DeniesEveryone)
}

fn open() -> Allowlist {
    list(&[], EmptyList::AllowsEveryone)
}

fn texts(networks: impl Iterator<Item = Network>) -> Vec<String> {
    networks.map(|network| network.to_string()).collect()
}

#[test]
fn entries_and_addresses_are_two_questions() {
    let old = closed(&[
        ("10.0.0.0/8", "Internal"),
        ("10.1.0.0/16", "VPN"),
        ("192.0.2.0/25", "East"),
        ("192.0.2.128/25", "West"),
        ("2001:db8::/32", "Site"),
    ]);
    let new = closed(&[
        ("10.0.0.0/8", "Intranet"),
        ("192.0.2.0/24", "Both"),
        ("2001:db8:8000::/33", "Site"),
        ("203.0.113.9", "New"),
    ]);
    let diff = old.diff(&new);
    assert_eq!(
        diff.added().iter().map(|entry| entry.network().to_string()).collect::<Vec<_>>(),
        ["192.0.2.0/24", "203.0.113.9/32", "2001:db8:8000::/33"]
    );
    assert_eq!(
        diff.removed().iter().map(Match::label).collect::<Vec<_>>(),
        ["VPN", "East", "West", "Site"]
    );
    let [relabelled] = diff.relabelled() else { panic!("{diff:?}") };
    assert_eq!(relabelled.network().to_string(), "10.0.0.0/8");
    assert_eq!((relabelled.old_label(), relabelled.new_label()), ("Internal", "Intranet"));
    assert_eq!(texts(diff.newly_allowed()), ["203.0.113.9/32"]);
    assert_eq!(texts(diff.newly_denied()), ["2001:db8::/33"]);
    assert!(diff.changes_addresses() && !diff.is_empty());
    assert_eq!(diff.outsiders(), None);
}

#[test]
fn a_label_alone_changes_nobody() {
    let (old, new) = (closed(&[("10.0.0.0/8", "a")]), closed(&[("10.0.0.0/8", "b")]));
    let diff = old.diff(&new);
    assert!(!diff.is_empty() && !diff.changes_addresses());
    assert!(old.diff(&old).is_empty());
    assert!(open().diff(&open()).is_empty());
}

/// What an empty list means decides about everyone who is in no entry.
#[test]
fn an_empty_list_that_allows_everyone() {
    let half = closed(&[("128.0.0.0/1", ""), ("::/0", "")]);
    let whole = closed(&[("0.0.0.0/0", ""), ("::/0", "")]);
    let nobody = closed(&[]);

    let (open, is_left) = (open(), |diff: &Diff<'_>| texts(diff.newly_denied()));
    let diff = open.diff(&half);
    assert_eq!(diff.outsiders(), Some(Outsiders::NowDenied));
    assert_eq!(is_left(&diff), ["0.0.0.0/1"]);
    assert_eq!(texts(diff.newly_allowed()), [""; 0]);
    let diff = half.diff(&open);
    assert_eq!(diff.outsiders(), Some(Outsiders::NowAllowed));
    assert_eq!(texts(diff.newly_allowed()), ["0.0.0.0/1"]);

    // Every address is in an entry, so nobody is left outside.
    let diff = open.diff(&whole);
    assert_eq!((diff.outsiders(), is_left(&diff)), (None, vec![]));
    assert_eq!(diff.added().len(), 2);
    assert_eq!(whole.diff(&open).outsiders(), None);

    let diff = open.diff(&nobody);
    assert_eq!(diff.outsiders(), Some(Outsiders::NowDenied));
    assert_eq!(is_left(&diff), ["0.0.0.0/0", "::/0"]);
    assert!(!diff.is_empty(), "no entry changes, and yet everything does");
    assert_eq!(nobody.diff(&open).outsiders(), Some(Outsiders::NowAllowed));
    assert_eq!(nobody.diff(&half).outsiders(), None);
}

/// `::ffff:0:0/96` in IPv6 is nobody's address.
#[test]
fn mapped_addresses_change_no_side() {
    let (half, whole) = (closed(&[("::fffe:0:0/96", "")]), closed(&[("::fffe:0:0/95", "")]));
    for diff in [half.diff(&whole), whole.diff(&half)] {
        assert!(!diff.changes_addresses() && !diff.is_empty(), "{diff:?}");
    }
    let nobody = closed(&[]);
    assert_eq!(texts(nobody.diff(&whole).newly_allowed()), ["::fffe:0:0/95"]);
    let wide = closed(&[("::/79", "")]);
    let rest = texts(half.diff(&wide).newly_allowed());
    assert!(rest.iter().all(|network| !network.starts_with("::ffff:")), "{rest:?}");
}

/// Compares a diff with what two maps and two naive lists say.
fn agree(old: &[(Network, String)], new: &[(Network, String)], probes: Vec<IpAddr>) {
    let (old_list, new_list) = (build(old), build(new));
    let diff = old_list.diff(&new_list);
    let (old_naive, new_naive) = (Naive::new(old.iter().cloned()), Naive::new(new.iter().cloned()));
    let old_map: BTreeMap<_, _> = old_naive.listed().into_iter().collect();
    let new_map: BTreeMap<_, _> = new_naive.listed().into_iter().collect();
    let only = |one: &BTreeMap<Network, &str>, other: &BTreeMap<Network, &str>| -> Vec<_> {
        one.iter()
            .filter(|(network, _)| !other.contains_key(network))
            .map(|(network, label)| (*network, (*label).to_owned()))
            .collect()
    };
    let owned = |entries: &[Match<'_>]| -> Vec<_> {
        entries
            .iter()
            .map(|entry| pair(*entry))
            .map(|(network, label)| (network, label.to_owned()))
            .collect()
    };
    assert_eq!(owned(diff.added()), only(&new_map, &old_map));
    assert_eq!(owned(diff.removed()), only(&old_map, &new_map));
    let relabelled: Vec<_> = diff
        .relabelled()
        .iter()
        .map(|change| (change.network(), change.old_label(), change.new_label()))
        .collect();
    let expected: Vec<_> = old_map
        .iter()
        .filter_map(|(network, old)| Some((*network, *old, *new_map.get(network)?)))
        .filter(|(_, old, new)| old != new)
        .collect();
    assert_eq!(relabelled, expected);
    assert_eq!(diff.is_empty(), old_map == new_map);

    let allowed: Vec<_> = diff.newly_allowed().map(|network| (network, String::new())).collect();
    let denied: Vec<_> = diff.newly_denied().map(|network| (network, String::new())).collect();
    for networks in [&allowed, &denied] {
        assert_fewest(&networks.iter().map(|(network, _)| *network).collect::<Vec<_>>());
    }
    let everywhere = [old, new, &allowed, &denied].into_iter().flat_map(edges);
    let (allowed, denied) = (Naive::new(allowed.clone()), Naive::new(denied.clone()));
    for probe in probes.into_iter().chain(everywhere) {
        let old = old_naive.most_specific(probe).is_some();
        let new = new_naive.most_specific(probe).is_some();
        assert_eq!(allowed.most_specific(probe).is_some(), !old && new, "{probe}");
        assert_eq!(denied.most_specific(probe).is_some(), old && !new, "{probe}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn unlike_lists_agree(
        old in entries(30),
        new in entries(30),
        probes in prop::collection::vec(address(), 50),
    ) {
        agree(&old, &new, probes);
    }

    #[test]
    fn lists_that_have_much_in_common_agree(
        mut old in entries(60),
        extra in entries(6),
        keep in prop::collection::vec(0_u8..8, 60),
    ) {
        let mut new = old.clone();
        let mut keep = keep.into_iter().cycle();
        new.retain(|_| keep.next() != Some(0));
        new.extend(extra);
        old.retain(|_| keep.next() != Some(0));
        agree(&old, &new, Vec::new());
    }
}
