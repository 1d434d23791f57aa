//! Named keys: one that signs, others that only verify.

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::time::SystemTime;

use crate::MacKey;
use crate::load::{LoadError, LoadErrorKind, Loaded, decode_strong, text_from_env, text_from_file};

/// The most keys that a ring loaded from text may hold.
pub(crate) const MAX_KEYS: usize = 16;

/// Named keys of one kind: the primary signs, the others only verify, some of them until a given
/// time.
///
/// A ring is asked for a key by its id. An id that it does not hold is an error: no key is ever
/// tried on the chance that it fits.
///
/// # Examples
///
/// ```
/// use palisade_secret::Keyring;
/// use std::time::{Duration, SystemTime};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let now = SystemTime::now();
/// let mut ring = Keyring::new("old".parse()?, 1).accept("new".parse()?, 2)?;
/// ring.promote("new", now)?; // soft: "old" still verifies
/// assert_eq!(ring.primary().1, &2);
/// assert_eq!(ring.find("old", now)?, &1);
///
/// ring.drop_all_but_primary(); // hard: it no longer does
/// assert!(ring.find("old", now).is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Keyring<K> {
    /// Never empty; the first is the primary.
    entries: Vec<Entry<K>>,
}

#[derive(Clone, Debug)]
struct Entry<K> {
    id: KeyId,
    key: K,
    not_after: Option<SystemTime>,
}

impl<K> Entry<K> {
    fn is_live(&self, now: SystemTime) -> bool {
        self.not_after.is_none_or(|end| now < end)
    }
}

impl<K> Keyring<K> {
    /// The most keys that a ring loaded from text may hold: each one costs work when a verifier
    /// cannot tell which was used.
    pub const MAX_KEYS: usize = MAX_KEYS;

    /// A ring of one key, its primary.
    #[must_use]
    pub fn new(id: KeyId, key: K) -> Self {
        Self { entries: vec![Entry { id, key, not_after: None }] }
    }

    /// Adds a key that verifies but does not sign.
    ///
    /// # Errors
    ///
    /// [`DuplicateKey`] when the ring holds the id already.
    pub fn accept(self, id: KeyId, key: K) -> Result<Self, DuplicateKey> {
        self.push(Entry { id, key, not_after: None })
    }

    /// Adds a key that verifies before `not_after` and is unknown from then on.
    ///
    /// # Errors
    ///
    /// [`DuplicateKey`] when the ring holds the id already.
    pub fn accept_until(
        self,
        id: KeyId,
        key: K,
        not_after: SystemTime,
    ) -> Result<Self, DuplicateKey> {
        self.push(Entry { id, key, not_after: Some(not_after) })
    }

    fn push(mut self, entry: Entry<K>) -> Result<Self, DuplicateKey> {
        if self.entries.iter().any(|held| held.id == entry.id) {
            return Err(DuplicateKey { id: entry.id });
        }
        self.entries.push(entry);
        Ok(self)
    }

    /// The key that signs, with its id.
    #[must_use]
    pub fn primary(&self) -> (&KeyId, &K) {
        let primary = &self.entries[0];
        (&primary.id, &primary.key)
    }

    /// The key of this id.
    ///
    /// # Errors
    ///
    /// [`UnknownKey`] when the ring does not hold it, or held it until a time that has come.
    pub fn find(&self, id: &str, now: SystemTime) -> Result<&K, UnknownKey> {
        self.entries
            .iter()
            .find(|entry| entry.id.as_bytes() == id.as_bytes() && entry.is_live(now))
            .map(|entry| &entry.key)
            .ok_or(UnknownKey)
    }

    /// The keys that verify at `now`, the primary first, the others in the order they were added.
    pub fn live(&self, now: SystemTime) -> impl Iterator<Item = (&KeyId, &K)> {
        self.entries
            .iter()
            .filter(move |entry| entry.is_live(now))
            .map(|entry| (&entry.id, &entry.key))
    }

    /// Soft rotation: the key of this id signs from now on, and the former primary verifies.
    ///
    /// An end that the promoted key had is lifted: a primary has none.
    ///
    /// # Errors
    ///
    /// [`UnknownKey`] as for [`find`](Self::find).
    pub fn promote(&mut self, id: &str, now: SystemTime) -> Result<(), UnknownKey> {
        let position = self
            .entries
            .iter()
            .position(|entry| entry.id.as_bytes() == id.as_bytes() && entry.is_live(now))
            .ok_or(UnknownKey)?;
        self.entries[..=position].rotate_right(1);
        self.entries[0].not_after = None;
        Ok(())
    }

    /// Hard rotation: forgets every key but the primary. Whatever they signed is refused from now
    /// on.
    pub fn drop_all_but_primary(&mut self) {
        self.entries.truncate(1);
    }

    /// The same ring with each key turned into another kind, which may depend on its id.
    ///
    /// # Errors
    ///
    /// The first error of `convert`.
    pub fn try_map<T, E>(
        self,
        mut convert: impl FnMut(&KeyId, K) -> Result<T, E>,
    ) -> Result<Keyring<T>, E> {
        let entries = self
            .entries
            .into_iter()
            .map(|Entry { id, key, not_after }| {
                let key = convert(&id, key)?;
                Ok(Entry { id, key, not_after })
            })
            .collect::<Result<_, E>>()?;
        Ok(Keyring { entries })
    }
}

