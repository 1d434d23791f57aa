//! Which addresses requests may go to.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use palisade::allowlist::{Allowlist, BuildError, Entry, LabelError};

use super::networks::{DENIED, not_public};
use super::target::Scheme;

/// What to do with the addresses of the own machine, `127.0.0.0/8` and `::1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loopback {
    /// They are refused like all others that are not public.
    Refuse,
    /// They are reached, and without TLS too: for development. It opens nothing else.
    Allow,
}

/// The ports that requests go to unless others are opened: those of HTTPS.
pub const PORTS: [u16; 2] = [443, 8443];

/// Which addresses requests may go to: all that no list denies.
#[derive(Clone, Debug)]
pub(super) struct Destinations {
    /// What nobody's messages go to.
    special: Allowlist,
    /// What the operator denies besides.
    extra: Option<Allowlist>,
    loopback: Loopback,
    ports: BTreeSet<u16>,
}

/// Why an address is refused, for the operator's log: never for the customer, who would learn by it how the internal
/// network looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Denied<'a> {
    /// The label of the network, or what else it is.
    pub(super) why: &'a str,
}

impl Destinations {
    pub(super) fn new(loopback: Loopback, extra: Option<Allowlist>) -> Result<Self, ListError> {
        let others = not_public()
            .map(|network| Entry::new(network, "not public"))
            .collect::<Result<Vec<_>, _>>()?;
        // Of a network that is there twice, the later label counts.
        let list = DENIED
            .iter()
            .fold(Allowlist::builder().extend(others), |list, (network, label)| {
                list.push(network, label)
            })
            .reject_host_bits();
        Ok(Self { special: list.build()?.0, extra, loopback, ports: PORTS.into() })
    }

    pub(super) fn open_ports(mut self, ports: impl IntoIterator<Item = u16>) -> Self {
        self.ports.extend(ports);
        self
    }

    /// Whether a request may go to the port.
    pub(super) fn has_port(&self, port: u16, scheme: Scheme) -> bool {
        scheme == Scheme::Http || self.ports.contains(&port)
    }

    pub(super) fn ports(&self) -> impl Iterator<Item = u16> {
        self.ports.iter().copied()
    }

    pub(super) fn loopback(&self) -> Loopback {
        self.loopback
    }

    /// Whether a request may go to the address.
    pub(super) fn judge(&self, address: IpAddr, scheme: Scheme) -> Result<(), Denied<'_>> {
        let address = address.to_canonical();
        if let Some(denied) = self.extra.as_ref().and_then(|list| denied_by(list, address)) {
            return Err(denied);
        }
        // Only where the address itself is loopback: one that carries 127.0.0.1 leads elsewhere.
        if self.loopback == Loopback::Allow && address.is_loopback() {
            return Ok(());
        }
        if scheme == Scheme::Http {
            return Err(Denied { why: "plain HTTP to another machine" });
        }
        denied_by(&self.special, address).map_or(Ok(()), Err)
    }
}

/// The entry that denies the address, or an IPv4 address that it carries.
///
/// Of those forms that are no longer in use, or only within one network, the whole networks are denied. What is left to
/// look into are NAT64, by which networks with nothing but IPv6 reach public addresses, and ISATAP, which has no
/// network of its own.
fn denied_by(list: &Allowlist, address: IpAddr) -> Option<Denied<'_>> {
    let explained = list.explain(address);
    let itself = explained.matches().first().copied();
    itself
        .or_else(|| explained.embedded()?.entry())
        .or_else(|| list.matches(isatap(address)?.into()).next())
        .map(|entry| Denied { why: entry.label() })
}

/// The IPv4 address in an address of ISATAP: `0:5efe:a.b.c.d` or `200:5efe:a.b.c.d` in any network (RFC 5214 section
/// 6.1).
fn isatap(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(address) = address else { return None };
    match address.segments() {
        [.., 0 | 0x200, 0x5efe, high, low] => {
            Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)))
        }
        _ => None,
    }
}

/// The built-in list does not build, which a test rules out.
#[derive(Debug, thiserror::Error)]
pub(super) enum ListError {
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    Label(#[from] LabelError),
}

#[cfg(test)]
mod tests;
