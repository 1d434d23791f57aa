//! What several handles on one store see of each other.

use std::sync::Arc;

use palisade_session::{EndReason, Others, SessionRecord, SessionStore, Written};

use crate::at_once::at_once;

use super::sample::{
    MICROSECOND, SECOND, always, begin, begin_all, ending, find, generation, id, is_live, live_ids,
    load, noon, sample, touch, user,
};

/// How many calls race.
pub(super) const CALLS: u64 = 8;
/// How often each race is run.
pub(super) const ROUNDS: u64 = 12;

/// Two handles, taken in turn.
pub(super) async fn two<S>(open: impl AsyncFn() -> S) -> [Arc<S>; 2] {
    [Arc::new(open().await), Arc::new(open().await)]
}

/// The handle for call `n`.
pub(super) fn turn<S>(handles: &[Arc<S>; 2], n: u64) -> Arc<S> {
    Arc::clone(&handles[usize::from(n % 2 == 1)])
}

/// Record `n` in place of another.
pub(super) fn successor(n: u64, old: &SessionRecord) -> SessionRecord {
    SessionRecord { id: id(n), last_seen: noon(), ..old.clone() }
}

/// Touches from many callers: the latest stands, and who reads meanwhile never sees an earlier one after
/// a later one.
pub async fn last_use_never_goes_back<S: SessionStore + 'static>(open: impl AsyncFn() -> S) {
    const TOUCHES: u64 = 20;
    let handles = two(open).await;
    let record = begin(&*handles[0], sample(1)).await;
    at_once((0..CALLS).map(|caller| {
        let store = turn(&handles, caller);
        let generation = record.generation;
        async move {
            let mut last = noon() - SECOND * 7200;
            for n in 0..TOUCHES {
                // Half of the callers go back in time.
                let n = if caller % 2 == 0 { n } else { TOUCHES - 1 - n };
                let at = noon() + MICROSECOND * u32::try_from(n * CALLS + caller).expect("few");
                let touched = store.touch_if_live(&id(1), generation, touch(at)).await;
                assert_eq!(touched.expect("it answers"), Written::Done);
                let seen = load(&*store, 1).await.last_seen;
                assert!(seen >= at, "a touch was answered and is not there");
                assert!(seen >= last, "the last use went back");
                last = seen;
            }
        }
    }))
    .await;
    let latest = noon() + MICROSECOND * u32::try_from(TOUCHES * CALLS - 1).expect("few");
    assert_eq!(load(&*handles[1], 1).await.last_seen, latest);
}

/// While a session goes on from one id to the next, whoever lists sees one session, and whoever loads the
/// record sees it in its generation or ended: never one step half done.
pub async fn nobody_sees_half_a_rotation<S: SessionStore + 'static>(open: impl AsyncFn() -> S) {
    let handles = two(open).await;
    let mut record = begin(&*handles[0], sample(0)).await;
    let reader = {
        let store = Arc::clone(&handles[1]);
        tokio::spawn(async move {
            for _ in 0..100 {
                let list = store.list(&user(1), &always(), 9).await.expect("it answers");
                let [listed] = list.as_slice() else { panic!("not one session: {list:?}") };
                let stored = find(&*store, &listed.id).await.expect("it was listed");
                let same = stored.record.generation == stored.user_generation;
                assert!(same || stored.record.ended.is_some(), "half a rotation: {stored:?}");
                tokio::task::yield_now().await;
            }
        })
    };
    let mut n = 0;
    while !reader.is_finished() {
        n += 1;
        let mut new = successor(n, &record);
        let mut others = Others::Keep;
        if n % 2 == 0 {
            new.generation += 1;
            others = Others::End(EndReason::PasswordChanged);
        }
        let written = handles[0].rotate(&record.id, &new, others, noon()).await;
        assert_eq!(written.expect("the successor is new"), Written::Done);
        record = new;
        tokio::task::yield_now().await;
    }
    reader.await.expect("whoever reads sees one session");
}

/// What was answered through one handle is seen through the other.
pub async fn what_one_handle_writes_the_other_reads<S: SessionStore + 'static>(
    open: impl AsyncFn() -> S,
) {
    let [a, b] = two(open).await;
    for round in 0..ROUNDS {
        let record = begin(&*a, sample(round)).await;
        assert!(is_live(&*b, &record.id).await, "a sign-in");
        let later = noon() + SECOND * 60;
        let touched = b.touch_if_live(&record.id, record.generation, touch(later)).await;
        assert_eq!(touched.expect("it answers"), Written::Done);
        assert_eq!(load(&*a, round).await.last_seen, later, "a touch");
        let reason = ending(0, EndReason::SignedOut);
        a.revoke(&record.user, &record.id, reason).await.expect("it answers");
        assert_eq!(load(&*b, round).await.ended, Some(reason), "an ending");
        b.revoke_user(&record.user, reason).await.expect("it answers");
        assert_eq!(generation(&*a, &record.user).await, record.generation + 1);
        begin_all(&*a, [1000 + round]).await;
        assert_eq!(live_ids(&*b, &record.user).await, [id(1000 + round)]);
        a.revoke_everyone(reason).await.expect("it answers");
        assert_eq!(live_ids(&*b, &record.user).await, []);
    }
}
