//! Whom to believe about the client's address.

use std::net::IpAddr;
use std::sync::Arc;

use super::builder::{Choice, TrustPolicyBuilder};
use super::hop::{self, trim};
use super::hops::Hops;
use super::{AddressRefused, ClientIp, FieldLines, ForwardedHeader, Peer, Provenance};
use crate::Allowlist;

/// As many hops of a header are read. No honest request passes through as many proxies, and the rest of a longer
/// header need not be looked at.
pub const MAX_HOPS: usize = 64;

/// Whom to believe about the client's address. Built once; a clone costs two atomic additions at most.
///
/// A header is a claim. It is worth something only if a proxy of ours wrote it, so each policy that reads one knows
/// the networks of the proxies and reads nothing from anybody else. It reads exactly one header: from a second one,
/// which the proxies pass on untouched, a client could choose an address.
///
/// | the service is | policy |
/// |---|---|
/// | reached by clients themselves | [`direct`](Self::direct) |
/// | behind proxies whose networks are known | [`ranges`](Self::ranges) |
/// | behind a fixed number of proxies, of which only the last one's network is known | [`hops`](Self::hops) |
/// | behind a provider that names the client in a header of its own | [`single`](Self::single) |
///
/// A Unix socket is a trusted proxy: the permissions of its file say who may connect. Only a policy with a `single`
/// header does not trust it unless [it is told so](TrustPolicyBuilder::from_unix_socket_too), since the proxies of
/// this machine are not the provider.
///
/// # Examples
///
/// ```
/// use std::net::SocketAddr;
/// use palisade_allowlist::{Allowlist, ForwardedHeader, Provenance, TrustPolicy};
///
/// let (proxies, _) = Allowlist::builder().push("10.0.0.0/8", "Load balancers").build()?;
/// let policy = TrustPolicy::ranges(proxies).header(ForwardedHeader::XForwardedFor).build()?;
///
/// let headers = [("X-Forwarded-For", "198.51.100.1, 192.0.2.7, 10.0.0.9")];
/// let peer: SocketAddr = "10.0.0.8:41034".parse()?;
/// let client = policy.resolve(peer, &headers)?;
/// assert_eq!(client.address().to_string(), "192.0.2.7");
/// assert_eq!(client.provenance(), Provenance::Header);
///
/// // Nobody else is believed.
/// let peer: SocketAddr = "203.0.113.5:9000".parse()?;
/// assert_eq!(policy.resolve(peer, &headers)?.address(), peer.ip());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct TrustPolicy {
    behind: Option<(Allowlist, Source)>,
}

#[derive(Debug, Clone)]
pub(super) enum Source {
    Ranges(ForwardedHeader),
    Hops(ForwardedHeader, usize),
    Single {
        /// In lower case.
        name: Arc<str>,
        unix_socket_too: bool,
    },
}

impl Source {
    fn trusts_unix_sockets(&self) -> bool {
        !matches!(self, Self::Single { unix_socket_too: false, .. })
    }
}

impl TrustPolicy {
    /// The peer is the client. No header is read.
    #[must_use]
    pub fn direct() -> Self {
        Self { behind: None }
    }

    /// The client is the first hop from the right that is none of `proxies`.
    ///
    /// A list without entries trusts nobody but Unix sockets, whatever it is said to mean.
    pub fn ranges(proxies: Allowlist) -> TrustPolicyBuilder {
        TrustPolicyBuilder::new(proxies, Choice::Ranges)
    }

