//! Each mistake that stores of replay keys are known for fails a check of the suite.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail as the test does")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use palisade_testkit::replay_store;
use palisade_webhook::{Inserted, ReplayKey, ReplayStore, StoreError};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    LooksThenWrites,
    DeletesThenInserts,
    TheFirstEndStands,
    TheLastEndStands,
    EndsAreIncluded,
    KeysNeverEnd,
    TheClockOnlyGoesForward,
    TheClockIsItsOwn,
    RemovalsDoNothing,
    RemovalsTakeAll,
    EachHandleRemembers,
    KeysAreCutShort,
}

type Ends = HashMap<Vec<u8>, SystemTime>;

struct Faulty {
    fault: Fault,
    /// Shared by the handles, but for one fault.
    ends: Arc<Mutex<Ends>>,
}

impl Faulty {
    /// What opens handles on one store.
    fn opens(fault: Fault) -> impl AsyncFn() -> Self {
        let shared: Arc<Mutex<Ends>> = Arc::default();
        async move || {
            let own = fault == Fault::EachHandleRemembers;
            Self { fault, ends: if own { Arc::default() } else { Arc::clone(&shared) } }
        }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn name(&self, key: &ReplayKey) -> Vec<u8> {
        let len = if self.has(Fault::KeysAreCutShort) { 2 } else { 32 };
        key.to_bytes()[..len].to_vec()
    }

    fn end(&self, key: &ReplayKey) -> Option<SystemTime> {
        self.ends.lock().unwrap().get(&self.name(key)).copied()
    }

    fn is_over(&self, end: SystemTime, now: SystemTime) -> bool {
        match self.fault {
            Fault::EndsAreIncluded => end < now,
            Fault::KeysNeverEnd => false,
            Fault::TheClockIsItsOwn => end <= SystemTime::now(),
            _ => end <= now,
        }
    }
}

impl ReplayStore for Faulty {
    async fn insert_if_absent(
        &self,
        key: &ReplayKey,
        expires: SystemTime,
        now: SystemTime,
    ) -> Result<Inserted, StoreError> {
        let name = self.name(key);
        if self.has(Fault::LooksThenWrites) {
            let absent = self.end(key).is_none_or(|end| self.is_over(end, now));
            tokio::task::yield_now().await;
            if absent {
                self.ends.lock().unwrap().insert(name, expires);
                return Ok(Inserted::New);
            }
        } else if self.has(Fault::DeletesThenInserts) {
            if self.end(key).is_some_and(|end| self.is_over(end, now)) {
                tokio::task::yield_now().await;
                self.ends.lock().unwrap().remove(&name);
            }
            tokio::task::yield_now().await;
        }
        let mut ends = self.ends.lock().unwrap();
        if self.has(Fault::TheClockOnlyGoesForward) {
            ends.retain(|_, end| *end > now);
        }
        match ends.get_mut(&name) {
            Some(end) if !self.is_over(*end, now) => {
                match self.fault {
                    Fault::TheFirstEndStands => {}
                    Fault::TheLastEndStands => *end = expires,
                    _ => *end = expires.max(*end),
                }
                Ok(Inserted::Present)
            }
            _ => {
                ends.insert(name, expires);
                Ok(Inserted::New)
            }
        }
    }

    async fn remove(&self, key: &ReplayKey) -> Result<(), StoreError> {
        match self.fault {
            Fault::RemovalsDoNothing => {}
            Fault::RemovalsTakeAll => self.ends.lock().unwrap().clear(),
            _ => drop(self.ends.lock().unwrap().remove(&self.name(key))),
        }
        Ok(())
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
                let run = move || palisade_testkit::run(replay_store::$check(Faulty::opens(fault)));
                std::thread::spawn(run).join().is_ok()
            };
            assert!(check(Fault::None), "the check fails without the fault");
            let caught = (0..TRIES).any(|_| !check(Fault::$fault));
            assert!(caught, "the check let the fault pass");
        }
    )*};
}

caught! {
    a_look_before_the_write: LooksThenWrites by one_of_many_insertions_is_new;
    a_look_before_the_write_2: LooksThenWrites by insertions_and_removals_at_once_end_in_one_order;
    a_deletion_before_the_insertion: DeletesThenInserts
        by one_of_many_insertions_of_an_expired_key_is_new;
    the_first_end: TheFirstEndStands by a_later_end_counts;
    the_first_end_at_once: TheFirstEndStands by the_latest_of_many_ends_counts;
    the_last_end: TheLastEndStands by an_earlier_end_changes_nothing;
    the_last_end_at_once: TheLastEndStands by the_latest_of_many_ends_counts;
    the_last_end_2: TheLastEndStands by extreme_times_are_kept;
    an_end_that_is_included: EndsAreIncluded by a_key_is_absent_from_its_end_on;
    an_end_that_is_included_2: EndsAreIncluded by it_answers_like_the_memory_store;
    keys_without_end: KeysNeverEnd by expired_keys_are_remembered_anew;
    a_clock_that_only_goes_forward: TheClockOnlyGoesForward by it_answers_like_the_memory_store;
    a_clock_of_its_own: TheClockIsItsOwn by the_clock_is_the_callers;
    removals_that_do_nothing: RemovalsDoNothing by a_removed_key_is_new_again;
    removals_that_take_all: RemovalsTakeAll by removing_nothing_does_nothing;
    handles_that_remember: EachHandleRemembers by what_one_handle_writes_the_other_reads;
    keys_that_are_cut: KeysAreCutShort by keys_do_not_meet;
}
