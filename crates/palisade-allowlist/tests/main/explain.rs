//! Why a list decides as it does.

use std::net::IpAddr;

use palisade_allowlist::{
    Allowlist, Decision, EmbeddedForm, EmptyList, Explanation, Family, Nearest, Network,
};
use proptest::prelude::*;

use crate::model::{address, build, edges, entries, pair};
use crate::naive::Naive;

fn list() -> Allowlist {
    let entries = [
        ("10.0.0.0/8", "Internal"),
        ("10.20.0.0/16", "VPN"),
        ("10.255.255.255", "Last"),
        ("12.0.0.1", ""),
    ];
    let builder = Allowlist::builder();
    entries
        .iter()
        .fold(builder, |builder, (net, label)| builder.push(net, label))
        .build()
        .unwrap()
        .0
}

fn explain<'a>(list: &'a Allowlist, address: &str) -> Explanation<'a> {
    list.explain(address.parse().unwrap())
}

#[test]
fn what_matches() {
    let list = list();
    let allowed = explain(&list, "::ffff:10.20.3.4");
    assert_eq!(
        allowed.to_string(),
        "10.20.3.4 is allowed by 10.20.0.0/16 (VPN)\n10.0.0.0/8 (Internal) allows it, too"
    );
    assert_eq!(allowed.address(), "10.20.3.4".parse::<IpAddr>().unwrap());
    assert_eq!(allowed.matches().len(), 2);
    assert_eq!(allowed.decision(), list.check("10.20.3.4".parse().unwrap()));
    assert!(allowed.family_is_listed());
    assert_eq!((allowed.nearest_below(), allowed.nearest_above()), (None, None));
}

