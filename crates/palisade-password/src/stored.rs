//! Everything that may stand in the column of hashes: a hash of one scheme, under a pepper or not,
//! wrapped in Argon2id or not.
//!
//! ```text
//! stored = [pepper] hash | [pepper] "$wrap" argon2id "$" [pepper] hash-without-digest
//! pepper = "$hmac-sha256$" id
//! ```

use std::sync::Arc;

use palisade_secret::KeyId;

use crate::error::{Flaw, Malformed, VerifyError};
use crate::legacy::{LegacyHash, LegacyScheme};
use crate::plain::{self, Digest, Plain, Settings};
use crate::{PasswordHash, Scheme, pepper};

/// How a wrapped hash begins, before the outer hash.
pub(crate) const WRAP_PREFIX: &str = "$wrap$";

/// A stored hash, read.
#[derive(Clone)]
pub(crate) struct Stored<'a> {
    pub(crate) wrap: Option<Wrap<'a>>,
    pub(crate) pepper: Option<KeyId>,
    pub(crate) hash: Hash<'a>,
}

/// How much memory a job takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    /// Bytes of the memory that Argon2 fills, which is kept for the next hash.
    pub(crate) argon2: u64,
    /// Bytes that are allocated for this one hash.
    pub(crate) beside: u64,
}

impl Memory {
    pub(crate) fn total(self) -> u64 {
        self.argon2.saturating_add(self.beside)
    }
}

/// What was laid around a hash whose digest was taken away.
#[derive(Clone)]
pub(crate) struct Wrap<'a> {
    pub(crate) pepper: Option<KeyId>,
    pub(crate) outer: Plain<'a>,
}

/// A hash of one scheme.
#[derive(Clone)]
pub(crate) enum Hash<'a> {
    Plain(Plain<'a>),
    Legacy(LegacyHash<'a>),
}

impl<'a> Stored<'a> {
    pub(crate) fn parse(
        text: &'a str,
        legacy: &'a [Arc<dyn LegacyScheme>],
    ) -> Result<Self, VerifyError> {
        let malformed = |flaw| VerifyError::from(Malformed::new(None, flaw));
        if text.len() > PasswordHash::MAX_BYTES {
            return Err(malformed(Flaw::TooLong));
        }
        let (outer_pepper, rest) = split_pepper(text).map_err(malformed)?;
        let Some(wrapped) = rest.strip_prefix(WRAP_PREFIX) else {
            let hash = Hash::parse(rest, legacy, Form::Complete)?;
            return Ok(Self { wrap: None, pepper: outer_pepper, hash });
        };

        // The five fields of the outer hash, each behind a `$`; then a `$` and the inner one.
        let outer_start = rest.len() - wrapped.len() - 1;
        let outer_end = wrapped.match_indices('$').nth(4).ok_or(malformed(Flaw::Layers))?.0;
        let outer = &rest[outer_start..=outer_start + outer_end];
        let inner = &wrapped[outer_end + 1..];
        let outer = match plain::parse(outer) {
            Some(Ok(outer)) if is_outer(&outer) => outer,
            Some(Err(error)) => return Err(error.into()),
            _ => return Err(malformed(Flaw::Layers)),
        };
        let (pepper, inner) = split_pepper(inner).map_err(malformed)?;
        let hash = Hash::parse(inner, legacy, Form::WithoutDigest)?;
        Ok(Self { wrap: Some(Wrap { pepper: outer_pepper, outer }), pepper, hash })
    }

    /// The scheme that decides whether the hash is accepted: the outermost.
    pub(crate) fn scheme(&self) -> Scheme {
        self.wrap.as_ref().map_or_else(|| self.hash.scheme(), |wrap| wrap.outer.scheme())
    }

    /// Whether a pepper stands anywhere between the password and the digest.
    pub(crate) fn is_peppered(&self) -> bool {
        self.pepper.is_some() || self.wrap.as_ref().is_some_and(|wrap| wrap.pepper.is_some())
    }

    /// Bytes that verifying takes: of the memory that Argon2 fills, and beside it.
    pub(crate) fn memory(&self) -> Memory {
        let (mut argon2, beside) = match &self.hash {
            Hash::Plain(Plain { settings: Settings::Argon2(argon2), .. }) => {
                (argon2.memory_bytes(), 0)
            }
            Hash::Plain(Plain { settings: Settings::Scrypt(scrypt), .. }) => {
                (0, scrypt.memory_bytes())
            }
            Hash::Plain(_) => (0, 0),
            Hash::Legacy(hash) => (0, hash.scheme.memory_bytes(hash.head)),
        };
        if let Some(Wrap { outer: Plain { settings: Settings::Argon2(outer), .. }, .. }) =
            &self.wrap
        {
            argon2 = argon2.max(outer.memory_bytes());
        }
        Memory { argon2, beside }
    }

    /// The ids of the peppers that are needed.
    pub(crate) fn peppers(&self) -> impl Iterator<Item = KeyId> {
        self.wrap.iter().filter_map(|wrap| wrap.pepper).chain(self.pepper)
    }
}

/// Whether it may stand around a wrapped hash: what [`Hasher::wrap`](crate::Hasher::wrap) writes, with a
/// digest and without the fields that nothing here would fill.
fn is_outer(hash: &Plain<'_>) -> bool {
    let Settings::Argon2(settings) = &hash.settings else { return false };
    settings.scheme == Scheme::Argon2id
        && settings.secret_id.is_none()
        && settings.data.as_slice().is_empty()
        && matches!(hash.digest, Digest::Is(_))
}

/// The id of the pepper, if there is one, and what follows.
fn split_pepper(text: &str) -> Result<(Option<KeyId>, &str), Flaw> {
    let Some(rest) = text.strip_prefix(pepper::PREFIX) else { return Ok((None, text)) };
    let end = rest.find('$').ok_or(Flaw::Layers)?;
    let id = rest[..end].parse().map_err(|_| Flaw::PepperId)?;
    // A second pepper would be read as a scheme, and is none.
    if rest[end..].starts_with(pepper::PREFIX) {
        return Err(Flaw::Layers);
    }
    Ok((Some(id), &rest[end..]))
}

/// How a hash is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// As a scheme writes it.
    Complete,
    /// As it stands in a wrapping.
    WithoutDigest,
}

