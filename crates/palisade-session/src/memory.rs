//! The store that needs nothing: for tests, for trials, and as the oracle of other stores.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use crate::store::{InsertError, Others, SessionStore, StoreError, Stored, Touch, Written};
use crate::{EndReason, Ending, Horizon, SessionId, SessionLimit, SessionRecord, UserId, WhenFull};

/// Keeps records in memory, and loses them with the process. A clone is the same store.
#[derive(Clone, Default)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    records: HashMap<SessionId, SessionRecord>,
    by_user: HashMap<UserId, BTreeSet<SessionId>>,
    /// How often all sessions of a user were ended.
    generations: HashMap<UserId, u64>,
    /// How often all sessions of all users were ended. A user's generation is the sum of both numbers:
    /// neither shrinks, so the sum grows whenever one of them does.
    everyone: u64,
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
        write!(f, "MemoryStore({} sessions)", self.lock().records.len())
    }
}

impl State {
    fn generation(&self, user: &UserId) -> u64 {
        self.everyone + self.generations.get(user).copied().unwrap_or_default()
    }

    fn is_live(&self, record: &SessionRecord) -> bool {
        record.ended.is_none() && record.generation == self.generation(&record.user)
    }

    /// The live sessions of a user.
    fn live<'s>(&'s self, user: &UserId) -> impl Iterator<Item = &'s SessionRecord> {
        self.by_user
            .get(user)
            .into_iter()
            .flatten()
            .filter_map(|id| self.records.get(id))
            .filter(|record| self.is_live(record))
    }

    fn insert(&mut self, record: &SessionRecord) {
        self.by_user.entry(record.user.clone()).or_default().insert(record.id);
        self.records.insert(record.id, record.clone());
    }

    fn end(&mut self, ids: &[SessionId], ending: Ending) -> u64 {
        for id in ids {
            if let Some(record) = self.records.get_mut(id) {
                record.ended.get_or_insert(ending);
            }
        }
        ids.len() as u64
    }
}

/// The most recently seen first.
fn sorted(mut records: Vec<&SessionRecord>) -> Vec<&SessionRecord> {
    records.sort_unstable_by_key(|record| (Reverse(record.last_seen), record.id));
    records
}

impl SessionStore for MemoryStore {
    async fn generation(&self, user: &UserId) -> Result<u64, StoreError> {
        Ok(self.lock().generation(user))
    }

    async fn insert_new(
        &self,
        record: &SessionRecord,
        limit: SessionLimit,
        horizon: &Horizon,
    ) -> Result<Vec<SessionId>, InsertError> {
        let mut state = self.lock();
        if state.records.contains_key(&record.id) {
            return Err(InsertError::Duplicate);
        }
        if record.generation != state.generation(&record.user) {
            return Err(InsertError::Stale);
        }
        let live = state.live(&record.user).filter(|other| horizon.holds(other)).collect();
        let room = limit.most() as usize - 1;
        let surplus: Vec<SessionId> =
            sorted(live).into_iter().skip(room).map(|record| record.id).collect();
        if !surplus.is_empty() && limit.when_full() == WhenFull::Refuse {
            return Err(InsertError::Full);
        }
        state.end(&surplus, Ending { at: record.created, reason: EndReason::TooManySessions });
        state.insert(record);
        Ok(surplus)
    }

    async fn load(&self, id: &SessionId) -> Result<Option<Stored>, StoreError> {
        let state = self.lock();
        Ok(state.records.get(id).map(|record| Stored {
            record: record.clone(),
            user_generation: state.generation(&record.user),
        }))
    }

    async fn touch_if_live(
        &self,
        id: &SessionId,
        generation: u64,
        touch: Touch,
    ) -> Result<Written, StoreError> {
        let mut state = self.lock();
        let live = state
            .records
            .get(id)
            .is_some_and(|record| record.generation == generation && state.is_live(record));
        match state.records.get_mut(id) {
            Some(record) if live => {
                record.last_seen = record.last_seen.max(touch.at);
                record.address = touch.address.or(record.address);
                Ok(Written::Done)
            }
            _ => Ok(Written::Gone),
        }
    }