impl Keyring<MacKey> {
    /// Reads a ring from the environment variable `name` or the file that `<name>_FILE` points to:
    /// entries `id:secret`, newest first, separated by commas or white space.
    ///
    /// The first entry is the primary. Each secret is judged as by
    /// [`SecretBytes::from_text`](crate::SecretBytes::from_text).
    ///
    /// # Errors
    ///
    /// [`LoadError`], naming the variable or file and the entry, never a value.
    pub fn from_env(name: &str) -> Result<Self, LoadError> {
        text_from_env(name, |variable| std::env::var_os(variable)).and_then(ring_from_loaded)
    }

    /// Reads a ring from a file, as [`from_env`](Self::from_env) does.
    ///
    /// # Errors
    ///
    /// [`LoadError`], naming the file and the entry.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        text_from_file(None, path.as_ref()).and_then(ring_from_loaded)
    }

    /// Reads a ring from text, as [`from_env`](Self::from_env) does.
    ///
    /// # Errors
    ///
    /// [`LoadError`], naming the entry.
    ///
    /// # Examples
    ///
    /// ```
    /// use palisade_secret::Keyring;
    ///
    /// let ring = Keyring::from_text(
    ///     "2026b:f1w9BKZzgNoEVpRAYoUNZfAKkc_eOcMd9NHDhOBqSHY,
    ///      2026a:Ko3FZQcX1nP9nq0T8bT2u6cV4kq7vXW2yJrLQ8dSx5A",
    /// )?;
    /// assert_eq!(ring.primary().0.as_str(), "2026b");
    /// # Ok::<(), palisade_secret::LoadError>(())
    /// ```
    pub fn from_text(text: &str) -> Result<Self, LoadError> {
        ring_from_loaded(Loaded::argument(text))
    }
}

fn ring_from_loaded(loaded: Loaded) -> Result<Keyring<MacKey>, LoadError> {
    let Loaded { text, origin } = loaded;
    let entries =
        text.split(|c: char| c == ',' || c.is_ascii_whitespace()).filter(|part| !part.is_empty());
    let mut ring: Option<Keyring<MacKey>> = None;
    for (entry, text) in (1..).zip(entries) {
        if entry > MAX_KEYS {
            return Err(LoadError::new(origin, LoadErrorKind::TooManyKeys));
        }
        match add_entry(ring, text) {
            Ok(longer) => ring = Some(longer),
            Err(kind) => return Err(LoadError::in_entry(origin, entry, kind)),
        }
    }
    ring.ok_or_else(|| LoadError::new(origin, LoadErrorKind::Empty))
}

/// The ring with one more entry, of the form `id:secret`.
fn add_entry(ring: Option<Keyring<MacKey>>, entry: &str) -> Result<Keyring<MacKey>, LoadErrorKind> {
    let (id, secret) = entry.split_once(':').ok_or(LoadErrorKind::Entry)?;
    let id: KeyId = id.parse().map_err(|_| LoadErrorKind::Entry)?;
    let secret = decode_strong(secret)?;
    let got = secret.expose_secret().len();
    let key = MacKey::new(secret).map_err(|_| LoadErrorKind::Short { got })?;
    match ring {
        None => Ok(Keyring::new(id, key)),
        Some(ring) => ring.accept(id, key).map_err(|_| LoadErrorKind::DuplicateId),
    }
}

/// The name of a key in a [`Keyring`]: 1 to 32 characters of `A-Z a-z 0-9 . _ -`.
///
/// It is public: it travels in tokens and stands in stored rows. It is held in place, so that naming
/// a key in a hot path neither allocates nor touches a counter that other cores share.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId {
    /// Padded with zeros, which no id holds; the order is therefore that of the text.
    bytes: [u8; KeyId::MAX_LEN],
    len: u8,
}

impl KeyId {
    /// The most characters of an id.
    pub const MAX_LEN: usize = 32;

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // ASCII by construction, so the text is never empty.
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl FromStr for KeyId {
    type Err = InvalidKeyId;

    fn from_str(text: &str) -> Result<Self, InvalidKeyId> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let len = u8::try_from(text.len()).map_err(|_| InvalidKeyId)?;
        let mut bytes = [0; Self::MAX_LEN];
        let place = bytes.get_mut(..text.len()).ok_or(InvalidKeyId)?;
        if text.is_empty() || !text.bytes().all(allowed) {
            return Err(InvalidKeyId);
        }
        place.copy_from_slice(text.as_bytes());
        Ok(Self { bytes, len })
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// Text that cannot be a [`KeyId`].
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a key id is 1 to 32 characters of A-Z a-z 0-9 . _ -")]
pub struct InvalidKeyId;

/// The ring holds no live key of the id that was asked for. The id is not repeated: it may be a
/// stranger's text.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("no key of that id is in use")]
pub struct UnknownKey;

/// Two keys of a ring would have the same id.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the keyring already holds a key of the id {id}")]
pub struct DuplicateKey {
    id: KeyId,
}
