//! Calls at once, on several threads and through two handles, have to end as if one had come after the
//! other.

use palisade_session::{
    EndReason, InsertError, Others, SessionLimit, SessionRecord, SessionStore, Written,
};

use crate::at_once::at_once;

use super::handles::{CALLS, ROUNDS, successor, turn, two};
use super::records::REASONS;
use super::sample::{
    MICROSECOND, always, begin, current, ending, find, generation, id, is_live, live_ids, load,
    no_limit, noon, sample, touch, user,
};

/// Many rotations of one session: one is done, and its successor is the only one.
pub async fn one_of_many_rotations_is_done<S: SessionStore + 'static>(open: impl AsyncFn() -> S) {
    let handles = two(open).await;
    for round in 0..ROUNDS {
        let user = user(round);
        let old = SessionRecord { user: user.clone(), ..sample(round) };
        let old = begin(&*handles[0], old).await;
        // Some of them would end the others as well.
        let end = round % 2 == 1;
        let rotations = at_once((0..CALLS).map(|n| {
            let (store, mut new) = (turn(&handles, n), successor(1000 + 100 * round + n, &old));
            let others = if end && n % 2 == 1 {
                new.generation += 1;
                Others::End(EndReason::PrivilegeChanged)
            } else {
                Others::Keep
            };
            async move {
                let written = store.rotate(&id(round), &new, others, noon()).await;
                (new.id, written.expect("the successor is new"))
            }
        }))
        .await;
        let done = rotations.iter().filter(|(_, written)| *written == Written::Done);
        let done: Vec<_> = done.map(|(id, _)| *id).collect();
        assert_eq!(done.len(), 1, "of {CALLS} rotations at once: {rotations:?}");
        assert_eq!(live_ids(&*handles[1], &user).await, done);
        for (new, written) in rotations {
            let stored = find(&*handles[1], &new).await.is_some();
            assert_eq!(stored, written == Written::Done, "{new}");
        }
    }
}

/// A session that is ended while it is used, and while it is rotated, stays ended; the successor lives
/// exactly if the rotation came first, and the ending then is the rotation's.
pub async fn an_ending_outlives_every_other_write<S: SessionStore + 'static>(
    open: impl AsyncFn() -> S,
) {
    let handles = two(open).await;
    for round in 0..ROUNDS * 2 {
        let old = begin(&*handles[0], sample(round)).await;
        let new = successor(1000 + round, &old);
        let ended = ending(0, EndReason::SignedOut);
        // The one that is started first tends to come first.
        let first = round % CALLS;
        let rotations = at_once((0..CALLS).map(|n| {
            let (store, new, old) = (turn(&handles, n), new.clone(), old.clone());
            async move {
                if n == first {
                    let standing = store.revoke(&old.user, &old.id, ended).await;
                    assert!(standing.expect("it answers").is_some(), "it is there");
                    let now = load(&*store, round).await;
                    assert!(now.ended.is_some(), "an ending was answered and is not there");
                    return None;
                }
                if n == (first + 1) % CALLS {
                    let written = store.rotate(&old.id, &new, Others::Keep, noon()).await;
                    return Some(written.expect("the successor is new"));
                }
                for _ in 0..4 {
                    let late = touch(noon() + MICROSECOND);
                    let touched = store.touch_if_live(&old.id, old.generation, late).await;
                    touched.expect("it answers");
                }
                None
            }
        }))
        .await;

        let end = load(&*handles[0], round).await.ended.map(|ending| ending.reason);
        let done = rotations.contains(&Some(Written::Done));
        let expected = if done { EndReason::Replaced } else { EndReason::SignedOut };
        assert_eq!(end, Some(expected), "the session came back, or ended twice");
        assert_eq!(find(&*handles[1], &new.id).await.is_some(), done, "half a rotation");
        assert_eq!(is_live(&*handles[1], &new.id).await, done, "half a rotation");
    }
}

