//! How many sessions a user may have.

use palisade_session::{
    EndReason, Ending, Horizon, InsertError, SessionLimit, SessionRecord, SessionStore,
};

use super::sample::{
    SECOND, always, assert_stored, begin, begin_all, current, ending, find, id, live_ids, no_limit,
    noon, sample, touch, user,
};

/// One session too many ends the one least recently seen, which need not be the oldest, for the right
/// reason at the right time, and nothing else changes.
pub async fn the_limit_ends_those_least_lately_seen<S: SessionStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let mut records = begin_all(&store, [1, 2, 3]).await;
    let stranger = begin(&store, SessionRecord { user: user(2), ..sample(4) }).await;
    let seen = noon() + SECOND;
    store.touch_if_live(&id(1), records[0].generation, touch(seen)).await.expect("it answers");
    records[0].last_seen = seen;

    let next = current(&store, sample(5)).await;
    let ended = store.insert_new(&next, SessionLimit::end_least_recently_used(3), &always()).await;
    assert_eq!(ended.expect("it is new"), [id(2)]);
    records[1].ended = Some(Ending { at: next.created, reason: EndReason::TooManySessions });
    for record in records.iter().chain([&stranger, &next]) {
        assert_stored(&store, record).await;
    }

    // A stricter limit ends as many as it asks for.
    let last = current(&store, sample(6)).await;
    let ended = store.insert_new(&last, SessionLimit::end_least_recently_used(1), &always()).await;
    let mut ended = ended.expect("it is new");
    ended.sort_unstable();
    assert_eq!(ended, [id(1), id(3), id(5)]);
    assert_eq!(live_ids(&store, &user(1)).await, [id(6)]);
    assert_stored(&store, &records[1]).await;
    assert_stored(&store, &stranger).await;
}

/// Where more are refused, one more changes nothing; once one has ended, there is room.
pub async fn a_user_who_is_full_is_refused<S: SessionStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let records = begin_all(&store, [1, 2]).await;
    let next = current(&store, sample(3)).await;
    for most in [1, 2] {
        let refused = store.insert_new(&next, SessionLimit::refuse(most), &always()).await;
        assert!(matches!(refused, Err(InsertError::Full)), "{refused:?}");
        assert!(find(&store, &id(3)).await.is_none(), "it was kept");
        for record in &records {
            assert_stored(&store, record).await;
        }
    }
    let ended = ending(0, EndReason::SignedOut);
    store.revoke(&user(1), &id(1), ended).await.expect("it answers");
    let begun = store.insert_new(&next, SessionLimit::refuse(2), &always()).await;
    assert_eq!(begun.expect("there is room"), []);
    assert_stored(&store, &next).await;
}

/// Sessions that have ended, that timed out or that are another user's take no place, and are not ended
/// by the limit.
pub async fn only_live_sessions_take_a_place<S: SessionStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let mut records = begin_all(&store, [1, 2, 3, 4]).await;
    let ended = ending(0, EndReason::SignedOut);
    store.revoke(&user(1), &id(4), ended).await.expect("it answers");
    records[3].ended = Some(ended);
    records.push(begin(&store, SessionRecord { user: user(2), ..sample(5) }).await);

    // Sessions 1 and 2 have timed out: the one was seen, the other begun, at the very edge.
    let by_use = Horizon { created_after: always().created_after, seen_after: sample(1).last_seen };
    let by_age = Horizon { created_after: sample(2).created, ..by_use };
    for (n, horizon, most) in [(6, by_use, 3), (7, by_age, 3)] {
        let next = current(&store, sample(n)).await;
        let begun = store.insert_new(&next, SessionLimit::refuse(most), &horizon).await;
        assert_eq!(begun.expect("there is room"), [], "session {n}");
        records.push(next);
    }
    for record in &records {
        assert_stored(&store, record).await;
    }
    let next = current(&store, sample(8)).await;
    let refused = store.insert_new(&next, SessionLimit::refuse(3), &by_age).await;
    assert!(matches!(refused, Err(InsertError::Full)), "{refused:?}");
    let begun = store.insert_new(&next, no_limit(), &by_age).await;
    assert_eq!(begun.expect("there is room"), []);
}
