//! Free ports.

use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};

/// How far the port of a node's Cluster bus lies above its own. Redis' own default.
const BUS: u16 = 10_000;

/// A port of 127.0.0.1 that nothing listens on, nor on the one of its Cluster bus.
///
/// Both lie below the range that systems give to outgoing connections. A server that is down for a while
/// thus finds its port free when it comes back, and a client that tries again and again cannot meet
/// itself there.
pub(super) fn free() -> u16 {
    loop {
        let dice = RandomState::new().hash_one(0_u8).to_le_bytes();
        let port = 12_000 + u16::from_le_bytes([dice[0], dice[1]]) % BUS;
        if is_free(port) && is_free(port + BUS) {
            return port;
        }
    }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
