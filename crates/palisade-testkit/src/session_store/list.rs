//! The list that a user sees, and what is forgotten.

use std::time::{Duration, SystemTime};

use palisade_session::{
    EndReason, Ending, Horizon, InsertError, SessionId, SessionRecord, SessionStore,
};

use super::sample::{
    MICROSECOND, SECOND, always, assert_same, assert_stored, begin, begin_all, current, ending,
    find, generation, id, live_ids, no_limit, noon, sample, touch, user,
};

/// A list holds the live sessions of one user, the most recently seen first, by id where they are equal,
/// and no more than were asked for.
pub async fn a_list_is_ordered_by_last_use<S: SessionStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let records = begin_all(&store, [5, 3, 1, 4, 2, 6]).await;
    begin(&store, SessionRecord { user: user(2), ..sample(7) }).await;
    store.revoke(&user(1), &id(6), ending(0, EndReason::SignedOut)).await.expect("it answers");
    let now = records[0].generation;
    for n in [4, 1, 3] {
        store.touch_if_live(&id(n), now, touch(noon())).await.expect("it answers");
    }
    let order = [1, 3, 4, 5, 2].map(id);
    for limit in [0, 1, 2, 4, 5, 6, 1000, u32::MAX] {
        let list = store.list(&user(1), &always(), limit).await.expect("it answers");
        let ids: Vec<SessionId> = list.iter().map(|record| record.id).collect();
        let expected = order.iter().take(usize::try_from(limit).unwrap_or(usize::MAX));
        assert!(ids.iter().eq(expected), "at most {limit}: {ids:?}");
        for record in &list {
            assert_stored(&store, record).await;
        }
    }
    assert!(live_ids(&store, &user(3)).await.is_empty(), "an unknown user has sessions");

    store.revoke_user(&user(1), ending(0, EndReason::Administrator)).await.expect("it answers");
    let next = begin(&store, sample(8)).await;
    let list = store.list(&user(1), &always(), 9).await.expect("it answers");
    assert_eq!(list.len(), 1, "{list:?}");
    assert_same(&list[0], &next);
}

/// Both timeouts are measured to the microsecond, and a moment that no store could keep is still one
/// before or after.
pub async fn horizons_are_exact<S: SessionStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let (epoch, nanosecond) = (SystemTime::UNIX_EPOCH, Duration::from_nanos(1));
    let record = sample(1);
    begin(&store, record.clone()).await;
    let first = SessionRecord { user: user(2), created: epoch, last_seen: epoch, ..sample(2) };
    begin(&store, first.clone()).await;
    let far = epoch + Duration::from_micros(u64::MAX);
    // The edges of a time, and whether what happened at it still counts.
    let edges = |at: SystemTime| {
        [
            (at - SECOND, true),
            (at - MICROSECOND, true),
            (at - nanosecond, true),
            (at, false),
            (at + nanosecond, false),
            (at + MICROSECOND, false),
            (far, false),
        ]
    };
    for record in [record, first] {
        let Horizon { created_after, seen_after } = always();
        let by_age = edges(record.created)
            .map(|(edge, counts)| (Horizon { created_after: edge, seen_after }, counts));
        let by_use = edges(record.last_seen)
            .map(|(edge, counts)| (Horizon { created_after, seen_after: edge }, counts));
        for (horizon, expected) in by_age.into_iter().chain(by_use) {
            let list = store.list(&record.user, &horizon, 9).await.expect("it answers");
            assert_eq!(list.len(), usize::from(expected), "{horizon:?} and {record:?}");
        }
    }
}

/// What timed out, and what ended before the idle timeout, is forgotten and counted; what lives or has
/// ended lately is not.
pub async fn a_purge_forgets_what_is_over<S: SessionStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let edge = noon();
    let horizon = Horizon { created_after: edge - SECOND * 100, seen_after: edge };
    let record = |n, created, last_seen| SessionRecord {
        // Over two users.
        user: user(n % 2),
        created,
        last_seen,
        ..sample(n)
    };
    let (young, old) = (edge - SECOND * 99, edge - SECOND * 100);
    let lately = edge + MICROSECOND;
    let kept = [
        record(1, young, lately),
        record(2, old + MICROSECOND, lately),
        // A moment from the future, by a clock that was wrong.
        record(3, edge + SECOND * 500, edge + SECOND * 500),
        record(4, young, lately),
    ];
    let over = [
        record(5, old, lately),
        record(6, old - SECOND, lately),
        record(7, young, edge),
        record(8, young, edge - SECOND),
        record(9, old, edge),
        record(10, young, lately),
        record(11, young, edge),
    ];
    let endings = [(4, lately), (10, edge), (11, lately)];
    for record in kept.iter().chain(&over) {
        begin(&store, record.clone()).await;
    }
    for (n, at) in endings {
        let ending = Ending { at, reason: EndReason::SignedOut };
        store.revoke(&user(n % 2), &id(n), ending).await.expect("it answers");
    }
    for (again, count) in [(false, 7), (true, 0)] {
        let purged = store.purge(&horizon, 1000).await.expect("it answers");
        assert_eq!(purged, count, "again: {again}");
        for record in &kept {
            let ended = endings.iter().find(|(n, _)| id(*n) == record.id);
            let ended = ended.map(|(_, at)| Ending { at: *at, reason: EndReason::SignedOut });
            let stored = find(&store, &record.id).await;
            let stored = stored.unwrap_or_else(|| panic!("{} was forgotten", record.id)).record;
            let generation = stored.generation;
            assert_same(&stored, &SessionRecord { ended, generation, ..record.clone() });
        }
        for record in &over {
            assert!(find(&store, &record.id).await.is_none(), "{} is still there", record.id);
        }
    }
}

/// A purge forgets no more at once than it was asked to.
pub async fn a_purge_is_bounded<S: SessionStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    begin_all(&store, 1..=7).await;
    let all = Horizon { created_after: noon(), seen_after: noon() };
    for (limit, expected) in [(0, 0), (3, 3), (1, 1), (u32::MAX, 3), (5, 0)] {
        let purged = store.purge(&all, limit).await.expect("it answers");
        assert_eq!(purged, expected, "at most {limit}");
    }
    assert!(live_ids(&store, &user(1)).await.is_empty());
    begin_all(&store, 1..=7).await;
    assert_eq!(live_ids(&store, &user(1)).await.len(), 7, "what was forgotten begins anew");
}

/// A purge forgets no generation: a sign-in that began before all sessions were ended is refused,
/// though nothing else of its user is left.
pub async fn generations_outlive_a_purge<S: SessionStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    begin_all(&store, [1, 2]).await;
    let late = current(&store, sample(3)).await;
    store.revoke_user(&user(1), ending(0, EndReason::AccountClosed)).await.expect("it answers");
    let before = generation(&store, &user(1)).await;
    let all = Horizon { created_after: noon(), seen_after: noon() };
    assert_eq!(store.purge(&all, 1000).await.expect("it answers"), 2);
    assert_eq!(generation(&store, &user(1)).await, before);
    let refused = store.insert_new(&late, no_limit(), &always()).await;
    assert!(matches!(refused, Err(InsertError::Stale)), "{refused:?}");
}
