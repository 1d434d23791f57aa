//! What each policy reads, and which policies there are not.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use palisade_allowlist::{
    AddressRefused, Allowlist, EmptyList, Family, HopProblem, InvalidPeer, InvalidTrust, MAX_HOPS,
    Peer, Provenance, TrustPolicy,
};

use crate::client_support::{FORWARDED, XFF, hops, ip, peer, proxies, ranges, resolve, told};

#[test]
fn every_mistake_is_an_error_of_its_own() {
    let list = || proxies(["10.0.0.0/8"]);
    let name = |name| TrustPolicy::single(name, list()).build().unwrap_err();
    let counted = |count| TrustPolicy::hops(count, list()).header(XFF).build();
    assert_eq!(counted(0).unwrap_err(), InvalidTrust::NoHops);
    assert_eq!(counted(MAX_HOPS + 1).unwrap_err(), InvalidTrust::TooManyHops);
    assert_eq!(counted(usize::MAX).unwrap_err(), InvalidTrust::TooManyHops);
    assert!(counted(MAX_HOPS).is_ok());
    for bad in ["", " ", "X Real", "X-Real-IP:", "X-Real-IP\r\nHost", "X-Réal-IP", "\0"] {
        assert_eq!(name(bad), InvalidTrust::HeaderName, "{bad:?}");
    }
    assert_eq!(name("X-Forwarded-FOR"), InvalidTrust::ListAsSingle { header: XFF });
    assert_eq!(name("Forwarded"), InvalidTrust::ListAsSingle { header: FORWARDED });

    let two = [
        TrustPolicy::ranges(list()).header(XFF).header(FORWARDED),
        TrustPolicy::ranges(list()).header(XFF).header(FORWARDED).header(XFF),
        TrustPolicy::hops(1, list()).header(FORWARDED).header(XFF),
        TrustPolicy::single("CF-Connecting-IP", list()).header(XFF),
    ];
    for builder in two {
        assert_eq!(builder.build().unwrap_err(), InvalidTrust::TwoHeaders);
    }
    assert!(TrustPolicy::ranges(list()).header(XFF).header(XFF).build().is_ok());
    let none = [TrustPolicy::ranges(list()), TrustPolicy::hops(1, list())];
    for builder in none {
        assert_eq!(builder.build().unwrap_err(), InvalidTrust::NoHeader);
    }
}

#[test]
fn who_trusts_everyone_says_so() {
    let all_but_mapped = all_but_mapped();
    let all = [
        (vec!["0.0.0.0/0"], Family::V4),
        (vec!["0.0.0.0/1", "10.0.0.0/8", "128.0.0.0/1"], Family::V4),
        (vec!["10.0.0.0/8", "::/0"], Family::V6),
        (vec!["::/1", "8000::/1"], Family::V6),
        (vec!["::ffff:0.0.0.0/96"], Family::V4),
        // All unicast addresses, all public ones, and all IPv6 addresses that are not IPv4.
        (vec!["0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/3"], Family::V4),
        (vec!["0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/3", "160.0.0.0/3", "192.0.0.0/3"], Family::V4),
        (vec!["2000::/3"], Family::V6),
        (vec!["10.0.0.0/8", "2000::/4", "3000::/4", "fc00::/7"], Family::V6),
        (all_but_mapped.iter().map(String::as_str).collect(), Family::V6),
    ];
    for (networks, family) in all {
        let list = proxies(networks.iter().copied());
        let builders = [
            TrustPolicy::ranges(list.clone()).header(XFF),
            TrustPolicy::hops(1, list.clone()).header(XFF),
            TrustPolicy::single("X-Real-IP", list),
        ];
        for builder in builders {
            let refused = builder.clone().build().unwrap_err();
            assert_eq!(refused, InvalidTrust::Everyone { family });
            assert!(builder.dangerous_trust_everyone().build().is_ok());
        }
    }
}

