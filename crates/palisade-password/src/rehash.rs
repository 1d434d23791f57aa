//! Whether a stored hash should be made anew, and why.

use std::fmt;

use palisade_secret::KeyId;

use crate::mint::{Argon2id, Mint};
use crate::plain::{Plain, Settings};
use crate::scheme::bcrypt::Prehash;
use crate::stored::{Hash, Stored};
use crate::{Argon2Version, Scheme};

/// Why a stored hash should be made anew when its password is at hand. Never because it is stronger
/// than what the policy mints: such a hash is left alone.
///
/// Where several reasons hold, the first in this order is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RehashReason {
    /// bcrypt read only the first 72 bytes of this password: others that begin so match as well. A policy
    /// that mints bcrypt without a prehash or pepper cannot rehash it, and refuses each time.
    Truncated,
    /// The password holds a NUL, which bcrypt cannot tell from the end: others match as well.
    Nul,
    /// It has no pepper, and the policy has.
    Unpeppered,
    /// It was made under a pepper that is not the primary.
    OldPepper,
    /// It is wrapped: hashed by the old scheme, and that hash hashed once more.
    Wrapped,
    /// It is of a weaker scheme than the one minted.
    Scheme,
    /// It is of a weaker variant or version of the same scheme.
    Variant,
    /// Its parameters are weaker than the minted ones.
    Parameters,
    /// Its salt is shorter than 16 bytes.
    ShortSalt,
    /// Its digest is shorter than 32 bytes, where the scheme allows that many.
    ShortDigest,
}

impl RehashReason {
    /// One word for the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::Nul => "nul",
            Self::Unpeppered => "unpeppered",
            Self::OldPepper => "old_pepper",
            Self::Wrapped => "wrapped",
            Self::Scheme => "scheme",
            Self::Variant => "variant",
            Self::Parameters => "parameters",
            Self::ShortSalt => "short_salt",
            Self::ShortDigest => "short_digest",
        }
    }
}

impl fmt::Display for RehashReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "bcrypt read only the first 72 bytes of the password",
            Self::Nul => "the password holds a NUL, which bcrypt takes for its end",
            Self::Unpeppered => "it has no pepper",
            Self::OldPepper => "it was made under an old pepper",
            Self::Wrapped => "it is wrapped",
            Self::Scheme => "it is of a weaker scheme",
            Self::Variant => "it is of a weaker variant of its scheme",
            Self::Parameters => "its parameters are weaker",
            Self::ShortSalt => "its salt is short",
            Self::ShortDigest => "its digest is short",
        })
    }
}

/// The reason that holds, given what was typed where the caller has it.
pub(crate) fn reason(
    mint: Mint,
    primary: Option<KeyId>,
    stored: &Stored<'_>,
    keyed_argon2: bool,
    hashed: Option<&[u8]>,
) -> Option<RehashReason> {
    if let (Some(bytes), Hash::Plain(Plain { settings: Settings::Bcrypt(bcrypt), .. })) =
        (hashed, &stored.hash)
    {
        if bcrypt.truncates(bytes) {
            return Some(RehashReason::Truncated);
        }
        if bcrypt.confuses(bytes) {
            return Some(RehashReason::Nul);
        }
    }
    if let Some(primary) = primary {
        if !stored.is_peppered() {
            return Some(if keyed_argon2 {
                RehashReason::OldPepper
            } else {
                RehashReason::Unpeppered
            });
        }
        if stored.peppers().any(|id| id != primary) {
            return Some(RehashReason::OldPepper);
        }
    }
    if stored.wrap.is_some() {
        return Some(RehashReason::Wrapped);
    }
    match &stored.hash {
        Hash::Legacy(_) => Some(RehashReason::Scheme),
        Hash::Plain(plain) => of_plain(mint, plain),
    }
}

