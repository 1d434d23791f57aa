//! A request as it is signed.

use std::fmt::{self, Write as _};

use super::component::{Component, Kind};
use super::error::MessageRefused;
use super::target::Target;
use crate::Headers;
use crate::structured::{MAX_HEADER, trim};

/// A request, without its body: what a signature is made of and checked against.
///
/// The target is the whole URI, as the client knows it. Behind a proxy, put it together from the scheme and
/// the authority of your configuration and the path and query of the request.
///
/// # Examples
///
/// ```
/// use palisade_webhook::MessageRequest;
///
/// let headers = [("Content-Type", "application/json")];
/// let request = MessageRequest::new("POST", "https://example.com/hooks?v=1", &headers)?;
/// assert!(MessageRequest::new("POST", "/hooks?v=1", &headers).is_err());
/// # Ok::<(), palisade_webhook::MessageRefused>(())
/// ```
pub struct MessageRequest<'r, H: ?Sized> {
    pub(super) method: &'r str,
    pub(super) target: Target<'r>,
    pub(super) headers: &'r H,
}

/// The longest method.
const MAX_METHOD: usize = 32;

impl<'r, H: Headers + ?Sized> MessageRequest<'r, H> {
    /// A request by its method, its absolute URI and its headers.
    ///
    /// # Errors
    ///
    /// [`MessageRefused::MalformedRequest`] when the method is none, or the URI is no absolute `http` or
    /// `https` URI, or has a user or a fragment.
    pub fn new(method: &'r str, uri: &'r str, headers: &'r H) -> Result<Self, MessageRefused> {
        let is_method = (1..=MAX_METHOD).contains(&method.len())
            && method.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        let target = Target::read(uri).filter(|_| is_method);
        let target = target.ok_or(MessageRefused::MalformedRequest)?;
        Ok(Self { method, target, headers })
    }

    /// The signature base (RFC 9421 section 2.5): a line for each component, and the parameters.
    ///
    /// `digest` stands in for the header `Content-Digest` of a request that does not have it yet.
    pub(super) fn base(
        &self,
        components: &[Component],
        params: &str,
        digest: Option<&str>,
    ) -> Result<String, MessageRefused> {
        let mut base = String::with_capacity(512);
        for component in components {
            // Writing to a `String` does not fail.
            let _ = write!(base, "{component}: ");
            self.write_value(component, digest, &mut base)?;
            base.push('\n');
        }
        let _ = write!(base, "\"@signature-params\": {params}");
        Ok(base)
    }

    fn write_value(
        &self,
        component: &Component,
        digest: Option<&str>,
        base: &mut String,
    ) -> Result<(), MessageRefused> {
        let target = &self.target;
        match &component.0 {
            Kind::Method => base.push_str(self.method),
            Kind::TargetUri => base.push_str(target.uri),
            Kind::Authority => base.push_str(&target.authority),
            Kind::Scheme => base.push_str(target.scheme),
            Kind::Path => base.push_str(target.path),
            Kind::Query => base.push_str(target.query.unwrap_or("?")),
            Kind::RequestTarget => base.extend([target.path, target.query.unwrap_or_default()]),
            Kind::QueryParam(name) => {
                base.push_str(&target.query_param(name).ok_or(MessageRefused::MissingComponent)?);
            }
            Kind::ContentDigest => match digest {
                Some(digest) => base.push_str(digest),
                None => self.write_field("content-digest", base)?,
            },
            Kind::Field(name) => self.write_field(name, base)?,
        }
        Ok(())
    }

    /// All values of a field, joined (section 2.1).
    ///
    /// Control characters are refused, line ends among them: with those, one value could be written that
    /// looks like two lines of the base.
    fn write_field(&self, name: &str, base: &mut String) -> Result<(), MessageRefused> {
        let (mut count, mut len) = (0_usize, 0_usize);
        for value in self.headers.values(name) {
            len = len.saturating_add(value.len());
            if len > MAX_HEADER {
                return Err(MessageRefused::ComponentTooLong);
            }
            let text = std::str::from_utf8(trim(value))
                .ok()
                .filter(|text| text.bytes().all(|b| matches!(b, b'\t' | b' '..=b'~')))
                .ok_or(MessageRefused::MalformedComponent)?;
            base.extend([if count == 0 { "" } else { ", " }, text]);
            count += 1;
        }
        if count == 0 { Err(MessageRefused::MissingComponent) } else { Ok(()) }
    }
}

impl<H: ?Sized> fmt::Debug for MessageRequest<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageRequest").field("method", &self.method).finish_non_exhaustive()
    }
}
