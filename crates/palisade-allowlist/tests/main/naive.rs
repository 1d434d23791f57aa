//! The oracle: every entry in a row, each compared with the address.

use std::net::IpAddr;

use palisade_allowlist::Network;

/// The naive list.
#[derive(Debug, Clone, Default)]
pub(crate) struct Naive {
    entries: Vec<(Network, String)>,
}

impl Naive {
    pub(crate) fn new(entries: impl IntoIterator<Item = (Network, String)>) -> Self {
        Self { entries: entries.into_iter().collect() }
    }

    /// The entry with the longest prefix, and of equal ones the last.
    pub(crate) fn most_specific(&self, address: IpAddr) -> Option<(Network, &str)> {
        let matching = self.entries.iter().filter(|(network, _)| holds(*network, address));
        matching
            .max_by_key(|(network, _)| network.prefix_len())
            .map(|(network, label)| (*network, label.as_str()))
    }

    /// Every match, the longest prefix first, each network once with the label of its last entry.
    pub(crate) fn matches(&self, address: IpAddr) -> Vec<(Network, &str)> {
        let mut matches: Vec<_> =
            self.listed().into_iter().filter(|(network, _)| holds(*network, address)).collect();
        matches.sort_by_key(|(network, _)| std::cmp::Reverse(network.prefix_len()));
        matches
    }

    /// Each network once, in order.
    pub(crate) fn listed(&self) -> Vec<(Network, &str)> {
        let mut listed = std::collections::BTreeMap::new();
        for (network, label) in &self.entries {
            listed.insert(*network, label.as_str());
        }
        listed.into_iter().collect()
    }
}

/// Written out here, so that the oracle shares nothing with what it judges.
fn holds(network: Network, address: IpAddr) -> bool {
    let len = u32::from(network.prefix_len());
    match (network.first(), address.to_canonical()) {
        (IpAddr::V4(first), IpAddr::V4(address)) => {
            len == 0 || (u32::from(first) ^ u32::from(address)) >> (32 - len) == 0
        }
        (IpAddr::V6(first), IpAddr::V6(address)) => {
            len == 0 || (u128::from(first) ^ u128::from(address)) >> (128 - len) == 0
        }
        _ => false,
    }
}
