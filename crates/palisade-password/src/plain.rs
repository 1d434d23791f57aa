//! One hash of one scheme, as it stands in the store: the parser in front of every scheme.

use crate::encoding::{Encoding, MAX_DIGEST};
use crate::error::{Flaw, Malformed, TooCostly};
use crate::inline::Inline;
use crate::limits::Limits;
use crate::memory::NoMemory;
use crate::scheme::{argon2, bcrypt, pbkdf2, scrypt, sha_crypt};
use crate::{Scheme, Workspace};
use palisade_secret::SecretBytes;

/// A hash of a known scheme. It borrows the stored text.
#[derive(Clone)]
pub(crate) struct Plain<'a> {
    pub(crate) settings: Settings<'a>,
    /// The text before the digest.
    pub(crate) head: &'a str,
    pub(crate) digest: Digest,
    encoding: Encoding,
}

/// What a stored hash says beside its digest.
#[derive(Clone)]
pub(crate) enum Settings<'a> {
    Argon2(argon2::Settings),
    Bcrypt(bcrypt::Settings<'a>),
    Scrypt(scrypt::Settings<'a>),
    Pbkdf2(pbkdf2::Settings<'a>),
    ShaCrypt(sha_crypt::Settings<'a>),
}

/// The digest of a hash.
#[derive(Clone)]
pub(crate) enum Digest {
    Is(Inline<MAX_DIGEST>),
    /// Taken away by wrapping; it had so many bytes.
    Wrapped(usize),
}

impl Digest {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Is(bytes) => bytes.as_slice().len(),
            Self::Wrapped(len) => *len,
        }
    }
}

/// The forms that are known by how they begin. None begins like another.
const FORMS: &[(&str, Form)] = &[
    ("$argon2id$", Form::Argon2(Scheme::Argon2id)),
    ("$argon2i$", Form::Argon2(Scheme::Argon2i)),
    ("$argon2d$", Form::Argon2(Scheme::Argon2d)),
    ("argon2$argon2id$", Form::DjangoArgon2(Scheme::Argon2id)),
    ("argon2$argon2i$", Form::DjangoArgon2(Scheme::Argon2i)),
    ("argon2$argon2d$", Form::DjangoArgon2(Scheme::Argon2d)),
    ("$2a$", Form::Bcrypt),
    ("$2b$", Form::Bcrypt),
    ("$2y$", Form::Bcrypt),
    ("$2x$", Form::Bcrypt),
    ("bcrypt$", Form::DjangoBcrypt),
    ("bcrypt_sha256$", Form::DjangoBcryptSha256),
    ("$bcrypt-sha256$", Form::PasslibBcryptSha256),
    ("$scrypt$", Form::Scrypt),
    ("$7$", Form::ScryptCrypt),
    ("$pbkdf2$", Form::Pbkdf2(Scheme::Pbkdf2Sha1)),
    ("$pbkdf2-sha256$", Form::Pbkdf2(Scheme::Pbkdf2Sha256)),
    ("$pbkdf2-sha512$", Form::Pbkdf2(Scheme::Pbkdf2Sha512)),
    ("pbkdf2_sha1$", Form::DjangoPbkdf2(Scheme::Pbkdf2Sha1)),
    ("pbkdf2_sha256$", Form::DjangoPbkdf2(Scheme::Pbkdf2Sha256)),
    ("$5$", Form::ShaCrypt(Scheme::Sha256Crypt)),
    ("$6$", Form::ShaCrypt(Scheme::Sha512Crypt)),
];

/// Whether text that begins so is read as a scheme of this crate, whatever follows.
pub(crate) fn is_known(prefix: &str) -> bool {
    FORMS.iter().any(|(known, _)| prefix.starts_with(known))
}

#[derive(Clone, Copy)]
enum Form {
    Argon2(Scheme),
    DjangoArgon2(Scheme),
    Bcrypt,
    DjangoBcrypt,
    DjangoBcryptSha256,
    PasslibBcryptSha256,
    Scrypt,
    ScryptCrypt,
    Pbkdf2(Scheme),
    DjangoPbkdf2(Scheme),
    ShaCrypt(Scheme),
}

/// What stands in place of a digest that wrapping took away, before the number of its characters.
const WRAPPED: char = '*';

/// Reads a stored hash; nothing when it begins like no known scheme.
pub(crate) fn parse(text: &str) -> Option<Result<Plain<'_>, Malformed>> {
    let (_, form) = FORMS.iter().find(|(prefix, _)| text.starts_with(prefix))?;
    Some(form.parse(text).map_err(|flaw| Malformed::new(Some(form.scheme(text)), flaw)))
}

