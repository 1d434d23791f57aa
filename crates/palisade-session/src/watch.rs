//! What makes the use of a session suspicious.

use std::net::IpAddr;

use crate::record::Suspicion;
use crate::{DeviceLabel, Origin, SessionRecord, UserAgent};

/// Looks at every use of a session; what it finds suspicious ends the session.
///
/// It must be quick: it runs on each request. A closure will do.
///
/// # Security
///
/// Addresses of honest people change: from one network to another, from IPv4 to IPv6, with every proxy.
/// Most services ask for the password again ([`Sessions::require_recent`](crate::Sessions)) rather than
/// sign people out. What is not known of a request, such as a missing `User-Agent`, is no change in the
/// two policies here.
pub trait Watch: Send + Sync {
    /// What is suspicious about this use, if anything is.
    fn judge(&self, session: &SessionRecord, origin: &Origin<'_>) -> Option<Suspicion>;
}

impl<F> Watch for F
where
    F: Fn(&SessionRecord, &Origin<'_>) -> Option<Suspicion> + Send + Sync,
{
    fn judge(&self, session: &SessionRecord, origin: &Origin<'_>) -> Option<Suspicion> {
        self(session, origin)
    }
}

/// A session stays with its browser and system: `Firefox on Linux` does not become `Chrome on Windows`.
/// A new version of the same browser is no change.
#[derive(Clone, Copy, Debug, Default)]
pub struct SameDevice;

impl Watch for SameDevice {
    fn judge(&self, session: &SessionRecord, origin: &Origin<'_>) -> Option<Suspicion> {
        let before = session.user_agent.as_ref()?.as_str();
        let now = origin.user_agent.filter(|now| *now != before)?;
        // What was kept is compared with what would be kept, so that a long header is no change.
        let now = UserAgent::cut(now);
        let now = now.as_str();
        let same = match (DeviceLabel::of_user_agent(before), DeviceLabel::of_user_agent(now)) {
            (None, None) => now == before,
            (before, now) => before == now,
        };
        (!same).then_some(Suspicion::UserAgent)
    }
}

/// A session stays within a network: from one use to the next, the address keeps its first bits.
///
/// # Security
///
/// A change between IPv4 and IPv6 is no change of network, since many devices have both; the address that is
/// noted then is the new one. A thief who has both can therefore pass from one network to another in two
/// steps.
#[derive(Clone, Copy, Debug)]
pub struct SameNetwork {
    ipv4_bits: u32,
    ipv6_bits: u32,
}

impl SameNetwork {
    /// The same first bits of an address, at most 32 and 128; more means all of them.
    #[must_use]
    pub fn new(ipv4_bits: u32, ipv6_bits: u32) -> Self {
        Self { ipv4_bits: ipv4_bits.min(32), ipv6_bits: ipv6_bits.min(128) }
    }
}

impl Watch for SameNetwork {
    fn judge(&self, session: &SessionRecord, origin: &Origin<'_>) -> Option<Suspicion> {
        let shared = |a: u128, b: u128, width: u32| (a ^ b).leading_zeros() - (128 - width);
        let same = match (session.address?.to_canonical(), origin.address?.to_canonical()) {
            (IpAddr::V4(before), IpAddr::V4(now)) => {
                shared(before.to_bits().into(), now.to_bits().into(), 32) >= self.ipv4_bits
            }
            (IpAddr::V6(before), IpAddr::V6(now)) => {
                shared(before.to_bits(), now.to_bits(), 128) >= self.ipv6_bits
            }
            _ => true,
        };
        (!same).then_some(Suspicion::Address)
    }
}
