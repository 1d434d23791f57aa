//! The keys of a verifier or signer, each with its id and its end.

use std::time::SystemTime;

use palisade_secret::KeyId;

use crate::{Algorithm, BuildError, Scheme};

/// The most keys of a verifier or signer: each one costs a pass of its own over every body.
pub const MAX_KEYS: usize = 16;

#[derive(Clone, Debug)]
pub(crate) struct Ring<K> {
    entries: Vec<Entry<K>>,
}

#[derive(Clone, Debug)]
struct Entry<K> {
    id: KeyId,
    key: K,
    not_after: Option<SystemTime>,
}

impl<K> Ring<K> {
    pub(crate) fn new() -> Self {
        Self { entries: Vec::new() }
    }

    pub(crate) fn push(&mut self, id: KeyId, key: K, not_after: Option<SystemTime>) {
        self.entries.push(Entry { id, key, not_after });
    }

    /// Every key, whether its end has come or not.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> {
        self.entries.iter().map(|entry| &entry.key)
    }

    /// The keys that are in use at `now`, in the order in which they were added.
    pub(crate) fn live(&self, now: SystemTime) -> impl Iterator<Item = (&KeyId, &K)> + Clone {
        self.entries
            .iter()
            .filter(move |entry| entry.not_after.is_none_or(|end| now < end))
            .map(|entry| (&entry.id, &entry.key))
    }

    pub(crate) fn check(
        &self,
        scheme: &Scheme,
        algorithm: impl Fn(&K) -> Algorithm,
    ) -> Result<(), BuildError> {
        if self.entries.is_empty() {
            return Err(BuildError::NoKey);
        }
        if self.entries.len() > MAX_KEYS {
            return Err(BuildError::TooManyKeys);
        }
        for (at, entry) in self.entries.iter().enumerate() {
            if self.entries[..at].iter().any(|other| other.id == entry.id) {
                return Err(BuildError::DuplicateKey(entry.id));
            }
            let of = algorithm(&entry.key);
            if !scheme.algorithms().any(|used| used == of) {
                return Err(BuildError::WrongKind { id: entry.id, of, scheme: scheme.name });
            }
        }
        Ok(())
    }
}
