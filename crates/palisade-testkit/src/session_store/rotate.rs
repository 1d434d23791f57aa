//! A session that goes on under a new id.

use palisade_session::{
    Credential, EndReason, Ending, Factor, InsertError, Others, SessionRecord, SessionStore,
    Written,
};

use super::sample::{
    MICROSECOND, SECOND, assert_stored, begin, begin_all, current, digest, ending, find,
    generation, id, is_live, live_ids, noon, sample, user,
};

const END: Others = Others::End(EndReason::PasswordChanged);

/// What `old` becomes, under the number `n`.
fn successor(n: u64, old: &SessionRecord) -> SessionRecord {
    SessionRecord {
        id: id(n),
        credential: Credential::Opaque(digest(n)),
        last_seen: noon(),
        factors: old.factors.with(Factor::Totp, noon()),
        ..old.clone()
    }
}

/// A rotation ends the old session as replaced, keeps the successor just as it is given, and leaves
/// the other sessions and the generation alone.
pub async fn a_rotation_replaces_one_session<S: SessionStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let mut records = begin_all(&store, [1, 2]).await;
    records.push(begin(&store, SessionRecord { user: user(2), ..sample(3) }).await);
    let before = generation(&store, &user(1)).await;

    let new = successor(9, &records[0]);
    let now = noon() + MICROSECOND;
    let written = store.rotate(&id(1), &new, Others::Keep, now).await;
    assert_eq!(written.expect("the successor is new"), Written::Done);
    records[0].ended = Some(Ending { at: now, reason: EndReason::Replaced });
    for record in records.iter().chain([&new]) {
        assert_stored(&store, record).await;
    }
    assert_eq!(generation(&store, &user(1)).await, before);
    assert!(is_live(&store, &id(9)).await && is_live(&store, &id(2)).await);

    // The successor is a session like any other.
    let next = successor(10, &new);
    let written = store.rotate(&id(9), &next, Others::Keep, now).await;
    assert_eq!(written.expect("the successor is new"), Written::Done);
    assert!(is_live(&store, &id(10)).await && !is_live(&store, &id(9)).await);
}

/// With [`Others::End`] the user's other sessions end for that reason, the user moves to the next
/// generation, and the successor is of it. Endings that stand, stay; other users go on.
pub async fn a_rotation_can_end_the_others<S: SessionStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let mut records = begin_all(&store, [1, 2, 3, 4]).await;
    let stranger = begin(&store, SessionRecord { user: user(2), ..sample(5) }).await;
    let earlier = ending(0, EndReason::SignedOut);
    store.revoke(&user(1), &id(4), earlier).await.expect("it answers");
    let before = generation(&store, &user(1)).await;

    let new = SessionRecord { generation: before + 1, ..successor(9, &records[1]) };
    let now = noon() + SECOND;
    let written = store.rotate(&id(2), &new, END, now).await;
    assert_eq!(written.expect("the successor is new"), Written::Done);
    let reasons = [EndReason::PasswordChanged, EndReason::Replaced, EndReason::PasswordChanged];
    for (record, reason) in records.iter_mut().zip(reasons) {
        record.ended = Some(Ending { at: now, reason });
    }
    records[3].ended = Some(earlier);
    for record in records.iter().chain([&stranger, &new]) {
        assert_stored(&store, record).await;
    }
    assert_eq!(generation(&store, &user(1)).await, before + 1);
    assert_eq!(live_ids(&store, &user(1)).await, [id(9)]);
    assert!(is_live(&store, &id(5)).await, "another user's session ended");
}

/// A session that ended, that is another user's or that is not there is not rotated; nor is one to a
/// successor of a generation that is not to be. Nothing changes.
pub async fn only_a_live_session_is_rotated<S: SessionStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    begin_all(&store, [1, 2]).await;
    begin(&store, SessionRecord { user: user(2), ..sample(3) }).await;
    store.revoke(&user(1), &id(1), ending(0, EndReason::SignedOut)).await.expect("it answers");

    let gone = async |from: u64, generation: u64, others| {
        let mut before = Vec::new();
        for n in 1..=4 {
            before.extend(find(&store, &id(n)).await);
        }
        let new = SessionRecord { generation, ..sample(9) };
        let written = store.rotate(&id(from), &new, others, noon()).await;
        let written = written.expect("the successor is new");
        assert_eq!(written, Written::Gone, "from {from} to generation {generation}, {others:?}");
        assert!(find(&store, &id(9)).await.is_none(), "the successor was kept");
        for stored in before {
            assert_stored(&store, &stored.record).await;
            let now = self::generation(&store, &stored.record.user).await;
            assert_eq!(now, stored.user_generation, "the generation moved");
        }
    };
    let now = generation(&store, &user(1)).await;
    for from in [1, 3, 8] {
        gone(from, now, Others::Keep).await;
        gone(from, now + 1, END).await;
    }
    for (generation, others) in [
        (now + 1, Others::Keep),
        (u64::MAX, Others::Keep),
        (1 << 63, Others::Keep),
        (now, END),
        (now + 2, END),
        (u64::MAX, END),
        (1 << 63, END),
    ] {
        gone(2, generation, others).await;
    }

    store.revoke_user(&user(1), ending(0, EndReason::Administrator)).await.expect("it answers");
    let next = generation(&store, &user(1)).await;
    for (generation, others) in [(now, Others::Keep), (next, Others::Keep), (next + 1, END)] {
        gone(2, generation, others).await;
    }
}

/// A session is rotated once: the second rotation finds it gone.
pub async fn a_session_is_rotated_once<S: SessionStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let old = begin(&store, sample(1)).await;
    let expected = [Written::Done, Written::Gone, Written::Gone];
    for (n, expected) in (2..).zip(expected) {
        let new = successor(n, &old);
        let written = store.rotate(&id(1), &new, Others::Keep, noon()).await;
        assert_eq!(written.expect("the successor is new"), expected);
    }
    assert_eq!(live_ids(&store, &user(1)).await, [id(2)]);
}

/// A successor under an id that is taken is refused, be it that of the session itself, and nothing
/// changes: neither half of a rotation is done.
pub async fn a_rotation_to_a_taken_id_changes_nothing<S: SessionStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let mut records = begin_all(&store, [1, 2, 3]).await;
    records.push(begin(&store, SessionRecord { user: user(2), ..sample(4) }).await);
    let earlier = ending(0, EndReason::SignedOut);
    store.revoke(&user(1), &id(3), earlier).await.expect("it answers");
    records[2].ended = Some(earlier);
    let before = generation(&store, &user(1)).await;

    for taken in 1..=4 {
        for (others, generation) in [(Others::Keep, before), (END, before + 1)] {
            let new = SessionRecord { generation, ..successor(taken, &records[0]) };
            let refused = store.rotate(&id(1), &new, others, noon()).await;
            assert!(matches!(refused, Err(InsertError::Duplicate)), "{taken}: {refused:?}");
            for record in &records {
                assert_stored(&store, record).await;
            }
        }
    }
    assert_eq!(generation(&store, &user(1)).await, before);
    let next = current(&store, successor(9, &records[0])).await;
    let written = store.rotate(&id(1), &next, Others::Keep, noon()).await;
    assert_eq!(written.expect("the successor is new"), Written::Done);
}
