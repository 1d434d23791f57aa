//! How one cookie looks.

use std::time::Duration;

use crate::SessionToken;
use crate::cookie::builder::{CookieSpecBuilder, MAX_AGE};
use crate::cookie::{CookieRefused, SetCookie, SetCookieError, grammar, read_one};

/// The most bytes that name and value have together; a browser drops a longer cookie without a word.
/// RFC 6265bis, section 5.6.
const MAX_NAME_AND_VALUE: usize = 4096;

/// How a cookie looks: its name, its scope and how long it lives.
///
/// Built once, from [`builder`](Self::builder) or one of the constructors that begin with more choices
/// made, and then shared.
///
/// # Examples
///
/// ```
/// use palisade_session::cookie::{CookieError, CookieSpec};
/// use std::time::Duration;
///
/// let spec = CookieSpec::domain("guardian_token", "glassmkr.com")
///     .strict()
///     .max_age(Duration::from_hours(12))
///     .build()?;
/// assert_eq!(
///     spec.remove().expose_secret(),
///     "guardian_token=; HttpOnly; SameSite=Strict; Secure; Path=/; Domain=glassmkr.com; Max-Age=0"
/// );
///
/// let contradiction = CookieSpec::host("sid").domain("glassmkr.com").build();
/// assert_eq!(contradiction.unwrap_err(), CookieError::HostPrefixWithDomain);
/// # Ok::<(), CookieError>(())
/// ```
#[derive(Clone, Debug)]
pub struct CookieSpec {
    pub(super) name: String,
    /// Every attribute but `Max-Age`, as in the header: `; HttpOnly; …`.
    pub(super) attributes: String,
    /// In whole seconds.
    pub(super) max_age: Option<u64>,
}

impl CookieSpec {
    /// A cookie with any name and, unless told otherwise, the safe choices: `Secure`, `HttpOnly`,
    /// `SameSite=Lax`, `Path=/`, for this host only, until the browser is closed.
    pub fn builder(name: &str) -> CookieSpecBuilder {
        CookieSpecBuilder::new(name.to_owned())
    }

    /// A cookie for this host only, named `__Host-<name>`: the choice for a session.
    ///
    /// The prefix makes the browser refuse such a cookie from any other host, from an insecure page or for
    /// a single path, so no sibling can plant one.
    pub fn host(name: &str) -> CookieSpecBuilder {
        CookieSpecBuilder::new(format!("__Host-{name}"))
    }

    /// A cookie for a whole domain: the host `domain` and everything below it.
    ///
    /// # Security
    ///
    /// Every host of the domain receives the cookie, so the least guarded of them guards the session. Every
    /// one of them can also *set* a cookie of this name for the domain, a page on someone else's machine
    /// under `blog.glassmkr.com` included, and the request does not say who set it. Beside the right cookie
    /// such a shadow is refused as [`Ambiguous`](CookieRefused::Ambiguous); alone it signs the user in as
    /// someone else, which nothing here can tell. [`host`](Self::host) has neither weakness.
    pub fn domain(name: &str, domain: &str) -> CookieSpecBuilder {
        Self::builder(name).domain(domain)
    }

    /// `guardian_token`: for a whole domain, `Secure`, `HttpOnly`, `SameSite=Lax`, seven days.
    ///
    /// # Security
    ///
    /// As for [`domain`](Self::domain).
    pub fn guardian_token(domain: &str) -> CookieSpecBuilder {
        Self::domain("guardian_token", domain).lax().max_age(Duration::from_hours(7 * 24))
    }

    /// `glacis_session`: for this host only, `Secure`, `HttpOnly`, `SameSite=Strict`.
    ///
    /// # Security
    ///
    /// Without the prefix `__Host-` any sibling host can shadow this cookie with one for the whole domain.
    /// New services use `CookieSpec::host("glacis_session").strict()`. To move a running one without signing
    /// anyone out: read the new name first, and this one only where the new one is absent; where the old
    /// one signed the user in, set the new and [`remove`](Self::remove) the old; once the longest session
    /// has run out, forget the old name.
    pub fn glacis_session() -> CookieSpecBuilder {
        Self::builder("glacis_session").strict()
    }

    /// The whole name, with its prefix.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How long the browser keeps the cookie; `None` is until it is closed.
    #[must_use]
    pub fn max_age(&self) -> Option<Duration> {
        self.max_age.map(Duration::from_secs)
    }

    /// Sets the cookie to this token, for as long as the spec says.
    ///
    /// # Errors
    ///
    /// As for [`set_text`](Self::set_text).
    pub fn set(&self, token: &SessionToken) -> Result<SetCookie, SetCookieError> {
        self.set_text(token.expose_secret())
    }

