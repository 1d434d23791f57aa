//! What the hashes of a store cost, so that a login name that nobody has costs the same.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::stored::Stored;
use crate::{Hasher, Inspection, VerifyError};

/// The kinds of hashes that a store holds, and how many of each.
///
/// A store that was migrated holds hashes of different costs. If a login name that nobody has always
/// cost what a new hash costs, everyone with an older one could be told by the clock. With a mix, a
/// name that nobody has is given a kind, always the same for the same name, and costs what that kind
/// costs; the kinds come as often as they do in the store.
///
/// Count the rows, or a sample of them, when the service starts, and again from time to time
/// ([`Hasher::update_mix`]).
#[derive(Clone, Default)]
pub struct SchemeMix {
    kinds: HashMap<String, Kind>,
}

#[derive(Clone)]
struct Kind {
    rows: u64,
    example: Arc<str>,
}

impl SchemeMix {
    /// The most kinds that are told apart. Rows of further ones are not counted.
    pub const MAX_KINDS: usize = 64;

    /// Nothing counted yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts a stored hash. One example of each kind is kept.
    ///
    /// # Errors
    ///
    /// [`VerifyError`] when it cannot be read; nothing is counted then. Hashes of a
    /// [`LegacyScheme`](crate::LegacyScheme) are unknown here: count them with
    /// [`observe_with`](Self::observe_with).
    pub fn observe(&mut self, stored: &str) -> Result<(), VerifyError> {
        let kind = Inspection::of(&Stored::parse(stored, &[])?);
        self.count(&kind, stored);
        Ok(())
    }

    /// Counts a stored hash as this policy reads it, which may know a legacy scheme.
    ///
    /// # Errors
    ///
    /// As for [`observe`](Self::observe).
    pub fn observe_with(&mut self, hasher: &Hasher, stored: &str) -> Result<(), VerifyError> {
        self.count(&hasher.inspect(stored)?, stored);
        Ok(())
    }

    fn count(&mut self, kind: &Inspection, stored: &str) {
        // The description names every parameter, and neither salt nor digest.
        let kind = kind.to_string();
        if let Some(kind) = self.kinds.get_mut(&kind) {
            kind.rows = kind.rows.saturating_add(1);
        } else if self.kinds.len() < Self::MAX_KINDS {
            self.kinds.insert(kind, Kind { rows: 1, example: stored.into() });
        }
    }

    /// What is known of each kind and how many rows were counted of it, most first.
    #[must_use]
    pub fn kinds(&self) -> Vec<(String, u64)> {
        let mut kinds: Vec<_> =
            self.kinds.iter().map(|(name, kind)| (name.clone(), kind.rows)).collect();
        kinds.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        kinds
    }

    /// Examples, each with the number of rows up to and including its kind: by name, so that the order is
    /// the same in each process and stays so while rows move from one kind to another.
    pub(crate) fn cumulative(&self) -> Vec<(u64, Arc<str>)> {
        let mut kinds: Vec<_> = self.kinds.iter().collect();
        kinds.sort_by_key(|(name, _)| *name);
        let mut sum = 0_u64;
        let add = |(_, kind): (_, &Kind)| {
            sum = sum.saturating_add(kind.rows);
            (sum, kind.example.clone())
        };
        kinds.into_iter().map(add).collect()
    }
}

impl fmt::Debug for SchemeMix {
    /// The kinds; not the examples, which are stored hashes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SchemeMix").field("kinds", &self.kinds()).finish_non_exhaustive()
    }
}
