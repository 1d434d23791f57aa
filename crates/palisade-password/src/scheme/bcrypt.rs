//! bcrypt: bare, with Django's prefix, and over SHA-256 as passlib and Django do it.

use blowfish::Blowfish;
use palisade_secret::MacKey;
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize, Zeroizing};

use crate::encoding::Encoding;
use crate::error::{Cost, Flaw, TooCostly};
use crate::fields::{named, number, split};
use crate::limits::{Limits, at_most};
use crate::{Bcrypt, Scheme};

/// The most bytes of a password that bcrypt reads.
pub(crate) const MAX_BYTES: usize = 72;

/// Characters of the digest, of 23 bytes.
pub(crate) const DIGEST_CHARS: usize = 31;
pub(crate) const DIGEST_BYTES: usize = 23;

const SALT_CHARS: usize = 22;

/// What a stored bcrypt hash says beside its digest.
#[derive(Clone)]
pub(crate) struct Settings<'a> {
    pub(crate) version: Version,
    pub(crate) prehash: Prehash,
    pub(crate) cost: u32,
    salt: [u8; 16],
    /// The salt as it stands there: passlib's prehash is keyed with the text.
    salt_text: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// May be of `crypt_blowfish`, which reads some passwords with the byte 0xFF in another way.
    A,
    B,
    /// The same as `B`, by another name.
    Y,
    /// With the bug of `crypt_blowfish` before 1.1, which extended the sign of each byte.
    X,
}

/// What is done to the password before bcrypt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prehash {
    None,
    /// passlib, version 1: base64 of SHA-256.
    PasslibV1,
    /// passlib, version 2: base64 of HMAC-SHA256 under the text of the salt.
    PasslibV2,
    /// Django: hex of SHA-256.
    Django,
}

/// `$2b$12$<22 characters>`, which the digest follows without a `$`.
pub(crate) fn parse(head: &str, prehash: Prehash) -> Result<Settings<'_>, Flaw> {
    let [empty, version, cost, salt] = split(head)?;
    let version = Version::named(version).ok_or(Flaw::Version)?;
    if !empty.is_empty() || cost.len() != 2 || !cost.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Flaw::Number);
    }
    let cost = number(cost.strip_prefix('0').unwrap_or(cost))?;
    Settings::new(version, prehash, cost, salt)
}

/// passlib: `$bcrypt-sha256$2a,5$<salt>$` and `$bcrypt-sha256$v=2,t=2b,r=12$<salt>$`.
pub(crate) fn parse_passlib(head: &str) -> Result<Settings<'_>, Flaw> {
    let [empty, "bcrypt-sha256", params, salt, rest] = split(head)? else {
        return Err(Flaw::Fields);
    };
    if !empty.is_empty() || !rest.is_empty() {
        return Err(Flaw::Fields);
    }
    let mut params = params.split(',');
    let first = params.next().ok_or(Flaw::Fields)?;
    let (prehash, version, cost) = if first == "v=2" {
        let version = params.next().and_then(|param| param.strip_prefix("t="));
        (Prehash::PasslibV2, version, named(params.next(), "r")?)
    } else {
        (Prehash::PasslibV1, Some(first), number(params.next().ok_or(Flaw::Fields)?)?)
    };
    let Some(version @ (Version::A | Version::B)) = version.and_then(Version::named) else {
        return Err(Flaw::Version);
    };
    if params.next().is_some() {
        return Err(Flaw::Fields);
    }
    Settings::new(version, prehash, cost, salt)
}

impl Version {
    fn named(name: &str) -> Option<Self> {
        match name {
            "2a" => Some(Self::A),
            "2b" => Some(Self::B),
            "2y" => Some(Self::Y),
            "2x" => Some(Self::X),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::A => "2a",
            Self::B => "2b",
            Self::Y => "2y",
            Self::X => "2x",
        }
    }
}

