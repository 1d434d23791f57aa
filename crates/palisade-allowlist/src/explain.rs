//! Why a list decides as it does.

use std::fmt;
use std::net::IpAddr;

use crate::spans::{Span, covered_v4, covered_v6};
use crate::table::Address;
use crate::{Allowlist, Decision, Embedded, Family, Match};

impl Allowlist {
    /// Why the list decides as it does about an address: every entry that matches, and where none does, the nearest
    /// ones and what else may be behind it.
    ///
    /// For a person who asks, not for each request: of an address that is denied, it looks through the whole list.
    ///
    /// # Security
    ///
    /// For operators. It tells what the list holds; a stranger is shown [`Denied`](crate::Denied) and no more.
    ///
    /// # Examples
    ///
    /// ```
    /// use palisade_allowlist::Allowlist;
    ///
    /// let (list, _) = Allowlist::builder()
    ///     .push("192.0.2.0/28", "Office")
    ///     .push("192.0.2.64/26", "Data centre")
    ///     .build()?;
    /// let explanation = list.explain("192.0.2.20".parse()?);
    /// assert_eq!(
    ///     explanation.to_string(),
    ///     "192.0.2.20 is denied: no entry matches\n\
    ///      nearest below: 192.0.2.0/28 (Office), with 4 addresses between\n\
    ///      nearest above: 192.0.2.64/26 (Data centre), with 43 addresses between"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn explain(&self, address: IpAddr) -> Explanation<'_> {
        let address = address.to_canonical();
        let family = Family::of(address);
        let matches: Vec<_> = self.matches(address).collect();
        let (below, above) = match address {
            _ if !matches.is_empty() => (None, None),
            IpAddr::V4(address) => self.nearest(u32::from(address), covered_v4(self)),
            IpAddr::V6(address) => self.nearest(u128::from(address), covered_v6(self)),
        };
        Explanation {
            address,
            decision: self.check(address),
            family_is_listed: !matches.is_empty() || below.is_some() || above.is_some(),
            family,
            matches,
            below,
            above,
            embedded: Embedded::within(address, self),
        }
    }

    /// The entries on both sides of an address that none holds.
    fn nearest<K: Address + Into<u128>>(
        &self,
        address: K,
        covered: impl Iterator<Item = Span<K>>,
    ) -> (Option<Nearest<'_>>, Option<Nearest<'_>>) {
        let (mut below, mut above) = (None, None);
        for span in covered {
            if span.first > address {
                above = Some(span.first);
                break;
            }
            below = Some(span.last);
        }
        let nearest = |edge: K| {
            let entry = self.most_specific(edge.network(K::BITS).first())?;
            let between = edge.into().abs_diff(address.into()).saturating_sub(1);
            Some(Nearest { entry, between })
        };
        (below.and_then(nearest), above.and_then(nearest))
    }
}

/// Why a list decides as it does about an address; see [`Allowlist::explain`].
///
/// Its text is a few short lines for a person, without a line break at the end. It is for operators: it tells what
/// the list holds.
#[derive(Debug, Clone)]
pub struct Explanation<'a> {
    address: IpAddr,
    decision: Decision<'a>,
    family: Family,
    family_is_listed: bool,
    matches: Vec<Match<'a>>,
    below: Option<Nearest<'a>>,
    above: Option<Nearest<'a>>,
    embedded: Option<Embedded<'a>>,
}

impl<'a> Explanation<'a> {
    /// The address, in canonical form.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// The decision, the same as of [`Allowlist::check`].
    pub fn decision(&self) -> Decision<'a> {
        self.decision
    }

    /// Every entry that matches, the most specific one first.
    #[must_use]
    pub fn matches(&self) -> &[Match<'a>] {
        &self.matches
    }

    /// The nearest entry whose addresses are lower, where nothing matches. Of several that end at the same address
    /// it is the most specific one.
    #[must_use]
    pub fn nearest_below(&self) -> Option<Nearest<'a>> {
        self.below
    }

    /// The nearest entry whose addresses are higher, where nothing matches. Of several that begin at the same
    /// address it is the most specific one.
    #[must_use]
    pub fn nearest_above(&self) -> Option<Nearest<'a>> {
        self.above
    }

    /// Whether the list has any entry of the address's family. A list that was written for IPv4 alone denies whoever
    /// comes by IPv6.
    #[must_use]
    pub fn family_is_listed(&self) -> bool {
        self.family_is_listed
    }

    /// The IPv4 address that this IPv6 address carries, where it is of a form that carries one.
    ///
    /// It never counts for a decision: whoever can choose an IPv6 address can choose what is in it.
    #[must_use]
    pub fn embedded(&self) -> Option<Embedded<'a>> {
        self.embedded
    }
}

/// An entry beside an address, and how far away it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nearest<'a> {
    entry: Match<'a>,
    between: u128,
}

impl<'a> Nearest<'a> {
    /// The entry.
    #[must_use]
    pub fn entry(&self) -> Match<'a> {
        self.entry
    }

    /// How many addresses lie between the entry and the address that was asked about, neither counted; 0 where the
    /// one is next to the other.
    #[must_use]
    pub fn addresses_between(&self) -> u128 {
        self.between
    }
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.address;
        match self.decision {
            Decision::Allowed(entry) => {
                write!(f, "{address} is allowed by {}", Named(entry))?;
                for wider in self.matches.iter().skip(1) {
                    write!(f, "\n{} allows it, too", Named(*wider))?;
                }
                return Ok(());
            }
            Decision::AllowedByEmptyList => {
                return write!(
                    f,
                    "{address} is allowed: the list has no entry and allows everyone"
                );
            }
            Decision::Denied(_) => write!(f, "{address} is denied: no entry matches")?,
        }
        if self.family_is_listed {
            side(f, "below", self.below)?;
            side(f, "above", self.above)?;
        } else {
            write!(f, "\nno entry is {}: whoever comes by {0} is denied", self.family)?;
        }
        match self.embedded.and_then(|embedded| Some((embedded, embedded.entry()?))) {
            Some((carried, entry)) => {
                let (address, form, entry) = (carried.address(), carried.form(), Named(entry));
                write!(f, "\nit carries {address} ({form}), which {entry} would allow")?;
                f.write_str("; an address inside of another never counts")
            }
            None => Ok(()),
        }
    }
}

fn side(f: &mut fmt::Formatter<'_>, name: &str, nearest: Option<Nearest<'_>>) -> fmt::Result {
    match nearest {
        Some(Nearest { entry, between }) => {
            let s = if between == 1 { "" } else { "es" };
            write!(f, "\nnearest {name}: {}, with {between} address{s} between", Named(entry))
        }
        None => write!(f, "\nnearest {name}: none"),
    }
}

/// An entry with its label in brackets.
struct Named<'a>(Match<'a>);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.label() {
            "" => self.0.network().fmt(f),
            label => write!(f, "{} ({label})", self.0.network()),
        }
    }
}
