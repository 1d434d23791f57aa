//! Cookies that carry a session: written with care, read with more.
//!
//! A [`CookieSpec`] says once how a cookie looks. It writes the `Set-Cookie` header, removes the cookie
//! with the same scope, and reads it back from the `Cookie` header. Whatever a browser would silently drop
//! or widen is an error: of the builder where the policy is at fault, of the call where the value is.
//!
//! ```
//! use palisade_session::cookie::{CookieRefused, CookieSpec};
//!
//! let spec = CookieSpec::host("glacis_session").strict().build()?;
//! let set = spec.set_text("c2Vzc2lvbg")?; // with a `SessionToken`: `spec.set(&token)`
//! assert_eq!(
//!     set.expose_secret(),
//!     "__Host-glacis_session=c2Vzc2lvbg; HttpOnly; SameSite=Strict; Secure; Path=/"
//! );
//!
//! // One item for each `Cookie` field of the request: HTTP/2 may send several.
//! assert_eq!(spec.read(["theme=dark", "__Host-glacis_session=c2Vzc2lvbg"]), Ok(Some("c2Vzc2lvbg")));
//! let shadowed = "__Host-glacis_session=c2Vzc2lvbg; __Host-glacis_session=evil";
//! assert_eq!(spec.read([shadowed]), Err(CookieRefused::Ambiguous));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Nothing here knows a framework: a header is text. The feature `http` adds the types of the `http`
//! crate: `SetCookie::append_to`, which also forbids caching, and `CookieSpec::read_headers`. Without it,
//! send `Cache-Control: no-store` yourself with every `Set-Cookie`: a cache that keeps such a response
//! hands one user's session to the next.
//!
//! The rules are those of RFC 6265bis, "Cookies: HTTP State Management Mechanism" (draft).

mod builder;
mod error;
mod grammar;
#[cfg(feature = "http")]
mod http;
mod read;
mod set_cookie;
mod spec;

pub use builder::{CookieSpecBuilder, SameSite};
pub use error::{CookieError, SetCookieError};
#[cfg(feature = "http")]
pub use http::TooManyHeaders;
pub use read::{CookieRefused, MAX_HEADER_BYTES, read_one};
pub use set_cookie::SetCookie;
pub use spec::CookieSpec;
