//! What a list says about an address.

use std::net::IpAddr;

use crate::Network;

/// What a list says about an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a decision that nobody looks at lets everyone in"]
pub enum Decision<'a> {
    /// An entry matches: this is the most specific one.
    Allowed(Match<'a>),
    /// No entry matches.
    Denied(Denied),
    /// The list has no entry at all, and its owner said that this allows everyone.
    AllowedByEmptyList,
}

impl<'a> Decision<'a> {
    /// Turns the decision into a result, so that `?` stops who is denied.
    ///
    /// # Errors
    ///
    /// [`Denied`], which carries the address and nothing of the list.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::net::IpAddr;
    /// use palisade_allowlist::{Allowlist, Denied};
    ///
    /// fn guard(list: &Allowlist, address: IpAddr) -> Result<(), Denied> {
    ///     let allowed = list.check(address).require()?;
    ///     println!("let in by {:?}", allowed.map(|entry| entry.label()));
    ///     Ok(())
    /// }
    /// ```
    pub fn require(self) -> Result<Option<Match<'a>>, Denied> {
        match self {
            Self::Allowed(entry) => Ok(Some(entry)),
            Self::AllowedByEmptyList => Ok(None),
            Self::Denied(denied) => Err(denied),
        }
    }

    /// The entry that matches, if one does.
    #[must_use]
    pub fn entry(self) -> Option<Match<'a>> {
        match self {
            Self::Allowed(entry) => Some(entry),
            Self::AllowedByEmptyList | Self::Denied(_) => None,
        }
    }
}

/// An entry of a list, borrowed from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Match<'a> {
    network: Network,
    label: &'a str,
}

impl<'a> Match<'a> {
    pub(crate) fn new(network: Network, label: &'a str) -> Self {
        Self { network, label }
    }

    /// The network.
    #[must_use]
    pub fn network(&self) -> Network {
        self.network
    }

    /// Its label, empty where it has none.
    #[must_use]
    pub fn label(&self) -> &'a str {
        self.label
    }
}

/// The address is on no list that allows it.
///
/// Its text is safe to show to the caller: it names the caller's own address, so that they can ask for it to be
/// allowed, and nothing of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the address {address} is not on the allowlist")]
pub struct Denied {
    address: IpAddr,
}

impl Denied {
    pub(crate) fn new(address: IpAddr) -> Self {
        Self { address }
    }

    /// The address, in canonical form.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// A short, stable word for the audit log and for metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        "address_not_allowed"
    }
}

/// What a list without entries means. There is no default: an empty file must not open a door in silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EmptyList {
    /// Nobody is allowed.
    DeniesEveryone,
    /// Everybody is allowed: the list restricts nothing until it has its first entry.
    AllowsEveryone,
}
