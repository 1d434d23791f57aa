//! Room for bodies that are on their way in, shared out so that no stranger has all of it.
//!
//! Before the end of a body nobody knows whether it is signed. Whoever sends slowly holds what has arrived, so there is a
//! share for each sender's route and one for each address: an address, or a few, close no route but for themselves.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use palisade::allowlist::RateKey;

/// The bytes of all bodies that are held at once.
const ALL: usize = 64 * 1024 * 1024;

/// Those of one scheme, and of one IPv4 address or IPv6 network of 64 bits: at least one body.
const OF_SCHEME: usize = 16 * 1024 * 1024;
const OF_ADDRESS: usize = 4 * 1024 * 1024;

/// The room of all.
#[derive(Debug)]
pub(crate) struct Rooms {
    held: Mutex<Held>,
    of_scheme: usize,
    of_address: usize,
}

#[derive(Debug, Default)]
struct Held {
    all: usize,
    schemes: HashMap<&'static str, usize>,
    addresses: HashMap<RateKey, usize>,
}

impl Rooms {
    /// For bodies of at most so many bytes.
    pub(crate) fn new(max_body: usize) -> Arc<Self> {
        Arc::new(Self {
            held: Mutex::default(),
            of_scheme: OF_SCHEME.max(max_body),
            of_address: OF_ADDRESS.max(max_body),
        })
    }

    /// Room for a body to this scheme from this address, which starts with none.
    pub(crate) fn room(self: &Arc<Self>, scheme: &'static str, address: IpAddr) -> Room {
        Room { rooms: Arc::clone(self), scheme, address: RateKey::of(address), bytes: 0 }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn fits(&self, room: &Room, bytes: usize) -> bool {
        let of_scheme = self.schemes.get(room.scheme).copied().unwrap_or_default();
        let of_address = self.addresses.get(&room.address).copied().unwrap_or_default();
        self.all.saturating_add(bytes) <= ALL
            && of_scheme.saturating_add(bytes) <= room.rooms.of_scheme
            && of_address.saturating_add(bytes) <= room.rooms.of_address
    }

    fn give_back(&mut self, room: &Room) {
        self.all = self.all.saturating_sub(room.bytes);
        if let Some(of_scheme) = self.schemes.get_mut(room.scheme) {
            *of_scheme = of_scheme.saturating_sub(room.bytes);
        }
        if let Some(of_address) = self.addresses.get_mut(&room.address) {
            *of_address = of_address.saturating_sub(room.bytes);
            if *of_address == 0 {
                self.addresses.remove(&room.address);
            }
        }
    }
}

/// What one body takes of the room for all of them. It is given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Room {
    rooms: Arc<Rooms>,
    scheme: &'static str,
    address: RateKey,
    bytes: usize,
}

impl Room {
    /// Whether there is room for so many bytes more at the moment.
    pub(crate) fn fits(&self, bytes: usize) -> bool {
        self.rooms.held().fits(self, bytes)
    }

    /// Takes room for so many bytes more; false where there is none.
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        if bytes == 0 {
            return true;
        }
        let mut held = self.rooms.held();
        if !held.fits(self, bytes) {
            return false;
        }
        held.all += bytes;
        *held.schemes.entry(self.scheme).or_default() += bytes;
        *held.addresses.entry(self.address).or_default() += bytes;
        self.bytes += bytes;
        true
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.rooms.held().give_back(self);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1024 * 1024;

    fn address(n: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, n])
    }

    #[test]
    fn an_address_has_its_share_and_gives_it_back() {
        let rooms = Rooms::new(MIB);
        let (mut a, mut b) = (rooms.room("github", address(1)), rooms.room("stripe", address(1)));
        assert!(a.grow(1) && a.grow(0) && a.grow(3 * MIB));
        assert!(!b.grow(MIB) && b.grow(MIB - 1) && b.grow(0));
        assert!(!a.grow(1) && !a.fits(1) && a.fits(0));
        assert!(rooms.room("github", address(2)).fits(4 * MIB));
        assert!(!rooms.room("github", "::ffff:192.0.2.1".parse().unwrap()).fits(1));
        drop(a);
        assert!(b.grow(3 * MIB + 1) && !b.grow(1));
        drop(b);
        let held = rooms.held();
        assert_eq!((held.all, held.addresses.len()), (0, 0));
    }

    #[test]
    fn who_has_a_network_has_one_share() {
        let rooms = Rooms::new(MIB);
        let [a, b, c] = ["2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1"]
            .map(|text| text.parse().unwrap());
        let mut held = rooms.room("github", a);
        assert!(held.grow(4 * MIB));
        assert!(!rooms.room("github", b).fits(1) && rooms.room("github", c).fits(1));
    }

    #[test]
    fn a_scheme_has_its_share_and_all_have_theirs() {
        let rooms = Rooms::new(MIB);
        let mut held = Vec::new();
        for (scheme, n) in ["a", "b", "c", "d"].into_iter().zip(0_u8..) {
            for m in 0..4 {
                let mut room = rooms.room(scheme, address(4 * n + m));
                assert!(room.grow(4 * MIB));
                held.push(room);
            }
            assert!(!rooms.room(scheme, address(100)).fits(1));
        }
        assert!(!rooms.room("e", address(100)).fits(1));
        held.pop();
        assert!(rooms.room("e", address(100)).fits(4 * MIB));
    }

    #[test]
    fn one_body_always_fits() {
        let rooms = Rooms::new(32 * MIB);
        let mut room = rooms.room("github", address(1));
        assert!(room.grow(32 * MIB) && !room.grow(1));
    }
}
