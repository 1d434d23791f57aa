//! What a signature can cover.

use std::fmt;

use super::target::{decode, encode_query};

/// A part of a request that a signature covers: a header field, or what RFC 9421 section 2.2 derives from
/// the method and the URI.
///
/// `Display` writes the identifier as it stands in `Signature-Input`.
///
/// # Examples
///
/// ```
/// use palisade_webhook::Component;
///
/// assert_eq!(Component::METHOD.to_string(), r#""@method""#);
/// assert_eq!(Component::field("Content-Type")?.to_string(), r#""content-type""#);
/// assert_eq!(Component::query_param("a b")?.to_string(), r#""@query-param";name="a%20b""#);
/// # Ok::<(), palisade_webhook::InvalidComponent>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Component(pub(super) Kind);

#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Method,
    TargetUri,
    Authority,
    Scheme,
    RequestTarget,
    Path,
    Query,
    /// The name, decoded.
    QueryParam(Box<str>),
    /// The name in lower case.
    Field(Box<str>),
    /// The same as `Field("content-digest")`, which is never made.
    ContentDigest,
}

const CONTENT_DIGEST: &str = "content-digest";

/// The longest name of a field or of a parameter, decoded, in bytes.
const MAX_NAME: usize = 256;

impl Component {
    /// `@method`.
    pub const METHOD: Self = Self(Kind::Method);
    /// `@target-uri`: the whole URI.
    pub const TARGET_URI: Self = Self(Kind::TargetUri);
    /// `@authority`: the host in lower case, and the port unless it is the usual one.
    pub const AUTHORITY: Self = Self(Kind::Authority);
    /// `@scheme`: `https` or `http`.
    pub const SCHEME: Self = Self(Kind::Scheme);
    /// `@request-target`: path and query, as they stand in the first line of the request.
    pub const REQUEST_TARGET: Self = Self(Kind::RequestTarget);
    /// `@path`.
    pub const PATH: Self = Self(Kind::Path);
    /// `@query`, with its question mark.
    pub const QUERY: Self = Self(Kind::Query);
    /// The field `content-digest`, by which a signature covers the body.
    pub const CONTENT_DIGEST: Self = Self(Kind::ContentDigest);

    /// A header field. All its values are covered, joined as RFC 9421 section 2.1 says.
    ///
    /// # Security
    ///
    /// How many times the field came is not covered: `17, 18` in one and `17` and `18` in two are signed alike.
    /// Refuse a field that comes twice, unless it is a list to you.
    ///
    /// # Errors
    ///
    /// [`InvalidComponent`] when this is no name of a field, or has more than 256 bytes.
    pub fn field(name: &str) -> Result<Self, InvalidComponent> {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(is_name) {
            return Err(InvalidComponent);
        }
        if name.eq_ignore_ascii_case(CONTENT_DIGEST) {
            return Ok(Self::CONTENT_DIGEST);
        }
        Ok(Self(Kind::Field(name.to_ascii_lowercase().into())))
    }

    /// `@query-param`: the value of one parameter of the query, by its decoded name. A parameter that is
    /// there twice cannot be covered.
    ///
    /// # Errors
    ///
    /// [`InvalidComponent`] when the name has more than 256 bytes.
    pub fn query_param(name: &str) -> Result<Self, InvalidComponent> {
        if name.len() > MAX_NAME {
            return Err(InvalidComponent);
        }
        Ok(Self(Kind::QueryParam(name.into())))
    }

    /// Reads an identifier without its parameters, which only `@query-param` has. `None`: not supported.
    pub(super) fn from_wire(text: &str, name: Option<&str>) -> Option<Self> {
        let kind = match (text, name) {
            ("@query-param", Some(name)) => {
                // Of the ways to encode a name, the identifier has one.
                let decoded = decode(name).filter(|decoded| encode_query(decoded) == name)?;
                return Self::query_param(&decoded).ok();
            }
            (_, Some(_)) => return None,
            ("@method", None) => Kind::Method,
            ("@target-uri", None) => Kind::TargetUri,
            ("@authority", None) => Kind::Authority,
            ("@scheme", None) => Kind::Scheme,
            ("@request-target", None) => Kind::RequestTarget,
            ("@path", None) => Kind::Path,
            ("@query", None) => Kind::Query,
            (text, None) if text.bytes().any(|byte| byte.is_ascii_uppercase()) => return None,
            (text, None) => return Self::field(text).ok(),
        };
        Some(Self(kind))
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match &self.0 {
            Kind::Method => "@method",
            Kind::TargetUri => "@target-uri",
            Kind::Authority => "@authority",
            Kind::Scheme => "@scheme",
            Kind::RequestTarget => "@request-target",
            Kind::Path => "@path",
            Kind::Query => "@query",
            Kind::ContentDigest => CONTENT_DIGEST,
            Kind::Field(name) => name,
            Kind::QueryParam(name) => {
                f.write_str("\"@query-param\";name=")?;
                return super::input::write_text(f, &encode_query(name));
            }
        };
        super::input::write_text(f, name)
    }
}

impl fmt::Debug for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Component({self})")
    }
}

/// Text that is no name of a header field, or a name that is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no name of a header field, or a name that is too long")]
pub struct InvalidComponent;
