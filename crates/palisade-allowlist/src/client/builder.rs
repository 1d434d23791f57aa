//! How a trust policy is built.

use std::sync::Arc;

use super::MAX_HOPS;
use super::everyone::everyone;
use super::forwarded::is_token;
use super::policy::{Source, TrustPolicy};
use crate::{Allowlist, Family};

/// A header with a list of addresses, to which each proxy appends the one that called it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For: 192.0.2.43, 10.0.0.7`.
    XForwardedFor,
    /// `Forwarded: for=192.0.2.43;proto=https, for="[2001:db8::7]:4711"` (RFC 7239).
    Forwarded,
}

impl ForwardedHeader {
    /// The name of the header in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
        }
    }
}

/// Builds a [`TrustPolicy`].
#[derive(Debug, Clone)]
#[must_use = "a builder builds nothing until `build`"]
pub struct TrustPolicyBuilder {
    proxies: Allowlist,
    choice: Choice,
    header: Option<ForwardedHeader>,
    two_headers: bool,
    everyone_is_a_proxy: bool,
    unix_socket_too: bool,
}

#[derive(Debug, Clone)]
pub(super) enum Choice {
    Ranges,
    Hops(usize),
    Single(Arc<str>),
}

impl TrustPolicyBuilder {
    pub(super) fn new(proxies: Allowlist, choice: Choice) -> Self {
        Self {
            proxies,
            choice,
            header: None,
            two_headers: false,
            everyone_is_a_proxy: false,
            unix_socket_too: false,
        }
    }

    /// Which header the proxies append to. There is no default, since a header that the proxies pass on untouched is
    /// one that clients write.
    pub fn header(mut self, header: ForwardedHeader) -> Self {
        self.two_headers |= self.header.is_some_and(|chosen| chosen != header);
        self.header = Some(header);
        self
    }

    /// Believes a Unix socket about the header of [`TrustPolicy::single`], as where the tunnel of the provider runs on
    /// this machine. The other policies do so anyway.
    ///
    /// # Security
    ///
    /// Only if nothing but the provider's own program connects to the socket. A usual proxy passes on the header as
    /// it came, so whoever calls that proxy without the provider could name any address.
    pub fn from_unix_socket_too(mut self) -> Self {
        self.unix_socket_too = true;
        self
    }

    /// Takes a list of proxies that covers all of IPv4 or all of IPv6, or nearly all public addresses of either.
    ///
    /// # Security
    ///
    /// Whoever can connect is then taken for a proxy, and can say that any address is the client's. Only where the
    /// network lets nobody but the proxy connect.
    pub fn dangerous_trust_everyone(mut self) -> Self {
        self.everyone_is_a_proxy = true;
        self
    }

    /// Builds the policy.
    ///
    /// # Errors
    ///
    /// [`InvalidTrust`], one for each mistake.
    pub fn build(self) -> Result<TrustPolicy, InvalidTrust> {
        if !self.everyone_is_a_proxy
            && let Some(family) = everyone(&self.proxies)
        {
            return Err(InvalidTrust::Everyone { family });
        }
        if self.two_headers {
            return Err(InvalidTrust::TwoHeaders);
        }
        let source = match (self.choice, self.header) {
            (Choice::Single(_), Some(_)) => return Err(InvalidTrust::TwoHeaders),
            (Choice::Single(_), None) if self.proxies.is_empty() && !self.unix_socket_too => {
                return Err(InvalidTrust::NoProxies);
            }
            (Choice::Single(name), None) => {
                Source::Single { name: single(&name)?, unix_socket_too: self.unix_socket_too }
            }
            (_, None) => return Err(InvalidTrust::NoHeader),
            (Choice::Ranges, Some(header)) => Source::Ranges(header),
            (Choice::Hops(count), Some(header)) => Source::Hops(header, counted(count)?),
        };
        Ok(TrustPolicy::behind(self.proxies, source))
    }
}

fn counted(count: usize) -> Result<usize, InvalidTrust> {
    match count {
        0 => Err(InvalidTrust::NoHops),
        1..=MAX_HOPS => Ok(count),
        _ => Err(InvalidTrust::TooManyHops),
    }
}

fn single(name: &str) -> Result<Arc<str>, InvalidTrust> {
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err(InvalidTrust::HeaderName);
    }
    let lists = [ForwardedHeader::XForwardedFor, ForwardedHeader::Forwarded];
    match lists.into_iter().find(|list| name.eq_ignore_ascii_case(list.name())) {
        Some(header) => Err(InvalidTrust::ListAsSingle { header }),
        None => Ok(name.to_ascii_lowercase().into()),
    }
}

/// Why a trust policy was not built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTrust {
    /// The list of proxies covers a whole family, or nearly all of its public addresses, so that anybody could forge
    /// any address.
    #[error(
        "the list of proxies holds all public {family} addresses, so anybody could forge any address"
    )]
    Everyone {
        /// Which one.
        family: Family,
    },
    /// Nobody said which header the proxies append to.
    #[error("say with header which header the proxies append to")]
    NoHeader,
    /// There are two headers to read. The proxies write one of them, and clients the other.
    #[error("there are two headers to read; the proxies write only one of them")]
    TwoHeaders,
    /// No network of a provider that writes a single-value header.
    #[error("the list of proxies is empty, so nobody could write the header")]
    NoProxies,
    /// A count of no hops; see [`TrustPolicy::direct`].
    #[error("there is no hop to take where there is no proxy; that is the policy direct")]
    NoHops,
    /// A count of more than [`MAX_HOPS`].
    #[error("there are more than {MAX_HOPS} hops")]
    TooManyHops,
    /// No name that a header can have.
    #[error("that is no name of a header")]
    HeaderName,
    /// A header that holds a list, as the one that holds a single address. Its whole value is the client's to choose.
    #[error("the header {} holds a list, not one address; use ranges or hops", .header.name())]
    ListAsSingle {
        /// Which one.
        header: ForwardedHeader,
    },
}