impl<'a> Settings<'a> {
    fn new(
        version: Version,
        prehash: Prehash,
        cost: u32,
        salt_text: &'a str,
    ) -> Result<Self, Flaw> {
        if !(4..=31).contains(&cost) {
            return Err(Flaw::Parameter);
        }
        let salt = decode_salt(salt_text).ok_or(Flaw::Salt)?;
        Ok(Self { version, prehash, cost, salt, salt_text })
    }

    /// What a new hash is made with. A pepper makes a prehash needless.
    pub(crate) fn to_mint(
        params: Bcrypt,
        peppered: bool,
        salt: [u8; 16],
        salt_text: &'a str,
    ) -> Self {
        let prehash = params.prehash() && !peppered;
        let prehash = if prehash { Prehash::PasslibV2 } else { Prehash::None };
        Self { version: Version::B, prehash, cost: params.cost(), salt, salt_text }
    }

    pub(crate) fn scheme(&self) -> Scheme {
        match (self.prehash, self.version) {
            (Prehash::None, Version::X) => Scheme::Bcrypt2x,
            (Prehash::None, _) => Scheme::Bcrypt,
            _ => Scheme::BcryptSha256,
        }
    }

    pub(crate) fn check(&self, limits: &Limits) -> Result<(), TooCostly> {
        at_most(Cost::BcryptCost, self.cost, limits.bcrypt_cost)
    }

    /// Whether the digest depends on less than the whole password.
    pub(crate) fn truncates(&self, password: &[u8]) -> bool {
        self.prehash == Prehash::None && password.len() > MAX_BYTES
    }

    /// Whether other passwords than this one have the same digest: a NUL ends the key, which then
    /// begins again.
    pub(crate) fn confuses(&self, password: &[u8]) -> bool {
        self.prehash == Prehash::None && password.contains(&0)
    }

    pub(crate) fn compute(&self, password: &[u8], out: &mut [u8; DIGEST_BYTES]) {
        let prehashed = self.prehashed(password);
        let password = prehashed.as_deref().map_or(password, Vec::as_slice);
        let (key, len) = key(password, self.version == Version::X);
        let mut digest = bcrypt::bcrypt(self.cost, self.salt, &key[..len]);
        out.copy_from_slice(&digest[..DIGEST_BYTES]);
        digest.zeroize();
    }

    /// The digest of a password that `crypt_blowfish` since 1.1 reads in another way under `2a`, so that
    /// its old bug cannot make two passwords one; nothing for all other passwords.
    ///
    /// The row does not say which library made it, so a password of that kind is compared both ways.
    /// No UTF-8 text is of that kind.
    pub(crate) fn compute_countermeasure(
        &self,
        password: &[u8],
        out: &mut [u8; DIGEST_BYTES],
    ) -> bool {
        let applies = self.version == Version::A
            && self.prehash == Prehash::None
            && countermeasure_applies(password);
        if applies {
            let (expanded, _) = cycled(password, false);
            let mut first = expanded.clone();
            // Bit 16 of the first word of the key, in the first of its expansions only.
            first[1] ^= 1;
            let mut state = Blowfish::bc_init_state();
            state.salted_expand_key(&self.salt, &*first);
            for _ in 0..1_u32 << self.cost {
                state.bc_expand_key(&*expanded);
                state.bc_expand_key(&self.salt);
            }
            encrypt_magic(&state, out);
        }
        applies
    }

    fn prehashed(&self, password: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        match self.prehash {
            Prehash::None => None,
            Prehash::PasslibV1 => {
                let digest = Zeroizing::new(<[u8; 32]>::from(Sha256::digest(password)));
                Some(base64(&*digest))
            }
            Prehash::PasslibV2 => {
                let key = MacKey::dangerous_any_length(self.salt_text.as_bytes());
                let digest = Zeroizing::new(key.mac(&[password]).to_bytes());
                Some(base64(&*digest))
            }
            Prehash::Django => {
                let digest = Zeroizing::new(<[u8; 32]>::from(Sha256::digest(password)));
                let mut hex = Zeroizing::new(Vec::with_capacity(64));
                for byte in &*digest {
                    hex.extend([byte >> 4, byte & 15].map(hex_digit));
                }
                Some(hex)
            }
        }
    }
}

