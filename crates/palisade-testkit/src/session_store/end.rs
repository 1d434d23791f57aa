//! Endings are for good.

use palisade_session::{
    EndReason, Ending, InsertError, Others, SessionRecord, SessionStore, Written,
};

use super::records::REASONS;
use super::sample::{
    MICROSECOND, SECOND, always, assert_stored, begin, begin_all, current, ending, find,
    generation, id, is_live, live_ids, load, no_limit, noon, sample, touch, user,
};

/// The first ending stays, with its time and its reason, and is what later calls return, even those
/// that claim an earlier time.
pub async fn the_first_ending_stands<S: SessionStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let records = begin_all(&store, [1, 2]).await;
    let first = ending(5, EndReason::Suspicious(palisade_session::Suspicion::Address));
    let attempts = REASONS.map(|reason| ending(9, reason));
    for attempt in [first].into_iter().chain(attempts).chain([ending(1, EndReason::SignedOut)]) {
        let standing = store.revoke(&user(1), &id(1), attempt).await.expect("it answers");
        assert_eq!(standing, Some(first), "after {attempt:?}");
    }
    assert_stored(&store, &SessionRecord { ended: Some(first), ..records[0].clone() }).await;
    assert_stored(&store, &records[1]).await;
}

/// A session is ended by its user alone: another user's is `None`, as one that is not there, and goes on.
pub async fn a_session_of_another_user_is_not_there<S: SessionStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let record = begin(&store, sample(1)).await;
    begin(&store, SessionRecord { user: user(2), ..sample(2) }).await;
    let by_other = ending(0, EndReason::SignedOutElsewhere);
    for (by, of) in [(2, 1), (3, 1), (1, 3)] {
        let standing = store.revoke(&user(by), &id(of), by_other).await.expect("it answers");
        assert_eq!(standing, None, "user {by}, session {of}");
        let kept = store.revoke_others(&user(by), &id(of), by_other).await.expect("it answers");
        assert_eq!(kept, None, "user {by}, session {of}");
    }
    assert_stored(&store, &record).await;
    assert_eq!(live_ids(&store, &user(2)).await, [id(2)]);

    // Nor is an ending shown to another user.
    store.revoke(&user(1), &id(1), ending(0, EndReason::SignedOut)).await.expect("it answers");
    assert_eq!(store.revoke(&user(2), &id(1), by_other).await.expect("it answers"), None);
}

/// Whatever is done to a session that ended, it stays ended: there is no late save.
pub async fn nothing_brings_a_session_back<S: SessionStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let records = begin_all(&store, [1, 2]).await;
    let (record, other) = (&records[0], &records[1]);
    let first = ending(0, EndReason::SignedOut);
    store.revoke(&user(1), &id(1), first).await.expect("the store answers");
    let ended = SessionRecord { ended: Some(first), ..record.clone() };

    let late = touch(noon() + SECOND);
    let touched = store.touch_if_live(&id(1), record.generation, late).await;
    assert_eq!(touched.expect("it answers"), Written::Gone);
    let saved = store.insert_new(record, no_limit(), &always()).await;
    assert!(matches!(saved, Err(InsertError::Duplicate)), "{saved:?}");
    let new = SessionRecord { id: id(3), ..record.clone() };
    let rotated = store.rotate(&id(1), &new, Others::Keep, noon()).await;
    assert_eq!(rotated.expect("it answers"), Written::Gone);
    let back = store.rotate(&id(2), record, Others::Keep, noon()).await;
    assert!(matches!(back, Err(InsertError::Duplicate)), "{back:?}");
    assert_stored(&store, &ended).await;
    assert_stored(&store, other).await;

    let later = ending(7, EndReason::Administrator);
    let kept = store.revoke_others(&user(1), &id(1), later).await.expect("it answers");
    assert_eq!(kept, None, "one that ended was kept");
    assert_eq!(store.revoke_others(&user(1), &id(2), later).await.expect("it answers"), Some(0));
    assert_eq!(store.revoke_user(&user(1), later).await.expect("it answers"), 1);
    assert_eq!(store.revoke_everyone(later).await.expect("it answers"), 0);
    assert_stored(&store, &ended).await;
    assert_eq!(live_ids(&store, &user(1)).await, []);
}

