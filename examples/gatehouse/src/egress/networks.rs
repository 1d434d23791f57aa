//! The networks that nothing is sent to.

use palisade::allowlist::Network;
use std::net::{IpAddr, Ipv6Addr};

/// Networks and why they are denied: from IANA's registries of special-purpose addresses for IPv4 and IPv6 (RFC 6890
/// and what was registered since), and the metadata services of clouds, whose makers publish their addresses.
///
/// A few that are globally reachable are here too (anycast of NAT traversal, of AMT and of AS112): they are services of
/// the network, and nobody receives messages there.
pub(super) const DENIED: &[(&str, &str)] = &[
    ("0.0.0.0/8", "this network"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "carrier-grade NAT"),
    ("100.100.100.200", "cloud metadata"), // Alibaba
    ("127.0.0.0/8", "loopback"),
    ("168.63.129.16", "cloud metadata"), // Azure; the address itself is a public one
    ("169.254.0.0/16", "link-local"),
    ("169.254.169.254", "cloud metadata"), // AWS, Azure, Google and others
    ("169.254.170.2", "cloud metadata"),   // credentials of AWS containers
    ("169.254.170.23", "cloud metadata"),  // credentials of AWS pods
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "protocol assignments"),
    ("192.0.0.192", "cloud metadata"), // Oracle
    ("192.0.2.0/24", "documentation"),
    ("192.31.196.0/24", "AS112"),
    ("192.52.193.0/24", "AMT"),
    ("192.88.99.0/24", "6to4 relay"),
    ("192.168.0.0/16", "private"),
    ("192.175.48.0/24", "AS112"),
    ("198.18.0.0/15", "benchmarking"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
    ("255.255.255.255", "broadcast"),
    ("::", "unspecified"),
    ("::1", "loopback"),
    ("::/96", "IPv4-compatible"),
    ("64:ff9b:1::/48", "local NAT64"),
    ("100::/64", "discard"),
    ("100:0:0:1::/64", "dummy prefix"),
    ("2001::/23", "protocol assignments"),
    ("2001::/32", "Teredo"),
    ("2001:2::/48", "benchmarking"),
    ("2001:10::/28", "ORCHID"),
    ("2001:20::/28", "ORCHID"),
    ("2001:30::/28", "drone identifiers"),
    ("2001:db8::/32", "documentation"),
    ("2002::/16", "6to4"),
    ("2620:4f:8000::/48", "AS112"),
    ("3fff::/20", "documentation"),
    ("5f00::/16", "segment routing"),
    ("fc00::/7", "unique local"),
    ("fd00:ec2::254", "cloud metadata"), // AWS
    ("fd20:ce::254", "cloud metadata"),  // Google
    ("fe80::/10", "link-local"),
    ("fec0::/10", "site-local"),
    ("ff00::/8", "multicast"),
];

/// What else is no public address of IPv6: all but `2000::/3`, from which alone public addresses are given out (IANA,
/// IPv6 Address Space), and but `64:ff9b::/96`, where the IPv4 address inside decides (RFC 6052 section 2.1).
///
/// What is not given out today may be given a meaning tomorrow, as `5f00::/16` was.
pub(super) fn not_public() -> impl Iterator<Item = Network> {
    [
        (
            Ipv6Addr::UNSPECIFIED,
            Ipv6Addr::new(0x64, 0xff9a, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff),
        ),
        (
            Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 1, 0, 0),
            Ipv6Addr::new(0x1fff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff),
        ),
        (Ipv6Addr::new(0x4000, 0, 0, 0, 0, 0, 0, 0), Ipv6Addr::from(u128::MAX)),
    ]
    .into_iter()
    .flat_map(|(first, last)| Network::spanning(IpAddr::V6(first), IpAddr::V6(last)))
}
