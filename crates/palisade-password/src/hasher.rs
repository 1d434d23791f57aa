//! The policy of a store of passwords, and the work on one thread.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use palisade_secret::{KeyId, Keyring, MacKey, SecretBytes};
use rand::TryRng;
use rand::rngs::SysRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::encoding::Encoding;
use crate::inline::Inline;
use crate::memory::{Fill, Workspace};
use crate::normalization::Normalized;
use crate::pepper::{self, Label};
use crate::plain::{Digest, Plain, Settings};
use crate::rehash;
use crate::scheme::bcrypt;
use crate::stored::{Hash, Stored, WRAP_PREFIX, Wrap};
use crate::{
    Argon2Version, Argon2id, Backend, Bcrypt, HashError, HasherBuilder, Inspection, LegacyScheme,
    Limits, Mint, Normalization, Password, PasswordHash, RehashReason, Scheme, SchemeMix, Schemes,
    Verdict, VerifyError, WrapError,
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

/// Which stored hash stands in for that of a login name that nobody has.
pub(crate) struct UnknownUsers {
    key: MacKey,
    /// With the number of rows up to and including its kind; never empty.
    kinds: Vec<(u64, Arc<str>)>,
}

impl UnknownUsers {
    /// Nothing when nothing was counted.
    pub(crate) fn new(mix: &SchemeMix, key: MacKey) -> Option<Self> {
        let kinds = mix.cumulative();
        (!kinds.is_empty()).then_some(Self { key, kinds })
    }

    fn stand_in(&self, login: &str) -> Option<&str> {
        let (total, last) = self.kinds.last()?;
        let tag = self.key.mac(&[b"palisade unknown user v1:", login.as_bytes()]).to_bytes();
        let (first, _) = tag.split_first_chunk::<8>()?;
        // Of 2^64 values over at most as many rows as a table has: even enough.
        let row = u64::from_be_bytes(*first) % total;
        let kind = self.kinds.iter().find(|(sum, _)| row < *sum);
        Some(kind.map_or(last, |(_, example)| example))
    }
}

impl Hasher {
    /// Starts a policy: it mints [`Argon2id::OWASP`], accepts [`Schemes::ALL`] within the default
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

    /// Compares a password with a stored hash.
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

    /// Whether new hashes would verify.
    pub(crate) fn check_own_mint(&self) -> Result<(), VerifyError> {
        let example = self.example();
        // At a time at which every pepper is live; the primary has no end.
        self.read(&example, 0, SystemTime::UNIX_EPOCH).map(drop)
    }

    /// A stored hash as this policy mints it, of no password.
    fn example(&self) -> String {
        let mut text = self.pepper_prefix();
        text.push_str(&mint_head(self.inner.mint, self.has_pepper(), &[0; SALT_BYTES]));
        let (encoding, bytes) = mint_digest(self.inner.mint);
        text.push_str(&encoding.encode(&[0; 64][..bytes]));
        text
    }

    fn has_pepper(&self) -> bool {
        self.inner.peppers.is_some()
    }

    fn pepper_prefix(&self) -> String {
        let primary = self.inner.peppers.as_ref().map(Keyring::primary);
        primary.map_or_else(String::new, |(id, _)| format!("{}{id}", pepper::PREFIX))
    }

    /// Reads a stored hash, and refuses it where the policy does; for a password of this many bytes.
    pub(crate) fn read<'a>(
        &'a self,
        stored: &'a str,
        password_len: usize,
        now: SystemTime,
    ) -> Result<Stored<'a>, VerifyError> {
        let inner = &*self.inner;
        let stored = Stored::parse(stored, &inner.legacy)?;
        let scheme = stored.scheme();
        if !inner.accept.contains(scheme) {
            return Err(VerifyError::NotAccepted { scheme });
        }
        // What wrapping does not mend: the passwords that it confuses.
        let scheme = stored.hash.scheme();
        if scheme == Scheme::Bcrypt2x && !inner.accept.contains(scheme) {
            return Err(VerifyError::NotAccepted { scheme });
        }
        if let Some(wrap) = &stored.wrap {
            wrap.outer.check(&inner.limits, PEPPERED_BYTES)?;
        }
        if let Hash::Plain(plain) = &stored.hash {
            let len = if stored.pepper.is_some() { PEPPERED_BYTES } else { password_len };
            plain.check(&inner.limits, len)?;
        }
        for id in stored.peppers() {
            self.pepper(id, now)?;
        }
        let is_allowed = || inner.unpeppered_until.is_some_and(|end| now < end);
        let is_keyed = stored.is_peppered() || self.argon2_secret(&stored)?.is_some();
        if self.has_pepper() && !is_keyed && !is_allowed() {
            return Err(VerifyError::Unpeppered);
        }
        Ok(stored)
    }

    fn pepper(&self, id: KeyId, now: SystemTime) -> Result<&MacKey, VerifyError> {
        let ring = self.inner.peppers.as_ref();
        let key = ring.and_then(|ring| ring.find(id.as_str(), now).ok());
        key.ok_or(VerifyError::UnknownPepper { id })
    }

    /// The Argon2 secret that a hash of another system was made with. Ours have a pepper instead.
    fn argon2_secret(&self, stored: &Stored<'_>) -> Result<Option<&SecretBytes>, VerifyError> {
        let secrets = &self.inner.argon2_secrets;
        let Hash::Plain(Plain { settings: Settings::Argon2(argon2), .. }) = &stored.hash else {
            return Ok(None);
        };
        if secrets.is_empty() || stored.pepper.is_some() {
            return Ok(None);
        }
        let wanted = argon2.secret_id.as_ref().map(Inline::as_slice);
        let found = secrets.iter().find(|(id, _)| id.as_ref().map(Inline::as_slice) == wanted);
        match found {
            Some((_, secret)) => Ok(Some(secret)),
            None if wanted.is_some() => Err(VerifyError::UnknownArgon2Secret),
            None => Ok(None),
        }
    }

    fn rehash_reason(&self, stored: &Stored<'_>, hashed: Option<&[u8]>) -> Option<RehashReason> {
        let primary = self.inner.peppers.as_ref().map(|ring| *ring.primary().0);
        let keyed = matches!(self.argon2_secret(stored), Ok(Some(_)));
        rehash::reason(self.inner.mint, primary, stored, keyed, hashed)
    }

    fn normalize<'a>(&self, password: &'a Password) -> Option<Normalized<'a>> {
        self.inner.normalization.apply(password).ok()
    }

    pub(crate) fn verify_in(
        &self,
        password: &Password,
        stored: &str,
        now: SystemTime,
        workspace: &mut Workspace,
    ) -> Result<Verdict, VerifyError> {
        let normal = self.normalize(password).ok_or(VerifyError::NotText)?;
        let stored = self.read(stored, normal.as_bytes().len(), now)?;
        let input = self.peppered(stored.pepper, Label::Password, normal.as_bytes(), now)?;
        let secret = self.argon2_secret(&stored)?;
        let matches = match &stored.hash {
            Hash::Plain(plain) => {
                let digest = plain.compute(input.as_bytes(), secret, workspace);
                let digest = digest.map_err(|_| VerifyError::OutOfMemory)?;
                let other = plain.compute_other(input.as_bytes());
                let mut matches = false;
                for digest in [Some(digest), other].into_iter().flatten() {
                    matches |= match (&plain.digest, &stored.wrap) {
                        (Digest::Is(expected), _) => is_same(expected, &digest),
                        (Digest::Wrapped(_), Some(wrap)) => {
                            self.unwraps(wrap, &plain.text_with(&digest), &stored, now, workspace)?
                        }
                        (Digest::Wrapped(_), None) => false,
                    };
                }
                matches
            }
            Hash::Legacy(hash) => {
                let digest = hash.compute(input.as_bytes());
                let name = hash.scheme.name();
                let digest = digest.map_err(|_| VerifyError::Legacy { name })?;
                match (hash.digest, &stored.wrap) {
                    (Some(expected), _) => expected.as_bytes().ct_eq(digest.as_bytes()).into(),
                    (None, Some(wrap)) if digest.len() == hash.characters => {
                        self.unwraps(wrap, &hash.text_with(&digest), &stored, now, workspace)?
                    }
                    (None, _) => false,
                }
            }
        };
        Ok(if matches {
            Verdict::Match { rehash: self.rehash_reason(&stored, Some(input.as_bytes())) }
        } else {
            Verdict::Mismatch
        })
    }

    /// Whether the outer hash is that of the old stored text.
    fn unwraps(
        &self,
        wrap: &Wrap<'_>,
        old_hash: &str,
        stored: &Stored<'_>,
        now: SystemTime,
        workspace: &mut Workspace,
    ) -> Result<bool, VerifyError> {
        let old = old_text(stored.pepper, old_hash);
        let input = self.peppered(wrap.pepper, Label::Wrapped, old.as_bytes(), now)?;
        let digest = wrap.outer.compute(input.as_bytes(), None, workspace);
        let digest = digest.map_err(|_| VerifyError::OutOfMemory)?;
        Ok(matches!(&wrap.outer.digest, Digest::Is(expected) if is_same(expected, &digest)))
    }

    /// What the scheme hashes: the bytes, or their HMAC where there is a pepper.
    fn peppered<'a>(
        &self,
        pepper: Option<KeyId>,
        label: Label,
        bytes: &'a [u8],
        now: SystemTime,
    ) -> Result<Input<'a>, VerifyError> {
        Ok(match pepper {
            None => Input::AsItIs(bytes),
            Some(id) => Input::Peppered(pepper::apply(self.pepper(id, now)?, label, bytes)),
        })
    }

    pub(crate) fn verify_unknown_user_in(
        &self,
        password: &Password,
        login: &str,
        now: SystemTime,
        workspace: &mut Workspace,
    ) -> Result<Verdict, VerifyError> {
        let stored = self.stand_in(login, now);
        self.verify_in(password, &stored, now, workspace).map(|_| Verdict::Mismatch)
    }

    /// The stored hash that stands in for that of a login name that nobody has.
    pub(crate) fn stand_in(&self, login: &str, now: SystemTime) -> Arc<str> {
        let kind = self.inner.unknown_users.as_ref().and_then(|users| users.stand_in(login));
        // A kind that is no longer accepted is no longer what a user costs. The password is not asked:
        // one that is too long for a kind is refused here as it is for a user of that kind.
        match kind {
            Some(kind) if self.read(kind, 0, now).is_ok() => kind.into(),
            _ => self.example().into(),
        }
    }

    pub(crate) fn hash_in(
        &self,
        password: &Password,
        stored: Option<&str>,
        workspace: &mut Workspace,
    ) -> Result<PasswordHash, HashError> {
        let mint = self.mint_over(stored)?;
        let normal = self.normalize(password).ok_or(HashError::NotText)?;
        let bytes = normal.as_bytes();
        let input = match &self.inner.peppers {
            None => Input::AsItIs(bytes),
            Some(ring) => Input::Peppered(pepper::apply(ring.primary().1, Label::Password, bytes)),
        };
        if let Mint::Bcrypt(bcrypt) = mint
            && !bcrypt.prehash()
        {
            let bytes = input.as_bytes();
            if bytes.len() > bcrypt::MAX_BYTES {
                return Err(HashError::TooLongForBcrypt { got: bytes.len() });
            }
            if bytes.contains(&0) {
                return Err(HashError::NulForBcrypt);
            }
        }
        let text = self.minted(mint, input.as_bytes(), workspace)?;
        Ok(PasswordHash::new(format!("{}{text}", self.pepper_prefix())))
    }

    /// What a password is hashed with that has a stored hash already.
    pub(crate) fn mint_over(&self, stored: Option<&str>) -> Result<Mint, HashError> {
        let mint = self.inner.mint;
        let Some(stored) = stored else { return Ok(mint) };
        let stored = Stored::parse(stored, &self.inner.legacy)?;
        Ok(match (&stored.wrap, &stored.hash) {
            (None, Hash::Plain(plain)) if plain.check(&self.inner.limits, 0).is_ok() => {
                mint.or_stronger(&plain.settings)
            }
            _ => mint,
        })
    }

    /// The text of a new hash, without its pepper.
    fn minted(
        &self,
        mint: Mint,
        input: &[u8],
        workspace: &mut Workspace,
    ) -> Result<String, HashError> {
        let mut salt = [0; SALT_BYTES];
        SysRng.try_fill_bytes(&mut salt).map_err(|_| HashError::NoRandomness)?;
        let head = mint_head(mint, self.has_pepper(), &salt);
        let (encoding, bytes) = mint_digest(mint);
        let mut digest = Zeroizing::new([0; 64]);
        let digest = &mut digest[..bytes];
        match mint {
            Mint::Argon2id(params) => {
                let fill = Fill {
                    scheme: Scheme::Argon2id,
                    version: Argon2Version::V0x13,
                    memory_kib: params.memory_kib(),
                    passes: params.passes(),
                    lanes: params.lanes(),
                    password: input,
                    salt: &salt,
                    secret: &[],
                    data: &[],
                };
                workspace.fill(&fill, digest).map_err(|_| HashError::OutOfMemory)?;
            }
            Mint::Bcrypt(_) => {
                // What was just written is read as any stored hash is: one way to compute each scheme.
                let example = format!("{head}{}", &*encoding.encode(digest));
                if let Some(Ok(plain)) = crate::plain::parse(&example)
                    && let Ok(computed) = plain.compute(input, None, workspace)
                {
                    digest.copy_from_slice(computed.as_slice());
                }
            }
        }
        Ok(format!("{head}{}", &*encoding.encode(digest)))
    }

    pub(crate) fn wrap_in(
        &self,
        stored: &str,
        now: SystemTime,
        workspace: &mut Workspace,
    ) -> Result<Option<PasswordHash>, WrapError> {
        let mint @ Mint::Argon2id(_) = self.inner.mint else {
            return Err(WrapError::MintIsNotArgon2id);
        };
        let text = stored;
        let stored = self.read(text, 0, now)?;
        let reason = match self.rehash_reason(&stored, None) {
            // Wrapping gives no other pepper to a password; what is weak beneath it, it mends.
            Some(RehashReason::OldPepper) => {
                rehash::reason(self.inner.mint, None, &stored, false, None)
            }
            reason => reason,
        };
        if reason.is_none() || stored.wrap.is_some() {
            return Ok(None);
        }
        let input = match &self.inner.peppers {
            None => Input::AsItIs(text.as_bytes()),
            Some(ring) => {
                let key = ring.primary().1;
                Input::Peppered(pepper::apply(key, Label::Wrapped, text.as_bytes()))
            }
        };
        let outer = self.minted(mint, input.as_bytes(), workspace).map_err(WrapError::Hash)?;
        let outer = outer.trim_start_matches('$');
        let inner = old_text(stored.pepper, &stored.hash.text_without_digest());
        let wrapped = format!("{}{WRAP_PREFIX}{outer}${}", self.pepper_prefix(), &*inner);
        if wrapped.len() > PasswordHash::MAX_BYTES {
            return Err(WrapError::TooLong);
        }
        Ok(Some(PasswordHash::new(wrapped)))
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

/// Bytes of a random salt (RFC 9106 section 3.1; bcrypt has no other).
const SALT_BYTES: usize = 16;

/// Bytes of what a pepper makes of a password: base64 of 32 bytes.
const PEPPERED_BYTES: usize = 44;

fn is_same(expected: &Inline<64>, digest: &Inline<64>) -> bool {
    expected.as_slice().ct_eq(digest.as_slice()).into()
}

/// The stored text of a hash that stands under a pepper of its own, or under none.
fn old_text(pepper: Option<KeyId>, hash: &str) -> Zeroizing<String> {
    Zeroizing::new(match pepper {
        None => hash.to_owned(),
        Some(id) => format!("{}{id}{hash}", pepper::PREFIX),
    })
}

/// What stands before the digest of a new hash. A pepper makes a prehash needless.
fn mint_head(mint: Mint, peppered: bool, salt: &[u8]) -> String {
    match mint {
        Mint::Argon2id(params) => argon2id_head(params, salt),
        Mint::Bcrypt(params) => bcrypt_head(params, peppered, salt),
    }
}

fn argon2id_head(params: Argon2id, salt: &[u8]) -> String {
    let (m, t, p) = (params.memory_kib(), params.passes(), params.lanes());
    format!("$argon2id$v=19$m={m},t={t},p={p}${}$", &*Encoding::Phc.encode(salt))
}

fn bcrypt_head(params: Bcrypt, peppered: bool, salt: &[u8]) -> String {
    let (cost, salt) = (params.cost(), Encoding::Bcrypt.encode(salt));
    if params.prehash() && !peppered {
        format!("$bcrypt-sha256$v=2,t=2b,r={cost}${}$", &*salt)
    } else {
        format!("$2b${cost:02}${}", &*salt)
    }
}

/// How the digest of a new hash is spelt, and how many bytes it has.
fn mint_digest(mint: Mint) -> (Encoding, usize) {
    match mint {
        Mint::Argon2id(_) => (Encoding::Phc, 32),
        Mint::Bcrypt(_) => (Encoding::Bcrypt, bcrypt::DIGEST_BYTES),
    }
}