impl Form {
    /// The scheme that the beginning of the text promises.
    fn scheme(self, text: &str) -> Scheme {
        match self {
            Self::Argon2(scheme)
            | Self::DjangoArgon2(scheme)
            | Self::Pbkdf2(scheme)
            | Self::DjangoPbkdf2(scheme)
            | Self::ShaCrypt(scheme) => scheme,
            Self::Bcrypt if text.starts_with("$2x") => Scheme::Bcrypt2x,
            Self::Bcrypt | Self::DjangoBcrypt => Scheme::Bcrypt,
            Self::DjangoBcryptSha256 | Self::PasslibBcryptSha256 => Scheme::BcryptSha256,
            Self::Scrypt | Self::ScryptCrypt => Scheme::Scrypt,
        }
    }

    fn parse(self, text: &str) -> Result<Plain<'_>, Flaw> {
        if !text.is_ascii() {
            return Err(Flaw::NotAscii);
        }
        let (head, digest) = self.split(text)?;
        // What Django puts in front of the form of another.
        let inner = match self {
            Self::DjangoArgon2(_) => head.strip_prefix("argon2"),
            Self::DjangoBcrypt => head.strip_prefix("bcrypt$"),
            Self::DjangoBcryptSha256 => head.strip_prefix("bcrypt_sha256$"),
            _ => Some(head),
        };
        let inner = inner.ok_or(Flaw::Fields)?;
        let (settings, encoding) = match self {
            Self::Argon2(_) | Self::DjangoArgon2(_) => {
                (Settings::Argon2(argon2::parse(inner)?), Encoding::Phc)
            }
            Self::Bcrypt | Self::DjangoBcrypt => {
                let settings = bcrypt::parse(inner, bcrypt::Prehash::None)?;
                (Settings::Bcrypt(settings), Encoding::Bcrypt)
            }
            Self::DjangoBcryptSha256 => {
                let settings = bcrypt::parse(inner, bcrypt::Prehash::Django)?;
                (Settings::Bcrypt(settings), Encoding::Bcrypt)
            }
            Self::PasslibBcryptSha256 => {
                (Settings::Bcrypt(bcrypt::parse_passlib(inner)?), Encoding::Bcrypt)
            }
            Self::Scrypt => (Settings::Scrypt(scrypt::parse(inner)?), Encoding::Phc),
            Self::ScryptCrypt => (Settings::Scrypt(scrypt::parse_crypt(inner)?), Encoding::Crypt),
            Self::Pbkdf2(scheme) => {
                let settings = pbkdf2::parse(inner, scheme)?;
                let encoding = settings.encoding();
                (Settings::Pbkdf2(settings), encoding)
            }
            Self::DjangoPbkdf2(scheme) => {
                (Settings::Pbkdf2(pbkdf2::parse_django(inner, scheme)?), Encoding::Padded)
            }
            Self::ShaCrypt(scheme) => {
                (Settings::ShaCrypt(sha_crypt::parse(inner, scheme)?), Encoding::Crypt)
            }
        };
        let digest = match digest.strip_prefix(WRAPPED) {
            None => Digest::Is(encoding.decode(digest).ok_or(Flaw::Digest)?),
            Some(characters) => {
                let characters = crate::fields::number(characters)?;
                let characters = usize::try_from(characters).map_err(|_| Flaw::Digest)?;
                Digest::Wrapped(encoding.decoded_len(characters).ok_or(Flaw::Digest)?)
            }
        };
        if !settings.allows_digest_of(digest.len()) {
            return Err(Flaw::Digest);
        }
        Ok(Plain { settings, head, digest, encoding })
    }

    /// The text before the digest, and the digest: after the last `$`, or for bcrypt of a fixed length.
    fn split(self, text: &str) -> Result<(&str, &str), Flaw> {
        let at = match self {
            Self::Bcrypt | Self::DjangoBcrypt | Self::DjangoBcryptSha256 => {
                text.rfind(WRAPPED).or(text.len().checked_sub(bcrypt::DIGEST_CHARS))
            }
            _ => text.rfind('$').map(|dollar| dollar + 1),
        };
        at.and_then(|at| text.split_at_checked(at)).ok_or(Flaw::Fields)
    }
}