/// Ten million proxies are many, and not everyone. Private addresses are nobody's in particular.
#[test]
fn who_trusts_many_does_not_trust_everyone() {
    for networks in [
        &["0.0.0.0/1"][..],
        &["0.0.0.0/1", "128.0.0.0/2"],
        &["0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/4", "208.0.0.0/5", "216.0.0.0/6", "220.0.0.0/7"],
        &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8"],
        &["224.0.0.0/3"],
        &["2400::/12", "2600::/12", "2800::/12", "2a00::/12"],
        &["fc00::/7", "fe80::/10", "::/3"],
        &["8000::/1"],
    ] {
        let list = proxies(networks.iter().copied());
        assert!(TrustPolicy::ranges(list).header(XFF).build().is_ok(), "{networks:?}");
    }
}

/// What remains of IPv6 without its IPv4-mapped addresses.
fn all_but_mapped() -> Vec<String> {
    let mapped = 0xffff_0000_0000_u128;
    let beside = |len: u32| Ipv6Addr::from(mapped >> (128 - len) << (128 - len) ^ 1 << (128 - len));
    (1..=96).map(|len| format!("{}/{len}", beside(len))).collect()
}

#[test]
fn all_of_ipv6_is_all_but_the_mapped_addresses() {
    let all = all_but_mapped();
    let covers =
        |networks: &[String]| proxies(networks.iter().map(String::as_str)).covers_all(Family::V6);
    assert!(covers(&all) && covers(&["::/0".to_owned()]));
    for without in 0..all.len() {
        let mut networks = all.clone();
        networks.remove(without);
        assert!(!covers(&networks), "{}", all[without]);
    }
    assert!(!covers(&["::ffff:0.0.0.0/96".to_owned()]));
}

/// A list that allows everyone until it has an entry does not trust everyone.
#[test]
fn an_empty_list_trusts_nobody_but_unix_sockets() {
    for meaning in [EmptyList::AllowsEveryone, EmptyList::DeniesEveryone] {
        let (empty, _) = Allowlist::builder().when_empty(meaning).build().unwrap();
        let policy = TrustPolicy::ranges(empty).header(XFF).build().unwrap();
        let client = resolve(&policy, "10.0.0.1", "X-Forwarded-For", "192.0.2.1");
        assert_eq!(told(client), (ip("10.0.0.1"), Provenance::Peer));
        let client = resolve(&policy, "@", "X-Forwarded-For", "198.51.100.1, 192.0.2.1");
        assert_eq!(told(client), (ip("192.0.2.1"), Provenance::Header));
    }
}

#[test]
fn a_direct_policy_reads_no_header() {
    let policy = TrustPolicy::direct();
    for from in ["10.0.0.1", "127.0.0.1", "::1"] {
        let headers = [("X-Forwarded-For", "192.0.2.1"), ("Forwarded", "for=192.0.2.1")];
        let client = policy.resolve(ip(from), &headers);
        assert_eq!(told(client), (ip(from), Provenance::Peer));
    }
    let refused = resolve(&policy, "@", "X-Forwarded-For", "192.0.2.1").unwrap_err();
    assert_eq!(refused, AddressRefused::NoPeerAddress);
}

#[test]
fn a_list_reads_one_header() {
    let headers = [
        ("CF-Connecting-IP", "192.0.2.9"),
        ("X-Real-IP", "192.0.2.8"),
        ("Forwarded", "for=192.0.2.2"),
        ("X-Forwarded-For", "192.0.2.1"),
        ("X-Forwarded-For-Original", "192.0.2.7"),
    ];
    let from = ip("10.0.0.1");
    for (header, address) in [(XFF, "192.0.2.1"), (FORWARDED, "192.0.2.2")] {
        let client = ranges(header, &["10.0.0.0/8"]).resolve(from, &headers);
        assert_eq!(told(client), (ip(address), Provenance::Header));
        let client = hops(1, header, &["10.0.0.0/8"]).resolve(from, &headers);
        assert_eq!(told(client), (ip(address), Provenance::Header));
    }
}

