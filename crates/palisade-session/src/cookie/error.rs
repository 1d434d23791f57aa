//! Why a cookie is not to be, and why a value is not for one.

/// Why a [`CookieSpec`](super::CookieSpec) cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CookieError {
    /// The name is no token of RFC 9110, begins with `$`, or is a prefix and nothing more or twice over.
    #[error(
        "the name of a cookie is letters, digits and !#$%&'*+-.^_`|~, does not begin with $, and has a \
         prefix once at most with a name after it"
    )]
    Name,
    /// A prefix such as `__Host-` promises `Secure`.
    #[error("a cookie with this prefix has to be Secure")]
    PrefixWithoutSecure,
    /// `__Host-` promises that the cookie belongs to one host.
    #[error("a cookie with the prefix __Host- has no Domain")]
    HostPrefixWithDomain,
    /// `__Host-` promises that the cookie is for the whole host.
    #[error("a cookie with the prefix __Host- has the Path /")]
    HostPrefixWithPath,
    /// `__Http-` and `__Host-Http-` promise that no script sees the cookie.
    #[error("a cookie with this prefix has to be HttpOnly")]
    HttpPrefixReadableByScripts,
    /// `SameSite=None` is for secure cookies only.
    #[error("a cookie with SameSite=None has to be Secure")]
    SameSiteNoneWithoutSecure,
    /// The domain is no name of a host of two parts or more: an address, a port, an empty part, a character
    /// beyond letters, digits and `-`. An international name is written in its `xn--` form.
    #[error("a domain is the name of a host, with a dot within, of letters, digits and hyphens")]
    Domain,
    /// The path does not begin with `/`, is longer than 1024 bytes, or holds what no path of a request does.
    #[error("a path begins with /, has 1024 bytes at most, and is visible ASCII without ; ? and #")]
    Path,
    /// The life is under a second, with which nobody would stay signed in, or over 400 days, which browsers
    /// cut short.
    #[error("a cookie lives for one second to 400 days")]
    MaxAge,
}

/// Why a value cannot be set.
///
/// It holds nothing of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetCookieError {
    /// The value holds a space, a control character, one of `"` `,` `;` `\`, or something beyond ASCII.
    #[error("the value holds a character that a cookie cannot")]
    Value,
    /// Name and value have more than 4096 bytes together, and the browser would drop the cookie silently.
    #[error("the value is too long for a cookie")]
    TooLong,
}
