//! The schemes that stored hashes are of.

pub(crate) mod argon2;
pub(crate) mod bcrypt;
pub(crate) mod pbkdf2;
pub(crate) mod scrypt;
pub(crate) mod sha_crypt;

use std::fmt;

/// A scheme of hashing passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Scheme {
    /// Argon2d (RFC 9106), in PHC strings; also with Django's prefix.
    Argon2d,
    /// Argon2i, likewise.
    Argon2i,
    /// Argon2id, likewise.
    Argon2id,
    /// bcrypt of the versions `2a`, `2b` and `2y`; also with Django's prefix.
    Bcrypt,
    /// bcrypt of the version `2x`, made by a library with a bug that lets different passwords have the
    /// same hash. Not among [`Schemes::ALL`].
    Bcrypt2x,
    /// bcrypt over SHA-256, as passlib (both versions) and Django write it.
    BcryptSha256,
    /// scrypt (RFC 7914): PHC strings, which are also passlib's, and `$7$`.
    Scrypt,
    /// PBKDF2 with HMAC-SHA1 (RFC 8018): passlib's and Django's forms, and PHC strings.
    Pbkdf2Sha1,
    /// PBKDF2 with HMAC-SHA256, likewise.
    Pbkdf2Sha256,
    /// PBKDF2 with HMAC-SHA512: passlib's form and PHC strings.
    Pbkdf2Sha512,
    /// sha256-crypt of crypt(3), `$5$`.
    Sha256Crypt,
    /// sha512-crypt of crypt(3), `$6$`.
    Sha512Crypt,
    /// A [`LegacyScheme`](crate::LegacyScheme) of the team's own.
    Legacy,
}

impl Scheme {
    /// Every scheme.
    const EACH: [Self; 13] = [
        Self::Argon2d,
        Self::Argon2i,
        Self::Argon2id,
        Self::Bcrypt,
        Self::Bcrypt2x,
        Self::BcryptSha256,
        Self::Scrypt,
        Self::Pbkdf2Sha1,
        Self::Pbkdf2Sha256,
        Self::Pbkdf2Sha512,
        Self::Sha256Crypt,
        Self::Sha512Crypt,
        Self::Legacy,
    ];

    /// The name, such as `argon2id`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Argon2d => "argon2d",
            Self::Argon2i => "argon2i",
            Self::Argon2id => "argon2id",
            Self::Bcrypt => "bcrypt",
            Self::Bcrypt2x => "bcrypt-2x",
            Self::BcryptSha256 => "bcrypt-sha256",
            Self::Scrypt => "scrypt",
            Self::Pbkdf2Sha1 => "pbkdf2-sha1",
            Self::Pbkdf2Sha256 => "pbkdf2-sha256",
            Self::Pbkdf2Sha512 => "pbkdf2-sha512",
            Self::Sha256Crypt => "sha256-crypt",
            Self::Sha512Crypt => "sha512-crypt",
            Self::Legacy => "legacy",
        }
    }

    /// The scheme of this [`name`](Self::name).
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::EACH.into_iter().find(|scheme| scheme.name() == name)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The two versions of Argon2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Argon2Version {
    /// 16, of 2015; also meant by a string that names no version.
    V0x10,
    /// 19, of RFC 9106.
    V0x13,
}

/// A set of schemes.
///
/// # Examples
///
/// ```
/// use palisade_password::{Scheme, Schemes};
///
/// assert!(Schemes::ALL.contains(Scheme::Sha512Crypt));
/// assert!(!Schemes::ALL.contains(Scheme::Bcrypt2x));
/// let schemes = Schemes::of(&[Scheme::Argon2id, Scheme::Bcrypt]);
/// assert_eq!(schemes.iter().count(), 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schemes(u16);

impl Schemes {
    /// Every scheme but [`Scheme::Bcrypt2x`], which has to be asked for.
    pub const ALL: Self = Self((1 << Scheme::EACH.len()) - 1).without(Scheme::Bcrypt2x);

    /// These schemes.
    #[must_use]
    pub const fn of(schemes: &[Scheme]) -> Self {
        let mut set = Self(0);
        let mut next = 0;
        while next < schemes.len() {
            set = set.with(schemes[next]);
            next += 1;
        }
        set
    }

    /// With one more.
    #[must_use]
    pub const fn with(self, scheme: Scheme) -> Self {
        Self(self.0 | 1 << scheme as u16)
    }

    /// With one less.
    #[must_use]
    pub const fn without(self, scheme: Scheme) -> Self {
        Self(self.0 & !(1 << scheme as u16))
    }

    /// Whether the scheme is among them.
    #[must_use]
    pub const fn contains(self, scheme: Scheme) -> bool {
        self.0 & (1 << scheme as u16) != 0
    }

    /// The schemes.
    pub fn iter(self) -> impl Iterator<Item = Scheme> {
        Scheme::EACH.into_iter().filter(move |scheme| self.contains(*scheme))
    }
}
