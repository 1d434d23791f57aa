//! scrypt (RFC 7914): PHC strings, which are also passlib's, and `$7$` of crypt(3).

use zeroize::Zeroize;

use crate::encoding::Encoding;
use crate::error::{Cost, Flaw, TooCostly};
use crate::fields::{named, split};
use crate::inline::Inline;
use crate::limits::{Limits, at_most};
use crate::memory::NoMemory;

/// What a stored scrypt hash says beside its digest.
#[derive(Clone)]
pub(crate) struct Settings<'a> {
    /// The binary logarithm of N.
    pub(crate) log_n: u32,
    /// The block size, in 128 bytes.
    pub(crate) r: u32,
    /// How many runs there are, one after the other.
    pub(crate) p: u32,
    salt: Salt<'a>,
}

#[derive(Clone)]
enum Salt<'a> {
    Bytes(Inline<48>),
    /// `$7$` hashes the characters themselves.
    Text(&'a str),
}

/// `$scrypt$ln=17,r=8,p=1$<salt>$`: what stands before the digest.
pub(crate) fn parse(head: &str) -> Result<Settings<'_>, Flaw> {
    let ["", "scrypt", params, salt, ""] = split(head)? else {
        return Err(Flaw::Fields);
    };
    let mut params = params.split(',');
    let log_n = named(params.next(), "ln")?;
    let r = named(params.next(), "r")?;
    let p = named(params.next(), "p")?;
    if params.next().is_some() {
        return Err(Flaw::Fields);
    }
    let salt = Encoding::Phc.decode(salt).ok_or(Flaw::Salt)?;
    Settings::new(log_n, r, p, Salt::Bytes(salt))
}

/// `$7$<1 character N><5 characters r><5 characters p><salt>$`.
pub(crate) fn parse_crypt(head: &str) -> Result<Settings<'_>, Flaw> {
    let ["", "7", params, ""] = split(head)? else {
        return Err(Flaw::Fields);
    };
    let (numbers, salt) = params.split_at_checked(11).ok_or(Flaw::Fields)?;
    let (log_n, r, p) = (&numbers[..1], &numbers[1..6], &numbers[6..]);
    if salt.is_empty() || salt.len() > 48 || !salt.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Flaw::Salt);
    }
    Settings::new(digits(log_n)?, digits(r)?, digits(p)?, Salt::Text(salt))
}

/// A number in the alphabet of crypt(3), the low digits first.
fn digits(text: &str) -> Result<u32, Flaw> {
    const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    text.bytes().rev().try_fold(0, |number: u32, byte| {
        let digit = ALPHABET.iter().position(|&known| known == byte).ok_or(Flaw::Number)?;
        Ok(number << 6 | u32::try_from(digit).map_err(|_| Flaw::Number)?)
    })
}

impl<'a> Settings<'a> {
    /// `r · p < 2^30` is of RFC 7914 section 6; an N that no machine could address is no N.
    fn new(log_n: u32, r: u32, p: u32, salt: Salt<'a>) -> Result<Self, Flaw> {
        let fits = u64::from(r) * u64::from(p) < 1 << 30;
        if !(1..=63).contains(&log_n) || r == 0 || p == 0 || !fits {
            return Err(Flaw::Parameter);
        }
        Ok(Self { log_n, r, p, salt })
    }

    /// crypt(3) writes 32 bytes; a PHC string may hold other lengths, of which 16 is the least that is
    /// worth comparing.
    pub(crate) fn allows_digest_of(&self, len: usize) -> bool {
        match self.salt {
            Salt::Bytes(_) => (16..=64).contains(&len),
            Salt::Text(_) => len == 32,
        }
    }

    fn table_bytes(&self) -> u64 {
        1_u64.checked_shl(self.log_n).unwrap_or(u64::MAX).saturating_mul(128 * u64::from(self.r))
    }

    /// The table, and a block for each run and one to work on.
    pub(crate) fn memory_bytes(&self) -> u64 {
        let blocks = 128 * u64::from(self.r) * (u64::from(self.p) + 1);
        self.table_bytes().saturating_add(blocks)
    }

    pub(crate) fn work_bytes(&self) -> u64 {
        self.table_bytes().saturating_mul(self.p.into())
    }

    pub(crate) fn check(&self, limits: &Limits) -> Result<(), TooCostly> {
        // With a small N and a large p, the blocks of the runs are more than the table.
        let runs = 128 * u64::from(self.r) * u64::from(self.p);
        at_most(Cost::Memory, self.table_bytes().max(runs), limits.scrypt_memory)?;
        at_most(Cost::MemoryPasses, self.work_bytes(), limits.scrypt_work)
    }

    pub(crate) fn compute(&self, password: &[u8], out: &mut [u8]) -> Result<(), NoMemory> {
        // That crate allocates its table without asking; a try that fails is found here.
        let table = usize::try_from(self.memory_bytes()).map_err(|_| NoMemory)?;
        Vec::<u8>::new().try_reserve_exact(table).map_err(|_| NoMemory)?;
        let log_n = u8::try_from(self.log_n).map_err(|_| NoMemory)?;
        let params = scrypt::Params::new(log_n, self.r, self.p).map_err(|_| NoMemory)?;
        let salt = match &self.salt {
            Salt::Bytes(bytes) => bytes.as_slice(),
            Salt::Text(text) => text.as_bytes(),
        };
        scrypt::scrypt(password, salt, &params, out).map_err(|_| {
            out.zeroize();
            NoMemory
        })
    }
}
