//! The proof that a request is Twilio's.

use std::fmt;

use palisade_secret::KeyId;

use super::form::Form;
use super::mac::MAC_BYTES;
use crate::replay::{Material, ReplayKey, Sighting};

/// A request that Twilio signed: only a [`TwilioVerifier`](crate::TwilioVerifier) makes one.
///
/// It says nothing of whether the request came before: [`ReplayGuard::admit`](crate::ReplayGuard::admit) does.
pub struct VerifiedTwilio<'a> {
    pub(super) url: &'a str,
    pub(super) body: &'a [u8],
    /// Empty where the URL holds the digest of the body.
    pub(super) form: Form<'a>,
    pub(super) key: KeyId,
    pub(super) mac: [u8; MAC_BYTES],
}

impl<'a> VerifiedTwilio<'a> {
    /// The URL, as it was given to the verifier.
    #[must_use]
    pub fn url(&self) -> &'a str {
        self.url
    }

    /// The body as it came.
    ///
    /// Of a form, the signature covers the decoded fields, not how they were written: their order, `%2b` or
    /// `%2B`. Prefer [`fields`](Self::fields) to parsing it again.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The decoded fields of the form, sorted, each pair of name and value once. Names and values are bytes:
    /// nothing says that they are UTF-8. None where the URL holds the digest of the body.
    pub fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.form.fields()
    }

    /// The value of the one field of this name, if there is one.
    ///
    /// # Errors
    ///
    /// [`RepeatedField`] when there are several. Where each name is expected once, a second one shows that
    /// somebody moved the boundaries of what was signed.
    pub fn field(&self, name: &str) -> Result<Option<&[u8]>, RepeatedField> {
        let mut values = self.fields().filter(|(given, _)| *given == name.as_bytes());
        match (values.next(), values.next()) {
            (first, None) => Ok(first.map(|(_, value)| value)),
            (_, Some(_)) => Err(RepeatedField),
        }
    }

    /// The auth token whose signature fits.
    #[must_use]
    pub fn key_id(&self) -> &KeyId {
        &self.key
    }

    /// By what a replay of this request is known; see [`ReplayKey`].
    #[must_use]
    pub fn replay_key(&self) -> ReplayKey {
        let mut mac = [0; 32];
        for (place, byte) in mac.iter_mut().zip(self.mac) {
            *place = byte;
        }
        Material::Mac(mac).replay_key(super::NAME, b"")
    }
}

impl From<&VerifiedTwilio<'_>> for Sighting {
    fn from(verified: &VerifiedTwilio<'_>) -> Self {
        Self { key: verified.replay_key(), until: None }
    }
}

/// A field of a form is there more than once, with different values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a field of the form is there more than once")]
pub struct RepeatedField;

impl RepeatedField {
    /// A short, stable word for the audit log and for metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        "webhook_repeated_field"
    }
}

impl fmt::Debug for VerifiedTwilio<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifiedTwilio({} bytes)", self.body.len())
    }
}