impl Settings<'_> {
    fn allows_digest_of(&self, len: usize) -> bool {
        match self {
            Self::Argon2(_) => argon2::Settings::allows_digest_of(len),
            Self::Bcrypt(_) => len == bcrypt::DIGEST_BYTES,
            Self::Scrypt(settings) => settings.allows_digest_of(len),
            Self::Pbkdf2(settings) => settings.allows_digest_of(len),
            Self::ShaCrypt(settings) => settings.allows_digest_of(len),
        }
    }
}

impl Plain<'_> {
    pub(crate) fn scheme(&self) -> Scheme {
        match &self.settings {
            Settings::Argon2(settings) => settings.scheme,
            Settings::Bcrypt(settings) => settings.scheme(),
            Settings::Scrypt(_) => Scheme::Scrypt,
            Settings::Pbkdf2(settings) => settings.scheme,
            Settings::ShaCrypt(settings) => settings.scheme,
        }
    }

    /// Refuses what asks for more work than is allowed, for a password of this many bytes.
    pub(crate) fn check(&self, limits: &Limits, password_len: usize) -> Result<(), TooCostly> {
        match &self.settings {
            Settings::Argon2(settings) => settings.check(limits),
            Settings::Bcrypt(settings) => settings.check(limits),
            Settings::Scrypt(settings) => settings.check(limits),
            Settings::Pbkdf2(settings) => settings.check(self.digest.len(), limits),
            Settings::ShaCrypt(settings) => settings.check(password_len, limits),
        }
    }

    /// The digest that a password has under these settings.
    pub(crate) fn compute(
        &self,
        password: &[u8],
        secret: Option<&SecretBytes>,
        workspace: &mut Workspace,
    ) -> Result<Inline<MAX_DIGEST>, NoMemory> {
        // The parser let no longer digest pass.
        let mut digest = Inline::zeros(self.digest.len()).ok_or(NoMemory)?;
        let out = digest.as_mut_slice();
        match &self.settings {
            Settings::Argon2(settings) => settings.compute(password, secret, workspace, out)?,
            Settings::Bcrypt(settings) => {
                settings.compute(password, out.try_into().map_err(|_| NoMemory)?);
            }
            Settings::Scrypt(settings) => settings.compute(password, out)?,
            Settings::Pbkdf2(settings) => settings.compute(password, out),
            Settings::ShaCrypt(settings) => settings.compute(password, out)?,
        }
        Ok(digest)
    }

    /// The other digest that the password may have, where libraries differ.
    pub(crate) fn compute_other(&self, password: &[u8]) -> Option<Inline<MAX_DIGEST>> {
        let Settings::Bcrypt(settings) = &self.settings else { return None };
        let mut digest = Inline::zeros(bcrypt::DIGEST_BYTES)?;
        let out = digest.as_mut_slice().try_into().ok()?;
        settings.compute_countermeasure(password, out).then_some(digest)
    }

    /// The stored text that has this digest.
    pub(crate) fn text_with(&self, digest: &Inline<MAX_DIGEST>) -> zeroize::Zeroizing<String> {
        let digest = self.encoding.encode(digest.as_slice());
        let mut text =
            zeroize::Zeroizing::new(String::with_capacity(self.head.len() + digest.len()));
        text.push_str(self.head);
        text.push_str(&digest);
        text
    }

    /// The stored text without its digest, as it stands in a wrapped hash.
    pub(crate) fn text_without_digest(&self) -> String {
        let characters = self.encoding.encode(&[0; MAX_DIGEST][..self.digest.len()]).len();
        format!("{}{WRAPPED}{characters}", self.head)
    }
}
