//! Whose an epoch token is, and on which machine it works.

use std::fmt;
use std::str::FromStr;

use crate::InvalidName;
use crate::names::named;

/// On whose behalf an epoch token acts, such as `org_1`, the owner of the API key that it was had for:
/// 1 to 128 visible ASCII characters. It stands in the token as `sub`.
///
/// Not a [`UserId`](crate::UserId): nobody is signed in.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct Subject(Box<str>);

impl Subject {
    /// The longest subject, in bytes.
    pub const MAX_LEN: usize = 128;

    /// The subject as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Subject {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        if text.is_empty()
            || text.len() > Self::MAX_LEN
            || !text.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err(InvalidName("a subject is 1 to 128 visible ASCII characters"));
        }
        Ok(Self(text.into()))
    }
}

named!(Subject);

/// The program beside a service that holds an epoch token, such as `sc_7f3a`: 1 to 64 characters of
/// `A-Z a-z 0-9 . _ -`. It stands in the token as `sidecar`.
///
/// It is held in place, so that naming a sidecar does not allocate.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct SidecarId {
    /// Padded with zeros, which no id holds; the order is therefore that of the text.
    bytes: [u8; SidecarId::MAX_LEN],
    len: u8,
}

impl SidecarId {
    /// The longest id, in bytes.
    pub const MAX_LEN: usize = 64;

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // ASCII by construction, so the text is never empty.
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl FromStr for SidecarId {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        const INVALID: InvalidName =
            InvalidName("a sidecar id is 1 to 64 characters of A-Z a-z 0-9 . _ -");
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let mut bytes = [0; Self::MAX_LEN];
        let place = bytes.get_mut(..text.len()).ok_or(INVALID)?;
        if text.is_empty() || !text.bytes().all(allowed) {
            return Err(INVALID);
        }
        place.copy_from_slice(text.as_bytes());
        Ok(Self { bytes, len: u8::try_from(text.len()).map_err(|_| INVALID)? })
    }
}

named!(SidecarId);
