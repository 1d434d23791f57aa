//! Cookies to and from the header types of the `http` crate.

use ::http::HeaderMap;
use ::http::header::{CACHE_CONTROL, COOKIE, HeaderValue, SET_COOKIE};

use crate::cookie::{CookieRefused, CookieSpec, SetCookie};

/// The response has as many headers as fit; the cookie was not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the response has too many headers")]
pub struct TooManyHeaders;

impl SetCookie {
    /// The value of the header, marked as sensitive: its `Debug` shows nothing, and HTTP/2 does not index
    /// it.
    ///
    /// The header value is a copy, which is not wiped when it is dropped.
    #[must_use]
    pub fn to_header_value(&self) -> HeaderValue {
        // What is in here is visible ASCII and spaces. If it ever were not, an empty header sets nothing.
        let mut value = HeaderValue::from_str(self.expose_secret())
            .unwrap_or_else(|_| HeaderValue::from_static(""));
        value.set_sensitive(true);
        value
    }

    /// Adds the `Set-Cookie` to a response, beside those it has, and forbids to cache it.
    ///
    /// Whatever `Cache-Control` the response had is replaced by `no-store`, which is stricter than any
    /// other; call this after what sets that header. Of two `Set-Cookie` of one name and scope the last
    /// holds.
    ///
    /// # Errors
    ///
    /// [`TooManyHeaders`], and then the cookie is not set; the response may be left with `no-store`.
    pub fn append_to(&self, headers: &mut HeaderMap) -> Result<(), TooManyHeaders> {
        // In this order, a response with the cookie is never one that may be cached.
        headers
            .try_insert(CACHE_CONTROL, HeaderValue::from_static("no-store"))
            .map_err(|_| TooManyHeaders)?;
        headers.try_append(SET_COOKIE, self.to_header_value()).map_err(|_| TooManyHeaders)?;
        Ok(())
    }
}

impl CookieSpec {
    /// The value of this cookie in the headers of a request, as [`read`](Self::read) finds it in all their
    /// `Cookie` fields.
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read).
    ///
    /// # Examples
    ///
    /// ```
    /// use http::HeaderMap;
    /// use palisade_session::cookie::CookieSpec;
    ///
    /// let spec = CookieSpec::host("glacis_session").strict().build()?;
    /// let mut response = HeaderMap::new();
    /// spec.set_text("c2Vzc2lvbg")?.append_to(&mut response)?;
    /// assert_eq!(response["cache-control"], "no-store");
    ///
    /// let mut request = HeaderMap::new();
    /// request.append("cookie", "theme=dark".parse()?);
    /// request.append("cookie", "__Host-glacis_session=c2Vzc2lvbg".parse()?);
    /// assert_eq!(spec.read_headers(&request)?, Some("c2Vzc2lvbg"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_headers<'h>(
        &self,
        headers: &'h HeaderMap,
    ) -> Result<Option<&'h str>, CookieRefused> {
        self.read(headers.get_all(COOKIE))
    }
}