#[test]
fn what_is_near() {
    let list = list();
    assert_eq!(
        explain(&list, "11.0.0.1").to_string(),
        "11.0.0.1 is denied: no entry matches\n\
         nearest below: 10.255.255.255/32 (Last), with 1 address between\n\
         nearest above: 12.0.0.1/32, with 16777215 addresses between"
    );
    assert_eq!(
        explain(&list, "12.0.0.2").to_string(),
        "12.0.0.2 is denied: no entry matches\n\
         nearest below: 12.0.0.1/32, with 0 addresses between\n\
         nearest above: none"
    );
    // As far as it gets.
    let ends = Allowlist::builder().push("::", "").push("0.0.0.0", "").build().unwrap().0;
    let highest = explain(&ends, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    assert_eq!(highest.nearest_below().unwrap().addresses_between(), u128::MAX - 1);
    assert_eq!(
        explain(&ends, "255.255.255.255").nearest_below().unwrap().addresses_between(),
        u128::from(u32::MAX) - 1
    );
}

#[test]
fn no_entry_of_the_family() {
    let list = list();
    let denied = explain(&list, "2001:db8::1");
    assert!(!denied.family_is_listed());
    assert_eq!(
        denied.to_string(),
        "2001:db8::1 is denied: no entry matches\nno entry is IPv6: whoever comes by IPv6 is denied"
    );
}

#[test]
fn an_empty_list() {
    let build = |meaning| Allowlist::builder().when_empty(meaning).build().unwrap().0;
    let (open, closed) = (build(EmptyList::AllowsEveryone), build(EmptyList::DeniesEveryone));
    assert_eq!(
        explain(&open, "192.0.2.1").to_string(),
        "192.0.2.1 is allowed: the list has no entry and allows everyone"
    );
    assert_eq!(explain(&open, "192.0.2.1").decision(), Decision::AllowedByEmptyList);
    assert_eq!(
        explain(&closed, "192.0.2.1").to_string(),
        "192.0.2.1 is denied: no entry matches\nno entry is IPv4: whoever comes by IPv4 is denied"
    );
}

#[test]
fn an_address_inside_of_another_is_told_of_and_never_counts() {
    let list = list();
    for (address, form) in [
        ("64:ff9b::10.20.3.4", EmbeddedForm::Nat64),
        ("2002:a14:304:1::9", EmbeddedForm::SixToFour),
        ("::10.20.3.4", EmbeddedForm::Compatible),
    ] {
        let explanation = explain(&list, address);
        assert!(matches!(explanation.decision(), Decision::Denied(_)), "{address}");
        assert!(explanation.matches().is_empty());
        let embedded = explanation.embedded().unwrap();
        assert_eq!((embedded.form(), embedded.address().to_string()), (form, "10.20.3.4".into()));
        assert_eq!(embedded.entry().unwrap().label(), "VPN");
        let text = explanation.to_string();
        let line = format!(
            "it carries 10.20.3.4 ({form}), which 10.20.0.0/16 (VPN) would allow; \
             an address inside of another never counts"
        );
        assert_eq!(text.lines().last(), Some(line.as_str()));
    }
    let elsewhere = explain(&list, "64:ff9b::192.0.2.1");
    assert_eq!(elsewhere.embedded().unwrap().entry(), None);
    assert!(!elsewhere.to_string().contains("carries"));
    for address in ["::", "::1", "::ffff:10.20.3.4", "10.20.3.4", "64:ff9b:1::10.20.3.4", "2003::"]
    {
        assert_eq!(explain(&list, address).embedded(), None, "{address}");
    }
    let codes = [EmbeddedForm::Nat64, EmbeddedForm::SixToFour, EmbeddedForm::Compatible];
    assert_eq!(codes.map(EmbeddedForm::code), ["nat64", "6to4", "ipv4_compatible"]);
}

/// The end of a network may look like IPv4 in IPv6 form.
#[test]
fn near_the_mapped_addresses() {
    let list = Allowlist::builder().push("::fffe:0:0/95", "edge").build().unwrap().0;
    let below = explain(&list, "::1:0:0:0").nearest_below().unwrap();
    assert_eq!((below.entry().label(), below.addresses_between()), ("edge", 0));
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

fn near(nearest: Option<Nearest<'_>>) -> Option<((Network, &str), u128)> {
    nearest.map(|nearest| (pair(nearest.entry()), nearest.addresses_between()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn explanations_agree_with_a_look_at_each_entry(
        entries in entries(30),
        probes in prop::collection::vec(address(), 30),
    ) {
        let list = build(&entries);
        let naive = Naive::new(entries.clone());
        for probe in probes.into_iter().chain(edges(&entries)) {
            let explanation = list.explain(probe);
            let probe = probe.to_canonical();
            prop_assert_eq!(explanation.decision(), list.check(probe));
            let matches: Vec<_> = explanation.matches().iter().copied().map(pair).collect();
            prop_assert_eq!(&matches, &naive.matches(probe));
            let family = naive.listed();
            let family: Vec<_> =
                family.iter().filter(|(net, _)| net.family() == Family::of(probe)).collect();
            prop_assert_eq!(explanation.family_is_listed(), !family.is_empty());
            if !matches.is_empty() {
                prop_assert_eq!(explanation.nearest_below(), None);
                prop_assert_eq!(explanation.nearest_above(), None);
                continue;
            }
            // Of those that end nearest the longest prefix.
            let below = family
                .iter()
                .filter(|(net, _)| net.last() < probe)
                .max_by_key(|(net, _)| (net.last(), net.prefix_len()))
                .map(|(net, label)| ((*net, *label), bits(probe) - bits(net.last()) - 1));
            prop_assert_eq!(near(explanation.nearest_below()), below, "{}", probe);
            let above = family
                .iter()
                .filter(|(net, _)| net.first() > probe)
                .min_by_key(|(net, _)| (net.first(), std::cmp::Reverse(net.prefix_len())))
                .map(|(net, label)| ((*net, *label), bits(net.first()) - bits(probe) - 1));
            prop_assert_eq!(near(explanation.nearest_above()), above, "{}", probe);
        }
    }
}
