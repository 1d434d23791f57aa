//! A team's own old scheme.

use std::fmt;

use zeroize::Zeroizing;

/// A scheme of a team's own that this crate does not know, so that its rows verify until they are
/// rehashed or [wrapped](crate::Hasher::wrap).
///
/// Stored text of such a scheme is one text before the digest, which holds the salt and whatever else
/// the digest depends on, and the digest after it.
///
/// # Security
///
/// The digest is compared here, in constant time. Refuse what is not exactly what the old system wrote,
/// and bound what a stored cost may ask for.
///
/// # Examples
///
/// Salted SHA-256 in hex, `shop$<salt>$<64 hex digits>`:
///
/// ```
/// use palisade_password::{Hasher, LegacyFailure, LegacyScheme, Password, Verdict};
/// use sha2::{Digest, Sha256};
/// use std::time::SystemTime;
///
/// struct Shop;
///
/// impl LegacyScheme for Shop {
///     fn name(&self) -> &'static str {
///         "shop"
///     }
///     fn prefix(&self) -> &'static str {
///         "shop$"
///     }
///     fn split<'a>(&self, stored: &'a str) -> Option<(&'a str, &'a str)> {
///         let (head, digest) = stored.split_at_checked(stored.len().checked_sub(64)?)?;
///         let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
///         (head.ends_with('$') && digest.bytes().all(is_hex)).then_some((head, digest))
///     }
///     fn digest(&self, password: &[u8], head: &str) -> Result<String, LegacyFailure> {
///         let salt = head.split('$').nth(1).ok_or(LegacyFailure)?;
///         let digest = Sha256::new().chain_update(salt).chain_update(password).finalize();
///         Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let hasher = Hasher::builder().legacy(Shop).build()?;
/// let password = Password::new("hunter2")?;
/// let stored = format!("shop$pepperoni${}", Shop.digest(b"hunter2", "shop$pepperoni$")?);
/// let verdict = hasher.verify(&password, &stored, SystemTime::now())?;
/// assert!(matches!(verdict, Verdict::Match { rehash: Some(_), .. }));
/// # Ok(())
/// # }
/// ```
pub trait LegacyScheme: Send + Sync + 'static {
    /// A name for reports.
    fn name(&self) -> &'static str;

    /// How every stored text of this scheme begins. Text that begins like a [`Scheme`](crate::Scheme)
    /// of this crate never gets here.
    fn prefix(&self) -> &'static str;

    /// The text before the digest, and the digest; nothing when the stored text is not one that the
    /// old system wrote. The two are the whole stored text: a separator belongs to the first.
    fn split<'a>(&self, stored: &'a str) -> Option<(&'a str, &'a str)>;

    /// Whether the text before the digest may be followed. Bound here what it may ask for: of a wrapped hash
    /// only this text is left, and [`split`](Self::split) never sees it.
    fn accepts(&self, head: &str) -> bool {
        let _ = head;
        true
    }

    /// The digest of a password, spelt as it is stored.
    ///
    /// # Errors
    ///
    /// [`LegacyFailure`] when the text before the digest cannot be followed.
    fn digest(&self, password: &[u8], head: &str) -> Result<String, LegacyFailure>;

    /// What the cost of the digest depends on, in a few characters, such as `rounds=5000`; nothing where all
    /// cost the same. A [`SchemeMix`](crate::SchemeMix) tells kinds apart by it.
    fn cost(&self, head: &str) -> String {
        let _ = head;
        String::new()
    }

    /// How many bytes of memory the digest needs beside a few KiB. A
    /// [`HashPool`](crate::HashPool) counts them against its budget.
    fn memory_bytes(&self, head: &str) -> u64 {
        let _ = head;
        0
    }
}

/// A legacy scheme cannot compute a digest.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the digest of the legacy scheme cannot be computed")]
pub struct LegacyFailure;

/// A stored text of a legacy scheme.
#[derive(Clone)]
pub(crate) struct LegacyHash<'a> {
    pub(crate) scheme: &'a dyn LegacyScheme,
    pub(crate) head: &'a str,
    /// Nothing when wrapping took it away.
    pub(crate) digest: Option<&'a str>,
    /// How many characters the digest has.
    pub(crate) characters: usize,
}

impl<'a> LegacyHash<'a> {
    pub(crate) fn complete(scheme: &'a dyn LegacyScheme, stored: &'a str) -> Option<Self> {
        let (head, digest) = scheme.split(stored)?;
        // A separator that is in neither part would be missing from what wrapping hashes.
        let parts_are_whole = stored.strip_prefix(head) == Some(digest);
        (parts_are_whole && scheme.accepts(head)).then_some(Self {
            scheme,
            head,
            digest: Some(digest),
            characters: digest.len(),
        })
    }

    /// `<head>*<number of characters of the digest>`
    pub(crate) fn wrapped(scheme: &'a dyn LegacyScheme, text: &'a str) -> Option<Self> {
        let (head, characters) = text.rsplit_once('*')?;
        let characters = crate::fields::number(characters).ok()?;
        scheme.accepts(head).then_some(())?;
        Some(Self { scheme, head, digest: None, characters: usize::try_from(characters).ok()? })
    }

    pub(crate) fn compute(&self, password: &[u8]) -> Result<Zeroizing<String>, LegacyFailure> {
        self.scheme.digest(password, self.head).map(Zeroizing::new)
    }

    pub(crate) fn text_with(&self, digest: &str) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(self.head.len() + digest.len()));
        text.push_str(self.head);
        text.push_str(digest);
        text
    }

    pub(crate) fn text_without_digest(&self) -> String {
        format!("{}*{}", self.head, self.characters)
    }
}

impl fmt::Debug for dyn LegacyScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LegacyScheme({})", self.name())
    }
}
