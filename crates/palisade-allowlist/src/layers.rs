//! Several lists looked at as one.

use std::cmp::Reverse;
use std::net::IpAddr;

use crate::{Allowlist, Decision, Denied, EmptyList, Match};

/// Several lists looked at as one, without copying any: a tenant's own ten entries over a shared feed of a million.
///
/// This only borrows the lists and costs nothing to make, so it is made anew for each request. Each list can
/// thus be replaced on its own.
///
/// The rules are those of one list that has all the entries: any match decides, the most specific one is reported,
/// and of equal networks that of the last layer.
///
/// # Security
///
/// The same goes for what empty means. Layers are empty when no layer has an entry, and then everyone is allowed
/// only if each list says [`EmptyList::AllowsEveryone`]. A tenant without entries of its own therefore opens
/// nothing: over a shared feed, the feed decides. Where a tenant without entries is to restrict nothing, ask the
/// tenant's list alone. No list at all allows nobody.
///
/// # Examples
///
/// ```
/// use palisade_allowlist::{Allowlist, Layers};
///
/// let (feed, _) = Allowlist::builder().push("203.0.113.0/24", "Office VPN").build()?;
/// let (tenant, _) = Allowlist::builder().push("203.0.113.7", "Ada").build()?;
///
/// let lists = [&feed, &tenant];
/// let layers = Layers::new(&lists);
/// assert!(layers.check("203.0.113.9".parse()?).require().is_ok());
/// assert!(layers.check("198.51.100.1".parse()?).require().is_err());
///
/// let (layer, entry) = layers.entry("203.0.113.7".parse()?).ok_or("no entry")?;
/// assert_eq!((layer, entry.label()), (1, "Ada"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Layers<'l, 'a> {
    lists: &'l [&'a Allowlist],
}

impl<'l, 'a> Layers<'l, 'a> {
    /// Lays each list over those before it.
    #[must_use]
    pub fn new(lists: &'l [&'a Allowlist]) -> Self {
        Self { lists }
    }

    /// Decides about an address.
    pub fn check(&self, address: IpAddr) -> Decision<'a> {
        match self.entry(address) {
            Some((_, entry)) => Decision::Allowed(entry),
            None if self.allows_everyone() => Decision::AllowedByEmptyList,
            None => Decision::Denied(Denied::new(address.to_canonical())),
        }
    }

    /// The entry that decides, and which list it is from, counted from 0: for the audit log.
    #[must_use]
    pub fn entry(&self, address: IpAddr) -> Option<(usize, Match<'a>)> {
        let address = address.to_canonical();
        let found = self.lists.iter().enumerate();
        let found = found.filter_map(|(layer, list)| Some((layer, list.most_specific(address)?)));
        // Of equal ones this is the last.
        found.max_by_key(|(_, entry)| entry.network().prefix_len())
    }

    /// Whether an entry matches the address. Empty layers contain nothing, whatever they are said to mean.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.lists.iter().any(|list| list.contains(address))
    }

    /// Every entry that matches the address, the most specific one first. A network that several layers have is
    /// there once, with the label of the last of them.
    pub fn matches(&self, address: IpAddr) -> impl Iterator<Item = Match<'a>> + use<'a> {
        let mut found: Vec<Match<'a>> =
            self.lists.iter().rev().flat_map(|list| list.matches(address)).collect();
        // Stable: the last layer stays in front.
        found.sort_by_key(|entry| Reverse(entry.network().prefix_len()));
        found.dedup_by_key(|entry| entry.network());
        found.into_iter()
    }

    /// Whether whoever comes from this address is denied. Ask before one of the lists is stored, with the address
    /// of the person who stores it.
    #[must_use]
    pub fn would_lock_out(&self, address: IpAddr) -> bool {
        !self.contains(address) && !self.allows_everyone()
    }

    /// Whether no layer has an entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lists.iter().all(|list| list.is_empty())
    }

    fn allows_everyone(&self) -> bool {
        let open = |list: &&Allowlist| list.when_empty() == EmptyList::AllowsEveryone;
        !self.lists.is_empty() && self.is_empty() && self.lists.iter().all(open)
    }
}