    async fn rotate(
        &self,
        from: &SessionId,
        successor: &SessionRecord,
        others: Others,
        now: SystemTime,
    ) -> Result<Written, InsertError> {
        let mut state = self.lock();
        let current = state.generation(&successor.user);
        let expected = match others {
            Others::Keep => current,
            Others::End(_) => current + 1,
        };
        let rotatable = state
            .records
            .get(from)
            .is_some_and(|old| state.is_live(old) && old.user == successor.user);
        if !rotatable || successor.generation != expected {
            return Ok(Written::Gone);
        }
        if state.records.contains_key(&successor.id) {
            return Err(InsertError::Duplicate);
        }
        state.end(&[*from], Ending { at: now, reason: EndReason::Replaced });
        if let Others::End(reason) = others {
            let ids: Vec<_> = state.live(&successor.user).map(|record| record.id).collect();
            state.end(&ids, Ending { at: now, reason });
            *state.generations.entry(successor.user.clone()).or_default() += 1;
        }
        state.insert(successor);
        Ok(Written::Done)
    }

    async fn revoke(
        &self,
        user: &UserId,
        id: &SessionId,
        ending: Ending,
    ) -> Result<Option<Ending>, StoreError> {
        let mut state = self.lock();
        let record = state.records.get_mut(id).filter(|record| record.user == *user);
        Ok(record.map(|record| *record.ended.get_or_insert(ending)))
    }

    async fn revoke_others(
        &self,
        user: &UserId,
        keep: &SessionId,
        ending: Ending,
    ) -> Result<Option<u64>, StoreError> {
        let mut state = self.lock();
        let mut ids: Vec<_> = state.live(user).map(|record| record.id).collect();
        let Some(kept) = ids.iter().position(|id| id == keep) else { return Ok(None) };
        ids.remove(kept);
        Ok(Some(state.end(&ids, ending)))
    }

    async fn revoke_user(&self, user: &UserId, ending: Ending) -> Result<u64, StoreError> {
        let mut state = self.lock();
        let ids: Vec<_> = state.live(user).map(|record| record.id).collect();
        *state.generations.entry(user.clone()).or_default() += 1;
        Ok(state.end(&ids, ending))
    }

    async fn revoke_everyone(&self, ending: Ending) -> Result<u64, StoreError> {
        let mut state = self.lock();
        let live = state.records.values().filter(|record| state.is_live(record));
        let ids: Vec<_> = live.map(|record| record.id).collect();
        state.everyone += 1;
        Ok(state.end(&ids, ending))
    }

    async fn list(
        &self,
        user: &UserId,
        horizon: &Horizon,
        limit: u32,
    ) -> Result<Vec<SessionRecord>, StoreError> {
        let state = self.lock();
        let live = state.live(user).filter(|record| horizon.holds(record)).collect();
        Ok(sorted(live).into_iter().take(limit as usize).cloned().collect())
    }

    async fn purge(&self, horizon: &Horizon, limit: u32) -> Result<u64, StoreError> {
        let mut state = self.lock();
        let over = |record: &&SessionRecord| {
            !horizon.holds(record)
                || record.ended.is_some_and(|ending| ending.at <= horizon.seen_after)
        };
        let dead = state.records.values().filter(over).take(limit as usize);
        let ids: Vec<_> = dead.map(|record| (record.user.clone(), record.id)).collect();
        for (user, id) in &ids {
            state.records.remove(id);
            if let Some(of_user) = state.by_user.get_mut(user) {
                of_user.remove(id);
                if of_user.is_empty() {
                    state.by_user.remove(user);
                }
            }
        }
        Ok(ids.len() as u64)
    }
}
