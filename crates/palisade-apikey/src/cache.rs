//! Records that were read a moment ago, so that a busy key does not cost a read each time.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use crate::policy::MaxStaleness;
use crate::usage::UseCounter;
use crate::{KeyDigest, KeyRecord};

/// A power of two, so that two cores seldom wait for one lock.
const SHARDS: usize = 16;

/// A record as it was read, for one key.
#[derive(Debug)]
pub(crate) struct Cached {
    pub(crate) record: Arc<KeyRecord>,
    pub(crate) uses: Arc<UseCounter>,
    /// The digest of the key under the primary pepper, which may not be the stored one yet.
    pub(crate) digest: KeyDigest,
    /// Whether the stored digest is another one, and no use has noted yet that it is to move.
    moves: AtomicBool,
    read_at: SystemTime,
    generation: Generation,
}

impl Cached {
    pub(crate) fn new(
        record: KeyRecord,
        digest: KeyDigest,
        moves: bool,
        uses: Arc<UseCounter>,
        read_at: SystemTime,
        generation: Generation,
    ) -> Self {
        let (record, moves) = (Arc::new(record), AtomicBool::new(moves));
        Self { record, uses, digest, moves, read_at, generation }
    }

    /// Whether the caller is to note that the digest moves: true once for a reading of the store, which
    /// more than one use shares.
    pub(crate) fn takes_move(&self) -> bool {
        // Looked at first, as most keys have moved long ago and many cores share this.
        self.moves.load(Ordering::Relaxed) && self.moves.swap(false, Ordering::Relaxed)
    }
}

/// The state of the cache when a read began. A revocation ends the generation, so a record that was
/// read before it and arrives after it is never used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Generation(u64);

/// See [`Cache::ends_generation`].
pub(crate) struct EndsGeneration<'a>(&'a Cache);

impl Drop for EndsGeneration<'_> {
    fn drop(&mut self) {
        self.0.end_generation();
    }
}

/// A bounded cache, keyed by the digest under the primary pepper.
///
/// An attacker cannot choose that digest, and only keys that the store holds get in.
pub(crate) struct Cache {
    shards: Vec<RwLock<Shard>>,
    generation: AtomicU64,
    staleness: MaxStaleness,
    keys_per_shard: usize,
}

/// Two maps stand for an order of use: when the young one is full it becomes the old one, and what
/// is used again moves back.
#[derive(Default)]
struct Shard {
    young: HashMap<[u8; 32], Arc<Cached>>,
    old: HashMap<[u8; 32], Arc<Cached>>,
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the records: they are found by their digests, which are for the store alone.
        write!(f, "Cache({:?}, {:?})", self.staleness, self.generation())
    }
}

impl Cache {
    pub(crate) fn new(staleness: MaxStaleness, keys: usize) -> Self {
        Self {
            shards: std::iter::repeat_with(RwLock::default).take(SHARDS).collect(),
            generation: AtomicU64::new(0),
            staleness,
            // Two maps a shard.
            keys_per_shard: keys.div_ceil(SHARDS * 2),
        }
    }

    /// The record of the key with this digest, if one was read in this generation and recently.
    pub(crate) fn fresh(&self, digest: &KeyDigest, now: SystemTime) -> Option<Arc<Cached>> {
        let shard = self.shard(digest);
        let (found, is_young) = {
            let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
            match shard.young.get(digest.as_bytes()) {
                Some(cached) => (Arc::clone(cached), true),
                None => (Arc::clone(shard.old.get(digest.as_bytes())?), false),
            }
        };
        if !self.is_fresh(&found, now) {
            return None;
        }
        if !is_young {
            self.put(Arc::clone(&found));
        }
        Some(found)
    }

    fn is_fresh(&self, cached: &Cached, now: SystemTime) -> bool {
        // A clock that stepped back makes a record seem to come from the future: read it again.
        let age = now.duration_since(cached.read_at);
        cached.generation == self.generation()
            && age.is_ok_and(|age| age <= self.staleness.0)
            && self.staleness != MaxStaleness::none()
    }

