//! The list itself.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::table::Table;
use crate::{Builder, Decision, Denied, EmptyList, Family, Match};

/// Networks that are allowed, each with a label. Immutable: built once, shared, and replaced as a whole.
///
/// A clone is another handle on the same list and costs an atomic addition. To replace a list while it is in use,
/// see [`Live`](crate::Live).
///
/// Any entry that matches allows an address. Of several, the most specific one is reported, and of several entries
/// for the same network the last one of the list. An IPv4-mapped address is IPv4; `::/0` never matches IPv4. Addresses
/// that carry an IPv4 address in other ways (NAT64, 6to4, `::a.b.c.d`) are IPv6 addresses like any other.
///
/// # Examples
///
/// ```
/// use palisade_allowlist::{Allowlist, Decision};
///
/// let (list, report) = Allowlist::builder()
///     .push("10.0.0.0/8", "Internal network")
///     .push("10.20.0.0/16", "Office VPN")
///     .push("2001:db8::/32", "Data centre")
///     .build()?;
/// assert_eq!(report.shadowed(), 1);
///
/// let Decision::Allowed(entry) = list.check("10.20.3.4".parse()?) else { panic!() };
/// assert_eq!(entry.label(), "Office VPN");
/// assert_eq!(entry.network().to_string(), "10.20.0.0/16");
///
/// let denied = list.check("203.0.113.7".parse()?).require().unwrap_err();
/// assert_eq!(denied.to_string(), "the address 203.0.113.7 is not on the allowlist");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Allowlist {
    inner: Arc<Inner>,
}

struct Inner {
    table: Table,
    len: usize,
    when_empty: EmptyList,
}

impl Allowlist {
    /// Begins a list.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn new(table: Table, len: usize, when_empty: EmptyList) -> Self {
        Self { inner: Arc::new(Inner { table, len, when_empty }) }
    }

    /// Decides about an address.
    #[inline]
    pub fn check(&self, address: IpAddr) -> Decision<'_> {
        let address = address.to_canonical();
        match self.inner.table.most_specific(address) {
            Some(entry) => Decision::Allowed(entry),
            None if self.allows_everyone() => Decision::AllowedByEmptyList,
            None => Decision::Denied(Denied::new(address)),
        }
    }

    /// Whether an entry matches the address. An empty list contains nothing, whatever it is said to mean.
    #[inline]
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.inner.table.contains(address.to_canonical())
    }

    /// Every entry that matches the address, the most specific one first.
    pub fn matches(&self, address: IpAddr) -> impl Iterator<Item = Match<'_>> {
        self.inner.table.matches(address.to_canonical())
    }

    /// Whether whoever comes from this address is denied by this list. Ask before a list is stored, with the address
    /// of the person who stores it.
    #[must_use]
    pub fn would_lock_out(&self, address: IpAddr) -> bool {
        !self.contains(address) && !self.allows_everyone()
    }

    /// Every entry, IPv4 first, by address and then by length: a network comes before those inside of it.
    pub fn entries(&self) -> impl Iterator<Item = Match<'_>> {
        self.inner.table.entries()
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.len
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.inner.len == 0
    }

    /// Whether every address of the family matches, by one entry or by several together. The IPv4-mapped addresses are
    /// none of IPv6.
    #[must_use]
    pub fn covers_all(&self, family: Family) -> bool {
        self.inner.table.covers_all(family)
    }

    /// How many bytes the list holds on the heap. They are shared by its clones.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        size_of::<Inner>() + self.inner.table.heap_bytes()
    }

    pub(crate) fn most_specific(&self, address: IpAddr) -> Option<Match<'_>> {
        self.inner.table.most_specific(address)
    }

    pub(crate) fn table(&self) -> &Table {
        &self.inner.table
    }

    pub(crate) fn when_empty(&self) -> EmptyList {
        self.inner.when_empty
    }

    /// Whether this list is empty, and that means everyone.
    pub(crate) fn allows_everyone(&self) -> bool {
        self.is_empty() && self.inner.when_empty == EmptyList::AllowsEveryone
    }
}

impl fmt::Debug for Allowlist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Allowlist").field("len", &self.len()).finish_non_exhaustive()
    }
}
