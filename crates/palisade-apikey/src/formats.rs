//! The registry of all formats of a service.

use crate::format::{FormatError, KeyFormat, Malformed, refuse_unread};
use crate::key::PresentedKey;

/// All formats of a service. No two prefixes overlap, so a key belongs to one format or to none.
///
/// # Examples
///
/// ```
/// use palisade_apikey::{Formats, KeyFormat, Malformed};
///
/// let formats = Formats::new([KeyFormat::new("glc_live")?, KeyFormat::new("glc_test")?])?;
/// let key = formats.parse("glc_live_0000000000000000000000000000000000000000000_FvAH")?;
/// assert_eq!(key.format().environment(), Some("live"));
/// assert_eq!(key.mask().to_string(), "glc_live_…FvAH");
///
/// let swapped = "glc_test_0000000000000000000000000000000000000000000_FvAH";
/// assert_eq!(formats.parse(swapped).unwrap_err(), Malformed::Checksum);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Formats(Vec<KeyFormat>);

impl Formats {
    /// A registry of these formats.
    ///
    /// # Errors
    ///
    /// [`FormatError::NoFormats`] when there are none; [`FormatError::Overlap`] when one prefix is
    /// another, or begins another up to a `_`.
    pub fn new(formats: impl IntoIterator<Item = KeyFormat>) -> Result<Self, FormatError> {
        let formats: Vec<KeyFormat> = formats.into_iter().collect();
        if formats.is_empty() {
            return Err(FormatError::NoFormats);
        }
        let begins = |short: &str, long: &str| {
            long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        };
        for (index, a) in formats.iter().enumerate() {
            for b in &formats[index + 1..] {
                if begins(a.prefix(), b.prefix()) || begins(b.prefix(), a.prefix()) {
                    return Err(FormatError::Overlap(a.prefix().to_owned(), b.prefix().to_owned()));
                }
            }
        }
        Ok(Self(formats))
    }

    /// Finds the format of a presented key and checks its shape and checksum. It borrows and
    /// allocates nothing, and looks at no store.
    ///
    /// # Errors
    ///
    /// [`Malformed`]: which part is wrong, never what would have been right.
    pub fn parse<'k>(&self, text: &'k str) -> Result<PresentedKey<'k, '_>, Malformed> {
        refuse_unread(text)?;
        self.0
            .iter()
            .find(|format| format.has_prefix_of(text.as_bytes()))
            .ok_or(Malformed::Prefix)?
            .parse_after_prefix(text)
    }

    /// The format with this prefix.
    #[must_use]
    pub fn find(&self, prefix: &str) -> Option<&KeyFormat> {
        self.0.iter().find(|format| format.prefix() == prefix)
    }

    /// All formats, in the order they were given.
    pub fn iter(&self) -> impl Iterator<Item = &KeyFormat> {
        self.0.iter()
    }
}