/// Sign-ins, and rotations, that began before all sessions were ended: each is refused, or it came first
/// and its session is ended. None lives, whether it was one user or everyone.
pub async fn a_sign_in_does_not_outlive_the_end_of_all<S: SessionStore + 'static>(
    open: impl AsyncFn() -> S,
) {
    let handles = two(open).await;
    for round in 0..ROUNDS * 2 {
        let base = 1000 + round * 100;
        let old = begin(&*handles[0], sample(base)).await;
        let reason = ending(0, EndReason::PasswordChanged);
        let everyone = round % 2 == 1;
        let before = old.generation;
        let kept = at_once((0..CALLS).map(|n| {
            let store = turn(&handles, n);
            let (new, old) = (successor(base + 1 + n, &old), old.clone());
            async move {
                if n == round % CALLS {
                    let ended = if everyone {
                        store.revoke_everyone(reason).await
                    } else {
                        store.revoke_user(&old.user, reason).await
                    };
                    assert!(ended.expect("it answers") > 0, "there was one at least");
                    return false;
                }
                let kept = if n % 3 == 0 {
                    let written = store.rotate(&old.id, &new, Others::Keep, noon()).await;
                    written.expect("the successor is new") == Written::Done
                } else {
                    match store.insert_new(&new, no_limit(), &always()).await {
                        Ok(ended) => ended.is_empty(),
                        Err(InsertError::Stale) => false,
                        Err(other) => panic!("neither kept nor refused: {other:?}"),
                    }
                };
                let stored = find(&*store, &new.id).await.is_some();
                assert_eq!(stored, kept, "{} is there: {stored}", new.id);
                kept
            }
        }))
        .await;
        assert_eq!(live_ids(&*handles[0], &user(1)).await, [], "{kept:?}");
        assert_eq!(generation(&*handles[1], &user(1)).await, before + 1);
        for (n, kept) in (base + 1..).zip(kept) {
            let stored = find(&*handles[1], &id(n)).await;
            assert_eq!(stored.is_some(), kept, "session {n}");
            assert!(stored.is_none_or(|stored| stored.record.ended.is_some()), "session {n}");
        }
    }
}

/// One ends all but its own session while another session is rotated: in either order its own is the only
/// one in the end. And where its own is rotated meanwhile, the others end, or nothing does and it is told.
pub async fn ending_the_others_meets_a_rotation<S: SessionStore + 'static>(
    open: impl AsyncFn() -> S,
) {
    let handles = two(open).await;
    for round in 0..ROUNDS * 2 {
        let user = user(round);
        let [mine, other, next] = [round * 10, round * 10 + 1, round * 10 + 2];
        let of_user = |n| SessionRecord { user: user.clone(), ..sample(n) };
        begin(&*handles[0], of_user(mine)).await;
        begin(&*handles[0], of_user(other)).await;
        let rotates_mine = round % 4 >= 2;
        let from = if rotates_mine { mine } else { other };
        let new = current(&*handles[0], successor(next, &of_user(from))).await;
        // The one that is started first tends to come first.
        let answers = at_once([round % 2, (round + 1) % 2].map(|n| {
            let (store, new) = (turn(&handles, n), new.clone());
            async move {
                if n == 0 {
                    let written = store.rotate(&id(from), &new, Others::Keep, noon()).await;
                    let done = written.expect("the successor is new") == Written::Done;
                    return (Some(done), None);
                }
                let elsewhere = ending(0, EndReason::SignedOutElsewhere);
                let ended = store.revoke_others(&new.user, &id(mine), elsewhere).await;
                (None, Some(ended.expect("it answers")))
            }
        }))
        .await;
        let rotated = answers.iter().find_map(|answer| answer.0);
        let ended = answers.iter().find_map(|answer| answer.1).expect("one of them is it");
        let live = live_ids(&*handles[1], &user).await;
        if !rotates_mine {
            assert_eq!((ended, live), (Some(1), vec![id(mine)]), "rotated: {rotated:?}");
        } else if ended.is_some() {
            assert_eq!((rotated, ended, live), (Some(true), Some(1), vec![id(next)]));
        } else {
            assert_eq!((rotated, live), (Some(true), vec![id(next), id(other)]));
        }
    }
}

