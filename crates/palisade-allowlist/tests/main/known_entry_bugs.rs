//! Mistakes of other parsers and lists, each as a test.

use std::net::IpAddr;

use palisade_allowlist::{
    Allowlist, BuildError, Decision, EmptyList, Network, NetworkError, NetworkProblem,
};

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn problem(text: &str) -> NetworkProblem {
    Network::parse(text).unwrap_err().problem()
}

/// An octet with a leading zero is octal to one program and decimal to another, so that two checks of one text
/// disagree.
#[test]
fn cve_2021_29922_octal_looking_octets() {
    for text in ["010.0.0.0/8", "127.000.000.001/32", "10.0.0.08", "0177.0.0.1"] {
        assert_eq!(problem(text), NetworkProblem::Octal, "{text}");
    }
    assert_eq!(problem("::ffff:010.0.0.1/128"), NetworkProblem::Address);
}

#[test]
fn lengths_have_one_form() {
    for text in
        ["10.0.0.0/08", "2001:db8::/032", "10.0.0.0/+8", "10.0.0.0/", "10.0.0.0/8.0", "0.0.0.0/00"]
    {
        assert!(Network::parse(text).is_err(), "{text}");
    }
}

/// `::` stands for at least one group.
#[test]
fn a_double_colon_of_no_width() {
    assert_eq!(problem("1::2:3:4:5:6:7:8/128"), NetworkProblem::Address);
}

/// A proxy library trusted every address for `::ffff:0.0.0.0/8`.
#[test]
fn cve_2026_90711_mapped_networks_reach_not_beyond_ipv4() {
    for text in ["::ffff:0.0.0.0/8", "::ffff:10.0.0.0/64", "::ffff:10.0.0.0/95"] {
        assert_eq!(problem(text), NetworkProblem::MappedTooShort, "{text}");
    }
    assert_eq!(Network::parse("::ffff:10.0.0.0/104").unwrap().to_string(), "10.0.0.0/8");
}

#[test]
fn each_mistake_has_a_text_of_its_own() {
    let texts = [
        "",
        "10.0.0.0/8 ",
        "fe80::1%eth0",
        "[::1]",
        "10.0.0.1:80",
        "010.0.0.1",
        "10/8",
        "10.*",
        "10.0.0.0/33",
    ];
    let messages: std::collections::HashSet<String> =
        texts.iter().map(|text| Network::parse(text).unwrap_err().problem().to_string()).collect();
    assert_eq!(messages.len(), texts.len());
}

/// Two spellings of one network are one network.
#[test]
fn host_bits_make_no_other_network() {
    let (masked, had_host_bits) = Network::parse_masking("10.0.0.1/8").unwrap();
    assert!(had_host_bits);
    assert_eq!(masked, Network::parse("10.0.0.0/8").unwrap());
    assert_eq!(Network::try_from("10.0.0.1/8".parse::<ipnet::IpNet>().unwrap()), Ok(masked));
}

#[test]
fn an_ipv4_client_on_a_dual_stack_socket_is_ipv4() {
    let (list, _) = Allowlist::builder().push("10.0.0.0/8", "").build().unwrap();
    assert!(list.contains(ip("::ffff:10.1.2.3")));
    assert!(list.contains(ip("::ffff:a01:203")));
    assert!(Network::parse("10.0.0.0/8").unwrap().contains(ip("::ffff:10.1.2.3")));
    let denied = list.check(ip("::ffff:192.0.2.1")).require().unwrap_err();
    assert_eq!(denied.address(), ip("192.0.2.1"));
}

#[test]
fn one_family_never_matches_the_other() {
    let (all_v6, _) = Allowlist::builder().push("::/0", "").build().unwrap();
    assert!(all_v6.contains(ip("2001:db8::1")));
    assert!(!all_v6.contains(ip("10.0.0.1")) && !all_v6.contains(ip("::ffff:10.0.0.1")));
    let (all_v4, _) = Allowlist::builder().push("0.0.0.0/0", "").build().unwrap();
    assert!(!all_v4.contains(ip("::")) && !all_v4.contains(ip("::1")));
}

