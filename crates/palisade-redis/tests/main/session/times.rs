//! Times are exact to the microsecond, or refused.

use std::time::{Duration, SystemTime};

use palisade_redis::Unstorable;
use palisade_session::{
    EndReason, Ending, Factor, Horizon, Others, SessionLimit, SessionRecord, SessionStore, Touch,
    Written,
};
use palisade_testkit::servers::shared_redis;
use palisade_testkit::session_store::{same_session, sample};

use super::{Scene, always, begin, cause, draft, many, of_store, user};

/// At the end of the year 9999, where neighbouring moments are one and the same float.
#[tokio::test]
async fn moments_far_ahead_are_told_apart() {
    const MICROSECOND: Duration = Duration::from_micros(1);
    let scene = Scene::on(shared_redis()).await;
    let store = &scene.store;
    let last = SystemTime::UNIX_EPOCH + Duration::from_hours(70_389_528) - MICROSECOND;
    let at = last - MICROSECOND * 4;
    let new = SessionRecord { created: at, last_seen: at, ..draft(store, user(1), 1).await };
    store.insert_new(&new, many(), &always()).await.unwrap();
    for (steps, expected) in [(1, 1), (3, 3), (2, 3), (4, 4), (0, 4)] {
        let touch = Touch { at: at + MICROSECOND * steps, address: None };
        let touched = store.touch_if_live(&new.id, new.generation, touch).await.unwrap();
        assert_eq!(touched, Written::Done);
        let seen = store.load(&new.id).await.unwrap().unwrap().record.last_seen;
        assert_eq!(seen, at + MICROSECOND * expected, "step {steps}");
    }
    let always = always().created_after;
    for (created_after, seen_after, holds) in [
        (at - MICROSECOND, always, true),
        (at, always, false),
        (always, last - MICROSECOND, true),
        (always, last, false),
    ] {
        let horizon = Horizon { created_after, seen_after };
        let listed = store.list(&user(1), &horizon, 9).await.unwrap();
        assert_eq!(listed.len(), usize::from(holds), "{horizon:?}");
        let next = draft(store, user(1), 2).await;
        let inserted = store.insert_new(&next, SessionLimit::refuse(1), &horizon).await;
        assert_eq!(inserted.is_err(), holds, "{horizon:?}");
        if !holds {
            // So that there is one again.
            let horizon = Horizon { created_after: next.created, seen_after: always };
            store.purge(&horizon, 9).await.unwrap();
        }
    }

    // The end of everyone's sessions, and the edge at which it is forgotten.
    let end = last - MICROSECOND;
    store.revoke_everyone(Ending { at: end, reason: EndReason::KeysRotated }).await.unwrap();
    for (edge, forgotten) in [(end - MICROSECOND, 0), (end, 1)] {
        let horizon = Horizon { created_after: always, seen_after: edge };
        assert_eq!(store.purge(&horizon, 9).await.unwrap(), forgotten);
    }
}

/// The sessions of everyone ended twice, the second time by a clock that was behind: each session keeps the
/// ending that was its own, and is forgotten by it.
#[tokio::test]
async fn two_ends_of_everyone_are_told_apart() {
    let scene = Scene::on(shared_redis()).await;
    let store = &scene.store;
    let end = |seconds| Ending {
        at: sample(1).created + Duration::from_secs(seconds),
        reason: EndReason::KeysRotated,
    };
    let (ends, late) = ([end(100), end(50), end(75)], end(1000).at);
    for (n, end) in (1..).zip(ends) {
        // Seen after all of the edges, so that the endings alone decide.
        let seen = SessionRecord { last_seen: late, ..draft(store, user(1), n).await };
        store.insert_new(&seen, many(), &always()).await.unwrap();
        assert_eq!(store.revoke_everyone(end).await.unwrap(), 1);
    }
    let seen = SessionRecord { last_seen: late, ..draft(store, user(1), 4).await };
    store.insert_new(&seen, many(), &always()).await.unwrap();
    let kept = async |n| {
        let stored = store.load(&sample(n).id).await.unwrap();
        stored.map(|stored| stored.record.ended)
    };
    for (n, end) in (1..).zip(ends) {
        assert_eq!(kept(n).await, Some(Some(end)), "{n}");
    }
    let steps = [(49, [1, 2, 3].as_slice()), (50, &[1, 3]), (99, &[1]), (100, &[])];
    for (edge, left) in steps {
        let seen_after = end(edge).at;
        let horizon = Horizon { created_after: always().created_after, seen_after };
        store.purge(&horizon, 9).await.unwrap();
        for n in 1..=3 {
            assert_eq!(kept(n).await.is_some(), left.contains(&n), "{n} at {edge}");
        }
    }
    assert_eq!(kept(4).await, Some(None));
}

/// What cannot be stored exactly is refused before the server is asked.
#[tokio::test]
async fn a_time_that_would_be_rounded_is_refused() {
    let scene = Scene::on(shared_redis()).await;
    let record = begin(&scene.store, user(1), 1).await;
    let odd = record.created + Duration::from_nanos(1);
    // The first moment of the year 10000.
    let late = SystemTime::UNIX_EPOCH + Duration::from_hours(70_389_528);
    let early = SystemTime::UNIX_EPOCH - Duration::from_micros(1);
    for time in [odd, late, early] {
        let ending = Ending { at: time, reason: EndReason::SignedOut };
        let fresh = SessionRecord { id: sample(2).id, ..record.clone() };
        for (field, record) in [
            ("created", SessionRecord { created: time, ..fresh.clone() }),
            ("seen", SessionRecord { last_seen: time, ..fresh.clone() }),
            ("ended", SessionRecord { ended: Some(ending), ..fresh.clone() }),
            (
                "factors",
                SessionRecord { factors: fresh.factors.with(Factor::Totp, time), ..fresh.clone() },
            ),
        ] {
            let inserted = scene.store.insert_new(&record, many(), &always()).await;
            let rotated =
                scene.store.rotate(&sample(1).id, &record, Others::Keep, sample(1).created).await;
            for error in [inserted.unwrap_err(), rotated.unwrap_err()] {
                let error = of_store(error);
                assert_eq!(cause::<Unstorable>(&error).field, field, "{time:?}");
            }
        }
    }
    let stored = scene.store.load(&record.id).await.unwrap().unwrap();
    assert_eq!(same_session(&stored.record, &record), Ok(()));
    // An ending does not fail over a clock that is wrong.
    let ending = Ending { at: late, reason: EndReason::SignedOut };
    let stands = scene.store.revoke(&record.user, &record.id, ending).await.unwrap().unwrap();
    assert_eq!(stands.at, late - Duration::from_micros(1));
}
