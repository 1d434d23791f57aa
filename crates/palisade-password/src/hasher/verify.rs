//! Comparing a password with a stored hash.

use std::time::SystemTime;

use palisade_secret::{KeyId, MacKey, SecretBytes};
use subtle::ConstantTimeEq;

use super::{Hasher, Input};
use crate::encoding::MAX_DIGEST;
use crate::inline::Inline;
use crate::pepper::{self, Label};
use crate::plain::{Digest, Plain, Settings};
use crate::stored::{Hash, Stored, Wrap};
use crate::{Cost, Password, Scheme, Verdict, VerifyError, Workspace};

/// Bytes of what a pepper makes of a password: base64 of 32 bytes.
const PEPPERED_BYTES: usize = 44;

impl Hasher {
    /// Reads a stored hash, and refuses it where the policy does; for a password of this many bytes.
    pub(crate) fn read<'a>(
        &'a self,
        stored: &'a str,
        password_len: usize,
        now: SystemTime,
    ) -> Result<Stored<'a>, VerifyError> {
        let inner = &*self.inner;
        let stored = Stored::parse(stored, &inner.legacy)?;
        let scheme = stored.scheme();
        if !inner.accept.contains(scheme) {
            return Err(VerifyError::NotAccepted { scheme });
        }
        // What wrapping does not mend: the passwords that it confuses.
        let scheme = stored.hash.scheme();
        if scheme == Scheme::Bcrypt2x && !inner.accept.contains(scheme) {
            return Err(VerifyError::NotAccepted { scheme });
        }
        if let Some(wrap) = &stored.wrap {
            wrap.outer.check(&inner.limits, PEPPERED_BYTES)?;
        }
        if let Hash::Plain(plain) = &stored.hash {
            let len = if stored.pepper.is_some() { PEPPERED_BYTES } else { password_len };
            plain.check(&inner.limits, len).map_err(|error| match error.what {
                Cost::RoundBytes => VerifyError::PasswordTooLong(error),
                _ => VerifyError::TooCostly(error),
            })?;
        }
        for id in stored.peppers() {
            self.pepper(id, now)?;
        }
        let is_allowed = || inner.unpeppered_until.is_some_and(|end| now < end);
        let is_keyed = stored.is_peppered() || self.argon2_secret(&stored)?.is_some();
        if self.has_pepper() && !is_keyed && !is_allowed() {
            return Err(VerifyError::Unpeppered);
        }
        Ok(stored)
    }

    fn pepper(&self, id: KeyId, now: SystemTime) -> Result<&MacKey, VerifyError> {
        let ring = self.inner.peppers.as_ref();
        let key = ring.and_then(|ring| ring.find(id.as_str(), now).ok());
        key.ok_or(VerifyError::UnknownPepper { id })
    }

    /// The Argon2 secret that a hash of another system was made with. Ours have a pepper instead.
    pub(super) fn argon2_secret(
        &self,
        stored: &Stored<'_>,
    ) -> Result<Option<&SecretBytes>, VerifyError> {
        let secrets = &self.inner.argon2_secrets;
        let Hash::Plain(Plain { settings: Settings::Argon2(argon2), .. }) = &stored.hash else {
            return Ok(None);
        };
        if secrets.is_empty() || stored.pepper.is_some() {
            return Ok(None);
        }
        let wanted = argon2.secret_id.as_ref().map(Inline::as_slice);
        let found = secrets.iter().find(|(id, _)| id.as_ref().map(Inline::as_slice) == wanted);
        match found {
            Some((_, secret)) => Ok(Some(secret)),
            None if wanted.is_some() => Err(VerifyError::UnknownArgon2Secret),
            None => Ok(None),
        }
    }

    pub(crate) fn verify_in(
        &self,
        password: &Password,
        stored: &str,
        now: SystemTime,
        workspace: &mut Workspace,
    ) -> Result<Verdict, VerifyError> {
        let normal = self.normalize(password).ok_or(VerifyError::NotText)?;
        let stored = self.read(stored, normal.as_bytes().len(), now)?;
        let input = self.peppered(stored.pepper, Label::Password, normal.as_bytes(), now)?;
        let secret = self.argon2_secret(&stored)?;
        let matches = match &stored.hash {
            Hash::Plain(plain) => {
                let digest = plain.compute(input.as_bytes(), secret, workspace);
                let digest = digest.map_err(|_| VerifyError::OutOfMemory)?;
                let other = plain.compute_other(input.as_bytes());
                let mut matches = false;
                for digest in [Some(digest), other].into_iter().flatten() {
                    matches |= match (&plain.digest, &stored.wrap) {
                        (Digest::Is(expected), _) => is_same(expected, &digest),
                        (Digest::Wrapped(_), Some(wrap)) => {
                            self.unwraps(wrap, &plain.text_with(&digest), &stored, now, workspace)?
                        }
                        (Digest::Wrapped(_), None) => false,
                    };
                }
                matches
            }
            Hash::Legacy(hash) => {
                let digest = hash.compute(input.as_bytes());
                let name = hash.scheme.name();
                let digest = digest.map_err(|_| VerifyError::Legacy { name })?;
                match (hash.digest, &stored.wrap) {
                    (Some(expected), _) => expected.as_bytes().ct_eq(digest.as_bytes()).into(),
                    (None, Some(wrap)) if digest.len() == hash.characters => {
                        self.unwraps(wrap, &hash.text_with(&digest), &stored, now, workspace)?
                    }
                    (None, _) => false,
                }
            }
        };
        Ok(if matches {
            Verdict::Match { rehash: self.rehash_reason(&stored, Some(input.as_bytes())) }
        } else {
            Verdict::Mismatch
        })
    }

    /// Whether the outer hash is that of the old stored text.
    fn unwraps(
        &self,
        wrap: &Wrap<'_>,
        old_hash: &str,
        stored: &Stored<'_>,
        now: SystemTime,
        workspace: &mut Workspace,
    ) -> Result<bool, VerifyError> {
        let old = pepper::prefixed(stored.pepper, old_hash);
        let input = self.peppered(wrap.pepper, Label::Wrapped, old.as_bytes(), now)?;
        let digest = wrap.outer.compute(input.as_bytes(), None, workspace);
        let digest = digest.map_err(|_| VerifyError::OutOfMemory)?;
        Ok(matches!(&wrap.outer.digest, Digest::Is(expected) if is_same(expected, &digest)))
    }

    /// What the scheme hashes: the bytes, or their HMAC where there is a pepper.
    fn peppered<'a>(
        &self,
        pepper: Option<KeyId>,
        label: Label,
        bytes: &'a [u8],
        now: SystemTime,
    ) -> Result<Input<'a>, VerifyError> {
        Ok(match pepper {
            None => Input::AsItIs(bytes),
            Some(id) => Input::Peppered(pepper::apply(self.pepper(id, now)?, label, bytes)),
        })
    }
}

fn is_same(expected: &Inline<MAX_DIGEST>, digest: &Inline<MAX_DIGEST>) -> bool {
    expected.as_slice().ct_eq(digest.as_slice()).into()
}
