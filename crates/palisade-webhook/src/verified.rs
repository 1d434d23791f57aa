//! The proof that a request is a webhook of its sender.

use std::fmt;
use std::time::SystemTime;

use palisade_secret::KeyId;

use crate::replay::{Material, ReplayKey, Sighting};

/// A body that its sender signed: only [`Verifier::verify`](crate::Verifier::verify) makes one.
///
/// It borrows the body, so whoever takes a `Verified` cannot be handed another one. It says nothing of
/// whether the message came before: [`ReplayGuard::admit`](crate::ReplayGuard::admit) does.
pub struct Verified<'a> {
    pub(crate) body: &'a [u8],
    pub(crate) id: Option<&'a str>,
    pub(crate) material: Material<'a>,
    pub(crate) facts: Facts,
}

/// A streamed body that its sender signed: what
/// [`VerifyingStream::finish`](crate::VerifyingStream::finish) returns.
///
/// The body itself went through the caller's hands chunk by chunk; only now is it worth anything.
pub struct VerifiedStream {
    pub(crate) len: u64,
    pub(crate) id: Option<Box<str>>,
    pub(crate) replay_key: ReplayKey,
    pub(crate) facts: Facts,
}

/// What is known of both.
#[derive(Clone, Copy)]
pub(crate) struct Facts {
    pub(crate) scheme: &'static str,
    pub(crate) key: KeyId,
    pub(crate) time: Option<SystemTime>,
    /// Until when the verifier would accept the same message again, where the scheme sets an end to it.
    pub(crate) until: Option<SystemTime>,
}

impl<'a> Verified<'a> {
    /// The body, byte for byte as it was signed.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The key whose signature fits: during a rotation, which one the sender uses.
    #[must_use]
    pub fn key_id(&self) -> &KeyId {
        &self.facts.key
    }

    /// The message id, where the scheme signs one. It is the same in each attempt to deliver the message.
    #[must_use]
    pub fn message_id(&self) -> Option<&'a str> {
        self.id
    }

    /// When it was signed, where the sender tells it.
    #[must_use]
    pub fn timestamp(&self) -> Option<SystemTime> {
        self.facts.time
    }

    /// By what a replay of this message is known; see [`ReplayKey`].
    #[must_use]
    pub fn replay_key(&self) -> ReplayKey {
        self.material.replay_key(self.facts.scheme, self.body)
    }
}

impl VerifiedStream {
    /// How many bytes the body had.
    #[must_use]
    pub fn body_len(&self) -> u64 {
        self.len
    }

    /// As [`Verified::key_id`].
    #[must_use]
    pub fn key_id(&self) -> &KeyId {
        &self.facts.key
    }

    /// As [`Verified::message_id`].
    #[must_use]
    pub fn message_id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// As [`Verified::timestamp`].
    #[must_use]
    pub fn timestamp(&self) -> Option<SystemTime> {
        self.facts.time
    }

    /// As [`Verified::replay_key`].
    #[must_use]
    pub fn replay_key(&self) -> ReplayKey {
        self.replay_key
    }
}

impl From<&Verified<'_>> for Sighting {
    fn from(verified: &Verified<'_>) -> Self {
        Self { key: verified.replay_key(), until: verified.facts.until }
    }
}

impl From<&VerifiedStream> for Sighting {
    fn from(verified: &VerifiedStream) -> Self {
        Self { key: verified.replay_key, until: verified.facts.until }
    }
}

impl fmt::Debug for Verified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verified({}, {} bytes)", self.facts.scheme, self.body.len())
    }
}

impl fmt::Debug for VerifiedStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifiedStream({}, {} bytes)", self.facts.scheme, self.len)
    }
}
