//! The time of last use.

use std::net::IpAddr;

use palisade_session::{EndReason, SessionRecord, SessionStore, Touch, Written};

use super::sample::{
    MICROSECOND, SECOND, assert_stored, begin, begin_all, ending, find, generation, id, load, noon,
    sample, user,
};

/// A touch moves the time of last use forward and never back, sets the address where there is one, and
/// changes nothing else.
pub async fn a_touch_moves_last_use_forward<S: SessionStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let mut record = begin(&store, sample(1)).await;
    let other = begin(&store, sample(2)).await;
    let v6: IpAddr = "2001:db8::1".parse().expect("an address");
    let steps = [
        (noon(), Some(v6)),
        (noon() + MICROSECOND, None),
        (noon() - SECOND, None),
        (sample(1).created - SECOND, None),
        (noon() + MICROSECOND, None),
        (noon() + SECOND, Some([198, 51, 100, 9].into())),
    ];
    for (at, address) in steps {
        let touch = Touch { at, address };
        let written = store.touch_if_live(&id(1), record.generation, touch).await;
        assert_eq!(written.expect("it answers"), Written::Done, "{touch:?}");
        record.last_seen = record.last_seen.max(at);
        record.address = address.or(record.address);
        assert_stored(&store, &record).await;
    }
    assert_stored(&store, &other).await;
}

/// A touch of a session that is not live, or of a generation that is not its own, is answered with
/// [`Gone`](Written::Gone) and changes nothing.
pub async fn only_a_live_session_is_touched<S: SessionStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let records = begin_all(&store, [1, 2]).await;
    let now = records[0].generation;
    store.revoke(&user(1), &id(1), ending(0, EndReason::SignedOut)).await.expect("it answers");
    let touch = Touch { at: noon() + SECOND, address: Some([198, 51, 100, 9].into()) };
    let gone = async |n, generation: u64| {
        let before = find(&store, &id(n)).await;
        let written = store.touch_if_live(&id(n), generation, touch).await.expect("it answers");
        assert_eq!(written, Written::Gone, "session {n}, generation {generation}");
        match before {
            Some(before) => assert_stored(&store, &before.record).await,
            None => assert!(find(&store, &id(n)).await.is_none(), "a touch made a session"),
        }
    };
    gone(1, now).await;
    gone(3, now).await;
    for generation in [now.wrapping_sub(1), now + 1, 1 << 63, u64::MAX] {
        gone(2, generation).await;
    }

    store.revoke_user(&user(1), ending(0, EndReason::KeysRotated)).await.expect("it answers");
    gone(2, now).await;
    gone(2, now + 1).await;
    begin(&store, SessionRecord { user: user(2), ..sample(4) }).await;
    let theirs = load(&store, 4).await.generation;
    store.revoke_everyone(ending(0, EndReason::KeysRotated)).await.expect("it answers");
    gone(4, theirs).await;
    gone(4, generation(&store, &user(2)).await).await;
}