    /// To be called before the store is read.
    pub(crate) fn generation(&self) -> Generation {
        Generation(self.generation.load(Ordering::Acquire))
    }

    /// Forgets all that was read up to now, and all that is being read.
    pub(crate) fn end_generation(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// Ends the generation when the guard is dropped: around a write whose caller may give up on it,
    /// or never learn whether it was done.
    pub(crate) fn ends_generation(&self) -> EndsGeneration<'_> {
        EndsGeneration(self)
    }

    /// Keeps what was read, for those who come in the same generation and soon.
    pub(crate) fn keep(&self, cached: Cached) -> Arc<Cached> {
        let cached = Arc::new(cached);
        if self.staleness != MaxStaleness::none() && self.keys_per_shard > 0 {
            self.put(Arc::clone(&cached));
        }
        cached
    }

    fn put(&self, cached: Arc<Cached>) {
        let shard = self.shard(&cached.digest);
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        let key = *cached.digest.as_bytes();
        if shard.young.len() >= self.keys_per_shard && !shard.young.contains_key(&key) {
            shard.old = std::mem::take(&mut shard.young);
        }
        shard.young.insert(key, cached);
    }

    fn shard(&self, digest: &KeyDigest) -> &RwLock<Shard> {
        &self.shards[usize::from(digest.as_bytes()[0]) % SHARDS]
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::tests::record;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;
    const SECOND: Duration = Duration::from_secs(1);

    fn digest(n: u32) -> KeyDigest {
        let mut bytes = [0; 32];
        bytes[0] = n.to_le_bytes()[0] << 4;
        bytes[4..8].copy_from_slice(&n.to_le_bytes());
        KeyDigest::legacy_sha256(bytes)
    }

    fn cache(keys: usize) -> Cache {
        Cache::new(MaxStaleness::at_most(SECOND).unwrap(), keys)
    }

    fn keep(cache: &Cache, digest: KeyDigest, generation: Generation) {
        cache.keep(Cached::new(record(), digest, false, Arc::default(), NOW, generation));
    }

    #[test]
    fn a_record_is_used_up_to_its_age_and_never_from_the_future() {
        let cache = cache(100);
        keep(&cache, digest(1), cache.generation());
        assert!(cache.fresh(&digest(1), NOW + SECOND).is_some());
        assert!(cache.fresh(&digest(1), NOW + SECOND + Duration::from_nanos(1)).is_none());
        assert!(cache.fresh(&digest(1), NOW - SECOND).is_none());
        assert!(cache.fresh(&digest(2), NOW).is_none());
    }

    #[test]
    fn a_read_that_a_revocation_overtook_is_not_used() {
        let cache = cache(100);
        let before = cache.generation();
        cache.end_generation();
        keep(&cache, digest(1), before);
        assert!(cache.fresh(&digest(1), NOW).is_none());
        keep(&cache, digest(1), cache.generation());
        assert!(cache.fresh(&digest(1), NOW).is_some());
    }

    #[test]
    fn it_is_bounded_and_keeps_what_is_used() {
        let cache = cache(16 * 2 * 4);
        for n in 0..10_000 {
            keep(&cache, digest(n), cache.generation());
            assert!(cache.fresh(&digest(0), NOW).is_some(), "after {n}");
        }
        let held: usize = cache
            .shards
            .iter()
            .map(|shard| shard.read().unwrap())
            .map(|shard| shard.young.len() + shard.old.len())
            .sum();
        assert!(held <= 16 * 2 * 4, "{held}");
    }

    #[test]
    fn no_staleness_is_no_cache() {
        let cache = Cache::new(MaxStaleness::none(), 100);
        keep(&cache, digest(1), cache.generation());
        assert!(cache.fresh(&digest(1), NOW).is_none());
    }
}
