//! The store that needs nothing: for tests, for trials, and as the oracle of other stores.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use crate::store::{InsertError, KeyStore, Retirement, Rotation, SchemeTally, StoreError, Usage};
use crate::{ApiKeyId, DigestScheme, KeyDigest, KeyName, KeyRecord, KeyState, Owner, Revocation};

/// Keeps records in memory, and loses them with the process. A clone is the same store.
#[derive(Clone, Default)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    records: HashMap<ApiKeyId, KeyRecord>,
    by_digest: HashMap<[u8; 32], ApiKeyId>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// No step below leaves the state half changed, so a panic elsewhere does not spoil it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the records: the digests among them are for the store alone.
        write!(f, "MemoryStore({} keys)", self.lock().records.len())
    }
}

impl State {
    fn insert(&mut self, record: &KeyRecord) -> Result<(), InsertError> {
        let bytes = record.digest.as_bytes();
        if self.records.contains_key(&record.id) || self.by_digest.contains_key(bytes) {
            return Err(InsertError::Duplicate);
        }
        self.by_digest.insert(*bytes, record.id.clone());
        self.records.insert(record.id.clone(), record.clone());
        Ok(())
    }
}

impl KeyStore for MemoryStore {
    async fn insert_new(&self, record: &KeyRecord) -> Result<(), InsertError> {
        self.lock().insert(record)
    }

    async fn find(&self, candidates: &[KeyDigest]) -> Result<Option<KeyRecord>, StoreError> {
        let state = self.lock();
        let found = candidates
            .iter()
            .filter_map(|digest| state.by_digest.get(digest.as_bytes()))
            .filter_map(|id| state.records.get(id));
        Ok(found.min_by_key(|record| record.revoked.is_none()).cloned())
    }

    async fn load(&self, id: &ApiKeyId) -> Result<Option<KeyRecord>, StoreError> {
        Ok(self.lock().records.get(id).cloned())
    }

    async fn list(
        &self,
        owner: &Owner,
        after: Option<&ApiKeyId>,
        limit: usize,
    ) -> Result<Vec<KeyRecord>, StoreError> {
        let state = self.lock();
        let position = |record: &KeyRecord| (record.created, record.id.clone());
        let start = match after {
            None => None,
            Some(id) => match state.records.get(id).filter(|record| record.owner == *owner) {
                None => return Ok(Vec::new()),
                Some(record) => Some(position(record)),
            },
        };
        let mut records: Vec<&KeyRecord> = state
            .records
            .values()
            .filter(|record| record.owner == *owner)
            .filter(|record| start.as_ref().is_none_or(|start| position(record) > *start))
            .collect();
        records.sort_unstable_by_key(|record| position(record));
        Ok(records.into_iter().take(limit).cloned().collect())
    }

    async fn rotate(
        &self,
        successor: &KeyRecord,
        retire: Retirement,
        now: SystemTime,
    ) -> Result<Rotation, InsertError> {
        let mut state = self.lock();
        let rotatable =
            |old: &&KeyRecord| old.state(now) == KeyState::Active && old.replaced_by.is_none();
        let Some(old_id) = successor
            .replaces
            .as_ref()
            .and_then(|id| state.records.get(id))
            .filter(rotatable)
            .map(|old| old.id.clone())
        else {
            return Ok(Rotation::Refused);
        };
        state.insert(successor)?;
        if let Some(old) = state.records.get_mut(&old_id) {
            old.replaced_by = Some(successor.id.clone());
            match retire {
                Retirement::ExpireBy(end) => {
                    old.expires = Some(old.expires.map_or(end, |own| own.min(end)));
                }
                Retirement::Revoke(revocation) => old.revoked = Some(revocation),
            }
        }
        Ok(Rotation::Done)
    }

    async fn revoke(
        &self,
        id: &ApiKeyId,
        revocation: Revocation,
    ) -> Result<Option<Revocation>, StoreError> {
        let mut state = self.lock();
        Ok(state.records.get_mut(id).map(|record| *record.revoked.get_or_insert(revocation)))
    }

    async fn rename(&self, id: &ApiKeyId, name: &KeyName) -> Result<bool, StoreError> {
        let mut state = self.lock();
        let record = state.records.get_mut(id);
        let found = record.is_some();
        if let Some(record) = record {
            record.name = name.clone();
        }
        Ok(found)
    }

    async fn add_usage(&self, batch: &[Usage]) -> Result<(), StoreError> {
        let mut state = self.lock();
        for usage in batch {
            if let Some(record) = state.records.get_mut(&usage.id) {
                record.use_count = record.use_count.saturating_add(usage.count);
                record.last_used = record.last_used.max(Some(usage.last_used));
            }
        }
        Ok(())
    }

    async fn replace_digest(
        &self,
        id: &ApiKeyId,
        from: &KeyDigest,
        to: &KeyDigest,
    ) -> Result<bool, StoreError> {
        let mut guard = self.lock();
        let state = &mut *guard;
        let Some(record) =
            state.records.get_mut(id).filter(|record| record.digest.verify(from).is_ok())
        else {
            return Ok(false);
        };
        if state.by_digest.get(to.as_bytes()).is_some_and(|taken| taken != id) {
            return Err(StoreError::new("another key has this digest"));
        }
        record.digest = to.clone();
        state.by_digest.remove(from.as_bytes());
        state.by_digest.insert(*to.as_bytes(), id.clone());
        Ok(true)
    }

    async fn count_schemes(&self, now: SystemTime) -> Result<Vec<SchemeTally>, StoreError> {
        let mut counts: BTreeMap<DigestScheme, (u64, u64)> = BTreeMap::new();
        for record in self.lock().records.values() {
            let (live, dead) = counts.entry(record.digest.scheme().clone()).or_default();
            *(if record.state(now) == KeyState::Active { live } else { dead }) += 1;
        }
        let tally = |(scheme, (live, dead))| SchemeTally { scheme, live, dead };
        Ok(counts.into_iter().map(tally).collect())
    }

    async fn digests_of(
        &self,
        scheme: &DigestScheme,
        after: Option<&ApiKeyId>,
        limit: usize,
        now: SystemTime,
    ) -> Result<Vec<(ApiKeyId, KeyDigest)>, StoreError> {
        let state = self.lock();
        let mut found: Vec<&KeyRecord> = state
            .records
            .values()
            .filter(|record| record.digest.scheme() == scheme)
            .filter(|record| record.state(now) == KeyState::Active)
            .filter(|record| after.is_none_or(|after| record.id > *after))
            .collect();
        found.sort_unstable_by_key(|record| &record.id);
        Ok(found
            .into_iter()
            .take(limit)
            .map(|record| (record.id.clone(), record.digest.clone()))
            .collect())
    }
}
