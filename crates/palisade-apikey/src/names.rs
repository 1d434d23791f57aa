//! The names in a record: text that is checked once, where it enters.

use std::fmt;
use std::str::FromStr;

use palisade_secret::NoRandomness;
use rand::rngs::SysRng;

use crate::base62;
use crate::text::converts_as_text;

/// Defines a name: a wrapper of text that is valid by construction.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:literal, $rule:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
        pub struct $name(String);

        impl $name {
            /// The longest such name, in bytes.
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
                    return Err(InvalidName { what: $what, max: $max, rule: $rule });
                }
                Ok(Self(text.to_owned()))
            }
        }

        converts_as_text!($name, InvalidName, |name: $name| name.0);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), self.0)
            }
        }
    };
}

name! {
    /// The public name of a key, for lists, logs and audit: 1 to 64 characters of
    /// `A-Z a-z 0-9 _ -`. It has nothing in common with the secret.
    ApiKeyId, "a key id", 64, "of A-Z a-z 0-9 _ -",
    |text| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

name! {
    /// To whom a key belongs, such as an organisation's id: 1 to 128 visible ASCII characters.
    ///
    /// # Security
    ///
    /// Take it from what authenticated the request, never from the request's own data.
    Owner, "an owner", 128, "of visible ASCII",
    |text| text.bytes().all(|byte| byte.is_ascii_graphic())
}

name! {
    /// The one server that a bound key works from: 1 to 128 visible ASCII characters.
    ServerId, "a server id", 128, "of visible ASCII",
    |text| text.bytes().all(|byte| byte.is_ascii_graphic())
}

name! {
    /// What people call a key: up to 200 bytes of text, without control characters, without
    /// characters that show nothing or turn the direction of the text, and without white space at
    /// either end.
    KeyName, "a key name", 200,
    "without control and invisible characters and without white space at its ends",
    |text| text.trim().len() == text.len() && !text.chars().any(is_unseen)
}

/// Control characters, and those that make two names look alike or one look like another: zero-width
/// and directional formatting characters, and the byte order mark.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

impl ApiKeyId {
    /// A new random id, such as `key_4fzAPdkM2QnZ0VTYeQw1hS`: 131 bits, independent of any secret.
    ///
    /// # Errors
    ///
    /// [`NoRandomness`] when the operating system's generator fails.
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut text = String::from("key_");
        base62::push_random(&mut text, 22, &mut SysRng).map_err(|_| NoRandomness)?;
        Ok(Self(text))
    }
}

/// Text that cannot be the name it was meant for. It does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} is 1 to {max} bytes {rule}")]
pub struct InvalidName {
    what: &'static str,
    max: usize,
    rule: &'static str,
}
