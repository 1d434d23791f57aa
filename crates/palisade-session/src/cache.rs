//! Records that were read a moment ago, so that a busy session does not cost a read each time.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use crate::{SessionId, SessionPolicy, SessionRecord};

/// So that two cores seldom wait for one lock, and the end of one session forgets few others.
const SHARDS: usize = 64;

/// A bounded cache, keyed by the session's id. Only sessions that the store holds get in.
pub(crate) struct Cache {
    shards: Vec<Shard>,
    /// Keyed anew in each process, so that nobody can aim at one shard.
    hasher: RandomState,
    /// Grows when the sessions that end are not known by id.
    generation: AtomicU64,
    staleness: Duration,
    per_shard: usize,
}

#[derive(Default)]
struct Shard {
    records: RwLock<Records>,
    /// Grows when a session of this shard ends, so that the others stay.
    generation: AtomicU64,
}

/// Two maps stand for an order of use: when the young one is full it becomes the old one, and what is
/// used again moves back.
#[derive(Default)]
struct Records {
    young: HashMap<SessionId, Cached>,
    old: HashMap<SessionId, Cached>,
}

#[derive(Clone)]
struct Cached {
    record: Arc<SessionRecord>,
    read_at: SystemTime,
    generation: Generation,
}

/// The state of the cache when a read began. Ending a session ends the generation, so a record that was
/// read before it and arrives after it is never used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Generation {
    of_all: u64,
    of_shard: u64,
}

/// Ends a generation when it is dropped: around a write whose caller may give up on it, or never learn
/// whether it was done.
pub(crate) struct Ends<'c> {
    cache: &'c Cache,
    which: Which,
}

enum Which {
    One(SessionId),
    All,
    Told,
}

impl Ends<'_> {
    /// The write was done, and ended these sessions only.
    pub(crate) fn only(mut self, ids: &[SessionId]) {
        self.which = Which::Told;
        for id in ids {
            self.cache.end(id);
        }
    }
}

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        match &self.which {
            Which::One(id) => self.cache.end(id),
            Which::All => self.cache.end_all(),
            Which::Told => {}
        }
    }
}

impl Cache {
    pub(crate) fn new(policy: &SessionPolicy) -> Self {
        Self {
            shards: std::iter::repeat_with(Shard::default).take(SHARDS).collect(),
            hasher: RandomState::new(),
            generation: AtomicU64::new(0),
            staleness: policy.staleness,
            // Two maps a shard.
            per_shard: policy.cached_sessions.div_ceil(SHARDS * 2),
        }
    }

    fn is_on(&self) -> bool {
        !self.staleness.is_zero() && self.per_shard > 0
    }

    /// The record of this session, if one was read in this generation and recently.
    pub(crate) fn fresh(&self, id: &SessionId, now: SystemTime) -> Option<Arc<SessionRecord>> {
        if !self.is_on() {
            return None;
        }
        let (found, is_young) = {
            let shard = self.shard(id).records.read().unwrap_or_else(PoisonError::into_inner);
            match shard.young.get(id) {
                Some(cached) => (cached.clone(), true),
                None => (shard.old.get(id)?.clone(), false),
            }
        };
        // A clock that stepped back makes a record seem to come from the future: read it again.
        let age = now.duration_since(found.read_at).ok()?;
        if found.generation != self.generation(id) || age > self.staleness {
            return None;
        }
        let record = Arc::clone(&found.record);
        if !is_young {
            self.put(found);
        }
        Some(record)
    }

    /// To be called before the store is read for this session.
    pub(crate) fn generation(&self, id: &SessionId) -> Generation {
        Generation {
            of_all: self.generation.load(Ordering::Acquire),
            of_shard: self.shard(id).generation.load(Ordering::Acquire),
        }
    }

    /// Forgets this session, as it was read up to now or is being read; and a few others with it.
    pub(crate) fn end(&self, id: &SessionId) {
        self.shard(id).generation.fetch_add(1, Ordering::AcqRel);
    }

    /// Forgets all that was read up to now, and all that is being read.
    pub(crate) fn end_all(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// Forgets this session when the guard is dropped.
    pub(crate) fn ends(&self, id: &SessionId) -> Ends<'_> {
        Ends { cache: self, which: Which::One(*id) }
    }

    /// Forgets all sessions when the guard is dropped.
    pub(crate) fn ends_all(&self) -> Ends<'_> {
        Ends { cache: self, which: Which::All }
    }

    /// Keeps a record that was read in the given generation.
    pub(crate) fn keep(
        &self,
        record: &Arc<SessionRecord>,
        read_at: SystemTime,
        generation: Generation,
    ) {
        if self.is_on() {
            self.put(Cached { record: Arc::clone(record), read_at, generation });
        }
    }

    fn put(&self, cached: Cached) {
        let id = cached.record.id;
        let mut shard = self.shard(&id).records.write().unwrap_or_else(PoisonError::into_inner);
        if shard.young.len() >= self.per_shard && !shard.young.contains_key(&id) {
            shard.old = std::mem::take(&mut shard.young);
        }
        shard.young.insert(id, cached);
    }

    fn shard(&self, id: &SessionId) -> &Shard {
        let hash = self.hasher.hash_one(id).to_le_bytes()[0];
        &self.shards[usize::from(hash) % SHARDS]
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the records: what is in them is for the store alone.
        write!(f, "Cache({:?})", self.staleness)
    }
}
