//! The proof that a request came with a good key.

use std::sync::Arc;
use std::time::SystemTime;

use crate::{ApiKeyId, KeyName, KeyRecord, Owner, Scope, Scopes, ServerId};

/// A key was presented, and it was good.
///
/// Nothing but authentication makes one, so a function that takes it needs no check of its own.
///
/// # Examples
///
/// ```
/// use palisade_apikey::{Authenticated, MissingScope};
///
/// fn export_evidence(caller: &Authenticated) -> Result<String, MissingScope> {
///     # let scope = "read:evidence".parse().unwrap();
///     // let scope = "read:evidence".parse()?, once, at start-up
///     caller.require(&scope)?;
///     Ok(format!("the evidence of {}", caller.owner()))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Authenticated {
    record: Arc<KeyRecord>,
}

impl Authenticated {
    pub(crate) fn new(record: Arc<KeyRecord>) -> Self {
        Self { record }
    }

    /// Which key.
    #[must_use]
    pub fn key_id(&self) -> &ApiKeyId {
        &self.record.id
    }

    /// On whose behalf the request acts.
    #[must_use]
    pub fn owner(&self) -> &Owner {
        &self.record.owner
    }

    /// What the key is called.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.record.name
    }

    /// What the key may do.
    #[must_use]
    pub fn scopes(&self) -> &Scopes {
        &self.record.scopes
    }

    /// The prefix of the key's format: which kind of key it is.
    #[must_use]
    pub fn format(&self) -> &str {
        &self.record.format
    }

    /// The environment of the key.
    #[must_use]
    pub fn environment(&self) -> Option<&str> {
        self.record.environment.as_deref()
    }

    /// The server that the key is bound to, where it is bound. It was compared with the server that
    /// the request came from.
    #[must_use]
    pub fn server(&self) -> Option<&ServerId> {
        self.record.server.as_ref()
    }

    /// When the key stops working, as far as is known.
    #[must_use]
    pub fn expires(&self) -> Option<SystemTime> {
        self.record.expires
    }

    /// Goes on only if the key may do `needed`.
    ///
    /// # Errors
    ///
    /// [`MissingScope`], which names what is missing.
    pub fn require(&self, needed: &Scope) -> Result<&Self, MissingScope> {
        if self.scopes().covers(needed) {
            return Ok(self);
        }
        Err(MissingScope { missing: std::iter::once(needed.clone()).collect() })
    }

    /// Goes on only if the key may do all that is needed: for a key that grants scopes to another.
    ///
    /// # Errors
    ///
    /// [`MissingScope`], which names those that are missing.
    pub fn require_all(&self, needed: &Scopes) -> Result<&Self, MissingScope> {
        let missing = self.scopes().missing(needed);
        if missing.is_empty() { Ok(self) } else { Err(MissingScope { missing }) }
    }
}

/// The key is good, and may not do this. An HTTP service answers 403.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the API key lacks the scope {missing}")]
pub struct MissingScope {
    missing: Scopes,
}

impl MissingScope {
    /// What is missing.
    #[must_use]
    pub fn missing(&self) -> &Scopes {
        &self.missing
    }
}
