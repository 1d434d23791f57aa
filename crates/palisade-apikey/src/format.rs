//! What a key looks like.

use std::fmt;

use palisade_secret::NoRandomness;
use rand::TryCryptoRng;
use rand::rngs::SysRng;

use crate::base62;
use crate::key::{ApiKey, PresentedKey};

/// The longest prefix, in bytes.
const MAX_PREFIX: usize = 64;

/// The shortest body: 22 base62 digits carry 131 bits, the least that cannot be guessed.
const MIN_BODY: usize = 22;

/// The longest body; more adds no security.
const MAX_BODY: usize = 128;

/// The longest key that any format describes, in bytes. Longer text is refused unread.
pub const MAX_KEY_LEN: usize = MAX_PREFIX + MAX_BODY + 8;

/// How a key lets a typing error or a random string be refused without a look at the store.
///
/// The checksum is no secret and no protection: whoever knows the format computes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Checksum {
    /// No checksum: `<prefix>_<body>`.
    None,
    /// `<prefix>_<body>_<check>`: CRC-32/ISO-HDLC over `<prefix>_<body>`, modulo 62^4, as four
    /// base62 digits. Random text passes once in 14.8 million; a `live` key passed off as `test`
    /// does not.
    Crc32Prefixed4,
    /// `<prefix>_<body><check>`: CRC-32/ISO-HDLC over the body alone, as six base62 digits, the
    /// form of GitHub's classic tokens.
    Crc32Body6,
}

impl Checksum {
    /// The digits after the body, and the separator before them.
    fn tail(self) -> usize {
        match self {
            Self::None => 0,
            Self::Crc32Prefixed4 => 5,
            Self::Crc32Body6 => 6,
        }
    }
}

/// The format of one kind of API key: `<prefix>_<body>` and a checksum.
///
/// # Examples
///
/// ```
/// use palisade_apikey::{Checksum, KeyFormat};
///
/// let account = KeyFormat::new("gmk_acct_live")?;
/// let collector = KeyFormat::new("gmk_cru_live")?.server_bound();
/// let classic = KeyFormat::new("ghp")?.body_length(30)?.checksum(Checksum::Crc32Body6);
///
/// assert_eq!(account.key_length(), 62);
/// assert_eq!(account.environment(), Some("live"));
/// assert!(collector.is_server_bound());
/// assert_eq!(classic.environment(), None);
/// # Ok::<(), palisade_apikey::FormatError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFormat {
    prefix: String,
    body: usize,
    checksum: Checksum,
    server_bound: bool,
}

impl KeyFormat {
    /// A format with this prefix, a body of 43 digits (256 bits) and a checksum of four digits over
    /// prefix and body.
    ///
    /// The prefix is one to four segments `[a-z][a-z0-9]*` joined by `_`. Of two or more segments
    /// the last is the environment.
    ///
    /// # Errors
    ///
    /// [`FormatError::Prefix`] when the prefix is not of that form or longer than 64 bytes.
    pub fn new(prefix: &str) -> Result<Self, FormatError> {
        let is_segment = |segment: &str| {
            segment.starts_with(|first: char| first.is_ascii_lowercase())
                && segment.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        if prefix.len() > MAX_PREFIX
            || prefix.split('_').count() > 4
            || !prefix.split('_').all(is_segment)
        {
            return Err(FormatError::Prefix);
        }
        Ok(Self {
            prefix: prefix.to_owned(),
            body: 43,
            checksum: Checksum::Crc32Prefixed4,
            server_bound: false,
        })
    }

    /// The same format with another checksum.
    #[must_use]
    pub fn checksum(mut self, checksum: Checksum) -> Self {
        self.checksum = checksum;
        self
    }

    /// The same format with another body length, in base62 digits of 5.95 bits each.
    ///
    /// # Errors
    ///
    /// [`FormatError::BodyLength`] outside 22 to 128.
    pub fn body_length(mut self, digits: usize) -> Result<Self, FormatError> {
        if !(MIN_BODY..=MAX_BODY).contains(&digits) {
            return Err(FormatError::BodyLength);
        }
        self.body = digits;
        Ok(self)
    }

    /// The same format for keys that work from one server only: such a key is issued with a server
    /// and never authenticates without it.
    #[must_use]
    pub fn server_bound(mut self) -> Self {
        self.server_bound = true;
        self
    }

    /// The prefix, which is also the name of the format.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The environment: the last segment of a prefix of two or more.
    #[must_use]
    pub fn environment(&self) -> Option<&str> {
        self.prefix.rsplit_once('_').map(|(_, last)| last)
    }

    /// How many random digits a key has.
    #[must_use]
    pub fn body_digits(&self) -> usize {
        self.body
    }

    /// Which checksum a key has.
    #[must_use]
    pub fn checksum_kind(&self) -> Checksum {
        self.checksum
    }

    /// Whether keys of this format work from one server only.
    #[must_use]
    pub fn is_server_bound(&self) -> bool {
        self.server_bound
    }

    /// The length of every key of this format, in bytes.
    #[must_use]
    pub fn key_length(&self) -> usize {
        self.prefix.len() + 1 + self.body + self.checksum.tail()
    }

    /// Mints a new key with the operating system's generator.
    ///
    /// # Errors
    ///
    /// [`NoRandomness`] when the generator fails; there is no fallback.
    pub fn mint(&self) -> Result<ApiKey, NoRandomness> {
        self.dangerous_mint_with_rng(&mut SysRng).map_err(|_| NoRandomness)
    }

    /// Mints a key with the given generator: for tests that need the same key twice.
    ///
    /// # Security
    ///
    /// A key is as hard to guess as the generator is. Everything but a test uses [`mint`](Self::mint).
    ///
    /// # Errors
    ///
    /// The error of the generator.
    pub fn dangerous_mint_with_rng<R: TryCryptoRng>(
        &self,
        rng: &mut R,
    ) -> Result<ApiKey, R::Error> {
        // The whole length at once: growing the string would leave copies of the key behind.
        let mut text = zeroize::Zeroizing::new(String::with_capacity(self.key_length()));
        text.push_str(&self.prefix);
        text.push('_');
        base62::push_random(&mut text, self.body, rng)?;
        match self.checksum {
            Checksum::None => {}
            Checksum::Crc32Prefixed4 => {
                let digits = check4(text.as_bytes());
                text.push('_');
                text.extend(digits.map(char::from));
            }
            Checksum::Crc32Body6 => {
                let digits = check6(&text.as_bytes()[self.prefix.len() + 1..]);
                text.extend(digits.map(char::from));
            }
        }
        Ok(ApiKey::new(text))
    }

    /// Parses a key of this format. It borrows and allocates nothing.
    ///
    /// # Errors
    ///
    /// [`Malformed`], as for [`Formats::parse`](crate::Formats::parse).
    pub fn parse<'k>(&self, text: &'k str) -> Result<PresentedKey<'k, '_>, Malformed> {
        refuse_unread(text)?;
        if !self.has_prefix_of(text.as_bytes()) {
            return Err(Malformed::Prefix);
        }
        self.parse_after_prefix(text)
    }