    /// The client is the hop number `count` from the right, counted from 1: as many as there are proxies.
    ///
    /// Only if the peer is one of `proxies`. Otherwise whoever reaches the service beside the proxies could write as
    /// many hops as it counts. All hops up to the client's must be addresses.
    ///
    /// # Security
    ///
    /// Each proxy must be reachable through the one before it alone. Only the last one's address is checked; the
    /// others are counted. Whoever calls an inner proxy directly is one hop short and writes that hop, and so chooses the
    /// address. Where the networks of all proxies are known, prefer [`ranges`](Self::ranges), which has no such
    /// condition.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::net::IpAddr;
    /// use palisade_allowlist::{Allowlist, ForwardedHeader, TrustPolicy};
    ///
    /// let (proxies, _) = Allowlist::builder().push("10.0.0.0/24", "Ingress").build()?;
    /// // A content network calls the ingress, which calls us.
    /// let policy = TrustPolicy::hops(2, proxies).header(ForwardedHeader::XForwardedFor).build()?;
    ///
    /// let headers = [("X-Forwarded-For", "198.51.100.1, 192.0.2.7, 203.0.113.80")];
    /// let ingress: IpAddr = "10.0.0.3".parse()?;
    /// assert_eq!(policy.resolve(ingress, &headers)?.address().to_string(), "192.0.2.7");
    ///
    /// let stranger: IpAddr = "198.51.100.9".parse()?;
    /// assert_eq!(policy.resolve(stranger, &headers)?.address(), stranger);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hops(count: usize, proxies: Allowlist) -> TrustPolicyBuilder {
        TrustPolicyBuilder::new(proxies, Choice::Hops(count))
    }

    /// The client is named by a header with one address in it, such as `CF-Connecting-IP`. `proxies` are the networks
    /// of the provider that writes it, and no others.
    ///
    /// The value may have a port, as in the other headers.
    ///
    /// # Security
    ///
    /// Another proxy in the list would pass on what a client wrote there. So would one that calls over a Unix socket,
    /// which is therefore refused; see [`from_unix_socket_too`](TrustPolicyBuilder::from_unix_socket_too).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::net::IpAddr;
    /// use palisade_allowlist::{AddressRefused, Allowlist, TrustPolicy};
    ///
    /// let (provider, _) = Allowlist::builder().push("198.51.100.0/24", "Provider").build()?;
    /// let policy = TrustPolicy::single("CF-Connecting-IP", provider).build()?;
    ///
    /// let edge: IpAddr = "198.51.100.20".parse()?;
    /// let client = policy.resolve(edge, &[("cf-connecting-ip", "2001:db8::7")])?;
    /// assert_eq!(client.address().to_string(), "2001:db8::7");
    ///
    /// let refused = policy.resolve(edge, &[("x-real-ip", "2001:db8::7")]).unwrap_err();
    /// assert_eq!(refused, AddressRefused::MissingHeader { peer: Some(edge) });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn single(header_name: &str, proxies: Allowlist) -> TrustPolicyBuilder {
        TrustPolicyBuilder::new(proxies, Choice::Single(header_name.into()))
    }

    pub(super) fn behind(proxies: Allowlist, source: Source) -> Self {
        Self { behind: Some((proxies, source)) }
    }

    /// Finds the address of the client. It allocates nothing, and looks at no more of the header than it needs.
    ///
    /// A peer that is no trusted proxy is the client, and what it sent in headers is not read. The hops of a trusted
    /// one are read from the right; each is `ip`, `v4:port`, `[v6]` or `[v6]:port`, without a zone. All field lines
    /// of the name are one list. IPv4-mapped addresses are IPv4.
    ///
    /// # Errors
    ///
    /// [`AddressRefused`]: every doubt is a refusal, and none a guess.
    ///
    /// # Examples
    ///
    /// ```
    /// use palisade_allowlist::{AddressRefused, Allowlist, ForwardedHeader, Peer, TrustPolicy};
    ///
    /// let (proxies, _) = Allowlist::builder().push("10.0.0.0/8", "").build()?;
    /// let policy = TrustPolicy::ranges(proxies).header(ForwardedHeader::Forwarded).build()?;
    ///
    /// let headers = [("Forwarded", r#"for="[2001:db8::7]:4711";proto=https, for=10.0.0.9"#)];
    /// let client = policy.resolve(Peer::UnixSocket, &headers)?;
    /// assert_eq!(client.address().to_string(), "2001:db8::7");
    ///
    /// let refused = policy.resolve(Peer::UnixSocket, &[("Forwarded", "for=unknown")]).unwrap_err();
    /// assert_eq!(refused.reason(), "client_hop_invalid");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn resolve(
        &self,
        peer: impl Into<Peer>,
        headers: &(impl FieldLines + ?Sized),
    ) -> Result<ClientIp, AddressRefused> {
        let peer = peer.into().address().map_err(|_| AddressRefused::NoPeerAddress)?;
        let Some((proxies, source)) = &self.behind else {
            let address = peer.ok_or(AddressRefused::NoPeerAddress)?;
            return Ok(ClientIp::new(address, Provenance::Peer));
        };
        match peer {
            Some(address) if !proxies.contains(address) => {
                return Ok(ClientIp::new(address, Provenance::Peer));
            }
            None if !source.trusts_unix_sockets() => return Err(AddressRefused::NoPeerAddress),
            _ => {}
        }
        match source {
            Source::Ranges(header) => first_stranger(proxies, peer, *header, headers),
            Source::Hops(header, count) => counted_hop(*count, peer, *header, headers),
            Source::Single { name, .. } => only_value(peer, headers.field_lines(name)),
        }
    }
}