#[test]
fn field_lines_are_one_list_in_order() {
    let policy = ranges(XFF, &["10.0.0.0/8"]);
    let headers = [
        ("X-Forwarded-For", "192.0.2.1"),
        ("x-forwarded-for", "192.0.2.2, 10.0.0.3"),
        ("X-FORWARDED-FOR", "\t10.0.0.2 , 10.0.0.1 "),
    ];
    assert_eq!(told(policy.resolve(Peer::UnixSocket, &headers)).0, ip("192.0.2.2"));
    let client = hops(5, XFF, &[]).resolve(Peer::UnixSocket, &headers);
    assert_eq!(told(client).0, ip("192.0.2.1"));
    let refused = hops(6, XFF, &[]).resolve(Peer::UnixSocket, &headers).unwrap_err();
    assert_eq!(refused, AddressRefused::ChainTooShort { found: 5, wanted: 6 });
}

#[test]
fn a_hop_right_of_the_counted_one_is_read_too() {
    let refused = resolve(&hops(2, XFF, &[]), "@", "X-Forwarded-For", "192.0.2.1, x").unwrap_err();
    let problem = HopProblem::Malformed;
    assert_eq!(refused, AddressRefused::InvalidHop { index: 0, problem, last_trusted: None });
    let client = resolve(&hops(2, XFF, &[]), "@", "X-Forwarded-For", "x, 192.0.2.1, 10.0.0.1");
    assert_eq!(told(client).0, ip("192.0.2.1"));
}

#[test]
fn a_header_with_nothing_in_it_is_a_missing_one() {
    let missing = AddressRefused::MissingHeader { peer: None };
    for (header, name) in [(XFF, "X-Forwarded-For"), (FORWARDED, "Forwarded")] {
        for lines in [vec![], vec![(name, "")], vec![(name, " \t")], vec![(name, ""), (name, " ")]]
        {
            assert_eq!(ranges(header, &[]).resolve(Peer::UnixSocket, &lines), Err(missing));
            let refused = hops(1, header, &[]).resolve(Peer::UnixSocket, &lines).unwrap_err();
            assert_eq!(refused, AddressRefused::ChainTooShort { found: 0, wanted: 1 });
        }
        for lines in [vec![(name, ",")], vec![(name, "192.0.2.1"), (name, "")]] {
            let refused = ranges(header, &[]).resolve(Peer::UnixSocket, &lines).unwrap_err();
            assert!(matches!(refused, AddressRefused::InvalidHop { index: 0, .. }), "{lines:?}");
        }
    }
}

#[test]
fn all_hops_trusted_is_the_leftmost_and_says_so() {
    let policy = ranges(XFF, &["10.0.0.0/8"]);
    let client = resolve(&policy, "10.0.0.1", "X-Forwarded-For", "10.0.0.3, 10.0.0.2");
    assert_eq!(told(client), (ip("10.0.0.3"), Provenance::AllTrusted));
    assert_eq!(client.unwrap().provenance().as_str(), "all_trusted");
    assert_eq!(client.unwrap().to_string(), "10.0.0.3");
}

#[test]
fn as_many_hops_as_the_limit() {
    let policy = ranges(XFF, &["10.0.0.0/8"]);
    let chain = |count: usize| vec!["10.0.0.1"; count].join(",");
    let client = resolve(&policy, "@", "X-Forwarded-For", chain(MAX_HOPS));
    assert_eq!(told(client).1, Provenance::AllTrusted);
    let refused = resolve(&policy, "@", "X-Forwarded-For", chain(MAX_HOPS + 1)).unwrap_err();
    assert_eq!(refused, AddressRefused::TooManyHops);
    let client =
        resolve(&policy, "@", "X-Forwarded-For", format!("x, 192.0.2.1, {}", chain(MAX_HOPS - 1)));
    assert_eq!(told(client).0, ip("192.0.2.1"));
    let client = resolve(&hops(MAX_HOPS, XFF, &[]), "@", "X-Forwarded-For", chain(MAX_HOPS));
    assert_eq!(told(client).1, Provenance::Header);
}