    /// Sets the cookie to this token, until the session ends: `remaining` is the rest of its life.
    ///
    /// # Errors
    ///
    /// As for [`set_text`](Self::set_text).
    pub fn set_for(
        &self,
        token: &SessionToken,
        remaining: Duration,
    ) -> Result<SetCookie, SetCookieError> {
        self.set_text_for(token.expose_secret(), remaining)
    }

    /// Sets the cookie to any value of `cookie-octet`: visible ASCII without `"`, `,`, `;` and `\`. Nothing
    /// is encoded. RFC 6265bis, section 4.1.1, also allows one pair of quotes around it, which belong to the
    /// value.
    ///
    /// # Errors
    ///
    /// - [`SetCookieError::Value`]: another character.
    /// - [`SetCookieError::TooLong`]: name and value have more than 4096 bytes.
    pub fn set_text(&self, value: &str) -> Result<SetCookie, SetCookieError> {
        self.write(value, self.max_age)
    }

    /// Sets the cookie to any value, for `remaining` or for as long as the spec says, whichever is shorter.
    ///
    /// The header always has a `Max-Age`, in whole seconds, rounded down: less than a second is
    /// `Max-Age=0`, and the browser drops the cookie, as it should when the session is over. Where the spec
    /// has no `max_age` of its own the limit is 400 days, which is the browser's.
    ///
    /// # Errors
    ///
    /// As for [`set_text`](Self::set_text).
    pub fn set_text_for(
        &self,
        value: &str,
        remaining: Duration,
    ) -> Result<SetCookie, SetCookieError> {
        let limit = self.max_age.unwrap_or(MAX_AGE.as_secs());
        self.write(value, Some(limit.min(remaining.as_secs())))
    }

    /// Removes the cookie: empty, with `Max-Age=0` and the same scope, without which the browser would
    /// remove nothing.
    ///
    /// Only the cookie of this scope goes. A shadow that a sibling host has set stays, and so does the
    /// session itself until the server revokes it.
    pub fn remove(&self) -> SetCookie {
        SetCookie::new(&self.name, "", &self.attributes, Some(0))
    }

    /// The value of this cookie among the `Cookie` fields of a request, as [`read_one`] finds it.
    ///
    /// An empty value counts as no cookie: it is what a client leaves that clears a cookie instead of
    /// dropping it, and never a session.
    ///
    /// # Errors
    ///
    /// As for [`read_one`].
    pub fn read<'h, I, H>(&self, headers: I) -> Result<Option<&'h str>, CookieRefused>
    where
        I: IntoIterator<Item = &'h H>,
        H: AsRef<[u8]> + ?Sized + 'h,
    {
        Ok(read_one(headers, &self.name)?.filter(|value| !value.is_empty()))
    }

    fn write(&self, value: &str, max_age: Option<u64>) -> Result<SetCookie, SetCookieError> {
        if self.name.len() + value.len() > MAX_NAME_AND_VALUE {
            return Err(SetCookieError::TooLong);
        }
        if !grammar::is_value(value) {
            return Err(SetCookieError::Value);
        }
        Ok(SetCookie::new(&self.name, value, &self.attributes, max_age))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use zeroize::Zeroizing;

    use crate::SessionToken;
    use crate::cookie::{CookieSpec, SetCookieError};

    fn token(text: &str) -> SessionToken {
        SessionToken::new(Zeroizing::new(text.to_owned()))
    }

    #[test]
    fn a_token_is_set_as_its_text_is() {
        let spec = CookieSpec::guardian_token("glassmkr.com").build().unwrap();
        let set = spec.set(&token("id.secret")).unwrap();
        assert_eq!(set.expose_secret(), spec.set_text("id.secret").unwrap().expose_secret());
        let hour = Duration::from_hours(1);
        let set = spec.set_for(&token("id.secret"), hour).unwrap();
        assert_eq!(
            set.expose_secret(),
            spec.set_text_for("id.secret", hour).unwrap().expose_secret()
        );
        assert!(set.expose_secret().ends_with("; Max-Age=3600"));
    }

    #[test]
    fn a_token_that_does_not_fit_is_refused() {
        let spec = CookieSpec::glacis_session().build().unwrap();
        let longest = token(&"a".repeat(4096 - "glacis_session".len()));
        let longer = token(&"a".repeat(4097 - "glacis_session".len()));
        assert!(spec.set(&longest).is_ok());
        assert_eq!(spec.set(&longer).unwrap_err(), SetCookieError::TooLong);
        assert_eq!(spec.set_for(&longer, Duration::MAX).unwrap_err(), SetCookieError::TooLong);
    }
}
