//! Counting uses without a write for each.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use crate::record::LAST_SECOND;
use crate::{ApiKeyId, KeyStore, StoreError, Usage};

/// How many keys go into one call of the store.
const BATCH: usize = 500;

/// The uses of one key that no store knows of yet.
#[derive(Debug, Default)]
pub(crate) struct UseCounter {
    count: AtomicU64,
    /// Microseconds since 1970; it only grows.
    last_used: AtomicU64,
}

impl UseCounter {
    pub(crate) fn add_one(&self, now: SystemTime) {
        let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        // A broken clock must not make a time that no store takes, and every flush fail.
        let micros = since.min(Duration::from_secs(LAST_SECOND)).as_micros();
        // The time first: whoever takes the count then sees a time at least as late.
        self.last_used.fetch_max(u64::try_from(micros).unwrap_or(u64::MAX), Ordering::AcqRel);
        self.count.fetch_add(1, Ordering::AcqRel);
    }

    fn take(&self) -> u64 {
        self.count.swap(0, Ordering::AcqRel)
    }

    fn give_back(&self, count: u64) {
        self.count.fetch_add(count, Ordering::AcqRel);
    }

    fn last_used(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_micros(self.last_used.load(Ordering::Acquire))
    }
}

/// The counters of all keys that are in use.
#[derive(Debug)]
pub(crate) struct UsageTracker {
    counters: Mutex<HashMap<ApiKeyId, Arc<UseCounter>>>,
    flushed: Mutex<Option<SystemTime>>,
    interval: Duration,
}

impl UsageTracker {
    pub(crate) fn new(interval: Duration) -> Self {
        Self { counters: Mutex::default(), flushed: Mutex::default(), interval }
    }

    /// The counter of a key, to be kept beside its record.
    pub(crate) fn counter(&self, id: &ApiKeyId) -> Arc<UseCounter> {
        Arc::clone(self.counters().entry(id.clone()).or_default())
    }

    /// Whether the last flush was an interval ago; the caller that is told so flushes.
    pub(crate) fn is_due(&self, now: SystemTime) -> bool {
        let mut flushed = self.flushed.lock().unwrap_or_else(PoisonError::into_inner);
        let due = flushed
            .is_none_or(|last| now.duration_since(last).map_or(true, |age| age >= self.interval));
        if due {
            *flushed = Some(now);
        }
        due
    }

    /// The flush failed: the next one is due at once.
    pub(crate) fn is_overdue(&self) {
        *self.flushed.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Writes all uses to the store and returns of how many keys.
    pub(crate) async fn flush<S: KeyStore>(&self, store: &S) -> Result<usize, StoreError> {
        let mut pending = self.take_all();
        let keys = pending.taken.len();
        while !pending.taken.is_empty() {
            let batch = pending.next_batch();
            store.add_usage(&batch).await?;
            pending.taken.truncate(pending.taken.len() - batch.len());
        }
        Ok(keys)
    }

    fn take_all(&self) -> Pending {
        let mut taken = Vec::new();
        self.counters().retain(|id, counter| {
            // First this. If nobody else holds the counter, those who let go of it had counted before,
            // and nobody gets it while the map is locked: the count below is its last.
            let is_held = Arc::strong_count(counter) > 1;
            fence(Ordering::Acquire);
            let count = counter.take();
            if count > 0 {
                taken.push((id.clone(), Arc::clone(counter), count));
            }
            is_held || count > 0
        });
        Pending { taken }
    }

    fn counters(&self) -> MutexGuard<'_, HashMap<ApiKeyId, Arc<UseCounter>>> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Uses on their way to the store. What is not written when it is dropped, because the store failed
/// or the caller gave up, goes back to the counters.
struct Pending {
    taken: Vec<(ApiKeyId, Arc<UseCounter>, u64)>,
}

impl Pending {
    fn next_batch(&self) -> Vec<Usage> {
        let start = self.taken.len().saturating_sub(BATCH);
        self.taken[start..]
            .iter()
            .map(|(id, counter, count)| Usage {
                id: id.clone(),
                count: *count,
                last_used: counter.last_used(),
            })
            .collect()
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        for (_, counter, count) in &self.taken {
            counter.give_back(*count);
        }
    }
}
