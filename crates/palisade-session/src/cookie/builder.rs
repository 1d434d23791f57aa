//! The choices of a cookie, checked together.

use std::time::Duration;

use crate::cookie::{CookieError, CookieSpec, grammar};

/// The longest life of a cookie: a browser shortens whatever is longer. RFC 6265bis, section 5.5.
pub(super) const MAX_AGE: Duration = Duration::from_hours(400 * 24);

/// The prefixes that a browser enforces, each longer one before those it begins with. RFC 6265bis, section
/// 4.1.3, and the draft "Cookies: HTTP State Management Mechanism, layered".
const PREFIXES: [(&str, Demands); 4] = [
    ("__Host-Http-", Demands { http_only: true, host_only: true }),
    ("__Host-", Demands { http_only: false, host_only: true }),
    ("__Http-", Demands { http_only: true, host_only: false }),
    ("__Secure-", Demands { http_only: false, host_only: false }),
];

/// What a prefix demands beside `Secure`.
#[derive(Clone, Copy)]
struct Demands {
    http_only: bool,
    host_only: bool,
}

/// With which requests from other sites a browser sends the cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// With none: a user who follows a link from elsewhere arrives signed out, until the next click.
    Strict,
    /// With links that are followed, and never with a form or a script of another site.
    Lax,
    /// With all: what a form on any site sends is sent as the user. Needs `Secure`, and a defence against
    /// cross-site requests of its own.
    None,
}

/// Builds a [`CookieSpec`]; the safe choices are made unless others are named.
#[derive(Clone, Debug)]
#[must_use]
pub struct CookieSpecBuilder {
    name: String,
    domain: Option<String>,
    path: String,
    max_age: Option<Duration>,
    same_site: SameSite,
    secure: bool,
    http_only: bool,
}

impl CookieSpecBuilder {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            domain: None,
            path: "/".to_owned(),
            max_age: None,
            same_site: SameSite::Lax,
            secure: true,
            http_only: true,
        }
    }

    /// For the host of this name and all below it, instead of the one host that sets the cookie.
    ///
    /// A leading dot and the case of letters mean nothing to a browser and are dropped.
    ///
    /// # Security
    ///
    /// As for [`CookieSpec::domain`]. Whether everyone may register names under the domain, as under
    /// `co.uk`, is not checked; a browser refuses such a cookie.
    pub fn domain(mut self, domain: &str) -> Self {
        self.domain = Some(domain.to_owned());
        self
    }

    /// Sent with requests for this path and those below it only.
    ///
    /// # Security
    ///
    /// A path keeps a cookie out of requests, not out of reach: other paths of the host can read and set it.
    pub fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// How long the browser keeps the cookie: one second to 400 days. Without it, until it is closed.
    ///
    /// This is for the browser's tidiness. A session ends where it is stored, on the server.
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// With which requests from other sites the cookie is sent.
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// [`SameSite::Strict`].
    pub fn strict(self) -> Self {
        self.same_site(SameSite::Strict)
    }

    /// [`SameSite::Lax`], as it is when nothing is said.
    pub fn lax(self) -> Self {
        self.same_site(SameSite::Lax)
    }

    /// Leaves out `Secure`.
    ///
    /// # Security
    ///
    /// The cookie is then sent in clear to whoever can lure the browser to an `http:` address of the host.
    /// There is no need for it on a developer's machine: browsers treat `http://localhost` as secure.
    pub fn dangerous_without_secure(mut self) -> Self {
        self.secure = false;
        self
    }

    /// Leaves out `HttpOnly`.
    ///
    /// # Security
    ///
    /// Every script on the page can then read the cookie and send it elsewhere. A session never needs this.
    pub fn dangerous_readable_by_scripts(mut self) -> Self {
        self.http_only = false;
        self
    }

    /// Checks the choices against each other.
    ///
    /// # Errors
    ///
    /// A [`CookieError`] for whatever a browser would refuse, ignore or shorten.
    pub fn build(self) -> Result<CookieSpec, CookieError> {
        self.check_prefix()?;
        grammar::check_path(&self.path)?;
        let domain = self.domain.as_deref().map(grammar::domain).transpose()?;
        if self.same_site == SameSite::None && !self.secure {
            return Err(CookieError::SameSiteNoneWithoutSecure);
        }
        if self.max_age.is_some_and(|age| age < Duration::from_secs(1) || age > MAX_AGE) {
            return Err(CookieError::MaxAge);
        }
        Ok(CookieSpec {
            attributes: self.attributes(domain.as_deref()),
            max_age: self.max_age.map(|max_age| max_age.as_secs()),
            name: self.name,
        })
    }

    /// Browsers look for a prefix in any case, so that `__HOST-` cannot pose as `__Host-`.
    fn check_prefix(&self) -> Result<(), CookieError> {
        if !grammar::is_name(&self.name) {
            return Err(CookieError::Name);
        }
        let Some((rest, demands)) = split_prefix(&self.name) else { return Ok(()) };
        if rest.is_empty() || split_prefix(rest).is_some() {
            return Err(CookieError::Name);
        }
        if !self.secure {
            return Err(CookieError::PrefixWithoutSecure);
        }
        if demands.http_only && !self.http_only {
            return Err(CookieError::HttpPrefixReadableByScripts);
        }
        if demands.host_only && self.domain.is_some() {
            return Err(CookieError::HostPrefixWithDomain);
        }
        if demands.host_only && self.path != "/" {
            return Err(CookieError::HostPrefixWithPath);
        }
        Ok(())
    }

    /// Written once, by the `cookie` crate, which checks nothing: whatever goes in has been checked here.
    ///
    /// The value stays away from it: text that grows as it is formatted leaves copies behind.
    fn attributes(&self, domain: Option<&str>) -> String {
        let mut cookie = ::cookie::Cookie::build(("", ""))
            .path(self.path.as_str())
            .http_only(self.http_only)
            // Said in both cases: left open, `SameSite=None` would bring it along.
            .secure(self.secure)
            .same_site(match self.same_site {
                SameSite::Strict => ::cookie::SameSite::Strict,
                SameSite::Lax => ::cookie::SameSite::Lax,
                SameSite::None => ::cookie::SameSite::None,
            });
        if let Some(domain) = domain {
            cookie = cookie.domain(domain);
        }
        let text = cookie.build().to_string();
        text.strip_prefix('=').unwrap_or(&text).to_owned()
    }
}

/// The rest of a name after its prefix, and what the prefix demands.
fn split_prefix(name: &str) -> Option<(&str, Demands)> {
    PREFIXES.iter().find_map(|(prefix, demands)| {
        let (head, rest) = name.split_at_checked(prefix.len())?;
        head.eq_ignore_ascii_case(prefix).then_some((rest, *demands))
    })
}
