//! The policy of a store of passwords, and the work on one thread.

mod hash;
mod unknown;
mod verify;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use palisade_secret::{Keyring, MacKey, SecretBytes};
use zeroize::Zeroizing;

pub use unknown::NoUnknownUsers;
pub(crate) use unknown::UnknownUsers;

use crate::inline::Inline;
use crate::normalization::Normalized;
use crate::rehash;
use crate::stored::Stored;
use crate::{
    Backend, HashError, HasherBuilder, Inspection, LegacyScheme, Limits, Mint, Normalization,
    Password, PasswordHash, RehashReason, Schemes, Verdict, VerifyError, Workspace, WrapError,
};

/// The policy of a store of passwords: what new hashes are made with, and which stored ones verify.
///
/// Built once when the service starts, and cheap to clone. Its methods work on the thread that calls
/// them, with memory of their own: right for a command or a test. A service puts a
/// [`HashPool`](crate::HashPool) in front of it.
///
/// # Examples
///
/// ```
/// use palisade_password::{Hasher, Password, Verdict};
/// use std::time::SystemTime;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let hasher = Hasher::builder().build()?; // Argon2id, 19 MiB, 2 passes
/// let password = Password::new("correct horse battery staple")?;
/// let hash = hasher.hash(&password)?;
/// assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
///
/// let verdict = hasher.verify(&password, hash.as_str(), SystemTime::now())?;
/// assert!(matches!(verdict, Verdict::Match { rehash: None, .. }));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Hasher {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) mint: Mint,
    pub(crate) accept: Schemes,
    pub(crate) limits: Limits,
    pub(crate) normalization: Normalization,
    pub(crate) peppers: Option<Keyring<MacKey>>,
    pub(crate) unpeppered_until: Option<SystemTime>,
    pub(crate) legacy: Vec<Arc<dyn LegacyScheme>>,
    pub(crate) argon2_secrets: Vec<(Option<Inline<8>>, SecretBytes)>,
    pub(crate) unknown_users: Option<UnknownUsers>,
    pub(crate) backend: Backend,
}

impl Hasher {
    /// Starts a policy: it mints [`Argon2id::OWASP`](crate::Argon2id::OWASP), accepts [`Schemes::ALL`] within the default
    /// [`Limits`], and has no pepper.
    #[must_use]
    pub fn builder() -> HasherBuilder {
        HasherBuilder::new()
    }

    pub(crate) fn from_inner(inner: Inner) -> Self {
        Self { inner: Arc::new(inner) }
    }

    /// What new hashes are made with.
    #[must_use]
    pub fn mint(&self) -> Mint {
        self.inner.mint
    }

    pub(crate) fn workspace(&self) -> Workspace {
        Workspace::new(self.inner.backend)
    }

    /// Hashes a new password.
    ///
    /// # Errors
    ///
    /// [`HashError`].
    pub fn hash(&self, password: &Password) -> Result<PasswordHash, HashError> {
        self.hash_in(password, None, &mut self.workspace())
    }

    /// Hashes the password of a stored hash anew, after [`verify`](Self::verify) found that it matches
    /// and asked for it. Where the stored hash has stronger parameters of the same scheme than the policy
    /// mints, it keeps those.
    ///
    /// Store it with a compare-and-swap on the old hash: the password may have been changed meanwhile.
    ///
    /// # Errors
    ///
    /// [`HashError`].
    pub fn rehash(&self, password: &Password, stored: &str) -> Result<PasswordHash, HashError> {
        self.hash_in(password, Some(stored), &mut self.workspace())
    }

    /// Compares a password with a stored hash. `Ok` alone says nothing: match on the [`Verdict`].
    ///
    /// # Errors
    ///
    /// [`VerifyError`] when they could not be compared. It is never a wrong password.
    pub fn verify(
        &self,
        password: &Password,
        stored: &str,
        now: SystemTime,
    ) -> Result<Verdict, VerifyError> {
        self.verify_in(password, stored, now, &mut self.workspace())
    }

    /// Does what [`verify`](Self::verify) does for one of the store's own hashes, for a login name that
    /// nobody has; the answer is always [`Verdict::Mismatch`].
    ///
    /// The login name decides which kind of hash it is, where the store has
    /// [several](HasherBuilder::unknown_users). Bring it to the form in which names are looked up.
    ///
    /// # Errors
    ///
    /// [`VerifyError`] as for any user of that kind: for a password that is no text, for one that is too
    /// long for the rounds of a sha-crypt hash, or when there is no memory.
    pub fn verify_unknown_user(
        &self,
        password: &Password,
        login: &str,
        now: SystemTime,
    ) -> Result<Verdict, VerifyError> {
        self.verify_unknown_user_in(password, login, now, &mut self.workspace())
    }

    /// What a stored hash says of itself.
    ///
    /// # Errors
    ///
    /// [`VerifyError`] when it cannot be read. The policy is not asked.
    pub fn inspect(&self, stored: &str) -> Result<Inspection, VerifyError> {
        Ok(Inspection::of(&Stored::parse(stored, &self.inner.legacy)?))
    }

    /// Whether a stored hash could be verified, without a password: what an import or a health check asks
    /// before anyone logs in.
    ///
    /// # Errors
    ///
    /// The [`VerifyError`] that [`verify`](Self::verify) would give whatever the password.
    pub fn check(&self, stored: &str, now: SystemTime) -> Result<Inspection, VerifyError> {
        Ok(Inspection::of(&self.read(stored, 0, now)?))
    }

    /// Why a stored hash should be made anew, as far as can be told without the password.
    ///
    /// # Errors
    ///
    /// [`VerifyError`] when it cannot be read. The policy is not asked.
    pub fn needs_rehash(&self, stored: &str) -> Result<Option<RehashReason>, VerifyError> {
        let stored = Stored::parse(stored, &self.inner.legacy)?;
        Ok(self.rehash_reason(&stored, None))
    }

    /// Lays Argon2id around a weak stored hash without its password: whoever steals the table from now
    /// on has to break Argon2id. Nothing when [`needs_rehash`](Self::needs_rehash) finds nothing that
    /// wrapping could mend.
    ///
    /// The old digest itself is gone afterwards, so the result has to be stored before the old row is
    /// forgotten: with a compare-and-swap on the old hash. At the next login the row asks to be rehashed.
    ///
    /// # Errors
    ///
    /// [`WrapError`].
    pub fn wrap(&self, stored: &str, now: SystemTime) -> Result<Option<PasswordHash>, WrapError> {
        self.wrap_in(stored, now, &mut self.workspace())
    }

    fn rehash_reason(&self, stored: &Stored<'_>, hashed: Option<&[u8]>) -> Option<RehashReason> {
        let primary = self.inner.peppers.as_ref().map(|ring| *ring.primary().0);
        let keyed = matches!(self.argon2_secret(stored), Ok(Some(_)));
        rehash::reason(self.inner.mint, primary, stored, keyed, hashed)
    }

    fn normalize<'a>(&self, password: &'a Password) -> Option<Normalized<'a>> {
        self.inner.normalization.apply(password).ok()
    }

    fn has_pepper(&self) -> bool {
        self.inner.peppers.is_some()
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher").field("mint", &self.inner.mint).finish_non_exhaustive()
    }
}

/// What a scheme is given to hash.
enum Input<'a> {
    AsItIs(&'a [u8]),
    Peppered(Zeroizing<String>),
}

impl Input<'_> {
    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::AsItIs(bytes) => bytes,
            Self::Peppered(text) => text.as_bytes(),
        }
    }
}
