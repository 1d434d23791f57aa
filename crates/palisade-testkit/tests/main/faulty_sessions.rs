//! Each mistake that session stores are known for fails a check of the suite.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail as the test does")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use palisade_session::{
    Ending, Horizon, InsertError, MemoryStore, Others, SessionId, SessionLimit, SessionRecord,
    SessionStore, StoreError, Stored, Touch, UserId, WhenFull, Written,
};
use palisade_testkit::session_store;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    ALateSaveRevives,
    TouchesAreReadThenWritten,
    TheLimitIsCountedFirst,
    SignInsAreOfTheNewestGeneration,
    DuplicatesAreIgnored,
    RotationIsCheckedThenDone,
    RotationIsTwoSteps,
    EndingsKnowNoUser,
    TheLastEndingIsReturned,
    AllOfAUserAreEndedOneByOne,
    TheOthersAreEndedUnasked,
    ListsKnowNoTimeout,
    PurgesKnowNoLimit,
    EachHandleRemembersWhatItLoaded,
}

/// The memory store with one fault. What it cannot be brought to store wrongly is changed on the way out.
struct Faulty {
    inner: MemoryStore,
    fault: Fault,
    /// Shared by the handles.
    changed: Arc<Mutex<HashMap<SessionId, Change>>>,
    /// Each handle's own.
    loaded: Mutex<HashMap<SessionId, Stored>>,
}

#[derive(Clone, Copy)]
enum Change {
    Alive,
    LastSeen(SystemTime),
}

impl Faulty {
    /// What opens handles on one store.
    fn opens(fault: Fault) -> impl AsyncFn() -> Self {
        let inner = MemoryStore::new();
        let changed = Arc::default();
        async move || Self {
            inner: inner.clone(),
            fault,
            changed: Arc::clone(&changed),
            loaded: Mutex::default(),
        }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn change(&self, id: &SessionId, change: Change) {
        self.changed.lock().unwrap().insert(*id, change);
    }

    fn spoil(&self, mut stored: Stored) -> Stored {
        match self.changed.lock().unwrap().get(&stored.record.id) {
            None => {}
            Some(Change::Alive) => stored.record.ended = None,
            Some(Change::LastSeen(at)) => stored.record.last_seen = *at,
        }
        stored
    }

    async fn ids(&self, user: &UserId) -> Vec<SessionId> {
        let before = SystemTime::UNIX_EPOCH - std::time::Duration::from_secs(1);
        let always = Horizon { created_after: before, seen_after: before };
        let list = self.inner.list(user, &always, u32::MAX).await.unwrap();
        list.into_iter().map(|record| record.id).collect()
    }
}

impl SessionStore for Faulty {
    async fn generation(&self, user: &UserId) -> Result<u64, StoreError> {
        self.inner.generation(user).await
    }

    async fn insert_new(
        &self,
        record: &SessionRecord,
        mut limit: SessionLimit,
        horizon: &Horizon,
    ) -> Result<Vec<SessionId>, InsertError> {
        let mut record = record.clone();
        if self.has(Fault::SignInsAreOfTheNewestGeneration) {
            record.generation = self.inner.generation(&record.user).await?;
        }
        if self.has(Fault::TheLimitIsCountedFirst) {
            let room = self.ids(&record.user).await.len() < limit.most() as usize;
            tokio::task::yield_now().await;
            if room {
                limit = SessionLimit::end_least_recently_used(SessionLimit::MAX);
            } else if limit.when_full() == WhenFull::Refuse {
                return Err(InsertError::Full);
            }
        }
        match self.inner.insert_new(&record, limit, horizon).await {
            Err(InsertError::Duplicate) if self.has(Fault::DuplicatesAreIgnored) => Ok(Vec::new()),
            result => result,
        }
    }