#[test]
fn a_single_header_is_one_address_from_a_trusted_peer() {
    let policy =
        TrustPolicy::single("CF-Connecting-IP", proxies(["198.51.100.0/24"])).build().unwrap();
    let edge = "198.51.100.1";
    for good in
        ["192.0.2.1", " 192.0.2.1\t", "192.0.2.1:80", "::ffff:192.0.2.1", "[::ffff:c000:201]:1"]
    {
        let client = resolve(&policy, edge, "cf-connecting-ip", good);
        assert_eq!(told(client), (ip("192.0.2.1"), Provenance::Header), "{good:?}");
    }
    for bad in ["192.0.2.1, 192.0.2.2", "x", "\"192.0.2.1\"", "0.0.0.0", "unknown", "fe80::1%1"] {
        let refused = resolve(&policy, edge, "CF-Connecting-IP", bad).unwrap_err();
        assert_eq!(refused.reason(), "client_header_invalid", "{bad}");
    }
    for same in ["192.0.2.1", "192.0.2.2", ""] {
        let headers = [("CF-Connecting-IP", "192.0.2.1"), ("cf-connecting-ip", same)];
        let refused = policy.resolve(peer(edge), &headers).unwrap_err();
        assert_eq!(refused, AddressRefused::RepeatedHeader);
    }
    let refused = resolve(&policy, edge, "CF-Connecting-IP", " ").unwrap_err();
    assert_eq!(refused, AddressRefused::MissingHeader { peer: Some(ip(edge)) });
    let client = resolve(&policy, "203.0.113.9", "CF-Connecting-IP", "192.0.2.1");
    assert_eq!(told(client), (ip("203.0.113.9"), Provenance::Peer));
}

/// A proxy of our own before the socket passes on what any client wrote in the header.
#[test]
fn a_single_header_from_a_unix_socket_has_to_be_meant() {
    let name = "CF-Connecting-IP";
    let refused = AddressRefused::NoPeerAddress;
    let builder = TrustPolicy::single(name, proxies(["198.51.100.0/24"]));
    let policy = builder.clone().build().unwrap();
    assert_eq!(resolve(&policy, "@", name, "192.0.2.1"), Err(refused));
    assert_eq!(policy.resolve(Peer::UnixSocket, &[("Host", "example.com")]), Err(refused));

    let policy = builder.from_unix_socket_too().build().unwrap();
    for from in ["@", "198.51.100.1"] {
        assert_eq!(told(resolve(&policy, from, name, "192.0.2.1")).0, ip("192.0.2.1"));
    }
    let client = resolve(&policy, "203.0.113.9", name, "192.0.2.1");
    assert_eq!(told(client), (ip("203.0.113.9"), Provenance::Peer));

    let nobody = TrustPolicy::single(name, proxies([]));
    assert_eq!(nobody.clone().build().unwrap_err(), InvalidTrust::NoProxies);
    let policy = nobody.from_unix_socket_too().build().unwrap();
    assert_eq!(told(resolve(&policy, "@", name, "192.0.2.1")).0, ip("192.0.2.1"));
}

