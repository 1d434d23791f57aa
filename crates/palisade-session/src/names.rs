//! The names in a session: text that is checked once, where it enters.

use std::fmt;
use std::str::FromStr;

use base64ct::{Base64UrlUnpadded, Encoding};
use palisade_secret::NoRandomness;
use rand::TryRng;
use rand::rngs::SysRng;

/// Gives a type that is parsed by `FromStr` its other forms: as text, and the conversions that serde
/// goes through, so that what is read passes the same parser as everything else.
macro_rules! named {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.as_str().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), self.as_str())
            }
        }
    };
}

/// Defines a name that is kept on the heap.
macro_rules! text_name {
    ($(#[$doc:meta])* $name:ident, $max:literal, $rule:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
        pub struct $name(Box<str>);

        impl $name {
            /// The longest, in bytes.
            pub const MAX_LEN: usize = $max;

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                let valid: fn(&str) -> bool = $valid;
                if text.is_empty() || text.len() > Self::MAX_LEN || !valid(text) {
                    return Err(InvalidName($rule));
                }
                Ok(Self(text.into()))
            }
        }

        $crate::names::named!($name);
    };
}

/// Defines a name of ASCII that is held in place, so that naming something does not allocate.
macro_rules! place_name {
    ($(#[$doc:meta])* $name:ident, $max:literal, $rule:literal, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
        pub struct $name {
            /// Padded with zeros, which no name holds; the order is therefore that of the text.
            bytes: [u8; $name::MAX_LEN],
            len: u8,
        }

        impl $name {
            /// The longest, in bytes.
            pub const MAX_LEN: usize = $max;

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                // ASCII by construction, so the text is never empty.
                std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                const INVALID: InvalidName = InvalidName($rule);
                let allowed: fn(u8) -> bool = $allowed;
                let mut bytes = [0; Self::MAX_LEN];
                let place = bytes.get_mut(..text.len()).ok_or(INVALID)?;
                if text.is_empty() || !text.bytes().all(allowed) {
                    return Err(INVALID);
                }
                place.copy_from_slice(text.as_bytes());
                Ok(Self { bytes, len: u8::try_from(text.len()).map_err(|_| INVALID)? })
            }
        }

        $crate::names::named!($name);
    };
}
pub(crate) use {named, place_name, text_name};

text_name! {
    /// Who is signed in, such as `usr_01`: 1 to 128 visible ASCII characters. It stands in signed tokens
    /// as `sub`.
    ///
    /// # Security
    ///
    /// One that never changes and is never given to another person: not an email address.
    UserId, 128, "a user id is 1 to 128 visible ASCII characters",
    |text| text.bytes().all(|byte| byte.is_ascii_graphic())
}

place_name! {
    /// The public name of a session, for lists, logs and audit: 1 to 32 characters of `A-Z a-z 0-9 _ -`.
    /// It stands in signed tokens as `sid`, and before the dot of opaque ones.
    ///
    /// It opens nothing: an opaque token has a secret beside it, and a signed one a signature. It is held
    /// in place, so that naming a session does not allocate.
    SessionId, 32, "a session id is 1 to 32 characters of A-Z a-z 0-9 _ -",
    |byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

impl SessionId {
    /// The length of a generated id: 128 bits in base64url.
    pub(crate) const GENERATED_LEN: usize = 22;

    /// A new random id of 128 bits, in base64url: 22 characters.
    ///
    /// # Errors
    ///
    /// [`NoRandomness`] when the operating system's generator fails.
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut random = [0; 16];
        SysRng.try_fill_bytes(&mut random).map_err(|_| NoRandomness)?;
        let mut bytes = [0; Self::MAX_LEN];
        // The place is as long as the text, so this does not fail.
        let len = Base64UrlUnpadded::encode(&random, &mut bytes[..Self::GENERATED_LEN])
            .map_or(0, str::len);
        Ok(Self { bytes, len: u8::try_from(len).unwrap_or_default() })
    }
}

text_name! {
    /// What a customer sees of the device of a session, such as `Firefox on Linux`: up to 100 bytes of
    /// text, without control characters, without characters that show nothing or turn the direction of
    /// the text, and without white space at either end.
    DeviceLabel, 100,
    "a device label is 1 to 100 bytes without control and invisible characters and without white space \
     at its ends",
    |text| text.trim().len() == text.len() && !text.chars().any(is_unseen)
}

impl DeviceLabel {
    /// A label of known words alone, so never a stranger's text.
    pub(crate) fn of_words(browser: &str, system: &str) -> Self {
        Self(format!("{browser} on {system}").into())
    }
}

/// Control characters, and those that make two labels look alike or one look like another: zero-width
/// and directional formatting characters, the byte order mark, letters and tags that are blank.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{34f}' | '\u{115f}' | '\u{1160}'
                | '\u{17b4}' | '\u{17b5}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}'
                | '\u{e0000}'..='\u{e007f}')
}

/// Text that cannot be the name it was meant for. It does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidName(pub(crate) &'static str);