fn first_stranger(
    proxies: &Allowlist,
    peer: Option<IpAddr>,
    header: ForwardedHeader,
    headers: &(impl FieldLines + ?Sized),
) -> Result<ClientIp, AddressRefused> {
    let mut last_trusted = peer;
    let mut leftmost = None;
    for (index, hop) in Hops::new(header, headers.field_lines(header.name())).enumerate() {
        if index == MAX_HOPS {
            return Err(AddressRefused::TooManyHops);
        }
        let address = match hop {
            Ok(address) => address,
            Err(_) if index == 0 && is_blank(header, headers) => break,
            Err(problem) => {
                return Err(AddressRefused::InvalidHop { index, problem, last_trusted });
            }
        };
        if !proxies.contains(address) {
            return Ok(ClientIp::new(address, Provenance::Header));
        }
        last_trusted = Some(address);
        leftmost = Some(address);
    }
    let address = leftmost.ok_or(AddressRefused::MissingHeader { peer })?;
    Ok(ClientIp::new(address, Provenance::AllTrusted))
}

fn counted_hop(
    wanted: usize,
    peer: Option<IpAddr>,
    header: ForwardedHeader,
    headers: &(impl FieldLines + ?Sized),
) -> Result<ClientIp, AddressRefused> {
    let mut last_trusted = peer;
    let mut found = 0;
    for (index, hop) in Hops::new(header, headers.field_lines(header.name())).enumerate() {
        let address = match hop {
            Ok(address) => address,
            Err(_) if index == 0 && is_blank(header, headers) => break,
            Err(problem) => {
                return Err(AddressRefused::InvalidHop { index, problem, last_trusted });
            }
        };
        found = index + 1;
        if found == wanted {
            return Ok(ClientIp::new(address, Provenance::Header));
        }
        last_trusted = Some(address);
    }
    Err(AddressRefused::ChainTooShort { found, wanted })
}

fn only_value<'a>(
    peer: Option<IpAddr>,
    mut lines: impl Iterator<Item = &'a [u8]>,
) -> Result<ClientIp, AddressRefused> {
    let value = trim(lines.next().unwrap_or_default());
    if lines.next().is_some() {
        return Err(AddressRefused::RepeatedHeader);
    }
    if value.is_empty() {
        return Err(AddressRefused::MissingHeader { peer });
    }
    match hop::parse(value) {
        Ok(address) => Ok(ClientIp::new(address, Provenance::Header)),
        Err(problem) => Err(AddressRefused::InvalidHeader { problem }),
    }
}

/// Whether there is nothing but white space in the header, which then is as good as none.
#[cold]
fn is_blank(header: ForwardedHeader, headers: &(impl FieldLines + ?Sized)) -> bool {
    headers.field_lines(header.name()).all(|line| trim(line).is_empty())
}
