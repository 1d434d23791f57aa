//! Targets for `palisade-allowlist`.

use std::net::IpAddr;
use std::sync::LazyLock;

use palisade_allowlist::{
    AddressRefused, Allowlist, BuildError, ForwardedHeader, Network, Peer, Provenance, TrustPolicy,
};

// The oracle of the crate's own tests.
#[path = "../../crates/palisade-allowlist/tests/main/client_oracle.rs"]
mod client_oracle;

use client_oracle::{Expected, expected};

use crate::canary::{CANARY, assert_silent};

/// The proxies, which have no label.
const TRUSTED: [&str; 2] = ["10.0.0.0/8", "2001:db8::/32"];

/// Who the client is: the first line is the peer, the others are field lines of either header.
///
/// The oracle finds the same hops in its own way; an untrusted peer is the client whatever the headers are; what a
/// trusted proxy appends is found whatever stands left of it; a refusal repeats nothing.
pub fn allowlist_client_ip(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    let peer = lines.next().unwrap_or_default();
    let lines: Vec<&[u8]> = lines.collect();
    if let Ok(Ok(peer)) = str::from_utf8(peer).map(str::parse::<Peer>) {
        from_peer(peer, &lines);
    }
    for header in [ForwardedHeader::XForwardedFor, ForwardedHeader::Forwarded] {
        let headers = named(header, &lines);
        let resolved = policy(header).resolve(Peer::UnixSocket, &headers);
        assert_eq!(Expected::from(resolved), expected(header, &lines, is_trusted));
        counted(header, &headers, &lines);
        appended(header, &lines);
    }
}

fn from_peer(peer: Peer, lines: &[&[u8]]) {
    for header in [ForwardedHeader::XForwardedFor, ForwardedHeader::Forwarded] {
        let resolved = policy(header).resolve(peer, &named(header, lines));
        match peer {
            Peer::Ip(address) if !is_trusted(address.to_canonical()) => {
                let client = resolved.map(|client| (client.address(), client.provenance()));
                assert_eq!(client, Ok((address.to_canonical(), Provenance::Peer)));
            }
            _ => assert_eq!(Expected::from(resolved), expected(header, lines, is_trusted)),
        }
    }
}

/// The first hop from the right is what the walk begins with.
fn counted(header: ForwardedHeader, headers: &[(&str, &[u8])], lines: &[&[u8]]) {
    static POLICIES: LazyLock<[TrustPolicy; 2]> = LazyLock::new(|| {
        [ForwardedHeader::XForwardedFor, ForwardedHeader::Forwarded]
            .map(|header| built(TrustPolicy::hops(1, proxies()).header(header).build()))
    });
    let first = pick(&POLICIES, header).resolve(Peer::UnixSocket, headers);
    let walked = match expected(header, lines, |_| false) {
        Expected::Missing => Err(AddressRefused::ChainTooShort { found: 0, wanted: 1 }),
        Expected::Invalid(index, problem) => {
            Err(AddressRefused::InvalidHop { index, problem, last_trusted: None })
        }
        Expected::Client(address) => Ok(address),
        other => unreachable!("nobody is trusted: {other:?}"),
    };
    assert_eq!(first.map(|client| client.address()), walked);
}

fn appended(header: ForwardedHeader, lines: &[&[u8]]) {
    let (hop, no_hop) = match header {
        ForwardedHeader::XForwardedFor => ("192.0.2.1:80".to_owned(), CANARY.to_owned()),
        ForwardedHeader::Forwarded => {
            (format!(r#"host="{CANARY},\"";for="192.0.2.1:80""#), format!("for={CANARY}"))
        }
    };
    let resolve = |hop: &str| {
        let line = [lines.last().copied().unwrap_or_default(), b", ", hop.as_bytes()].concat();
        let before = lines.get(..lines.len().saturating_sub(1)).unwrap_or_default();
        let lines: Vec<&[u8]> = before.iter().copied().chain([line.as_slice()]).collect();
        policy(header).resolve(Peer::UnixSocket, &named(header, &lines))
    };
    let client = resolve(&hop).map(|client| client.address());
    assert_eq!(client, Ok(IpAddr::from([192, 0, 2, 1])));
    let refused = resolve(&no_hop);
    assert!(matches!(refused, Err(AddressRefused::InvalidHop { index: 0, .. })));
    if let Err(refused) = refused {
        assert_silent(&refused);
    }
}

fn named<'a>(header: ForwardedHeader, lines: &[&'a [u8]]) -> Vec<(&'static str, &'a [u8])> {
    lines.iter().map(|line| (header.name(), *line)).collect()
}

fn is_trusted(address: IpAddr) -> bool {
    TRUSTED
        .iter()
        .any(|network| Network::parse(network).is_ok_and(|network| network.contains(address)))
}

fn policy(header: ForwardedHeader) -> &'static TrustPolicy {
    static POLICIES: LazyLock<[TrustPolicy; 2]> = LazyLock::new(|| {
        [ForwardedHeader::XForwardedFor, ForwardedHeader::Forwarded]
            .map(|header| built(TrustPolicy::ranges(proxies()).header(header).build()))
    });
    pick(&POLICIES, header)
}

fn pick(policies: &[TrustPolicy; 2], header: ForwardedHeader) -> &TrustPolicy {
    let [list, forwarded] = policies;
    match header {
        ForwardedHeader::XForwardedFor => list,
        ForwardedHeader::Forwarded => forwarded,
    }
}

fn proxies() -> Allowlist {
    let list: Result<_, BuildError> =
        TRUSTED.iter().fold(Allowlist::builder(), |list, network| list.push(network, "")).build();
    built(list).0
}

#[expect(clippy::panic, reason = "the policies are written here")]
fn built<T, E: std::fmt::Debug>(policy: Result<T, E>) -> T {
    policy.unwrap_or_else(|error| panic!("{error:?}"))
}
