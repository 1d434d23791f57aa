//! A URL that was checked.

use std::fmt;
use std::net::IpAddr;

use hyper::Uri;
use hyper::header::HeaderValue;
use tokio_rustls::rustls::pki_types::ServerName;
use url::{Host, ParseError, Position, Url};

use super::Loopback;

/// The longest URL, in bytes, as it is written and as it is sent.
pub const MAX_URL: usize = 2048;

/// A URL that a request may be sent to, as far as a URL alone tells.
///
/// Holding one means that its form was checked; see [`Egress::target`](super::Egress::target). Where its host is a
/// name, the addresses behind it are judged at each request.
///
/// Path and query often hold a secret, so neither `Debug` nor `Display` shows them.
#[derive(Clone)]
pub struct Target {
    scheme: Scheme,
    host: Host<String>,
    port: u16,
    tls_name: ServerName<'static>,
    authority: HeaderValue,
    path: Uri,
}

/// What is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// Without TLS: to the own machine alone, in development.
    Http,
    Https,
}

impl Target {
    /// Checks a URL by the rules of the WHATWG URL Standard, so that an address is found in whatever way it is
    /// written (`0x7f.1`, `2130706433`, full-width digits), and refuses what that standard would mend in silence.
    pub(super) fn parse(text: &str, loopback: Loopback) -> Result<Self, InvalidTarget> {
        if text.len() > MAX_URL {
            return Err(InvalidTarget::TooLong);
        }
        // The parser removes tabs and line ends, and takes `\` for `/`.
        if text.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err(InvalidTarget::Character);
        }
        let (scheme, rest) = text.split_once("://").ok_or(InvalidTarget::Form)?;
        let scheme = match loopback {
            _ if scheme.eq_ignore_ascii_case("https") => Scheme::Https,
            Loopback::Allow if scheme.eq_ignore_ascii_case("http") => Scheme::Http,
            Loopback::Allow | Loopback::Refuse => return Err(InvalidTarget::Scheme),
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        // The parser skips further slashes to find a host.
        if authority.is_empty() {
            return Err(InvalidTarget::Host);
        }
        if authority.contains('@') {
            return Err(InvalidTarget::UserInfo);
        }
        let url = Url::parse(text)?;
        if url.fragment().is_some() {
            return Err(InvalidTarget::Fragment);
        }
        let target = Self::checked(scheme, &url)?;
        match target.name() {
            Some("localhost") if loopback == Loopback::Allow => Ok(target),
            // What such a name means is a matter of the network that it is used in.
            Some(name) if !name.contains('.') => Err(InvalidTarget::SingleLabel),
            _ => Ok(target),
        }
    }

    fn checked(scheme: Scheme, url: &Url) -> Result<Self, InvalidTarget> {
        if url.as_str().len() > MAX_URL {
            return Err(InvalidTarget::TooLong);
        }
        let host = match url.host().ok_or(InvalidTarget::Host)? {
            // The dot says that a name is complete. Neither certificates nor virtual hosts know it.
            Host::Domain(name) => Host::Domain(name.strip_suffix('.').unwrap_or(name).to_owned()),
            Host::Ipv4(address) => Host::Ipv4(address),
            Host::Ipv6(address) => Host::Ipv6(address),
        };
        let tls_name = match &host {
            Host::Domain(name) if name.ends_with('.') => return Err(InvalidTarget::Host),
            Host::Domain(name) => {
                ServerName::try_from(name.clone()).map_err(|_| InvalidTarget::Host)?
            }
            Host::Ipv4(address) => ServerName::from(IpAddr::from(*address)),
            // The address of an IPv4-mapped one is IPv4, and so is the one in its certificate.
            Host::Ipv6(address) => ServerName::from(IpAddr::from(*address).to_canonical()),
        };
        let port = url.port_or_known_default().filter(|port| *port != 0);
        // Without the port where it is the usual one of the scheme.
        let authority = match url.port() {
            None => host.to_string(),
            Some(port) => format!("{host}:{port}"),
        };
        Ok(Self {
            scheme,
            host,
            port: port.ok_or(InvalidTarget::Port)?,
            tls_name,
            authority: authority.try_into().map_err(|_| InvalidTarget::Host)?,
            path: url[Position::BeforePath..].parse().map_err(|_| InvalidTarget::Path)?,
        })
    }

