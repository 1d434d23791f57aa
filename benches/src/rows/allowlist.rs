//! `palisade-allowlist` against other crates for networks, on the full table of the internet: 901,899 prefixes of
//! IPv4 and 160,147 of IPv6, each with one of 256 labels. Half of the addresses are hits.

use std::error::Error;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use ip_network::{Ipv4Network, Ipv6Network};
use ip_network_table::IpNetworkTable;
use ipnet::{Ipv4Net, Ipv6Net};
use iprange::IpRange;
use palisade_allowlist::{Allowlist, ForwardedHeader, TrustPolicy};
use prefix_trie::PrefixMap;

use super::Rows;
use crate::Comparison;
use crate::allowlist::{LABELS, Prefix, Probes, full_table, label_of, label_text, probes, text_of};

#[expect(clippy::unnecessary_wraps, reason = "as the rows of every crate")]
pub(super) fn rows() -> Rows {
    Ok(vec![
        longest_v4_prefix_trie(),
        longest_v6_prefix_trie(),
        longest_v4_ip_network_table(),
        longest_v6_ip_network_table(),
        any_v4(),
        any_v6(),
        ten_entries(),
        bytes_a_prefix(),
        build_from_text(),
        resolve_five_hops(),
    ])
}

type Failed = Box<dyn Error>;

/// The table of the internet as a list of ours, set up when a row first needs it.
struct Full {
    table: Vec<Prefix>,
    list: Allowlist,
    /// The texts of the labels. A peer keeps a number for each prefix, which is the least that it can.
    labels: Vec<String>,
}

static FULL: LazyLock<Result<Full, String>> =
    LazyLock::new(|| Full::new().map_err(|error| error.to_string()));

impl Full {
    fn new() -> Result<Self, Failed> {
        let table = full_table()?;
        let text = text_of(&table);
        let (list, _) = Allowlist::builder().extend_lines(text.as_bytes())?.build()?;
        let labels = (0..LABELS).map(label_text).collect();
        Ok(Self { table, list, labels })
    }

    fn get() -> Result<&'static Self, Failed> {
        FULL.as_ref().map_err(|error| error.clone().into())
    }

    fn v4(&self) -> impl Iterator<Item = (Ipv4Addr, u8, u32)> {
        self.table.iter().filter_map(|prefix| match prefix.address {
            IpAddr::V4(address) => Some((address, prefix.len, label_of(prefix))),
            IpAddr::V6(_) => None,
        })
    }

    fn v6(&self) -> impl Iterator<Item = (Ipv6Addr, u8, u32)> {
        self.table.iter().filter_map(|prefix| match prefix.address {
            IpAddr::V4(_) => None,
            IpAddr::V6(address) => Some((address, prefix.len, label_of(prefix))),
        })
    }

    fn probes(&self, is_ipv4: bool) -> Probes<IpAddr> {
        Probes::new(probes(&self.table, &self.list, is_ipv4))
    }

    /// Ours: from an address of either family to the network and its label.
    fn decide(&'static self, is_ipv4: bool) -> impl FnMut() -> Option<(u8, &'static str)> {
        let mut probes = self.probes(is_ipv4);
        move || {
            let entry = self.list.check(probes.next()).entry()?;
            Some((entry.network().prefix_len(), entry.label()))
        }
    }
}

fn longest_v4_prefix_trie() -> Comparison {
    Comparison::time_prepared("allowlist/longest_v4", "prefix-trie, get_lpm", || {
        let full = Full::get()?;
        let mut map = PrefixMap::new();
        for (address, len, label) in full.v4() {
            map.insert(Ipv4Net::new(address, len)?, label);
        }
        let (labels, mut probes) = (&full.labels, full.probes(true));
        Ok((full.decide(true), move || {
            let (network, label) = map.get_lpm(&Ipv4Net::from(v4_of(probes.next())?))?;
            Some((network.prefix_len(), labels.get(*label as usize)?.as_str()))
        }))
    })
}

fn longest_v6_prefix_trie() -> Comparison {
    Comparison::time_prepared("allowlist/longest_v6", "prefix-trie, get_lpm", || {
        let full = Full::get()?;
        let mut map = PrefixMap::new();
        for (address, len, label) in full.v6() {
            map.insert(Ipv6Net::new(address, len)?, label);
        }
        let (labels, mut probes) = (&full.labels, full.probes(false));
        Ok((full.decide(false), move || {
            let (network, label) = map.get_lpm(&Ipv6Net::from(v6_of(probes.next())?))?;
            Some((network.prefix_len(), labels.get(*label as usize)?.as_str()))
        }))
    })
}