#[test]
fn peers_as_text() {
    for (text, address) in [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:0", "192.0.2.1"),
        ("192.0.2.1:65535", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[::ffff:192.0.2.1]:443", "192.0.2.1"),
    ] {
        assert_eq!(text.parse(), Ok(Peer::Ip(ip(address))), "{text}");
    }
    assert_eq!("".parse::<Peer>(), Err(InvalidPeer::Empty));
    for text in ["0.0.0.0", "0.0.0.0:80", "::", "[::]:80", "::ffff:0.0.0.0"] {
        assert_eq!(text.parse::<Peer>(), Err(InvalidPeer::Unspecified), "{text}");
    }
    for text in [
        "@",
        "@x",
        "unix",
        "unix:",
        "unix:@x",
        "unix:/run/app.sock",
        "UNIX:/x",
        " 192.0.2.1",
        "192.0.2.1 ",
        "192.0.2.1:",
        "192.0.2.1:65536",
        "192.0.2.1:000001",
        "192.0.2.1:+1",
        "fe80::1%eth0",
        "[fe80::1%eth0]:80",
        "[192.0.2.1]",
        "[192.0.2.1]:80",
        "[2001:db8::1",
        "[2001:db8::1]80",
        "[]",
        "localhost",
        "localhost:80",
        "_hidden",
        "unknown",
        "1",
        "0x7f.0.0.1",
    ] {
        assert_eq!(text.parse::<Peer>(), Err(InvalidPeer::Malformed), "{text}");
    }
}

#[test]
fn peers_of_the_socket() {
    let mapped: SocketAddr = "[::ffff:10.0.0.1]:9".parse().unwrap();
    let client = ranges(XFF, &["10.0.0.0/8"]).resolve(mapped, &[("x-forwarded-for", "192.0.2.1")]);
    assert_eq!(told(client).0, ip("192.0.2.1"));
    let everyone = TrustPolicy::ranges(proxies(["0.0.0.0/0", "::/0"])).header(XFF);
    for policy in [TrustPolicy::direct(), everyone.dangerous_trust_everyone().build().unwrap()] {
        for nobody in ["0.0.0.0", "::", "::ffff:0.0.0.0"] {
            let from: IpAddr = nobody.parse().unwrap();
            let refused = policy.resolve(from, &[("x-forwarded-for", "192.0.2.1")]).unwrap_err();
            assert_eq!(refused, AddressRefused::NoPeerAddress);
        }
    }
}

#[test]
fn headers_come_as_pairs_of_many_kinds() {
    let policy = hops(1, XFF, &[]);
    let told_by = |client| told(client).0;
    let address = ip("192.0.2.1");
    let owned = vec![("X-Forwarded-For".to_owned(), b"192.0.2.1".to_vec())];
    assert_eq!(told_by(policy.resolve(Peer::UnixSocket, &owned)), address);
    assert_eq!(told_by(policy.resolve(Peer::UnixSocket, owned.as_slice())), address);
    let borrowed: &[(&str, &[u8])] = &[("x-forwarded-for", b"192.0.2.1")];
    assert_eq!(told_by(policy.resolve(Peer::UnixSocket, borrowed)), address);
    assert_eq!(told_by(policy.resolve(Peer::UnixSocket, &borrowed)), address);
}

#[cfg(feature = "http")]
#[test]
fn headers_of_the_http_crate() {
    use http::header::{FORWARDED as FORWARDED_NAME, HeaderMap, HeaderValue};

    let mut headers = HeaderMap::new();
    headers.append("X-Forwarded-For", HeaderValue::from_static("192.0.2.9"));
    headers.append(FORWARDED_NAME, HeaderValue::from_static("for=192.0.2.2"));
    headers.append("x-forwarded-for", HeaderValue::from_static("192.0.2.1, 10.0.0.2"));
    headers.append("Real-IP", HeaderValue::from_bytes(b"\xff").unwrap());
    let from = ip("10.0.0.1");
    for (header, address) in [(XFF, "192.0.2.1"), (FORWARDED, "192.0.2.2")] {
        let client = ranges(header, &["10.0.0.0/8"]).resolve(from, &headers);
        assert_eq!(told(client), (ip(address), Provenance::Header));
    }
    let single = TrustPolicy::single("REAL-IP", proxies(["10.0.0.0/8"])).build().unwrap();
    let problem = HopProblem::Malformed;
    assert_eq!(single.resolve(from, &headers), Err(AddressRefused::InvalidHeader { problem }));
}

/// What is shown to a stranger tells nothing of the request or the network.
#[test]
fn refusals_repeat_nothing() {
    let policy = ranges(XFF, &["10.0.0.0/8"]);
    let refused =
        resolve(&policy, "10.0.0.1", "X-Forwarded-For", "<script>, 10.9.8.7").unwrap_err();
    assert_eq!(refused.to_string(), "the address of the client cannot be read");
    assert_eq!(
        refused,
        AddressRefused::InvalidHop {
            index: 1,
            problem: HopProblem::Malformed,
            last_trusted: Some(ip("10.9.8.7")),
        }
    );
    for refused in [
        AddressRefused::ChainTooShort { found: 7, wanted: 9 },
        AddressRefused::MissingHeader { peer: Some(ip("10.9.8.7")) },
        AddressRefused::InvalidHeader { problem: HopProblem::Obfuscated },
        AddressRefused::RepeatedHeader,
        AddressRefused::NoPeerAddress,
    ] {
        assert!(!refused.to_string().contains(|c: char| c.is_ascii_digit()), "{refused}");
    }
}