    /// The name or address of the host, and the port where it is not the usual one: what `Host` says.
    pub(super) fn authority(&self) -> &HeaderValue {
        &self.authority
    }

    /// Path and query.
    pub(super) fn path(&self) -> &Uri {
        &self.path
    }

    pub(super) fn scheme(&self) -> Scheme {
        self.scheme
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The name that the certificate has to be for; nothing without TLS.
    pub(super) fn tls_name(&self) -> Option<&ServerName<'static>> {
        (self.scheme == Scheme::Https).then_some(&self.tls_name)
    }

    /// The address, where the host is one.
    pub(super) fn address(&self) -> Option<IpAddr> {
        match self.host {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
        }
    }

    /// Whether the host is a name of this machine by its form: `localhost` or one below it (RFC 6761 section 6.3).
    pub(super) fn has_local_name(&self) -> bool {
        self.name().is_some_and(|name| name == "localhost" || name.ends_with(".localhost"))
    }

    /// The name, where the host is one.
    pub(super) fn name(&self) -> Option<&str> {
        match &self.host {
            Host::Domain(name) => Some(name),
            Host::Ipv4(_) | Host::Ipv6(_) => None,
        }
    }
}

/// Scheme, host and port, for logs.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self}/…)")
    }
}

/// Why a URL cannot be called. The text says what to do, and repeats nothing of the URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTarget {
    /// More than [`MAX_URL`] bytes.
    #[error("the URL is longer than {MAX_URL} bytes; use a shorter one")]
    TooLong,
    /// White space, a control character or a backslash.
    #[error(
        "the URL has white space, a control character or a backslash in it; remove or percent-encode it"
    )]
    Character,
    /// It is no absolute URL.
    #[error("this is not an absolute URL; write one such as https://example.com/webhooks")]
    Form,
    /// Another scheme.
    #[error("the URL has to begin with https://")]
    Scheme,
    /// Plain HTTP to another machine than this one.
    #[error("plain HTTP is only for this machine; write https:// for every other host")]
    PlainHttp,
    /// A user name or a password.
    #[error(
        "the URL has a user name or an @ before the host; remove it, since messages are signed"
    )]
    UserInfo,
    /// No host, or none that there can be.
    #[error("the URL has no valid host; write a name such as example.com")]
    Host,
    /// A name without a dot.
    #[error(
        "the URL's host is a name of an internal network; write a full one such as example.com"
    )]
    SingleLabel,
    /// Port 0 or one beyond 65535.
    #[error("the port is not one from 1 to 65535")]
    Port,
    /// A port that is not open; [`Egress::ports`](super::Egress::ports) are.
    #[error("nothing is sent to this port")]
    ClosedPort,
    /// What is never sent.
    #[error("the URL has a fragment, which is never sent; remove # and what follows")]
    Fragment,
    /// Signs that no request may hold.
    #[error("the path or the query has a sign in it that has to be percent-encoded")]
    Path,
    /// The host is an address where nothing is sent to.
    #[error(
        "the URL's host is an address that is not reachable from the internet; use a public one"
    )]
    Address,
}

impl InvalidTarget {
    /// A short, stable word for logs and programs.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::TooLong => "url_too_long",
            Self::Character => "url_character",
            Self::Form => "url_form",
            Self::Scheme => "url_scheme",
            Self::PlainHttp => "url_plain_http",
            Self::UserInfo => "url_user_info",
            Self::Host => "url_host",
            Self::SingleLabel => "url_single_label",
            Self::Port => "url_port",
            Self::ClosedPort => "url_port_closed",
            Self::Fragment => "url_fragment",
            Self::Path => "url_path",
            Self::Address => "refused_address",
        }
    }
}

impl From<ParseError> for InvalidTarget {
    fn from(error: ParseError) -> Self {
        match error {
            ParseError::InvalidPort => Self::Port,
            ParseError::RelativeUrlWithoutBase => Self::Form,
            _ => Self::Host,
        }
    }
}

#[cfg(test)]
mod tests;