/// Many sign-ins at once: there are never more sessions than the limit, the ones that ended are named
/// once, and where more are refused just as many are.
pub async fn the_limit_holds_at_once<S: SessionStore + 'static>(open: impl AsyncFn() -> S) {
    const MOST: u32 = 3;
    let handles = two(open).await;
    for round in 0..ROUNDS {
        let user = user(round);
        let limit = match round % 2 {
            0 => SessionLimit::end_least_recently_used(MOST),
            _ => SessionLimit::refuse(MOST),
        };
        let inserted = at_once((0..CALLS).map(|n| {
            let (store, user) = (turn(&handles, n), user.clone());
            async move {
                let record = SessionRecord { user, ..sample(1000 + round * 100 + n) };
                let record = current(&*store, record).await;
                let ended = match store.insert_new(&record, limit, &always()).await {
                    Ok(ended) => Some(ended),
                    Err(InsertError::Full) => None,
                    Err(other) => panic!("neither kept nor refused: {other:?}"),
                };
                let live = live_ids(&*store, &record.user).await.len();
                assert!(live <= MOST as usize, "{live} sessions");
                (record.id, ended)
            }
        }))
        .await;
        let live = live_ids(&*handles[1], &user).await;
        assert_eq!(live.len(), MOST as usize, "{inserted:?}");
        let mut ended: Vec<_> = inserted.iter().flat_map(|(_, ended)| ended).flatten().collect();
        ended.sort_unstable();
        let mut expected: Vec<_> =
            inserted.iter().filter(|(id, kept)| kept.is_some() && !live.contains(id)).collect();
        expected.sort_unstable_by_key(|(id, _)| *id);
        assert!(ended.into_iter().eq(expected.into_iter().map(|(id, _)| id)), "{inserted:?}");
        let kept = inserted.iter().filter(|(_, kept)| kept.is_some()).count() as u64;
        assert_eq!(kept, if round % 2 == 0 { CALLS } else { MOST.into() });
    }
}

/// Many endings of one session: all return the same one, and it is the one that is stored.
pub async fn all_endings_at_once_agree<S: SessionStore + 'static>(open: impl AsyncFn() -> S) {
    let handles = two(open).await;
    for round in 0..ROUNDS {
        begin(&*handles[0], sample(round)).await;
        let standing = at_once((0..CALLS).zip(REASONS).map(|(n, reason)| {
            let store = turn(&handles, n);
            let mine = ending(n, reason);
            async move { store.revoke(&user(1), &id(round), mine).await.expect("it answers") }
        }))
        .await;
        let stored = load(&*handles[1], round).await.ended;
        assert!(stored.is_some());
        assert!(standing.iter().all(|standing| *standing == stored), "{standing:?}, {stored:?}");
    }
}

/// Every time that all sessions end counts: of one user, of everyone, and by a rotation.
pub async fn generations_at_once_add_up<S: SessionStore + 'static>(open: impl AsyncFn() -> S) {
    let handles = two(open).await;
    for round in 0..ROUNDS {
        let user = user(round);
        let old = SessionRecord { user: user.clone(), ..sample(round) };
        let old = begin(&*handles[0], old).await;
        let moved = at_once((0..CALLS).map(|n| {
            let (store, old) = (turn(&handles, n), old.clone());
            let reason = ending(n, EndReason::PasswordChanged);
            async move {
                match n % 4 {
                    0 => drop(store.revoke_everyone(reason).await.expect("it answers")),
                    1 => {
                        let mut new = successor(1000 + round * 100 + n, &old);
                        new.generation += 1;
                        let others = Others::End(reason.reason);
                        let written = store.rotate(&old.id, &new, others, noon()).await;
                        return u64::from(written.expect("it is new") == Written::Done);
                    }
                    _ => drop(store.revoke_user(&old.user, reason).await.expect("it answers")),
                }
                1
            }
        }))
        .await;
        let now = generation(&*handles[1], &user).await;
        assert_eq!(now, old.generation + moved.iter().sum::<u64>(), "{moved:?}");
    }
}

/// Many records with one id, of several users: one is kept.
pub async fn one_of_many_inserts_is_kept<S: SessionStore + 'static>(open: impl AsyncFn() -> S) {
    let handles = two(open).await;
    for round in 0..ROUNDS {
        let inserted = at_once((0..CALLS).map(|n| {
            let store = turn(&handles, n);
            async move {
                let record = SessionRecord { id: id(round), user: user(n), ..sample(100 + n) };
                let record = current(&*store, record).await;
                match store.insert_new(&record, no_limit(), &always()).await {
                    Ok(_) => true,
                    Err(InsertError::Duplicate) => false,
                    Err(other) => panic!("neither kept nor refused: {other:?}"),
                }
            }
        }))
        .await;
        assert_eq!(inserted.iter().filter(|kept| **kept).count(), 1, "{inserted:?}");
        let winner = (0..).zip(inserted).find(|(_, kept)| *kept).map(|(n, _)| user(n));
        assert_eq!(Some(load(&*handles[1], round).await.user), winner);
    }
}