fn longest_v4_ip_network_table() -> Comparison {
    Comparison::time_prepared("allowlist/longest_v4_table", "ip_network_table", || {
        let full = Full::get()?;
        let mut table = IpNetworkTable::new();
        for (address, len, label) in full.v4() {
            table.insert(Ipv4Network::new(address, len)?, label);
        }
        let (labels, mut probes) = (&full.labels, full.probes(true));
        Ok((full.decide(true), move || {
            let (network, label) = table.longest_match_ipv4(v4_of(probes.next())?)?;
            Some((network.netmask(), labels.get(*label as usize)?.as_str()))
        }))
    })
}

fn longest_v6_ip_network_table() -> Comparison {
    Comparison::time_prepared("allowlist/longest_v6_table", "ip_network_table", || {
        let full = Full::get()?;
        let mut table = IpNetworkTable::new();
        for (address, len, label) in full.v6() {
            table.insert(Ipv6Network::new(address, len)?, label);
        }
        let (labels, mut probes) = (&full.labels, full.probes(false));
        Ok((full.decide(false), move || {
            let (network, label) = table.longest_match_ipv6(v6_of(probes.next())?)?;
            Some((network.netmask(), labels.get(*label as usize)?.as_str()))
        }))
    })
}

fn any_v4() -> Comparison {
    Comparison::time_prepared("allowlist/any_v4", "iprange, simplified", || {
        let full = Full::get()?;
        let networks: Result<Vec<Ipv4Net>, _> =
            full.v4().map(|(address, len, _)| Ipv4Net::new(address, len)).collect();
        // Collecting simplifies.
        let range: IpRange<Ipv4Net> = networks?.into_iter().collect();
        let (mut probes, mut theirs) = (full.probes(true), full.probes(true));
        Ok((
            move || full.list.contains(probes.next()),
            move || v4_of(theirs.next()).is_some_and(|address| range.contains(&address)),
        ))
    })
}

fn any_v6() -> Comparison {
    Comparison::time_prepared("allowlist/any_v6", "iprange, simplified", || {
        let full = Full::get()?;
        let networks: Result<Vec<Ipv6Net>, _> =
            full.v6().map(|(address, len, _)| Ipv6Net::new(address, len)).collect();
        let range: IpRange<Ipv6Net> = networks?.into_iter().collect();
        let (mut probes, mut theirs) = (full.probes(false), full.probes(false));
        Ok((
            move || full.list.contains(probes.next()),
            move || v6_of(theirs.next()).is_some_and(|address| range.contains(&address)),
        ))
    })
}

