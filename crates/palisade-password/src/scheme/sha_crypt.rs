//! sha256-crypt and sha512-crypt of crypt(3), `$5$` and `$6$`.

use sha_crypt::Params;
use zeroize::Zeroizing;

use crate::Scheme;
use crate::error::{Cost, Flaw, TooCostly};
use crate::fields::{named, split};
use crate::limits::{Limits, at_most};
use crate::memory::NoMemory;

/// What a stored sha-crypt hash says beside its digest.
#[derive(Clone)]
pub(crate) struct Settings<'a> {
    pub(crate) scheme: Scheme,
    pub(crate) rounds: u32,
    salt: &'a str,
}

const DEFAULT_ROUNDS: u32 = 5000;

/// `$5$<salt>$` or `$5$rounds=10000$<salt>$`: what stands before the digest.
pub(crate) fn parse(head: &str, scheme: Scheme) -> Result<Settings<'_>, Flaw> {
    let (rounds, salt) = if let Ok(["", _name, rounds, salt, ""]) = split(head) {
        (named(Some(rounds), "rounds")?, salt)
    } else {
        let ["", _name, salt, ""] = split(head)? else {
            return Err(Flaw::Fields);
        };
        (DEFAULT_ROUNDS, salt)
    };
    if !(1000..=999_999_999).contains(&rounds) {
        return Err(Flaw::Parameter);
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"./".contains(&byte);
    if salt.len() > 16 || !salt.bytes().all(allowed) {
        return Err(Flaw::Salt);
    }
    Ok(Settings { scheme, rounds, salt })
}

impl Settings<'_> {
    pub(crate) fn allows_digest_of(&self, len: usize) -> bool {
        len == if self.scheme == Scheme::Sha256Crypt { 32 } else { 64 }
    }

    pub(crate) fn check(&self, password_len: usize, limits: &Limits) -> Result<(), TooCostly> {
        at_most(Cost::Rounds, self.rounds, limits.sha_crypt_rounds)?;
        // Beside the rounds, the whole password is read once for each of its bytes.
        let len = password_len as u64;
        let bytes = (u64::from(self.rounds) + len).saturating_mul(len);
        at_most(Cost::RoundBytes, bytes, limits.sha_crypt_work)
    }

    pub(crate) fn compute(&self, password: &[u8], out: &mut [u8]) -> Result<(), NoMemory> {
        // The parser let no other number of rounds pass.
        let params = Params::new(self.rounds).map_err(|_| NoMemory)?;
        let salt = self.salt.as_bytes();
        if self.scheme == Scheme::Sha256Crypt {
            let digest = Zeroizing::new(sha_crypt::sha256_crypt(password, salt, params));
            permute(&*digest, &SHA256_ORDER, out);
        } else {
            let digest = Zeroizing::new(sha_crypt::sha512_crypt(password, salt, params));
            permute(&*digest, &SHA512_ORDER, out);
        }
        Ok(())
    }
}

fn permute(digest: &[u8], order: &[u8], out: &mut [u8]) {
    for (to, &from) in out.iter_mut().zip(order) {
        *to = digest[usize::from(from)];
    }
}

/// The order in which the specification of sha-crypt writes the bytes of the digest: each group of
/// three, the low byte first.
const SHA256_ORDER: [u8; 32] = [
    20, 10, 0, 11, 1, 21, 2, 22, 12, 23, 13, 3, 14, 4, 24, 5, 25, 15, 26, 16, 6, 17, 7, 27, 8, 28,
    18, 29, 19, 9, 30, 31,
];

/// As [`SHA256_ORDER`], for SHA-512.
const SHA512_ORDER: [u8; 64] = [
    42, 21, 0, 1, 43, 22, 23, 2, 44, 45, 24, 3, 4, 46, 25, 26, 5, 47, 48, 27, 6, 7, 49, 28, 29, 8,
    50, 51, 30, 9, 10, 52, 31, 32, 11, 53, 54, 33, 12, 13, 55, 34, 35, 14, 56, 57, 36, 15, 16, 58,
    37, 38, 17, 59, 60, 39, 18, 19, 61, 40, 41, 20, 62, 63,
];