    async fn load(&self, id: &SessionId) -> Result<Option<Stored>, StoreError> {
        if self.has(Fault::EachHandleRemembersWhatItLoaded)
            && let Some(stored) = self.loaded.lock().unwrap().get(id)
        {
            return Ok(Some(stored.clone()));
        }
        let stored = self.inner.load(id).await?.map(|stored| self.spoil(stored));
        if self.has(Fault::EachHandleRemembersWhatItLoaded)
            && let Some(stored) = &stored
        {
            self.loaded.lock().unwrap().insert(*id, stored.clone());
        }
        Ok(stored)
    }

    async fn touch_if_live(
        &self,
        id: &SessionId,
        generation: u64,
        touch: Touch,
    ) -> Result<Written, StoreError> {
        if self.has(Fault::ALateSaveRevives) && self.inner.load(id).await?.is_some() {
            self.inner.touch_if_live(id, generation, touch).await?;
            self.change(id, Change::Alive);
            return Ok(Written::Done);
        }
        if self.has(Fault::TouchesAreReadThenWritten)
            && let Some(stored) = self.load(id).await?
        {
            tokio::task::yield_now().await;
            self.change(id, Change::LastSeen(stored.record.last_seen.max(touch.at)));
        }
        self.inner.touch_if_live(id, generation, touch).await
    }

    async fn rotate(
        &self,
        from: &SessionId,
        successor: &SessionRecord,
        others: Others,
        now: SystemTime,
    ) -> Result<Written, InsertError> {
        let limit = SessionLimit::end_least_recently_used(SessionLimit::MAX);
        let horizon = Horizon { created_after: now, seen_after: now };
        if self.has(Fault::RotationIsCheckedThenDone)
            && let Some(old) = self.inner.load(from).await?
            && old.record.ended.is_none()
        {
            tokio::task::yield_now().await;
            if self.inner.rotate(from, successor, others, now).await? == Written::Gone {
                drop(self.inner.insert_new(successor, limit, &horizon).await);
            }
            return Ok(Written::Done);
        }
        if self.has(Fault::RotationIsTwoSteps) && matches!(others, Others::Keep) {
            let ending = Ending { at: now, reason: palisade_session::EndReason::Replaced };
            self.inner.revoke(&successor.user, from, ending).await?;
            tokio::task::yield_now().await;
            self.inner.insert_new(successor, limit, &horizon).await?;
            return Ok(Written::Done);
        }
        self.inner.rotate(from, successor, others, now).await
    }

    async fn revoke(
        &self,
        user: &UserId,
        id: &SessionId,
        ending: Ending,
    ) -> Result<Option<Ending>, StoreError> {
        let owner = self.inner.load(id).await?.map(|stored| stored.record.user);
        let user =
            if self.has(Fault::EndingsKnowNoUser) { owner.as_ref() } else { None }.unwrap_or(user);
        let standing = self.inner.revoke(user, id, ending).await?;
        let last = self.has(Fault::TheLastEndingIsReturned);
        Ok(standing.map(|standing| if last { ending } else { standing }))
    }

    async fn revoke_others(
        &self,
        user: &UserId,
        keep: &SessionId,
        ending: Ending,
    ) -> Result<Option<u64>, StoreError> {
        if self.has(Fault::TheOthersAreEndedUnasked) {
            let mut count = 0;
            for id in self.ids(user).await.iter().filter(|id| *id != keep) {
                self.inner.revoke(user, id, ending).await?;
                count += 1;
            }
            return Ok(Some(count));
        }
        self.inner.revoke_others(user, keep, ending).await
    }

    async fn revoke_user(&self, user: &UserId, ending: Ending) -> Result<u64, StoreError> {
        if self.has(Fault::AllOfAUserAreEndedOneByOne) {
            let ids = self.ids(user).await;
            for id in &ids {
                self.inner.revoke(user, id, ending).await?;
            }
            return Ok(ids.len() as u64);
        }
        self.inner.revoke_user(user, ending).await
    }

    async fn revoke_everyone(&self, ending: Ending) -> Result<u64, StoreError> {
        self.inner.revoke_everyone(ending).await
    }