/// Whoever can choose an address in NAT64 or 6to4 chooses the IPv4 address in it, too.
#[test]
fn embedded_addresses_are_never_unwrapped() {
    let (list, _) = Allowlist::builder().push("10.0.0.0/8", "").build().unwrap();
    for address in ["64:ff9b::10.0.0.1", "2002:a00:1::1", "::10.0.0.1", "::ffff:0:10.0.0.1"] {
        assert!(!list.contains(ip(address)), "{address}");
    }
}

#[test]
fn an_empty_list_opens_no_door_in_silence() {
    assert!(matches!(Allowlist::builder().build(), Err(BuildError::Empty)));
    let comments = "# nothing but\n\n# comments\n".as_bytes();
    let built = Allowlist::builder().extend_lines(comments).unwrap().build();
    assert!(matches!(built, Err(BuildError::Empty)));

    let meaning = |meaning| Allowlist::builder().when_empty(meaning).build().unwrap().0;
    let closed = meaning(EmptyList::DeniesEveryone);
    assert!(matches!(closed.check(ip("10.0.0.1")), Decision::Denied(_)));
    assert!(closed.would_lock_out(ip("10.0.0.1")));
    let open = meaning(EmptyList::AllowsEveryone);
    assert_eq!(open.check(ip("10.0.0.1")), Decision::AllowedByEmptyList);
    assert!(!open.would_lock_out(ip("10.0.0.1")) && !open.contains(ip("10.0.0.1")));
}

/// With several entries for one network, which label is reported must not depend on luck.
#[test]
fn the_last_of_equal_entries_is_reported() {
    let (list, report) = Allowlist::builder()
        .push("10.0.0.0/8", "first")
        .push("::ffff:10.0.0.0/104", "second")
        .push("10.0.0.7/8", "third")
        .build()
        .unwrap();
    assert_eq!(list.check(ip("10.0.0.1")).entry().unwrap().label(), "third");
    assert_eq!((list.len(), report.entries(), report.duplicates()), (1, 1, 2));
}

#[test]
fn a_refusal_tells_nothing_of_the_list() {
    let (list, _) = Allowlist::builder().push("203.0.113.0/24", "Vault").build().unwrap();
    let denied = list.check(ip("198.51.100.7")).require().unwrap_err();
    for text in
        [denied.to_string(), format!("{denied:?}"), denied.reason().to_owned(), format!("{list:?}")]
    {
        assert!(!text.contains("203.0.113") && !text.contains("Vault"), "{text}");
    }
}

/// What stands in the text must not come out of the message: it goes to logs, and to whoever sent it.
#[test]
fn an_error_repeats_nothing_that_was_not_understood() {
    let error: NetworkError = Network::parse("\u{1b}[31mevil").unwrap_err();
    assert!(!error.to_string().contains("evil") && error.to_string().is_ascii());
}

#[test]
fn a_decision_allocates_nothing() {
    let mut builder = Allowlist::builder();
    for n in 0..2000 {
        builder = builder.push(&format!("10.{}.{}.0/24", n / 200, n % 200), &format!("office {n}"));
        builder = builder.push(&format!("2001:db8:{n:x}::/48"), "");
    }
    let (list, _) = builder.build().unwrap();
    let addresses =
        ["10.1.2.3", "192.0.2.1", "2001:db8:7::1", "2001:db9::1", "::ffff:10.9.9.9"].map(ip);
    let counts = allocation_counter::measure(|| {
        for address in addresses {
            let _ = std::hint::black_box(list.check(address).require());
            std::hint::black_box((list.contains(address), list.would_lock_out(address)));
            std::hint::black_box(list.matches(address).count());
        }
    });
    assert_eq!(counts.count_total, 0);
}