fn of_plain(mint: Mint, plain: &Plain<'_>) -> Option<RehashReason> {
    match (mint, &plain.settings) {
        (Mint::Argon2id(minted), Settings::Argon2(stored)) => {
            let params = Argon2id::of(stored);
            if params.is_weaker_than(minted) {
                return Some(RehashReason::Parameters);
            }
            // With the stored parameters where they are stronger; see `Mint::or_stronger`.
            if stored.scheme != Scheme::Argon2id || stored.version != Argon2Version::V0x13 {
                return Some(RehashReason::Variant);
            }
            if stored.salt.as_slice().len() < 16 {
                return Some(RehashReason::ShortSalt);
            }
            (plain.digest.len() < 32).then_some(RehashReason::ShortDigest)
        }
        (Mint::Bcrypt(minted), Settings::Bcrypt(stored)) => {
            if stored.cost < minted.cost() {
                return Some(RehashReason::Parameters);
            }
            // 2x confuses passwords; an unkeyed prehash can be tried against other leaks of it.
            let weak_prehash = matches!(stored.prehash, Prehash::PasslibV1 | Prehash::Django);
            (plain.scheme() == Scheme::Bcrypt2x || weak_prehash).then_some(RehashReason::Variant)
        }
        // Memory-hard too: Argon2id is a step up where it takes more memory or does more work.
        (Mint::Argon2id(minted), Settings::Scrypt(stored)) => {
            let work = minted.memory_bytes().saturating_mul(minted.passes().into());
            let is_stronger =
                stored.memory_bytes() >= minted.memory_bytes() && stored.work_bytes() >= work;
            (!is_stronger).then_some(RehashReason::Scheme)
        }
        _ => {
            let (stored, minted) = (rank(plain.scheme()), rank_of_mint(mint));
            let weaker = stored < minted || !meets_owasp(plain);
            weaker.then_some(RehashReason::Scheme)
        }
    }
}

/// What a password is hashed with whose stored hash has to be made anew for whatever reason: the minted
/// scheme and parameters, or the stored ones of Argon2 where those are no step down.
pub(crate) fn or_stronger(mint: Mint, plain: &Plain<'_>) -> Mint {
    match (mint, &plain.settings) {
        (Mint::Bcrypt(_), Settings::Argon2(stored)) if of_plain(mint, plain).is_none() => {
            Mint::Argon2id(Argon2id::of(stored))
        }
        (mint, settings) => mint.or_stronger(settings),
    }
}

/// How schemes stand to each other: memory-hard before those that are merely slow.
fn rank(scheme: Scheme) -> u8 {
    match scheme {
        Scheme::Argon2d | Scheme::Argon2i | Scheme::Argon2id => 4,
        Scheme::Scrypt => 3,
        Scheme::Bcrypt | Scheme::BcryptSha256 => 2,
        Scheme::Pbkdf2Sha256
        | Scheme::Pbkdf2Sha512
        | Scheme::Pbkdf2Sha1
        | Scheme::Sha256Crypt
        | Scheme::Sha512Crypt => 1,
        Scheme::Bcrypt2x | Scheme::Legacy => 0,
    }
}

fn rank_of_mint(mint: Mint) -> u8 {
    rank(match mint {
        Mint::Argon2id(_) => Scheme::Argon2id,
        Mint::Bcrypt(_) => Scheme::Bcrypt,
    })
}

/// Whether a hash of a stronger scheme is as costly as the OWASP Password Storage Cheat Sheet asks of
/// that scheme. One that is not is no stronger for its name.
fn meets_owasp(plain: &Plain<'_>) -> bool {
    const MIB: u64 = 1024 * 1024;
    match &plain.settings {
        // The least of the settings that are named there: 7 MiB with 5 passes.
        Settings::Argon2(argon2) => {
            argon2.memory_bytes() >= 7 * MIB && argon2.work_bytes() >= 35 * MIB
        }
        // N=2^13, r=8, p=10 is the least of memory; all of them do at least 64 MiB of work.
        Settings::Scrypt(scrypt) => {
            scrypt.memory_bytes() >= 8 * MIB && scrypt.work_bytes() >= 64 * MIB
        }
        Settings::Bcrypt(_) | Settings::Pbkdf2(_) | Settings::ShaCrypt(_) => true,
    }
}
