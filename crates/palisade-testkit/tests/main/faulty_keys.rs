//! Each mistake that stores are known for fails a check of the suite.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail as the test does")]

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::SystemTime;

use palisade_apikey::{
    ApiKeyId, DigestScheme, InsertError, KeyDigest, KeyName, KeyRecord, KeyState, KeyStore,
    MemoryStore, Owner, Retirement, Revocation, Rotation, SchemeTally, StoreError, Usage,
};
use palisade_testkit::key_store;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    RenameLiftsRevocation,
    LastRevocationIsReturned,
    UsageOverwrites,
    UsageIsReadThenWritten,
    RotationIsCheckedThenDone,
    RotationExtendsLife,
    DuplicatesAreIgnored,
    OnlyTheFirstCandidateIsFound,
    CandidatesAreFoundOneByOne,
    PagesStartAfterATime,
    ListsKnowNoOwner,
    StaleDigestsAreReplaced,
}

/// The memory store with one fault. What it cannot be brought to store wrongly is changed on the
/// way out.
struct Faulty {
    inner: MemoryStore,
    fault: Fault,
    changed: Mutex<HashMap<ApiKeyId, Change>>,
}

#[derive(Clone, Copy)]
enum Change {
    NotRevoked,
    UseCount(u64),
    Expires(SystemTime),
}

impl Faulty {
    fn new(fault: Fault) -> Self {
        Self { inner: MemoryStore::new(), fault, changed: Mutex::default() }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn change(&self, id: &ApiKeyId, change: Change) {
        self.changed.lock().unwrap().insert(id.clone(), change);
    }

    fn spoil(&self, mut record: KeyRecord) -> KeyRecord {
        match self.changed.lock().unwrap().get(&record.id) {
            None => {}
            Some(Change::NotRevoked) => record.revoked = None,
            Some(Change::UseCount(count)) => record.use_count = *count,
            Some(Change::Expires(end)) => record.expires = Some(*end),
        }
        record
    }
}

impl KeyStore for Faulty {
    async fn insert_new(&self, record: &KeyRecord) -> Result<(), InsertError> {
        match self.inner.insert_new(record).await {
            Err(InsertError::Duplicate) if self.has(Fault::DuplicatesAreIgnored) => Ok(()),
            result => result,
        }
    }

    async fn find(&self, candidates: &[KeyDigest]) -> Result<Option<KeyRecord>, StoreError> {
        if self.has(Fault::CandidatesAreFoundOneByOne) {
            for candidate in candidates {
                let found = self.inner.find(std::slice::from_ref(candidate)).await?;
                if found.is_some() {
                    return Ok(found);
                }
                tokio::task::yield_now().await;
            }
            return Ok(None);
        }
        let end = if self.has(Fault::OnlyTheFirstCandidateIsFound) { 1 } else { usize::MAX };
        let found = self.inner.find(&candidates[..candidates.len().min(end)]).await?;
        Ok(found.map(|record| self.spoil(record)))
    }

    async fn load(&self, id: &ApiKeyId) -> Result<Option<KeyRecord>, StoreError> {
        Ok(self.inner.load(id).await?.map(|record| self.spoil(record)))
    }

    async fn list(
        &self,
        owner: &Owner,
        after: Option<&ApiKeyId>,
        limit: usize,
    ) -> Result<Vec<KeyRecord>, StoreError> {
        let mut page = self.inner.list(owner, after, limit).await?;
        if self.has(Fault::PagesStartAfterATime)
            && let Some(after) = after
            && let Some(last) = self.inner.load(after).await?
        {
            page.retain(|record| record.created > last.created);
        }
        if self.has(Fault::ListsKnowNoOwner) && page.is_empty() {
            page = self.inner.list(&"org_1".parse().unwrap(), after, limit).await?;
        }
        Ok(page)
    }

    async fn rotate(
        &self,
        successor: &KeyRecord,
        retire: Retirement,
        now: SystemTime,
    ) -> Result<Rotation, InsertError> {
        if self.has(Fault::RotationIsCheckedThenDone)
            && let Some(replaces) = &successor.replaces
            && let Some(old) = self.inner.load(replaces).await?
            && old.state(now) == KeyState::Active
            && old.replaced_by.is_none()
        {
            tokio::task::yield_now().await;
            if self.inner.rotate(successor, retire, now).await? == Rotation::Refused {
                self.inner.insert_new(successor).await?;
            }
            return Ok(Rotation::Done);
        }
        let rotation = self.inner.rotate(successor, retire, now).await?;
        if self.has(Fault::RotationExtendsLife)
            && rotation == Rotation::Done
            && let (Some(old), Retirement::ExpireBy(end)) = (&successor.replaces, retire)
        {
            self.change(old, Change::Expires(end));
        }
        Ok(rotation)
    }