fn base64(digest: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut text = Encoding::Padded.encode(digest);
    Zeroizing::new(std::mem::take(&mut *text).into_bytes())
}

/// Without a branch on the digit: it comes of a password.
fn hex_digit(nibble: u8) -> u8 {
    let above_nine = (9_u8.wrapping_sub(nibble)) >> 7;
    b'0' + nibble + above_nine * (b'a' - b'0' - 10)
}

/// 22 characters of which the last carries 2 bits and 4 that mean nothing: passlib used to leave them
/// set, and every implementation ignores them.
fn decode_salt(text: &str) -> Option<[u8; 16]> {
    const ALPHABET: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let (&last, _) = text.as_bytes().split_last()?;
    if text.len() != SALT_CHARS {
        return None;
    }
    let value = ALPHABET.iter().position(|&byte| byte == last)?;
    let mut canonical = [0; SALT_CHARS];
    canonical.copy_from_slice(text.as_bytes());
    canonical[SALT_CHARS - 1] = ALPHABET[value & 0b11_0000];
    let canonical = std::str::from_utf8(&canonical).ok()?;
    Encoding::Bcrypt.decode::<16>(canonical)?.as_slice().try_into().ok()
}

/// The key of bcrypt: the password and a NUL, cut at 72 bytes.
fn key(password: &[u8], sign_bug: bool) -> (Zeroizing<[u8; MAX_BYTES]>, usize) {
    if sign_bug {
        return cycled(password, true);
    }
    let mut key = Zeroizing::new([0; MAX_BYTES]);
    let copied = password.len().min(MAX_BYTES);
    key[..copied].copy_from_slice(&password[..copied]);
    (key, (copied + 1).min(MAX_BYTES))
}

/// The 18 words that Blowfish reads from the key, which begins again at its end: with the bug of `2x`,
/// each byte of 0x80 and above overwrites those before it in its word with ones.
fn cycled(password: &[u8], sign_bug: bool) -> (Zeroizing<[u8; MAX_BYTES]>, usize) {
    let mut expanded = Zeroizing::new([0; MAX_BYTES]);
    let (key, len) = key(password, false);
    let mut bytes = key[..len].iter().cycle();
    for word in expanded.as_chunks_mut::<4>().0 {
        let mut value = 0_u32;
        for &byte in bytes.by_ref().take(4) {
            let sign = if sign_bug && byte >= 0x80 { 0xffff_ff00 } else { 0 };
            value = (value << 8) | sign | u32::from(byte);
        }
        *word = value.to_be_bytes();
    }
    (expanded, MAX_BYTES)
}

/// Whether `crypt_blowfish` since 1.1 takes its countermeasure: the bug would have left the whole key as
/// it is, although it extended the sign of a byte.
fn countermeasure_applies(password: &[u8]) -> bool {
    let (correct, _) = cycled(password, false);
    let (buggy, _) = cycled(password, true);
    // Of each word, every byte but the first is one whose sign runs into others.
    let extends =
        correct.as_chunks::<4>().0.iter().any(|word| word[1..].iter().any(|&b| b >= 0x80));
    extends && correct == buggy
}

/// `OrpheanBeholderScryDoubt`, encrypted 64 times.
fn encrypt_magic(state: &Blowfish, out: &mut [u8; DIGEST_BYTES]) {
    const MAGIC: [[u32; 2]; 3] =
        [[0x4f72_7068, 0x6561_6e42], [0x6568_6f6c, 0x6465_7253], [0x6372_7944, 0x6f75_6274]];
    let mut text = Zeroizing::new([0_u8; 24]);
    for (mut block, to) in MAGIC.into_iter().zip(text.as_chunks_mut::<8>().0) {
        for _ in 0..64 {
            block = state.bc_encrypt(block);
        }
        let [left, right] = block.map(u64::from);
        *to = (left << 32 | right).to_be_bytes();
    }
    out.copy_from_slice(&text[..DIGEST_BYTES]);
}
