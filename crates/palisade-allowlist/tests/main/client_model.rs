//! Random headers against the oracle, and against what they were made of.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use palisade_allowlist::{ForwardedHeader, Peer, Provenance};
use proptest::prelude::*;

use crate::client_oracle::{Expected, expected};
use crate::client_support::{FORWARDED, XFF, ip, ranges, told};

const TRUSTED: [&str; 2] = ["10.0.0.0/8", "2001:db8::/32"];

fn is_trusted(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.octets()[0] == 10,
        IpAddr::V6(address) => address.segments()[..2] == [0x2001, 0xdb8],
    }
}

fn agree(header: ForwardedHeader, lines: &[Vec<u8>]) {
    let name = header.name();
    let headers: Vec<(&str, &[u8])> = lines.iter().map(|line| (name, line.as_slice())).collect();
    let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
    let resolved = ranges(header, &TRUSTED).resolve(Peer::UnixSocket, &headers);
    let told: Vec<_> = lines.iter().map(|line| line.escape_ascii().to_string()).collect();
    assert_eq!(Expected::from(resolved), expected(header, &lines, is_trusted), "{told:?}");
}

/// Mostly trusted, so that chains are walked.
fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        6 => any::<[u8; 3]>().prop_map(|[a, b, c]| Ipv4Addr::new(10, a, b, c).into()),
        4 => any::<[u16; 3]>().prop_map(|[a, b, c]| Ipv6Addr::new(0x2001, 0xdb8, a, 0, 0, 0, b, c).into()),
        1 => any::<[u8; 3]>().prop_map(|[a, b, c]| Ipv4Addr::new(10, a, b, c).to_ipv6_mapped().into()),
        1 => any::<u32>().prop_map(|bits| Ipv4Addr::from(bits | 1).into()),
        1 => any::<u128>().prop_map(|bits| Ipv6Addr::from(bits | 1).into()),
    ]
}

fn blank() -> impl Strategy<Value = &'static str> {
    prop_oneof![3 => Just(""), 3 => Just(" "), 1 => Just("\t"), 1 => Just(" \t ")]
}

/// A hop of `X-Forwarded-For`, in each of its forms.
fn hop(address: IpAddr) -> impl Strategy<Value = String> {
    (any::<Option<u16>>(), any::<bool>()).prop_map(move |(port, brackets)| match (address, port) {
        (IpAddr::V4(_), Some(port)) => format!("{address}:{port}"),
        (IpAddr::V6(_), Some(port)) => format!("[{address}]:{port}"),
        (IpAddr::V6(_), None) if brackets => format!("[{address}]"),
        (_, None) => address.to_string(),
    })
}

/// An element of `Forwarded` with strings that hold what separates, and escapes where none is needed.
fn element(address: IpAddr) -> impl Strategy<Value = String> {
    let string = r"([ -!#-\[\]-~é]|\\[ -~]){0,12}";
    let other = prop_oneof![
        "[a-z]{1,6}".prop_map(|token| format!("proto={token}")),
        string.prop_map(|text| format!("host=\"{text}\"")),
        Just(String::new()),
    ];
    let node = (any::<Option<u16>>(), any::<u64>(), any::<bool>()).prop_map(
        move |(port, escapes, quotes)| {
            let node = match (address, port) {
                (IpAddr::V4(_), None) if !quotes => return format!("For={address}"),
                (IpAddr::V4(_), None) => address.to_string(),
                (IpAddr::V6(_), None) => format!("[{address}]"),
                (IpAddr::V4(_), Some(port)) => format!("{address}:{port}"),
                (IpAddr::V6(_), Some(port)) => format!("[{address}]:{port}"),
            };
            let escaped = |(at, c): (u32, char)| {
                if (escapes >> (at % 64)) & 1 == 1 { format!("\\{c}") } else { format!("{c}") }
            };
            format!("for=\"{}\"", (0..).zip(node.chars()).map(escaped).collect::<String>())
        },
    );
    (prop::collection::vec(other.clone(), 0..3), node, prop::collection::vec(other, 0..3), blank())
        .prop_map(|(before, node, after, blank)| {
            let pairs: Vec<_> = before.into_iter().chain([node]).chain(after).collect();
            pairs.join(&format!("{blank};{blank}"))
        })
}

type Hops = Vec<(IpAddr, String, &'static str, bool)>;

/// Addresses, each with its text, white space around it, and whether it begins a line.
fn chain<S: Strategy<Value = String> + 'static>(
    text: fn(IpAddr) -> S,
) -> impl Strategy<Value = Hops> {
    let hop = address()
        .prop_flat_map(move |address| (Just(address), text(address), blank(), any::<bool>()));
    prop::collection::vec(hop, 1..9)
}