    pub(crate) fn has_prefix_of(&self, key: &[u8]) -> bool {
        key.get(self.prefix.len()) == Some(&b'_') && key.starts_with(self.prefix.as_bytes())
    }

    /// Fixed lengths from here on. Nothing is split at `_`: a prefix may hold several.
    pub(crate) fn parse_after_prefix<'k>(
        &self,
        text: &'k str,
    ) -> Result<PresentedKey<'k, '_>, Malformed> {
        let key = text.as_bytes();
        if key.len() != self.key_length() {
            return Err(Malformed::Length);
        }
        let start = self.prefix.len() + 1;
        let (head, tail) = key.split_at(start + self.body);
        let body = &head[start..];
        let (separated, check) = match self.checksum {
            Checksum::Crc32Prefixed4 => (tail[0] == b'_', &tail[1..]),
            Checksum::None | Checksum::Crc32Body6 => (true, tail),
        };
        if !(separated && base62::is_base62(body) && base62::is_base62(check)) {
            return Err(Malformed::Character);
        }
        // No secret is compared here: the checksum is a public function of what was presented.
        let right = match self.checksum {
            Checksum::None => true,
            Checksum::Crc32Prefixed4 => check == check4(head),
            Checksum::Crc32Body6 => check == check6(body),
        };
        if !right {
            return Err(Malformed::Checksum);
        }
        Ok(PresentedKey::new(text, self))
    }
}

/// The low four base62 digits of the CRC. The low ones: the leading four of six carry 20.1 bits
/// where these carry 23.8.
fn check4(bytes: &[u8]) -> [u8; 4] {
    base62::padded(crc32fast::hash(bytes) % 62_u32.pow(4))
}

fn check6(bytes: &[u8]) -> [u8; 6] {
    base62::padded(crc32fast::hash(bytes))
}

pub(crate) fn refuse_unread(text: &str) -> Result<(), Malformed> {
    match text.len() {
        0 => Err(Malformed::Empty),
        1..=MAX_KEY_LEN => Ok(()),
        _ => Err(Malformed::TooLong),
    }
}

impl fmt::Display for KeyFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { prefix, body, .. } = self;
        match self.checksum {
            Checksum::None => write!(f, "{prefix}_<{body}>"),
            Checksum::Crc32Prefixed4 => write!(f, "{prefix}_<{body}>_<4>"),
            Checksum::Crc32Body6 => write!(f, "{prefix}_<{body}><6>"),
        }
    }
}

/// Why text is no key of this service. It needs no secret to find out, so it may be shown to
/// whoever sent the text; it holds nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// There is no text.
    #[error("the API key is empty")]
    Empty,
    /// The text is longer than any key.
    #[error("the text is longer than any API key")]
    TooLong,
    /// The text begins with no prefix of this service.
    #[error("the text does not begin like an API key of this service")]
    Prefix,
    /// The length is not that of the format; often a part was not copied.
    #[error("the API key has the wrong length; was it copied whole?")]
    Length,
    /// A character stands where none of its kind belongs.
    #[error("the API key holds a character that does not belong there; was it copied whole?")]
    Character,
    /// The checksum is not that of the rest; often a character was mistyped.
    #[error("the API key has a typing error")]
    Checksum,
}

impl Malformed {
    /// A short, stable word for logs and metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Empty => "key_empty",
            Self::TooLong => "key_too_long",
            Self::Prefix => "key_prefix",
            Self::Length => "key_length",
            Self::Character => "key_character",
            Self::Checksum => "key_checksum",
        }
    }
}

/// Why a format, or a registry of formats, cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The prefix is not of the documented form.
    #[error(
        "a prefix is one to four segments [a-z][a-z0-9]* joined by `_`, of {MAX_PREFIX} bytes at most"
    )]
    Prefix,
    /// The body is too short to be safe or too long to be useful.
    #[error("a body has {MIN_BODY} to {MAX_BODY} digits")]
    BodyLength,
    /// One prefix is another, or begins it.
    #[error("the prefixes `{0}` and `{1}` overlap: a key could belong to both")]
    Overlap(String, String),
    /// A registry needs at least one format.
    #[error("a service needs at least one key format")]
    NoFormats,
}
