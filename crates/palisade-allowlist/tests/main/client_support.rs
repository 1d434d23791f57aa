//! Policies and addresses for the tests of the client's address.

use std::net::IpAddr;

use palisade_allowlist::{
    AddressRefused, Allowlist, ClientIp, EmptyList, ForwardedHeader, Peer, Provenance, TrustPolicy,
};

pub(crate) const XFF: ForwardedHeader = ForwardedHeader::XForwardedFor;
pub(crate) const FORWARDED: ForwardedHeader = ForwardedHeader::Forwarded;

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// An address, or `@` for a Unix socket.
pub(crate) fn peer(text: &str) -> Peer {
    if text == "@" { Peer::UnixSocket } else { text.parse().unwrap() }
}

pub(crate) fn proxies<'a>(networks: impl IntoIterator<Item = &'a str>) -> Allowlist {
    let builder = Allowlist::builder().when_empty(EmptyList::DeniesEveryone);
    networks.into_iter().fold(builder, |list, network| list.push(network, "")).build().unwrap().0
}

pub(crate) fn ranges(header: ForwardedHeader, networks: &[&str]) -> TrustPolicy {
    TrustPolicy::ranges(proxies(networks.iter().copied())).header(header).build().unwrap()
}

pub(crate) fn hops(count: usize, header: ForwardedHeader, networks: &[&str]) -> TrustPolicy {
    TrustPolicy::hops(count, proxies(networks.iter().copied())).header(header).build().unwrap()
}

/// Resolves with one field line.
pub(crate) fn resolve(
    policy: &TrustPolicy,
    from: &str,
    name: &str,
    value: impl AsRef<[u8]>,
) -> Result<ClientIp, AddressRefused> {
    policy.resolve(peer(from), &[(name, value)])
}

/// The address and how it is known.
pub(crate) fn told(client: Result<ClientIp, AddressRefused>) -> (IpAddr, Provenance) {
    let client = client.unwrap();
    (client.address(), client.provenance())
}
