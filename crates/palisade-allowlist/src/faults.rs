//! Faults of a list while it is built. Whether some of them count is known only at the end, and then all are told in
//! the order of the list.

use crate::{EntryError, Fault, KEPT_FAULTS, Malformed, Place};

/// Where an entry stands among all sources of a list: which source, and the number there.
pub(crate) type Order = (usize, u32);

/// Faults of one kind, in the order of the list. The first ones are kept, and the others counted.
#[derive(Clone, Default)]
pub(crate) struct Faults {
    first: Vec<(Order, Fault)>,
    count: u64,
}

impl Faults {
    /// Takes a fault; what is wrong is only asked where it will be kept.
    pub(crate) fn push(&mut self, source: usize, place: Place, error: impl FnOnce() -> EntryError) {
        self.count += 1;
        if self.first.len() < KEPT_FAULTS {
            self.first.push(((source, place.number()), Fault { place, error: error() }));
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// All of them together, if there are any.
    pub(crate) fn joined(kinds: impl IntoIterator<Item = Self>) -> Option<Malformed> {
        let (mut first, mut count) = (Vec::new(), 0);
        for kind in kinds {
            first.extend(kind.first);
            count += kind.count;
        }
        first.sort_by_key(|(order, _)| *order);
        first.truncate(KEPT_FAULTS);
        let faults: Vec<Fault> = first.into_iter().map(|(_, fault)| fault).collect();
        let more = count - faults.len() as u64;
        (!faults.is_empty()).then(|| Malformed::new(faults, more))
    }
}

/// Where the entries of one source begin in the lists of both families.
#[derive(Clone, Copy)]
pub(crate) struct Source {
    pub(crate) is_text: bool,
    pub(crate) ipv4: usize,
    pub(crate) ipv6: usize,
}