/// What most lists are: ten entries, and sixteen clients that call by turns, eight of which are on the list. The peer is
/// the loop that one writes by hand, over networks that were parsed and sorted before.
fn ten_entries() -> Comparison {
    const TEN: [(&str, &str); 10] = [
        ("10.0.0.0/8", "Internal network"),
        ("10.20.0.0/16", "Office VPN"),
        ("172.16.0.0/12", "Containers"),
        ("192.168.0.0/16", "Home offices"),
        ("198.51.100.0/24", "Data centre, north"),
        ("198.51.100.128/25", "Data centre, lab"),
        ("203.0.113.0/24", "CI/CD pipeline"),
        ("203.0.113.7/32", "Jump host"),
        ("192.0.2.0/28", "Monitoring"),
        ("100.64.0.0/10", "Carrier"),
    ];
    Comparison::time_prepared("allowlist/ten_entries", "a loop over ten networks", || {
        let builder = TEN
            .iter()
            .fold(Allowlist::builder(), |builder, (network, label)| builder.push(network, label));
        let (list, _) = builder.build()?;
        let mut networks: Vec<(Ipv4Net, &'static str)> = TEN
            .iter()
            .map(|(network, label)| network.parse().map(|network| (network, *label)))
            .collect::<Result<_, _>>()?;
        networks.sort_by_key(|(network, _)| std::cmp::Reverse(network.prefix_len()));
        let table: Vec<Prefix> = networks
            .iter()
            .map(|(network, _)| Prefix {
                address: network.addr().into(),
                len: network.prefix_len(),
            })
            .collect();
        let mut addresses = probes(&table, &list, true);
        addresses.sort_by_key(|address| !list.contains(*address));
        let (hits, misses) = (&addresses[..8], &addresses[addresses.len() - 8..]);
        let addresses: Vec<IpAddr> =
            hits.iter().zip(misses).flat_map(|(hit, miss)| [*hit, *miss]).collect();
        let mut theirs: Probes<IpAddr> = Probes::new(addresses.clone());
        let mut ours = Probes::new(addresses);
        Ok((
            move || {
                let entry = list.check(ours.next()).entry()?;
                black_box(Some((entry.network().prefix_len(), entry.label().len())))
            },
            move || {
                let address = v4_of(theirs.next())?;
                let (network, label) =
                    networks.iter().find(|(network, _)| network.contains(&address))?;
                black_box(Some((network.prefix_len(), label.len())))
            },
        ))
    })
}

/// Bytes on the heap for 1,000 prefixes of the full table with its labels; the other side is the limit of twelve.
fn bytes_a_prefix() -> Comparison {
    Comparison::bytes_prepared("allowlist/heap_of_1000", "12 bytes a prefix", || {
        let full = Full::get()?;
        let bytes = full.list.heap_bytes() as u64 * 1000 / full.table.len() as u64;
        Ok((move || bytes, || 12_000))
    })
}

/// The whole table, from its text to the list, with labels and report; the peer only parses the same text.
fn build_from_text() -> Comparison {
    Comparison::time_prepared("allowlist/build_from_text", "a map of prefix-trie", || {
        let text = text_of(&Full::get()?.table);
        let theirs = text.clone();
        Ok((
            move || {
                let builder = Allowlist::builder().extend_lines(black_box(&text).as_bytes());
                builder.and_then(palisade_allowlist::Builder::build).map(|(list, _)| list.len())
            },
            move || {
                let (mut v4, mut v6) = (PrefixMap::new(), PrefixMap::new());
                for line in black_box(&theirs).lines() {
                    let (network, label) = line.split_once(' ').unwrap_or((line, ""));
                    match network.parse() {
                        Ok(ipnet::IpNet::V4(network)) => drop(v4.insert(network, label.to_owned())),
                        Ok(ipnet::IpNet::V6(network)) => drop(v6.insert(network, label.to_owned())),
                        Err(_) => {}
                    }
                }
                v4.len() + v6.len()
            },
        ))
    })
}

/// The client behind four proxies. The peer is the same walk by hand: split, parse with the standard library, and a loop
/// over the networks of the proxies.
fn resolve_five_hops() -> Comparison {
    const FIVE: &str = "198.51.100.7, 203.0.113.80, 10.0.4.17, 10.0.9.200, 172.16.33.4";
    Comparison::time_prepared("allowlist/resolve_five_hops", "split, parse, loop", || {
        let networks = ["10.0.0.0/8", "172.16.0.0/12", "203.0.113.0/24"];
        let proxies = networks
            .iter()
            .fold(Allowlist::builder(), |builder, network| builder.push(network, "proxies"));
        let (proxies, _) = proxies.build()?;
        let policy = TrustPolicy::ranges(proxies).header(ForwardedHeader::XForwardedFor).build()?;
        let peer = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 8));
        let trusted: Vec<Ipv4Net> =
            networks.iter().map(|network| network.parse()).collect::<Result<_, _>>()?;
        Ok((
            move || policy.resolve(black_box(peer), &[("x-forwarded-for", black_box(FIVE))]).ok(),
            move || {
                let is_trusted = |address: &IpAddr| match address {
                    IpAddr::V4(address) => trusted.iter().any(|network| network.contains(address)),
                    IpAddr::V6(_) => false,
                };
                let hops = black_box(FIVE).rsplit(',').map(|hop| hop.trim().parse::<IpAddr>());
                let from_proxy = is_trusted(&black_box(peer));
                hops.map_while(Result::ok).find(|hop| from_proxy && !is_trusted(hop))
            },
        ))
    })
}

/// What a service has is an address of either family: the peers get it as ours does, IPv4-mapped ones included.
fn v4_of(address: IpAddr) -> Option<Ipv4Addr> {
    match address.to_canonical() {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    }
}

fn v6_of(address: IpAddr) -> Option<Ipv6Addr> {
    match address.to_canonical() {
        IpAddr::V4(_) => None,
        IpAddr::V6(address) => Some(address),
    }
}
