//! The id of a message, the same in each attempt to deliver it.

use std::fmt;
use std::str::FromStr;

use palisade_secret::NoRandomness;
use rand::TryRng;
use rand::rngs::SysRng;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The id of a message: 1 to 128 characters of visible ASCII, no `.` among them.
///
/// It is made once and stored with the message. Each attempt to deliver carries the same id, by which the
/// receiver knows that it has the message already.
///
/// # Examples
///
/// ```
/// use palisade_webhook::MessageId;
///
/// let id = MessageId::generate()?;
/// assert!(id.as_str().starts_with("msg_"));
/// assert!("a.b".parse::<MessageId>().is_err());
/// # Ok::<(), palisade_secret::NoRandomness>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(Box<str>);

impl MessageId {
    /// The most characters of an id.
    pub const MAX_LEN: usize = 128;

    /// Draws a new id: `msg_` and 27 characters, 160 random bits.
    ///
    /// # Errors
    ///
    /// [`NoRandomness`] when the system's generator fails.
    pub fn generate() -> Result<Self, NoRandomness> {
        const DIGITS: usize = 27;
        let mut id = String::with_capacity(4 + DIGITS);
        id.push_str("msg_");
        while id.len() < 4 + DIGITS {
            let mut bytes = [0; 32];
            SysRng.try_fill_bytes(&mut bytes).map_err(|_| NoRandomness)?;
            // 248 is the highest multiple of 62 in a byte: what lies above would favour the first letters.
            let letters = bytes.iter().filter(|byte| **byte < 248);
            let wanted = 4 + DIGITS - id.len();
            id.extend(
                letters.take(wanted).map(|byte| char::from(ALPHABET[usize::from(byte % 62)])),
            );
        }
        Ok(Self(id.into_boxed_str()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether the bytes are an id; `ends` is the byte that the scheme lets follow it.
pub(crate) fn is_message_id(bytes: &[u8], ends: Option<u8>) -> bool {
    (1..=MessageId::MAX_LEN).contains(&bytes.len())
        // Counted and not searched, so that the compiler looks at many bytes at once.
        && bytes.iter().filter(|byte| !byte.is_ascii_graphic() || Some(**byte) == ends).count() == 0
}

impl FromStr for MessageId {
    type Err = InvalidMessageId;

    fn from_str(text: &str) -> Result<Self, InvalidMessageId> {
        if is_message_id(text.as_bytes(), Some(b'.')) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidMessageId)
        }
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageId({self})")
    }
}

/// Text that cannot be a [`MessageId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message id is 1 to 128 characters of visible ASCII, without a full stop")]
pub struct InvalidMessageId;
