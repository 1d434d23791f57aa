//! What new hashes are made with.

use crate::scheme::argon2::Settings as StoredArgon2;
use crate::scheme::bcrypt::Settings as StoredBcrypt;

/// Parameters of Argon2id (RFC 9106) for new hashes.
///
/// # Examples
///
/// ```
/// use palisade_password::Argon2id;
///
/// let stronger = Argon2id::new(64 * 1024, 3, 4)?; // 64 MiB, 3 passes, 4 lanes
/// assert!(stronger.memory_bytes() > Argon2id::OWASP.memory_bytes());
/// # Ok::<(), palisade_password::InvalidParameters>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argon2id {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Argon2id {
    /// 19 MiB, 2 passes, 1 lane: the default of the OWASP Password Storage Cheat Sheet.
    pub const OWASP: Self = Self { memory_kib: 19 * 1024, passes: 2, lanes: 1 };

    /// 64 MiB, 3 passes, 4 lanes: the second recommendation of RFC 9106 section 4.
    pub const RFC_9106_LOW_MEMORY: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 4 };

    /// Memory in KiB, passes over it, and lanes. The lanes of one hash are filled by one thread, one
    /// after the other: under load, the other cores have hashes of their own.
    ///
    /// # Errors
    ///
    /// [`InvalidParameters`] when a number is zero or too large, or there are fewer than 8 KiB for each
    /// lane.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, InvalidParameters> {
        let fits = (1..1 << 24).contains(&lanes) && passes >= 1;
        if !fits || u64::from(memory_kib) < 8 * u64::from(lanes) {
            return Err(InvalidParameters::Argon2id);
        }
        Ok(Self { memory_kib, passes, lanes })
    }

    /// Memory, in KiB.
    #[must_use]
    pub fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// Memory, in bytes.
    #[must_use]
    pub fn memory_bytes(self) -> u64 {
        u64::from(self.memory_kib) * 1024
    }

    /// Passes over the memory.
    #[must_use]
    pub fn passes(self) -> u32 {
        self.passes
    }

    /// Lanes.
    #[must_use]
    pub fn lanes(self) -> u32 {
        self.lanes
    }

    /// These parameters where they are a step up from the stored ones; otherwise the stored ones.
    fn or_stronger(self, stored: &StoredArgon2) -> Self {
        let stored = Self::of(stored);
        if stored.is_weaker_than(self) { self } else { stored }
    }

    /// Whether the other parameters would be a step up, and a step down in nothing: neither in memory,
    /// nor in depth, which is memory times passes for each lane, the least time of a machine that fills
    /// all lanes at once.
    pub(crate) fn is_weaker_than(self, other: Self) -> bool {
        let work = |params: Self| u128::from(params.memory_kib) * u128::from(params.passes);
        let depth = work(self) * u128::from(other.lanes);
        let other_depth = work(other) * u128::from(self.lanes);
        self.memory_kib <= other.memory_kib
            && depth <= other_depth
            && (self.memory_kib < other.memory_kib || depth < other_depth)
    }

    /// The parameters of a stored hash.
    pub(crate) fn of(stored: &StoredArgon2) -> Self {
        Self { memory_kib: stored.memory_kib, passes: stored.passes, lanes: stored.lanes }
    }
}

/// Parameters of bcrypt for new hashes, of the version `2b`.
///
/// bcrypt reads 72 bytes of a password and takes a NUL for its end. Without a
/// [prehash](Self::with_prehash) and without a pepper, a password that it would not read whole is
/// refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bcrypt {
    cost: u32,
    prehash: bool,
}

impl Bcrypt {
    /// Cost 12: 2^12 rounds of its key schedule.
    pub const COST_12: Self = Self { cost: 12, prehash: false };

    /// A cost of 10 to 16; each step doubles the time.
    ///
    /// # Errors
    ///
    /// [`InvalidParameters`] for any other. Ten is the least that OWASP allows.
    pub fn new(cost: u32) -> Result<Self, InvalidParameters> {
        if (10..=16).contains(&cost) {
            Ok(Self { cost, prehash: false })
        } else {
            Err(InvalidParameters::Bcrypt)
        }
    }

    /// Hashes the base64 of an HMAC-SHA256 under the salt, so that passwords of any length and content
    /// count whole: passlib's `bcrypt-sha256`, version 2.
    #[must_use]
    pub fn with_prehash(mut self) -> Self {
        self.prehash = true;
        self
    }

    /// The cost.
    #[must_use]
    pub fn cost(self) -> u32 {
        self.cost
    }

    /// Whether passwords are prehashed.
    #[must_use]
    pub fn prehash(self) -> bool {
        self.prehash
    }

    fn or_stronger(self, stored: &StoredBcrypt<'_>) -> Self {
        Self { cost: self.cost.max(stored.cost), ..self }
    }
}

/// What new hashes are made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mint {
    /// Argon2id.
    Argon2id(Argon2id),
    /// bcrypt.
    Bcrypt(Bcrypt),
}

impl Mint {
    /// How many bytes of memory a new hash takes, beside a few KiB.
    #[must_use]
    pub fn memory_bytes(self) -> u64 {
        match self {
            Self::Argon2id(params) => params.memory_bytes(),
            Self::Bcrypt(_) => 0,
        }
    }

    /// The same, or with the parameters of the stored hash where those are stronger.
    pub(crate) fn or_stronger(self, stored: &crate::plain::Settings<'_>) -> Self {
        use crate::plain::Settings;
        match (self, stored) {
            (Self::Argon2id(params), Settings::Argon2(stored)) => {
                Self::Argon2id(params.or_stronger(stored))
            }
            (Self::Bcrypt(params), Settings::Bcrypt(stored)) => {
                Self::Bcrypt(params.or_stronger(stored))
            }
            _ => self,
        }
    }
}

impl From<Argon2id> for Mint {
    fn from(params: Argon2id) -> Self {
        Self::Argon2id(params)
    }
}

impl From<Bcrypt> for Mint {
    fn from(params: Bcrypt) -> Self {
        Self::Bcrypt(params)
    }
}

/// Parameters that the scheme does not have, or that nobody should use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidParameters {
    /// For Argon2id.
    #[error(
        "Argon2id needs at least one pass, 1 to 16777215 lanes, and at least 8 KiB of memory for each lane"
    )]
    Argon2id,
    /// For bcrypt.
    #[error("the cost of bcrypt has to be from 10 to 16")]
    Bcrypt,
}