    async fn list(
        &self,
        user: &UserId,
        horizon: &Horizon,
        limit: u32,
    ) -> Result<Vec<SessionRecord>, StoreError> {
        let mut horizon = *horizon;
        if self.has(Fault::ListsKnowNoTimeout) {
            horizon.seen_after = SystemTime::UNIX_EPOCH;
        }
        self.inner.list(user, &horizon, limit).await
    }

    async fn purge(&self, horizon: &Horizon, mut limit: u32) -> Result<u64, StoreError> {
        if self.has(Fault::PurgesKnowNoLimit) {
            limit = u32::MAX;
        }
        self.inner.purge(horizon, limit).await
    }
}

/// How often a fault may slip through a check: one that is a race shows itself most of the time, and
/// not each time.
const TRIES: usize = 100;

/// Defines a test for each fault: the check fails with it, and passes without.
macro_rules! caught {
    ($($test:ident: $fault:ident by $check:ident;)*) => {$(
        #[test]
        fn $test() {
            // On a thread of its own, since a check need not be `Send`.
            let check = |fault| {
                let run = move || palisade_testkit::run(session_store::$check(Faulty::opens(fault)));
                std::thread::spawn(run).join().is_ok()
            };
            assert!(check(Fault::None), "the check fails without the fault");
            let caught = (0..TRIES).any(|_| !check(Fault::$fault));
            assert!(caught, "the check let the fault pass");
        }
    )*};
}

caught! {
    a_late_save: ALateSaveRevives by nothing_brings_a_session_back;
    a_late_save_2: ALateSaveRevives by the_lifecycle_rows_hold;
    a_late_save_at_once: ALateSaveRevives by an_ending_outlives_every_other_write;
    touches_that_are_read_then_written: TouchesAreReadThenWritten by last_use_never_goes_back;
    a_limit_that_is_counted_first: TheLimitIsCountedFirst by the_limit_holds_at_once;
    a_late_sign_in: SignInsAreOfTheNewestGeneration by all_sessions_of_a_user_end;
    a_late_sign_in_2: SignInsAreOfTheNewestGeneration by the_lifecycle_rows_hold;
    a_late_sign_in_at_once: SignInsAreOfTheNewestGeneration
        by a_sign_in_does_not_outlive_the_end_of_all;
    ignored_duplicates: DuplicatesAreIgnored by a_duplicate_id_is_refused;
    ignored_duplicates_at_once: DuplicatesAreIgnored by one_of_many_inserts_is_kept;
    a_rotation_that_checks_first: RotationIsCheckedThenDone by one_of_many_rotations_is_done;
    a_rotation_in_two_steps: RotationIsTwoSteps by nobody_sees_half_a_rotation;
    an_ending_by_anyone: EndingsKnowNoUser by a_session_of_another_user_is_not_there;
    an_ending_by_anyone_2: EndingsKnowNoUser by the_lifecycle_rows_hold;
    the_last_ending: TheLastEndingIsReturned by the_first_ending_stands;
    the_last_ending_at_once: TheLastEndingIsReturned by all_endings_at_once_agree;
    all_ended_one_by_one: AllOfAUserAreEndedOneByOne by it_answers_like_the_memory_store;
    all_ended_one_by_one_at_once: AllOfAUserAreEndedOneByOne
        by a_sign_in_does_not_outlive_the_end_of_all;
    others_ended_unasked: TheOthersAreEndedUnasked by the_others_end;
    others_ended_unasked_at_once: TheOthersAreEndedUnasked by ending_the_others_meets_a_rotation;
    lists_without_timeout: ListsKnowNoTimeout by horizons_are_exact;
    lists_without_timeout_2: ListsKnowNoTimeout by it_answers_like_the_memory_store;
    purges_without_limit: PurgesKnowNoLimit by a_purge_is_bounded;
    handles_that_remember: EachHandleRemembersWhatItLoaded
        by what_one_handle_writes_the_other_reads;
}
