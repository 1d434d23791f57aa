//! What can go wrong, by who has to act on it.

use palisade_secret::KeyId;

use crate::Scheme;

/// A password cannot be hashed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HashError {
    /// It is no UTF-8, and the store normalises passwords.
    #[error("the password is not valid UTF-8")]
    NotText,
    /// It has more than the 72 bytes that bcrypt reads.
    #[error(
        "the password has {got} bytes, and bcrypt reads 72; choose a shorter one (the operator can lift this: mint Argon2id, or bcrypt with a prehash or pepper)"
    )]
    TooLongForBcrypt {
        /// How many bytes it has.
        got: usize,
    },
    /// It holds a NUL, which ends a password for bcrypt.
    #[error("the password holds a NUL character, which bcrypt cannot tell from the end")]
    NulForBcrypt,
    /// The stored hash that was to be made anew cannot be read.
    #[error("the stored hash cannot be read: {0}")]
    Stored(#[from] VerifyError),
    /// The operating system gave no random salt.
    #[error("the system gave no randomness")]
    NoRandomness,
    /// The system gave no memory.
    #[error("the system gave no memory for the hash")]
    OutOfMemory,
}

impl HashError {
    /// One word for the log.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotText => "password_not_text",
            Self::TooLongForBcrypt { .. } => "password_too_long_for_bcrypt",
            Self::NulForBcrypt => "password_nul_for_bcrypt",
            Self::Stored(error) => error.reason(),
            Self::NoRandomness => "no_randomness",
            Self::OutOfMemory => "out_of_memory",
        }
    }
}

/// A password could not be compared with a stored hash. None of these is a wrong password. Apart from
/// [`NotText`](Self::NotText) and [`PasswordTooLong`](Self::PasswordTooLong), which are the client's doing,
/// each is for the operator.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The stored text is not a hash of the scheme that it begins like.
    #[error("the stored hash is not well formed: {0}")]
    Malformed(#[from] Malformed),
    /// The stored text is of a scheme that this crate does not know.
    #[error(
        "the stored hash is of no known scheme; a scheme of your own can be added as a LegacyScheme"
    )]
    Unsupported,
    /// The scheme is known, and the policy does not accept it.
    #[error("the stored hash is of the scheme {scheme}, which this policy does not accept")]
    NotAccepted {
        /// The scheme.
        scheme: Scheme,
    },
    /// The work that the stored hash asks for is above the limits. Nothing was computed.
    #[error("the stored hash asks for more work than the limits allow: {0}")]
    TooCostly(#[from] TooCostly),
    /// The stored hash was made under a pepper that is not loaded.
    #[error("the stored hash was made under the pepper {id}, which is not in use; load it again")]
    UnknownPepper {
        /// The id of the pepper.
        id: KeyId,
    },
    /// The stored hash names an Argon2 secret that is not loaded.
    #[error("the stored hash names an Argon2 secret (keyid) that is not loaded")]
    UnknownArgon2Secret,
    /// The stored hash was made without a pepper, and the policy does not or no longer allow it.
    #[error("the stored hash has no pepper, and no allowance for such rows is in force")]
    Unpeppered,
    /// The password is no UTF-8, and the store normalises passwords.
    #[error("the password is not valid UTF-8")]
    NotText,
    /// The password is too long for the rounds of a stored hash of sha-crypt, each of which reads the
    /// whole password. Nothing was computed.
    #[error("the password is too long to be compared with the stored hash")]
    PasswordTooLong(TooCostly),
    /// A scheme of the team's own failed.
    #[error("the legacy scheme {name} failed")]
    Legacy {
        /// The name of the scheme.
        name: &'static str,
    },
    /// The system gave no memory.
    #[error("the system gave no memory for the hash")]
    OutOfMemory,
}

impl VerifyError {
    /// One word for the log.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "hash_malformed",
            Self::Unsupported => "hash_unsupported",
            Self::NotAccepted { .. } => "hash_not_accepted",
            Self::TooCostly(_) => "hash_too_costly",
            Self::UnknownPepper { .. } => "pepper_unknown",
            Self::UnknownArgon2Secret => "argon2_secret_unknown",
            Self::Unpeppered => "hash_unpeppered",
            Self::NotText => "password_not_text",
            Self::PasswordTooLong(_) => "password_too_long_for_rounds",
            Self::Legacy { .. } => "legacy_scheme_failed",
            Self::OutOfMemory => "out_of_memory",
        }
    }
}

