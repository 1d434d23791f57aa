//! Whether a list of proxies holds everyone.

use std::net::Ipv4Addr;

use crate::{Allowlist, Family};

/// The long runs of public IPv4 addresses, between the private, reserved and special ones of RFC 6890.
const PUBLIC_V4: [(Ipv4Addr, Ipv4Addr); 7] = [
    (Ipv4Addr::new(1, 0, 0, 0), Ipv4Addr::new(9, 255, 255, 255)),
    (Ipv4Addr::new(11, 0, 0, 0), Ipv4Addr::new(100, 63, 255, 255)),
    (Ipv4Addr::new(100, 128, 0, 0), Ipv4Addr::new(126, 255, 255, 255)),
    (Ipv4Addr::new(128, 0, 0, 0), Ipv4Addr::new(169, 253, 255, 255)),
    (Ipv4Addr::new(172, 32, 0, 0), Ipv4Addr::new(191, 255, 255, 255)),
    (Ipv4Addr::new(192, 169, 0, 0), Ipv4Addr::new(198, 17, 255, 255)),
    (Ipv4Addr::new(203, 0, 114, 0), Ipv4Addr::new(223, 255, 255, 255)),
];

/// The first 16 bits of the /12 that each regional registry gives addresses out of: nearly all of IPv6 that is in use
/// (IANA, IPv6 Global Unicast Address Assignments).
const REGISTRIES_V6: [u16; 5] = [0x2400, 0x2600, 0x2800, 0x2a00, 0x2c00];

/// The family of which the list holds nearly all public addresses. Honest proxies are never so many, so what little
/// of it is left out makes no difference.
pub(super) fn everyone(proxies: &Allowlist) -> Option<Family> {
    let table = proxies.table();
    if PUBLIC_V4.iter().all(|(first, last)| table.covers_v4(*first, *last)) {
        return Some(Family::V4);
    }
    let registry = |first: &u16| {
        let last = u128::from(first | 0xf) << 112 | u128::MAX >> 16;
        table.covers_v6((u128::from(*first) << 112).into(), last.into())
    };
    REGISTRIES_V6.iter().all(registry).then_some(Family::V6)
}