/// All sessions but one end, are counted, and the one goes on; neither generation nor other users move.
pub async fn the_others_end<S: SessionStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let mut records = begin_all(&store, [1, 2, 3, 4]).await;
    records.push(begin(&store, SessionRecord { user: user(2), ..sample(5) }).await);
    let earlier = ending(0, EndReason::SignedOut);
    store.revoke(&user(1), &id(4), earlier).await.expect("it answers");
    records[3].ended = Some(earlier);
    let before = generation(&store, &user(1)).await;

    let elsewhere = ending(3, EndReason::SignedOutElsewhere);
    // The one to keep has to be live.
    for keep in [4, 5, 6] {
        let kept = store.revoke_others(&user(1), &id(keep), elsewhere).await.expect("it answers");
        assert_eq!(kept, None, "session {keep}");
        for record in &records {
            assert_stored(&store, record).await;
        }
    }
    for (again, count) in [(false, 2), (true, 0)] {
        let ended = store.revoke_others(&user(1), &id(2), elsewhere).await.expect("it answers");
        assert_eq!(ended, Some(count), "again: {again}");
        for n in [0, 2] {
            records[n].ended = Some(elsewhere);
        }
        for record in &records {
            assert_stored(&store, record).await;
        }
    }
    assert_eq!(generation(&store, &user(1)).await, before);
    assert!(is_live(&store, &id(2)).await && is_live(&store, &id(5)).await);
}

/// All sessions of a user end and are counted, the user moves to the next generation, a sign-in that
/// began before is refused, and one that begins after is not.
pub async fn all_sessions_of_a_user_end<S: SessionStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let mut records = begin_all(&store, [1, 2, 3]).await;
    let stranger = begin(&store, SessionRecord { user: user(2), ..sample(4) }).await;
    let earlier = ending(0, EndReason::SignedOut);
    store.revoke(&user(1), &id(3), earlier).await.expect("it answers");
    let before = generation(&store, &user(1)).await;
    let theirs = generation(&store, &user(2)).await;
    let begun_before = current(&store, sample(5)).await;

    let reset = ending(3, EndReason::PasswordChanged);
    assert_eq!(store.revoke_user(&user(1), reset).await.expect("it answers"), 2);
    for (record, ending) in records.iter_mut().zip([reset, reset, earlier]) {
        record.ended = Some(ending);
        assert_stored(&store, record).await;
    }
    assert_eq!(generation(&store, &user(1)).await, before + 1);
    let late = store.insert_new(&begun_before, no_limit(), &always()).await;
    assert!(matches!(late, Err(InsertError::Stale)), "{late:?}");
    assert!(find(&store, &id(5)).await.is_none(), "it was kept");

    begin(&store, sample(6)).await;
    assert_eq!(live_ids(&store, &user(1)).await, [id(6)]);
    assert_eq!(store.revoke_user(&user(1), reset).await.expect("it answers"), 1);
    assert_eq!(store.revoke_user(&user(1), reset).await.expect("it answers"), 0);
    assert_eq!(generation(&store, &user(1)).await, before + 3);

    // A user with no session at all, as one whose first sign-in is under way.
    let unknown = generation(&store, &user(9)).await;
    assert_eq!(store.revoke_user(&user(9), reset).await.expect("it answers"), 0);
    assert_eq!(generation(&store, &user(9)).await, unknown + 1);
    assert_eq!(generation(&store, &user(2)).await, theirs);
    assert_stored(&store, &stranger).await;
}

/// All sessions of all users end and are counted, and every user moves on: also those who were never
/// heard of, whose generation is one and the same. No generation ever comes again.
pub async fn all_sessions_of_everyone_end<S: SessionStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    begin_all(&store, [1, 2]).await;
    begin(&store, SessionRecord { user: user(2), ..sample(3) }).await;
    let earlier = ending(0, EndReason::SignedOut);
    store.revoke(&user(1), &id(2), earlier).await.expect("it answers");
    store.revoke_user(&user(3), earlier).await.expect("it answers");
    assert_eq!(generation(&store, &user(8)).await, generation(&store, &user(9)).await);
    let begun_before = current(&store, SessionRecord { user: user(9), ..sample(4) }).await;
    let mut before = Vec::new();
    for n in 1..=9 {
        before.push(generation(&store, &user(n)).await);
    }

    let rotated = ending(3, EndReason::KeysRotated);
    assert_eq!(store.revoke_everyone(rotated).await.expect("it answers"), 2);
    for (n, expected) in [(1, rotated), (2, earlier), (3, rotated)] {
        assert_eq!(load(&store, n).await.ended, Some(expected), "session {n}");
    }
    let late = store.insert_new(&begun_before, no_limit(), &always()).await;
    assert!(matches!(late, Err(InsertError::Stale)), "{late:?}");
    for (n, before) in (1..).zip(before) {
        let mut last = before;
        for everyone in [true, false, true] {
            let now = generation(&store, &user(n)).await;
            assert!(now > last, "user {n}: {last} then {now}");
            last = now;
            if everyone {
                store.revoke_everyone(rotated).await.expect("it answers");
            } else {
                store.revoke_user(&user(n), rotated).await.expect("it answers");
            }
        }
        assert!(generation(&store, &user(n)).await > last, "user {n}");
    }
    let record = begin(&store, sample(7)).await;
    assert_stored(&store, &record).await;
    let at = rotated.at + MICROSECOND;
    let last = Ending { at, ..rotated };
    assert_eq!(store.revoke_everyone(last).await.expect("it answers"), 1);
}