    async fn revoke(
        &self,
        id: &ApiKeyId,
        revocation: Revocation,
    ) -> Result<Option<Revocation>, StoreError> {
        let standing = self.inner.revoke(id, revocation).await?;
        let last = self.has(Fault::LastRevocationIsReturned);
        Ok(standing.map(|standing| if last { revocation } else { standing }))
    }

    async fn rename(&self, id: &ApiKeyId, name: &KeyName) -> Result<bool, StoreError> {
        if self.has(Fault::RenameLiftsRevocation) {
            self.change(id, Change::NotRevoked);
        }
        self.inner.rename(id, name).await
    }

    async fn add_usage(&self, batch: &[Usage]) -> Result<(), StoreError> {
        for usage in batch {
            if self.has(Fault::UsageOverwrites) {
                self.change(&usage.id, Change::UseCount(usage.count));
            }
            if self.has(Fault::UsageIsReadThenWritten)
                && let Some(record) = self.load(&usage.id).await?
            {
                tokio::task::yield_now().await;
                let sum = record.use_count.saturating_add(usage.count);
                self.change(&usage.id, Change::UseCount(sum));
            }
        }
        self.inner.add_usage(batch).await
    }

    async fn replace_digest(
        &self,
        id: &ApiKeyId,
        from: &KeyDigest,
        to: &KeyDigest,
    ) -> Result<bool, StoreError> {
        if self.has(Fault::StaleDigestsAreReplaced)
            && let Some(record) = self.inner.load(id).await?
        {
            return self.inner.replace_digest(id, &record.digest, to).await;
        }
        self.inner.replace_digest(id, from, to).await
    }

    async fn count_schemes(&self, now: SystemTime) -> Result<Vec<SchemeTally>, StoreError> {
        self.inner.count_schemes(now).await
    }

    async fn digests_of(
        &self,
        scheme: &DigestScheme,
        after: Option<&ApiKeyId>,
        limit: usize,
        now: SystemTime,
    ) -> Result<Vec<(ApiKeyId, KeyDigest)>, StoreError> {
        self.inner.digests_of(scheme, after, limit, now).await
    }
}

/// How often a fault may slip through a check: one that is a race shows itself most of the time, and
/// not each time.
const TRIES: usize = 100;

/// Defines a test for each fault: the check fails with it, and passes without.
macro_rules! caught {
    ($($test:ident: $fault:ident by $check:ident;)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            key_store::$check(Faulty::new(Fault::None)).await;
            let mut caught = false;
            for _ in 0..TRIES {
                let faulty = key_store::$check(Faulty::new(Fault::$fault));
                caught |= tokio::spawn(faulty).await.is_err_and(|failed| failed.is_panic());
                if caught {
                    break;
                }
            }
            assert!(caught, "the check let the fault pass");
        }
    )*};
}

caught! {
    a_rename_that_lifts_a_revocation: RenameLiftsRevocation by rename_touches_the_name_alone;
    a_rename_that_lifts_a_revocation_2: RenameLiftsRevocation by nothing_lifts_a_revocation;
    a_revocation_that_returns_the_last: LastRevocationIsReturned by the_first_revocation_stands;
    a_revocation_that_returns_the_last_2: LastRevocationIsReturned by all_revocations_at_once_agree;
    usage_that_overwrites: UsageOverwrites by usage_is_added;
    usage_that_is_read_then_written: UsageIsReadThenWritten by usage_at_once_adds_up;
    a_rotation_that_checks_first: RotationIsCheckedThenDone by one_of_many_rotations_wins;
    a_rotation_that_extends_a_life: RotationExtendsLife by rotation_never_lengthens_a_life;
    ignored_duplicates: DuplicatesAreIgnored by a_duplicate_id_is_refused;
    ignored_duplicates_at_once: DuplicatesAreIgnored by one_of_many_inserts_wins;
    a_lone_candidate: OnlyTheFirstCandidateIsFound by find_takes_any_number_of_candidates;
    a_search_one_by_one: CandidatesAreFoundOneByOne
        by find_never_misses_a_digest_that_is_being_replaced;
    pages_after_a_time: PagesStartAfterATime by pages_have_no_gaps_and_no_repeats;
    lists_of_everyone: ListsKnowNoOwner by a_list_holds_the_keys_of_one_owner;
    a_stale_digest: StaleDigestsAreReplaced by a_digest_is_replaced_if_it_is_still_the_old_one;
    a_stale_digest_at_once: StaleDigestsAreReplaced by one_of_many_new_digests_wins;
    a_model_that_differs: UsageOverwrites by it_answers_like_the_memory_store;
}
