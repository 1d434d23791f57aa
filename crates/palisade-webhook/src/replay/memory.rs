//! Replay keys in the memory of one process.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::{Inserted, ReplayKey, ReplayStore, StoreError};

/// Replay keys in the memory of one process, never more than a given number.
///
/// When it is full, what has expired makes room. What has not is never dropped: the store is then full, and
/// the guard refuses.
///
/// A key takes 100 to 210 bytes, and up to 270 for the moment in which the table grows. What has expired is
/// held until room is needed, so sooner or later the store takes the memory of its whole capacity.
#[derive(Debug)]
pub struct MemoryReplays {
    capacity: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    ends: HashMap<ReplayKey, SystemTime>,
    /// The same, by their end.
    order: BTreeSet<(SystemTime, ReplayKey)>,
}

impl MemoryReplays {
    /// A store that holds at most `capacity` keys. One of 0 refuses everything.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { capacity, held: Mutex::default() }
    }

    /// How many keys it holds, expired ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.with(|held| held.ends.len())
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Nothing in here runs foreign code or panics half-way, so a poisoned lock holds sound data.
    fn with<T>(&self, work: impl FnOnce(&mut Held) -> T) -> T {
        work(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Held {
    fn insert(
        &mut self,
        key: ReplayKey,
        expires: SystemTime,
        now: SystemTime,
        capacity: usize,
    ) -> Inserted {
        if let Some(held) = self.ends.get_mut(&key) {
            let present = *held > now;
            let end = if present { expires.max(*held) } else { expires };
            self.order.remove(&(*held, key));
            self.order.insert((end, key));
            *held = end;
            return if present { Inserted::Present } else { Inserted::New };
        }
        // Only to make room, and not sooner: were the clock to step ahead and back, what was dropped
        // meanwhile could be replayed.
        if self.ends.len() >= capacity {
            self.drop_expired(now);
        }
        if self.ends.len() >= capacity {
            return Inserted::Full;
        }
        self.ends.insert(key, expires);
        self.order.insert((expires, key));
        Inserted::New
    }

    fn drop_expired(&mut self, now: SystemTime) {
        while let Some((end, key)) = self.order.first().copied()
            && end <= now
        {
            self.order.pop_first();
            self.ends.remove(&key);
        }
    }

    fn remove(&mut self, key: ReplayKey) {
        if let Some(end) = self.ends.remove(&key) {
            self.order.remove(&(end, key));
        }
    }
}

impl ReplayStore for MemoryReplays {
    async fn insert_if_absent(
        &self,
        key: &ReplayKey,
        expires: SystemTime,
        now: SystemTime,
    ) -> Result<Inserted, StoreError> {
        Ok(self.with(|held| held.insert(*key, expires, now, self.capacity)))
    }

    async fn remove(&self, key: &ReplayKey) -> Result<(), StoreError> {
        self.with(|held| held.remove(*key));
        Ok(())
    }
}
