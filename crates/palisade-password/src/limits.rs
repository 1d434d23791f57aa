//! How much work a stored hash may ask for.

use crate::error::{Cost, TooCostly};

/// The most work that a stored hash may ask for. It is checked before anything is allocated or
/// computed: whoever can write to the table of users must not be able to stop the service with it.
///
/// The fields may be set one by one.
///
/// # Examples
///
/// ```
/// use palisade_password::Limits;
///
/// let mut limits = Limits::default();
/// limits.argon2_memory = 64 * 1024 * 1024;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Memory of Argon2, in bytes: 256 MiB.
    pub argon2_memory: u64,
    /// Passes of Argon2 over its memory: 16.
    pub argon2_passes: u32,
    /// Lanes of Argon2: 16.
    pub argon2_lanes: u32,
    /// Memory times passes of Argon2, in bytes: 1 GiB.
    pub argon2_work: u64,
    /// Cost of bcrypt, a power of two: 16.
    pub bcrypt_cost: u32,
    /// Memory of scrypt, in bytes: 256 MiB. That is 128·N·r for its table, and 128·r·p for the blocks of
    /// its parallel runs where that is more.
    pub scrypt_memory: u64,
    /// Memory times parallel runs of scrypt (128·N·r·p), in bytes: 1 GiB.
    pub scrypt_work: u64,
    /// Iterations of PBKDF2, times the blocks of output: 5 million.
    pub pbkdf2_iterations: u64,
    /// Rounds of sha-crypt: one million.
    pub sha_crypt_rounds: u32,
    /// Rounds of sha-crypt times bytes of password: 128 MiB, which is 200 characters at the 656,000 rounds of
    /// passlib, and about a second. Each round reads the whole password, and so
    /// does each of its bytes once.
    pub sha_crypt_work: u64,
}

const MIB: u64 = 1024 * 1024;

impl Default for Limits {
    fn default() -> Self {
        Self {
            argon2_memory: 256 * MIB,
            argon2_passes: 16,
            argon2_lanes: 16,
            argon2_work: 1024 * MIB,
            bcrypt_cost: 16,
            scrypt_memory: 256 * MIB,
            scrypt_work: 1024 * MIB,
            pbkdf2_iterations: 5_000_000,
            sha_crypt_rounds: 1_000_000,
            sha_crypt_work: 128 * MIB,
        }
    }
}

/// Refuses what is above its limit.
pub(crate) fn at_most(
    what: Cost,
    asked: impl Into<u64>,
    limit: impl Into<u64>,
) -> Result<(), TooCostly> {
    let (asked, limit) = (asked.into(), limit.into());
    if asked > limit { Err(TooCostly { what, asked, limit }) } else { Ok(()) }
}
