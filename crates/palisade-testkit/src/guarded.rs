//! A store together with what it lives in.

use std::time::SystemTime;

use palisade_apikey::{
    ApiKeyId, DigestScheme, InsertError, KeyDigest, KeyName, KeyRecord, KeyStore, Owner,
    Retirement, Revocation, Rotation, SchemeTally, StoreError, Usage,
};

/// A store, and something that has to live as long: its temporary folder, or the server it talks
/// to.
#[derive(Debug)]
pub struct Guarded<S, G> {
    // Dropped in this order.
    store: S,
    _guard: G,
}

impl<S, G> Guarded<S, G> {
    /// Keeps the guard until the store is dropped.
    pub fn new(store: S, guard: G) -> Self {
        Self { store, _guard: guard }
    }
}

impl<S: KeyStore, G: Send + Sync> KeyStore for Guarded<S, G> {
    async fn insert_new(&self, record: &KeyRecord) -> Result<(), InsertError> {
        self.store.insert_new(record).await
    }

    async fn find(&self, candidates: &[KeyDigest]) -> Result<Option<KeyRecord>, StoreError> {
        self.store.find(candidates).await
    }

    async fn load(&self, id: &ApiKeyId) -> Result<Option<KeyRecord>, StoreError> {
        self.store.load(id).await
    }

    async fn list(
        &self,
        owner: &Owner,
        after: Option<&ApiKeyId>,
        limit: usize,
    ) -> Result<Vec<KeyRecord>, StoreError> {
        self.store.list(owner, after, limit).await
    }

    async fn rotate(
        &self,
        successor: &KeyRecord,
        retire: Retirement,
        now: SystemTime,
    ) -> Result<Rotation, InsertError> {
        self.store.rotate(successor, retire, now).await
    }

    async fn revoke(
        &self,
        id: &ApiKeyId,
        revocation: Revocation,
    ) -> Result<Option<Revocation>, StoreError> {
        self.store.revoke(id, revocation).await
    }

    async fn rename(&self, id: &ApiKeyId, name: &KeyName) -> Result<bool, StoreError> {
        self.store.rename(id, name).await
    }

    async fn add_usage(&self, batch: &[Usage]) -> Result<(), StoreError> {
        self.store.add_usage(batch).await
    }

    async fn replace_digest(
        &self,
        id: &ApiKeyId,
        from: &KeyDigest,
        to: &KeyDigest,
    ) -> Result<bool, StoreError> {
        self.store.replace_digest(id, from, to).await
    }

    async fn count_schemes(&self, now: SystemTime) -> Result<Vec<SchemeTally>, StoreError> {
        self.store.count_schemes(now).await
    }

    async fn digests_of(
        &self,
        scheme: &DigestScheme,
        after: Option<&ApiKeyId>,
        limit: usize,
        now: SystemTime,
    ) -> Result<Vec<(ApiKeyId, KeyDigest)>, StoreError> {
        self.store.digests_of(scheme, after, limit, now).await
    }
}