impl<'a> Hash<'a> {
    fn parse(
        text: &'a str,
        legacy: &'a [Arc<dyn LegacyScheme>],
        form: Form,
    ) -> Result<Self, VerifyError> {
        if let Some(parsed) = plain::parse(text) {
            let plain = parsed?;
            let flaw = match (&plain.digest, form) {
                (Digest::Is(_), Form::Complete) | (Digest::Wrapped(_), Form::WithoutDigest) => {
                    return Ok(Self::Plain(plain));
                }
                (_, Form::Complete) => Flaw::Digest,
                (_, Form::WithoutDigest) => Flaw::Layers,
            };
            return Err(Malformed::new(None, flaw).into());
        }
        // A wrapping within a wrapping.
        if text.starts_with(WRAP_PREFIX) {
            return Err(Malformed::new(None, Flaw::Layers).into());
        }
        let scheme = legacy.iter().find(|scheme| text.starts_with(scheme.prefix()));
        let scheme = scheme.ok_or(VerifyError::Unsupported)?.as_ref();
        let hash = match form {
            Form::Complete => LegacyHash::complete(scheme, text),
            Form::WithoutDigest => LegacyHash::wrapped(scheme, text),
        };
        let malformed = || Malformed::new(Some(Scheme::Legacy), Flaw::Fields).into();
        hash.map(Self::Legacy).ok_or_else(malformed)
    }

    pub(crate) fn scheme(&self) -> Scheme {
        match self {
            Self::Plain(plain) => plain.scheme(),
            Self::Legacy(_) => Scheme::Legacy,
        }
    }

    /// The stored text without its digest.
    pub(crate) fn text_without_digest(&self) -> String {
        match self {
            Self::Plain(plain) => plain.text_without_digest(),
            Self::Legacy(hash) => hash.text_without_digest(),
        }
    }
}