/// A stored hash cannot be wrapped.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WrapError {
    /// The policy mints another scheme than Argon2id, and hashes are wrapped in no other.
    #[error("hashes are wrapped in Argon2id, and this policy mints another scheme")]
    MintIsNotArgon2id,
    /// The stored hash cannot be read, or is not accepted: wrapped, it could not be verified.
    #[error(transparent)]
    Stored(#[from] VerifyError),
    /// The outer hash could not be made.
    #[error(transparent)]
    Hash(HashError),
    /// The result would be longer than a stored hash may be.
    #[error("wrapped, the hash would have more than {} bytes", crate::PasswordHash::MAX_BYTES)]
    TooLong,
}

impl WrapError {
    /// One word for the log.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::MintIsNotArgon2id => "mint_is_not_argon2id",
            Self::Stored(error) => error.reason(),
            Self::Hash(error) => error.reason(),
            Self::TooLong => "wrapped_too_long",
        }
    }
}

/// A stored text that begins like a scheme and is not what that scheme writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{flaw} ({place})", place = Place(self.scheme))]
pub struct Malformed {
    scheme: Option<Scheme>,
    flaw: Flaw,
}

impl Malformed {
    pub(crate) fn new(scheme: Option<Scheme>, flaw: Flaw) -> Self {
        Self { scheme, flaw }
    }

    /// The scheme that the text begins like, where it gets that far.
    #[must_use]
    pub fn scheme(&self) -> Option<Scheme> {
        self.scheme
    }

    /// What is wrong with it.
    #[must_use]
    pub fn flaw(&self) -> Flaw {
        self.flaw
    }
}

struct Place(Option<Scheme>);

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(scheme) => write!(f, "read as {scheme}"),
            None => f.write_str("its scheme cannot be told"),
        }
    }
}

/// What is wrong with a stored text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Flaw {
    /// Longer than any hash that this crate reads.
    #[error("it has more than {} bytes", crate::PasswordHash::MAX_BYTES)]
    TooLong,
    /// Not ASCII.
    #[error("it holds other characters than ASCII")]
    NotAscii,
    /// A field too many, too few, or in another place.
    #[error("its fields are not those of the scheme, in their order")]
    Fields,
    /// A number that is none, or is spelt in another way.
    #[error("a number in it is not plain decimal")]
    Number,
    /// A version that the scheme does not have.
    #[error("its version is not one of the scheme")]
    Version,
    /// A parameter that the scheme does not allow.
    #[error("a parameter is not one that the scheme allows")]
    Parameter,
    /// A salt of a length or an alphabet that the scheme does not have.
    #[error("its salt is not one of the scheme")]
    Salt,
    /// A digest of a length or an alphabet that the scheme does not have, or one that encoding does
    /// not give.
    #[error("its digest is not one of the scheme, or not encoded in the canonical way")]
    Digest,
    /// A key id that no keyring can hold.
    #[error("the id of its pepper is not a key id")]
    PepperId,
    /// A wrapping in a wrapping, a pepper in a pepper, or an outer hash that is not Argon2id.
    #[error("its layers are not those of a wrapped hash")]
    Layers,
}

/// The work that a stored hash asks for is above a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} of {asked}, and at most {limit}")]
pub struct TooCostly {
    pub(crate) what: Cost,
    pub(crate) asked: u64,
    pub(crate) limit: u64,
}

impl TooCostly {
    /// Which cost.
    #[must_use]
    pub fn what(&self) -> Cost {
        self.what
    }

    /// How much the stored hash asks for.
    #[must_use]
    pub fn asked(&self) -> u64 {
        self.asked
    }

    /// How much is allowed.
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.limit
    }
}

/// A cost that has a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cost {
    /// Memory, in bytes.
    Memory,
    /// Passes over the memory.
    Passes,
    /// Lanes of Argon2.
    Lanes,
    /// Memory times passes, in bytes.
    MemoryPasses,
    /// The cost of bcrypt, a power of two.
    BcryptCost,
    /// Iterations, each over one block of output.
    Iterations,
    /// Rounds of sha-crypt.
    Rounds,
    /// Rounds of sha-crypt times the bytes of the password.
    RoundBytes,
}

impl std::fmt::Display for Cost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Memory => "memory in bytes",
            Self::Passes => "passes",
            Self::Lanes => "lanes",
            Self::MemoryPasses => "memory times passes in bytes",
            Self::BcryptCost => "a bcrypt cost",
            Self::Iterations => "iterations",
            Self::Rounds => "rounds",
            Self::RoundBytes => "rounds times bytes of password",
        })
    }
}
