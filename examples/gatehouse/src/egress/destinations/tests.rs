use super::*;

const PUBLIC: [&str; 27] = [
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.15",
    "168.63.129.17",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "191.255.255.255",
    "192.0.1.0",
    "192.0.3.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2000::",
    "2001:200::",
    "2001:db7:ffff::1",
    "2606:4700:4700::1111",
    "3ffe:ffff::",
    "64:ff9b::8.8.8.8",
];

fn closed() -> Destinations {
    Destinations::new(Loopback::Refuse, None).unwrap()
}

fn open() -> Destinations {
    Destinations::new(Loopback::Allow, None).unwrap()
}

fn ours(networks: &[&str]) -> Allowlist {
    let list = networks.iter().fold(Allowlist::builder(), |list, net| list.push(net, "ours"));
    list.build().unwrap().0
}

/// Why an address is denied, and an empty text where it is not.
fn why<'a>(destinations: &'a Destinations, address: &str) -> &'a str {
    destinations.judge(address.parse().unwrap(), Scheme::Https).err().map_or("", |it| it.why)
}

/// Every row of IANA's two registries of special-purpose addresses, and of the registries of multicast and of the
/// address space: the first and the last address.
#[test]
fn each_row_of_the_registries() {
    for (first, last, expected) in [
        ("0.0.0.0", "0.255.255.255", "this network"),
        ("10.0.0.0", "10.255.255.255", "private"),
        ("100.64.0.0", "100.127.255.255", "carrier-grade NAT"),
        ("127.0.0.0", "127.255.255.255", "loopback"),
        ("169.254.0.0", "169.254.255.255", "link-local"),
        ("172.16.0.0", "172.31.255.255", "private"),
        ("192.0.0.0", "192.0.0.255", "protocol assignments"),
        ("192.0.0.0", "192.0.0.7", "protocol assignments"), // IPv4 service continuity
        ("192.0.0.8", "192.0.0.8", "protocol assignments"), // dummy address
        ("192.0.0.9", "192.0.0.10", "protocol assignments"), // anycast of PCP and of TURN
        ("192.0.0.170", "192.0.0.171", "protocol assignments"), // NAT64 discovery
        ("192.0.2.0", "192.0.2.255", "documentation"),
        ("192.31.196.0", "192.31.196.255", "AS112"),
        ("192.52.193.0", "192.52.193.255", "AMT"),
        ("192.88.99.0", "192.88.99.255", "6to4 relay"),
        ("192.168.0.0", "192.168.255.255", "private"),
        ("192.175.48.0", "192.175.48.255", "AS112"),
        ("198.18.0.0", "198.19.255.255", "benchmarking"),
        ("198.51.100.0", "198.51.100.255", "documentation"),
        ("203.0.113.0", "203.0.113.255", "documentation"),
        ("224.0.0.0", "239.255.255.255", "multicast"),
        ("240.0.0.0", "255.255.255.254", "reserved"),
        ("255.255.255.255", "255.255.255.255", "broadcast"),
        ("::", "::", "unspecified"),
        ("::1", "::1", "loopback"),
        ("::2", "::255.255.255.255", "IPv4-compatible"),
        ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "local NAT64"),
        ("100::", "100::ffff:ffff:ffff:ffff", "discard"),
        ("100:0:0:1::", "100::1:ffff:ffff:ffff:ffff", "dummy prefix"),
        ("2001:1::1", "2001:1::3", "protocol assignments"), // anycast of PCP, TURN and DNS-SD
        ("2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "Teredo"),
        ("2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", "benchmarking"),
        ("2001:3::", "2001:3:ffff:ffff:ffff:ffff:ffff:ffff", "protocol assignments"), // AMT
        ("2001:4:112::", "2001:4:112:ffff:ffff:ffff:ffff:ffff", "protocol assignments"), // AS112
        ("2001:10::", "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff", "ORCHID"),
        ("2001:20::", "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff", "ORCHID"),
        ("2001:30::", "2001:3f:ffff:ffff:ffff:ffff:ffff:ffff", "drone identifiers"),
        ("2001:40::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "protocol assignments"),
        ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "documentation"),
        ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "6to4"),
        ("2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff", "AS112"),
        ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "documentation"),
        ("5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "segment routing"),
        ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "unique local"),
        ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "link-local"),
        ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "site-local"),
        ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast"),
        // What is given out to nobody.
        ("::1:0:0:0", "64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff", "not public"),
        ("64:ff9b::1:0:0", "64:ff9b:0:ffff:ffff:ffff:ffff:ffff", "not public"),
        ("64:ff9b:2::", "ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "not public"),
        ("200::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "not public"),
        ("4000::", "5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "not public"),
        ("5f01::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "not public"),
        ("fe00::", "fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "not public"),
    ] {
        let destinations = closed();
        assert_eq!(why(&destinations, first), expected, "{first}");
        assert_eq!(why(&destinations, last), expected, "{last}");
    }
}

#[test]
fn services_of_clouds() {
    for address in [
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd20:ce::254",
        "::ffff:169.254.169.254",
        "64:ff9b::169.254.169.254",
    ] {
        assert_eq!(why(&closed(), address), "cloud metadata", "{address}");
        assert_eq!(why(&open(), address), "cloud metadata", "{address}");
    }
}

#[test]
fn public_addresses_on_both_sides_of_what_is_denied() {
    for address in PUBLIC {
        assert_eq!(why(&closed(), address), "", "{address}");
    }
}

#[test]
fn an_address_in_another_is_denied_with_it() {
    for inner in ["127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.0.1", "0.0.0.0"] {
        let IpAddr::V4(v4) = inner.parse().unwrap() else { panic!() };
        let [a, b, c, d] = v4.octets();
        for outer in [
            format!("::ffff:{inner}"),
            format!("64:ff9b::{inner}"),
            format!("64:ff9b:1::{inner}"),
            format!("64:ff9b:1:ffff::{inner}"),
            format!("2002:{a:02x}{b:02x}:{c:02x}{d:02x}::1"),
            format!("2001:0:{a:02x}{b:02x}:{c:02x}{d:02x}::1"),
            format!("2001::808:808:0:0:{:02x}{:02x}:{:02x}{:02x}", !a, !b, !c, !d),
            format!("2606:4700::5efe:{inner}"),
            format!("2606:4700::200:5efe:{inner}"),
        ] {
            assert_ne!(why(&closed(), &outer), "", "{outer}");
            let is_itself = outer == "::ffff:127.0.0.1";
            assert_eq!(why(&open(), &outer).is_empty(), is_itself, "{outer}, with loopback open");
        }
    }
    assert_ne!(why(&closed(), "::127.0.0.1"), "");
    assert_ne!(why(&open(), "::127.0.0.1"), "");
    // Tunnels and forms out of use are denied with whatever they carry.
    for outer in ["::8.8.8.8", "2002:808:808::1", "2001:0:808:808::f7f7:f7f7", "64:ff9b:1::808:808"]
    {
        assert_ne!(why(&closed(), outer), "", "{outer}");
    }
    assert_eq!(why(&closed(), "2606:4700::5efe:8.8.8.8"), "");
}

#[test]
fn open_loopback_opens_loopback_alone() {
    for address in ["127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1"] {
        assert_eq!(why(&closed(), address), "loopback", "{address}");
        assert_eq!(why(&open(), address), "", "{address}");
        assert_eq!(open().judge(address.parse().unwrap(), Scheme::Http), Ok(()));
    }
    for (network, label) in DENIED.iter().filter(|(_, label)| *label != "loopback") {
        let first = network.split('/').next().unwrap();
        assert_eq!(why(&open(), first), why(&closed(), first), "{network} ({label})");
        assert_ne!(why(&open(), first), "", "{network} ({label})");
    }
    for address in PUBLIC {
        assert!(open().judge(address.parse().unwrap(), Scheme::Http).is_err(), "{address}");
    }
}

#[test]
fn what_the_operator_denies_besides() {
    let ours = ours(&["198.41.0.0/24", "127.0.0.9", "2a00:64::/96"]);
    let destinations = Destinations::new(Loopback::Allow, Some(ours)).unwrap();
    for address in
        ["198.41.0.4", "::ffff:198.41.0.4", "64:ff9b::198.41.0.4", "127.0.0.9", "2a00:64::1"]
    {
        assert_eq!(why(&destinations, address), "ours", "{address}");
    }
    assert_eq!(why(&destinations, "127.0.0.8"), "");
    assert_eq!(why(&destinations, "10.0.0.1"), "private");
    assert_eq!(why(&destinations, "198.41.1.4"), "");
}

/// The standard library's own words for some of the networks.
#[test]
fn nothing_that_the_standard_library_knows_passes() {
    let destinations = closed();
    for address in (0..=u32::MAX).step_by(65_521).map(Ipv4Addr::from) {
        let is_special = address.is_private()
            || address.is_loopback()
            || address.is_link_local()
            || address.is_multicast()
            || address.is_broadcast()
            || address.is_documentation()
            || address.is_unspecified();
        let judged = destinations.judge(address.into(), Scheme::Https);
        assert!(!is_special || judged.is_err(), "{address}");
        let mapped = address.to_ipv6_mapped().into();
        assert_eq!(destinations.judge(mapped, Scheme::Https), judged, "{address}");
    }
}