/// The outcome is known from what the header is made of.
fn known(header: ForwardedHeader, chain: &Hops) {
    let mut lines: Vec<String> = Vec::new();
    for (_, text, blank, begins) in chain {
        match lines.last_mut() {
            Some(line) if !begins => line.extend([",", blank, text, blank]),
            _ => lines.push(format!("{blank}{text}{blank}")),
        }
    }
    let headers: Vec<_> = lines.iter().map(|line| (header.name(), line.as_str())).collect();
    let resolved = ranges(header, &TRUSTED).resolve(Peer::UnixSocket, &headers);
    let mut addresses = chain.iter().rev().map(|(address, ..)| address.to_canonical());
    let truth = match addresses.find(|address| !is_trusted(*address)) {
        Some(client) => (client, Provenance::Header),
        None => (chain[0].0.to_canonical(), Provenance::AllTrusted),
    };
    assert_eq!(told(resolved), truth, "{lines:?}");
    agree(header, &lines.into_iter().map(String::into_bytes).collect::<Vec<_>>());
}

/// Bytes among which what matters to the grammar is frequent.
fn bytes(parts: &'static [&'static str]) -> impl Strategy<Value = Vec<Vec<u8>>> {
    let part = prop_oneof![
        30 => prop::sample::select(parts).prop_map(|part| part.as_bytes().to_vec()),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
    ];
    let line = prop::collection::vec(part, 0..24).prop_map(|parts| parts.concat());
    prop::collection::vec(line, 0..4)
}

const LIST_PARTS: &[&str] = &[
    ",",
    ",",
    ",",
    ", ",
    " ",
    "\t",
    "10.0.0.1",
    "10.0.0.2",
    "192.0.2.1",
    "2001:db8::1",
    "::1",
    "::",
    "[",
    "]",
    ":",
    ":80",
    ":99999",
    "%1",
    "0",
    "unknown",
    "_x",
    "\"",
    "::ffff:10.0.0.1",
    "é",
];

const ELEMENT_PARTS: &[&str] = &[
    ",",
    ",",
    ",",
    ";",
    ";",
    "\"",
    "\"",
    "\"",
    "\\",
    "\\\"",
    "for=",
    "for=",
    "For=\"",
    "=",
    "for=10.0.0.1",
    "for=\"10.0.0.2:80\"",
    "for=\"[2001:db8::1]\"",
    ",for=192.0.2.1",
    "10.0.0.1",
    "[::1]",
    "host=\"a,b;c\"",
    "proto=x",
    " ",
    "unknown",
    "_hidden",
    "x",
    "\x7f",
    "é",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]

    #[test]
    fn chains_of_x_forwarded_for(chain in chain(hop)) {
        known(XFF, &chain);
    }

    #[test]
    fn chains_of_forwarded(chain in chain(element)) {
        known(FORWARDED, &chain);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn any_x_forwarded_for(lines in bytes(LIST_PARTS)) {
        agree(XFF, &lines);
    }

    #[test]
    fn any_forwarded(lines in bytes(ELEMENT_PARTS)) {
        agree(FORWARDED, &lines);
    }

    /// Whatever stands left of what a trusted proxy appended changes nothing.
    #[test]
    fn nothing_left_of_an_appended_hop_matters(
        list in bytes(LIST_PARTS),
        elements in bytes(ELEMENT_PARTS),
        element in element(ip("192.0.2.1")),
    ) {
        for (header, mut lines, hop) in [(XFF, list, "192.0.2.1".to_owned()), (FORWARDED, elements, element)] {
            match lines.last_mut() {
                Some(line) => line.extend(format!(", {hop}").into_bytes()),
                None => lines.push(hop.into_bytes()),
            }
            let headers: Vec<_> = lines.iter().map(|line| (header.name(), line)).collect();
            let resolved = ranges(header, &TRUSTED).resolve(Peer::UnixSocket, &headers);
            prop_assert_eq!(told(resolved), (ip("192.0.2.1"), Provenance::Header));
        }
    }

    /// What is read here without the standard library is what it reads.
    #[test]
    fn ipv4_is_what_the_standard_library_reads(
        octets in prop::collection::vec(
            prop::sample::select(&["0", "00", "1", "01", "9", "10", "99", "100", "199", "255", "256", "260", "300", ""][..]),
            3..6,
        ),
        other in "[0-9.+: ]{0,16}",
    ) {
        for text in [octets.join("."), other] {
            let expected = text.parse::<Ipv4Addr>().ok().filter(|address| !address.is_unspecified());
            if !text.contains(':') {
                let read = text.parse::<Peer>().ok();
                prop_assert_eq!(read, expected.map(|address| Peer::Ip(address.into())), "{:?}", text);
            }
        }
    }
}
