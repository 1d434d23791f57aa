//! The addresses that are looked up: half of them hits, in random order.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};

use palisade_allowlist::Allowlist;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, RngExt, SeedableRng};

use super::Prefix;

/// How many addresses are drawn: more than any cache holds lines.
const PROBES: usize = 1 << 18;

/// Addresses in random order, over and over.
#[derive(Debug, Clone)]
pub struct Probes<A> {
    addresses: Vec<A>,
    next: usize,
}

impl<A: Copy> Probes<A> {
    /// Over these addresses.
    #[must_use]
    pub fn new(addresses: Vec<A>) -> Self {
        assert!(addresses.len().is_power_of_two(), "the next one is found with a mask");
        Self { addresses, next: 0 }
    }

    /// The next address.
    #[inline]
    #[expect(clippy::should_implement_trait, reason = "it never ends, and is no Option")]
    pub fn next(&mut self) -> A {
        self.next = (self.next + 1) & (self.addresses.len() - 1);
        self.addresses[self.next]
    }

    /// All of them.
    #[must_use]
    pub fn addresses(&self) -> &[A] {
        &self.addresses
    }
}

/// As many addresses of one family for a table: each second one inside of a prefix drawn at random, the others in
/// none of them.
///
/// A miss of IPv4 is any address. One of IPv6 lies in the part of the space that is given out at all, `2000::/3`, and
/// half of these share their first 16 bits with a prefix: others would be told by their first bits.
#[must_use]
pub fn probes(table: &[Prefix], list: &Allowlist, is_ipv4: bool) -> Vec<IpAddr> {
    let mut rng = StdRng::seed_from_u64(7);
    let table: Vec<&Prefix> =
        table.iter().filter(|prefix| prefix.address.is_ipv4() == is_ipv4).collect();
    let mut addresses: Vec<IpAddr> = Vec::with_capacity(PROBES);
    while addresses.len() < PROBES / 2 {
        if let Some(prefix) = table.choose(&mut rng) {
            addresses.push(inside(prefix, &mut rng));
        }
    }
    while addresses.len() < PROBES {
        let near = table.choose(&mut rng).filter(|_| rng.random());
        let address = if is_ipv4 {
            IpAddr::V4(Ipv4Addr::from(rng.next_u32()))
        } else if let Some(Prefix { address, .. }) = near {
            inside(&Prefix { address: *address, len: 16 }, &mut rng)
        } else {
            inside(&Prefix { address: IpAddr::V6(Ipv6Addr::from(1 << 125)), len: 3 }, &mut rng)
        };
        if !list.contains(address) {
            addresses.push(address);
        }
    }
    addresses.shuffle(&mut rng);
    addresses
}

/// Of so many runs over all addresses the best one counts: whatever else the machine does only adds.
const RUNS: usize = 15;

/// Nanoseconds a lookup.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "2^53 ns is a hundred days")]
pub fn best_time<T>(addresses: &[IpAddr], mut lookup: impl FnMut(IpAddr) -> T) -> f64 {
    let mut best = Duration::MAX;
    for _ in 0..RUNS {
        let start = Instant::now();
        for address in addresses {
            black_box(lookup(*address));
        }
        best = best.min(start.elapsed());
    }
    best.as_nanos() as f64 / addresses.len() as f64
}

fn inside(prefix: &Prefix, rng: &mut impl Rng) -> IpAddr {
    let len = u32::from(prefix.len);
    match prefix.address {
        IpAddr::V4(address) => {
            let host = u32::MAX.checked_shr(len).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from((u32::from(address) & !host) | (rng.next_u32() & host)))
        }
        IpAddr::V6(address) => {
            let host = u128::MAX.checked_shr(len).unwrap_or(0);
            let random: u128 = rng.random();
            IpAddr::V6(Ipv6Addr::from((u128::from(address) & !host) | (random & host)))
        }
    }
}
