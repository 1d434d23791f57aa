//! What is sent.

use std::fmt;

use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};

/// How many headers a message may have.
pub const MAX_HEADERS: usize = 64;

/// The longest value of a header, in bytes.
const MAX_VALUE: usize = 8 * 1024;

/// What a message does not set, since the connection does, or since it would change what a request is.
const OURS: [HeaderName; 10] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::USER_AGENT,
    header::EXPECT,
    header::TE,
    header::TRAILER,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
];

/// A body and its headers, for [`Egress::post`](super::Egress::post).
///
/// `Debug` shows sizes: headers and body may hold secrets and signatures.
#[derive(Clone)]
pub struct Message {
    headers: HeaderMap,
    body: Bytes,
}

impl Message {
    /// A message without headers of its own.
    pub fn new(body: impl Into<Bytes>) -> Self {
        Self { headers: HeaderMap::new(), body: body.into() }
    }

    /// Adds a header.
    ///
    /// # Errors
    ///
    /// [`InvalidMessage`]: name or value is none that there can be, or there are too many; the name is one that is set
    /// by the connection, or was given before.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, InvalidMessage> {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| InvalidMessage::Name)?;
        if OURS.contains(&name) || name.as_str().starts_with("proxy-") {
            return Err(InvalidMessage::Reserved);
        }
        if value.len() > MAX_VALUE || !value.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'))
        {
            return Err(InvalidMessage::Value);
        }
        if self.headers.contains_key(&name) {
            return Err(InvalidMessage::Twice);
        }
        if self.headers.len() >= MAX_HEADERS {
            return Err(InvalidMessage::TooMany);
        }
        let value = HeaderValue::from_str(value).map_err(|_| InvalidMessage::Value)?;
        self.headers.insert(name, value);
        Ok(self)
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    pub(super) fn body(&self) -> &Bytes {
        &self.body
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("headers", &self.headers.len())
            .field("body", &self.body.len())
            .finish()
    }
}

/// Why a message is not sent with such a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidMessage {
    /// The name is not a token of HTTP.
    #[error("the name of the header is empty or has a sign in it that no name has")]
    Name,
    /// The value is too long or not visible ASCII.
    #[error("the value of the header is longer than {MAX_VALUE} bytes or not visible ASCII")]
    Value,
    /// It is set by the connection.
    #[error("this header is set by the connection; leave it out")]
    Reserved,
    /// There is one of that name.
    #[error("the header was given twice")]
    Twice,
    /// More than [`MAX_HEADERS`].
    #[error("there are more than {MAX_HEADERS} headers")]
    TooMany,
}

impl InvalidMessage {
    /// A short, stable word for logs and programs.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Name => "header_name",
            Self::Value => "header_value",
            Self::Reserved => "header_reserved",
            Self::Twice => "header_twice",
            Self::TooMany => "headers_too_many",
        }
    }
}
