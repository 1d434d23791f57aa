//! Lists as sets of addresses: the corpus of aggregation, ranges and netmasks, and random lists.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv6Net};
use palisade_allowlist::{Allowlist, EmptyList, Mend, Network, NetworkProblem};
use proptest::prelude::*;
use serde_json::Value;

use crate::model::{address, build, edges, entries};
use crate::naive::Naive;

fn section(name: &str) -> Vec<Value> {
    let corpus: Value = serde_json::from_str(include_str!("../vectors/allowlist.json")).unwrap();
    let cases = corpus[name].as_array().unwrap().clone();
    assert!(!cases.is_empty(), "{name}");
    cases
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn networks(value: &Value) -> Vec<Network> {
    value.as_array().unwrap().iter().map(|network| text(network).parse().unwrap()).collect()
}

fn list_of(networks: &[&str]) -> Allowlist {
    let builder = Allowlist::builder().when_empty(EmptyList::DeniesEveryone);
    networks.iter().fold(builder, |builder, network| builder.push(network, "")).build().unwrap().0
}

#[test]
fn corpus_of_aggregation() {
    for case in section("aggregate") {
        let input: Vec<&str> = case["input"].as_array().unwrap().iter().map(text).collect();
        let aggregated: Vec<_> = list_of(&input).aggregated().collect();
        assert_eq!(aggregated, networks(&case["expect"]), "{}", case["id"]);
    }
}

#[test]
fn corpus_of_ranges() {
    for case in section("range_prefixes") {
        let (first, last) = (text(&case["first"]).parse(), text(&case["last"]).parse());
        let spanning: Vec<_> = Network::spanning(first.unwrap(), last.unwrap()).collect();
        assert_eq!(spanning, networks(&case["expect"]), "{}", case["id"]);
    }
}

/// Around `::ffff:0:0/96`, and with an end in it.
#[test]
fn no_range_of_ipv6_has_ipv4_in_it() {
    for (first, last, expected) in [
        ("::fffe:ffff:0", "::1:0:0:0", &["::fffe:ffff:0/112", "::1:0:0:0/128"][..]),
        ("::fffe:ffff:ffff", "::ffff:0:0", &["::fffe:ffff:ffff/128"]),
        ("::ffff:255.255.255.255", "::1:0:0:1", &["::1:0:0:0/127"]),
        ("::ffff:10.0.0.0", "::1:0:0:0", &["::1:0:0:0/128"]),
        ("::ffff:10.0.0.0", "::ffff:10.0.0.3", &["10.0.0.0/30"]),
        ("::ffff:10.0.0.0", "10.0.0.3", &["10.0.0.0/30"]),
        ("10.0.0.0", "::1:0:0:0", &[]),
        // All addresses of IPv6, of which the mapped ones are no part.
        ("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", &["::/0"]),
    ] {
        let spanning = Network::spanning(first.parse().unwrap(), last.parse().unwrap());
        let spanning: Vec<_> = spanning.map(|network| network.to_string()).collect();
        assert_eq!(spanning, expected, "{first} {last}");
    }
}

#[test]
fn networks_of_ipnet() {
    let network = |text: &str| Network::try_from(text.parse::<IpNet>().unwrap());
    for (text, expected) in [
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("2001:db8::1/32", "2001:db8::/32"),
        ("::fffe:1.2.3.4/95", "::fffe:0:0/95"),
        ("::ffff:1.2.3.4/96", "0.0.0.0/0"),
        ("::ffff:1.2.3.4/97", "0.0.0.0/1"),
        ("::ffff:1.2.3.4/128", "1.2.3.4/32"),
        ("::/0", "::/0"),
    ] {
        assert_eq!(network(text).unwrap().to_string(), expected, "{text}");
    }
    for text in ["::ffff:1.2.3.4/95", "::ffff:0.0.0.0/64", "::ffff:10.0.0.0/0"] {
        let error = network(text).unwrap_err();
        assert_eq!(error.problem(), NetworkProblem::MappedTooShort, "{text}");
        assert_eq!(Network::try_from(text.parse::<Ipv6Net>().unwrap()), Err(error));
    }
}

/// A list takes no netmask; the error tells which prefix length was meant, where one was.
#[test]
fn corpus_of_netmasks() {
    for case in section("netmask") {
        let mask: IpAddr = text(&case["mask"]).parse().unwrap();
        let address = if mask.is_ipv4() { "0.0.0.0" } else { "::" };
        let error = Network::parse(&format!("{address}/{mask}")).unwrap_err();
        let expected = case["expect"].as_u64().map(|len| format!("{address}/{len}"));
        assert_eq!(error.mend().map(Mend::to_string), expected, "{}", case["id"]);
    }
}

/// The addresses of an IPv6 network that look like IPv4 in IPv6 form are no IPv6 addresses. Its end may be one.
#[test]
fn networks_around_the_mapped_ones() {
    for networks in [&["::fffe:0:0/95"][..], &["::/0"], &["::/128", "::8000:0:0/81"]] {
        let list = list_of(networks);
        let aggregated = list.aggregated().map(|network| network.to_string());
        assert_eq!(aggregated.collect::<Vec<_>>(), networks);
    }
}

/// In order, none beside its twin, none inside of another: no fewer networks hold the same addresses.
pub(crate) fn assert_fewest(networks: &[Network]) {
    for pair in networks.windows(2) {
        let [one, two] = pair else { unreachable!() };
        assert!(one < two && !one.covers(two), "{one} {two}");
        let len = one.prefix_len();
        if len > 0 && len == two.prefix_len() && one.family() == two.family() {
            let parent = |network: &Network| format!("{}/{}", network.first(), len - 1);
            let parent = |network| Network::parse_masking(&parent(network)).unwrap().0;
            assert_ne!(parent(one), parent(two), "{one} {two}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn aggregated_holds_the_same_addresses(
        entries in entries(40),
        probes in prop::collection::vec(address(), 50),
    ) {
        let aggregated: Vec<_> = build(&entries).aggregated().collect();
        assert_fewest(&aggregated);
        let named: Vec<_> = aggregated.iter().map(|network| (*network, String::new())).collect();
        let (before, after) = (Naive::new(entries.clone()), Naive::new(named.clone()));
        for probe in probes.into_iter().chain(edges(&entries)).chain(edges(&named)) {
            let (before, after) = (before.most_specific(probe), after.most_specific(probe));
            prop_assert_eq!(before.is_some(), after.is_some(), "{}", probe);
        }
    }
}
