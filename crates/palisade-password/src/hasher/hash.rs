//! Making new hashes, and wrapping old ones.

use std::time::SystemTime;

use rand::TryRng;
use rand::rngs::SysRng;
use zeroize::Zeroizing;

use super::{Hasher, Input};
use crate::encoding::Encoding;
use crate::memory::Fill;
use crate::pepper::{self, Label};
use crate::plain::Plain;
use crate::rehash;
use crate::scheme;
use crate::stored::{Hash, Stored, WRAP_PREFIX};
use crate::{
    Argon2Version, Argon2id, Bcrypt, HashError, Mint, Password, PasswordHash, RehashReason, Scheme,
    VerifyError, Workspace, WrapError,
};

/// Bytes of a random salt (RFC 9106 section 3.1; bcrypt has no other).
const SALT_BYTES: usize = 16;

/// Bytes of a new digest of Argon2id (RFC 9106 section 4).
const ARGON2ID_DIGEST: usize = 32;

impl Hasher {
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
        if let Mint::Bcrypt(params) = mint
            && !params.prehash()
        {
            let bytes = input.as_bytes();
            if bytes.len() > scheme::bcrypt::MAX_BYTES {
                return Err(HashError::TooLongForBcrypt { got: bytes.len() });
            }
            if bytes.contains(&0) {
                return Err(HashError::NulForBcrypt);
            }
        }
        let text = self.minted(mint, input.as_bytes(), workspace)?;
        Ok(PasswordHash::new(self.under_primary(&text)))
    }

    /// What a password is hashed with that has a stored hash already.
    pub(crate) fn mint_over(&self, stored: Option<&str>) -> Result<Mint, HashError> {
        let mint = self.inner.mint;
        let Some(stored) = stored else { return Ok(mint) };
        let stored = Stored::parse(stored, &self.inner.legacy)?;
        // The layers of a wrapped hash count as well: its own parameters are not lost by wrapping.
        let outer = stored.wrap.as_ref().map(|wrap| &wrap.outer);
        let hash = match &stored.hash {
            Hash::Plain(plain) => Some(plain),
            Hash::Legacy(_) => None,
        };
        let within = |plain: &&Plain<'_>| plain.check(&self.inner.limits, 0).is_ok();
        let layers = [outer, hash].into_iter().flatten().filter(within);
        Ok(layers.fold(mint, |mint, plain| rehash::or_stronger(mint, plain)))
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
        match mint {
            Mint::Argon2id(params) => argon2id(params, input, &salt, workspace),
            Mint::Bcrypt(params) => Ok(bcrypt(params, self.has_pepper(), input, salt)),
        }
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
        let inner = pepper::prefixed(stored.pepper, &stored.hash.text_without_digest());
        let wrapped = self.under_primary(&format!("{WRAP_PREFIX}{outer}${}", &*inner));
        if wrapped.len() > PasswordHash::MAX_BYTES {
            return Err(WrapError::TooLong);
        }
        // What could not be read back would lock its user out: the old digest is gone.
        Stored::parse(&wrapped, &self.inner.legacy)?;
        Ok(Some(PasswordHash::new(wrapped)))
    }

    /// Whether new hashes would verify.
    pub(crate) fn check_own_mint(&self) -> Result<(), VerifyError> {
        let example = self.example();
        // At a time at which every pepper is live; the primary has no end.
        self.read(&example, 0, SystemTime::UNIX_EPOCH).map(drop)
    }

    /// A stored hash as this policy mints it, of no password.
    pub(super) fn example(&self) -> String {
        let salt = [0; SALT_BYTES];
        let hash = match self.inner.mint {
            Mint::Argon2id(params) => {
                argon2id_head(params, &salt) + &Encoding::Phc.encode(&[0; ARGON2ID_DIGEST])
            }
            Mint::Bcrypt(params) => {
                let salt = Encoding::Bcrypt.encode(&salt);
                let digest = Encoding::Bcrypt.encode(&[0; scheme::bcrypt::DIGEST_BYTES]);
                bcrypt_head(params, self.has_pepper(), &salt) + &digest
            }
        };
        self.under_primary(&hash)
    }

    /// The stored text of a hash that was made under the primary pepper, where there is one.
    fn under_primary(&self, hash: &str) -> String {
        let primary = self.inner.peppers.as_ref().map(|ring| *ring.primary().0);
        std::mem::take(&mut *pepper::prefixed(primary, hash))
    }
}

/// A new hash of Argon2id.
fn argon2id(
    params: Argon2id,
    input: &[u8],
    salt: &[u8],
    workspace: &mut Workspace,
) -> Result<String, HashError> {
    let fill = Fill {
        scheme: Scheme::Argon2id,
        version: Argon2Version::V0x13,
        memory_kib: params.memory_kib(),
        passes: params.passes(),
        lanes: params.lanes(),
        password: input,
        salt,
        secret: &[],
        data: &[],
    };
    let mut digest = Zeroizing::new([0; ARGON2ID_DIGEST]);
    workspace.fill(&fill, &mut *digest).map_err(|_| HashError::OutOfMemory)?;
    Ok(argon2id_head(params, salt) + &Encoding::Phc.encode(&*digest))
}

fn argon2id_head(params: Argon2id, salt: &[u8]) -> String {
    let (m, t, p) = (params.memory_kib(), params.passes(), params.lanes());
    format!("$argon2id$v=19$m={m},t={t},p={p}${}$", &*Encoding::Phc.encode(salt))
}

/// A new hash of bcrypt. A pepper makes a prehash needless.
fn bcrypt(params: Bcrypt, peppered: bool, input: &[u8], salt: [u8; SALT_BYTES]) -> String {
    let salt_text = Encoding::Bcrypt.encode(&salt);
    let settings = scheme::bcrypt::Settings::to_mint(params, peppered, salt, &salt_text);
    let mut digest = Zeroizing::new([0; scheme::bcrypt::DIGEST_BYTES]);
    settings.compute(input, &mut digest);
    bcrypt_head(params, peppered, &salt_text) + &Encoding::Bcrypt.encode(&*digest)
}

fn bcrypt_head(params: Bcrypt, peppered: bool, salt: &str) -> String {
    let cost = params.cost();
    if params.prehash() && !peppered {
        format!("$bcrypt-sha256$v=2,t=2b,r={cost}${salt}$")
    } else {
        format!("$2b${cost:02}${salt}")
    }
}
