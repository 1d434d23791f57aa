//! Two requests at once, on a schedule that the test decides, and on real threads.

use std::sync::{Arc, Barrier};

use palisade_session::{
    Change, ChangeError, CreateError, EndReason, Factor, MemoryStore, NewSession, Origin,
    SessionLimit, Sessions,
};

use crate::store_faults::{FaultyStore, Side};
use crate::support::{
    Driven, HOUR, MINUTE, SECOND, both_kinds, policy, run, sign_in, start, tokens, user, verdict,
};

fn gated() -> [Sessions<FaultyStore>; 2] {
    both_kinds(&policy().build().unwrap(), FaultyStore::default)
}

#[test]
fn of_two_rotations_at_once_one_is_done() {
    for sessions in gated() {
        let (token, session) = run(sign_in(&sessions, &user(), start()));
        let now = start() + SECOND;
        sessions.store().close("rotate", Side::Before);
        let mut first = Driven::new(sessions.rotate(&session, now));
        let proved = sessions.reauthenticate(&session, session.user(), Factor::Totp, now);
        let mut second = Driven::new(proved);
        assert!(first.poll().is_none() && second.poll().is_none(), "both have read the session");
        sessions.store().open("rotate", Side::Before);
        let (won, _) = first.finish().unwrap();
        assert!(matches!(second.finish(), Err(ChangeError::Gone)));
        assert_eq!(run(verdict(&sessions, won.expose_secret(), now)), "ok");
        assert_eq!(run(verdict(&sessions, &token, now)), "replaced");
        assert_eq!(run(sessions.list_of(&user(), now)).unwrap().len(), 1);
    }
}

#[test]
fn a_rotation_that_a_revocation_overtook_is_not_done() {
    for sessions in gated() {
        for everywhere in [false, true] {
            let (token, session) = run(sign_in(&sessions, &user(), start()));
            let now = start() + SECOND;
            sessions.store().close("rotate", Side::Before);
            let mut rotation = Driven::new(sessions.rotate(&session, now));
            assert!(rotation.poll().is_none());
            if everywhere {
                run(sessions.revoke_user(&user(), EndReason::Administrator, now)).unwrap();
            } else {
                run(sessions.sign_out(&session, now)).unwrap();
            }
            sessions.store().open("rotate", Side::Before);
            assert!(matches!(rotation.finish(), Err(ChangeError::Gone)));
            let word = if everywhere { "administrator" } else { "signed_out" };
            assert_eq!(run(verdict(&sessions, &token, now)), word);
            assert!(run(sessions.list_of(&user(), now)).unwrap().is_empty());
        }
    }
}

#[test]
fn a_touch_that_a_revocation_overtook_is_refused_and_changes_nothing() {
    for sessions in gated() {
        let (token, session) = run(sign_in(&sessions, &user(), start()));
        let now = start() + 2 * MINUTE;
        sessions.store().close("touch_if_live", Side::Before);
        let origin = Origin::unknown();
        let mut request = Driven::new(sessions.validate(&token, &origin, now));
        assert!(request.poll().is_none(), "it has read the session, and is about to note the use");
        run(sessions.sign_out(&session, now)).unwrap();
        sessions.store().open("touch_if_live", Side::Before);
        let refused = request.finish().unwrap_err();
        assert_eq!((refused.session(), refused.reason()), (Some(session.id()), "signed_out"));
        let record = run(crate::support::stored(&sessions, &session));
        assert_eq!(record.last_seen, start());
        assert_eq!(run(verdict(&sessions, &token, now)), "signed_out");
    }
}

#[test]
fn a_sign_in_that_a_change_of_password_overtook_is_refused() {
    for sessions in gated() {
        let (_, session) = run(sign_in(&sessions, &user(), start()));
        let old_password = run(sessions.begin(&user())).unwrap();
        sessions.store().close("insert_new", Side::Before);
        let new = NewSession { replaces: Some(session.clone()), ..NewSession::default() };
        let mut late = Driven::new(sessions.create(old_password, new, start()));
        let waiting = run(sessions.begin(&user())).unwrap();
        let (_, elsewhere) = {
            sessions.store().open("insert_new", Side::Before);
            let signed_in = run(sign_in(&sessions, &user(), start()));
            sessions.store().close("insert_new", Side::Before);
            signed_in
        };
        assert!(late.poll().is_none());
        let _ = run(sessions.changed(&elsewhere, Change::Password, start() + SECOND)).unwrap();
        sessions.store().open("insert_new", Side::Before);
        assert!(matches!(late.finish(), Err(CreateError::Stale)));
        let created = run(sessions.create(waiting, NewSession::default(), start()));
        assert!(matches!(created, Err(CreateError::Stale)));
        assert_eq!(run(sessions.list_of(&user(), start())).unwrap().len(), 1);
    }
}

/// The change of password ends the others, whatever they do at that moment.
#[test]
fn others_that_rotate_while_the_password_changes_do_not_get_away() {
    for sessions in gated() {
        let (_, mine) = run(sign_in(&sessions, &user(), start()));
        let (thiefs, theirs) = run(sign_in(&sessions, &user(), start()));
        let now = start() + SECOND;
        sessions.store().close("rotate", Side::Before);
        let mut change = Driven::new(sessions.changed(&mine, Change::Password, now));
        let mut flight = Driven::new(sessions.rotate(&theirs, now));
        assert!(change.poll().is_none() && flight.poll().is_none());
        sessions.store().open("rotate", Side::Before);
        let _ = change.finish().unwrap();
        assert!(matches!(flight.finish(), Err(ChangeError::Gone)));
        assert_eq!(run(verdict(&sessions, &thiefs, now)), "password_changed");
        assert_eq!(run(sessions.list_of(&user(), now)).unwrap().len(), 1);
    }
    // The flight first: its new session is ended by the change.
    for sessions in gated() {
        let (_, mine) = run(sign_in(&sessions, &user(), start()));
        let (_, theirs) = run(sign_in(&sessions, &user(), start()));
        let now = start() + SECOND;
        sessions.store().close("rotate", Side::Before);
        let mut change = Driven::new(sessions.changed(&mine, Change::Password, now));
        let mut flight = Driven::new(sessions.rotate(&theirs, now));
        assert!(change.poll().is_none() && flight.poll().is_none());
        sessions.store().open("rotate", Side::Before);
        let (fled, _) = flight.finish().unwrap();
        let (kept, _) = change.finish().unwrap();
        assert_eq!(run(verdict(&sessions, fled.expose_secret(), now)), "password_changed");
        assert_eq!(run(verdict(&sessions, kept.expose_secret(), now)), "ok");
    }
}

/// Eight threads at once, a hundred times.
fn on_threads<T: Send>(round: impl Fn(usize) -> T + Sync) -> Vec<T> {
    const THREADS: usize = 8;
    let barrier = Barrier::new(THREADS);
    let (barrier, round) = (&barrier, &round);
    std::thread::scope(|scope| {
        let spawned: Vec<_> = (0..THREADS)
            .map(|thread| {
                scope.spawn(move || {
                    barrier.wait();
                    round(thread)
                })
            })
            .collect();
        spawned.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn shared(cached: bool) -> Arc<Sessions<MemoryStore>> {
    let policy = policy().limit(SessionLimit::end_least_recently_used(3));
    let policy = if cached { policy.cache(100, MINUTE) } else { policy };
    let policy = policy.build().unwrap();
    Arc::new(Sessions::signed(MemoryStore::new(), policy, tokens(&["a"])).unwrap())
}

#[test]
fn on_threads_one_rotation_wins() {
    for _ in 0..100 {
        let sessions = shared(true);
        let (token, session) = run(sign_in(&sessions, &user(), start()));
        let won = on_threads(|thread| {
            run(verdict(&sessions, &token, start()));
            if thread % 2 == 0 {
                run(sessions.rotate(&session, start())).ok()
            } else {
                run(sessions.reauthenticate(&session, &user(), Factor::Totp, start())).ok()
            }
        });
        assert_eq!(won.iter().flatten().count(), 1);
        assert_eq!(run(verdict(&sessions, &token, start())), "replaced");
        assert_eq!(run(sessions.list_of(&user(), start())).unwrap().len(), 1);
    }
}

#[test]
fn on_threads_nobody_is_let_in_after_the_sign_out_returned() {
    use std::sync::atomic::{AtomicBool, Ordering};
    for _ in 0..100 {
        let sessions = shared(true);
        let (token, session) = run(sign_in(&sessions, &user(), start()));
        let over = AtomicBool::new(false);
        on_threads(|thread| {
            if thread == 0 {
                run(sessions.sign_out(&session, start())).unwrap();
                over.store(true, Ordering::SeqCst);
                return;
            }
            for _ in 0..50 {
                let was_over = over.load(Ordering::SeqCst);
                let word = run(verdict(&sessions, &token, start() + 2 * MINUTE));
                assert!(word != "ok" || !was_over, "let in after the sign-out returned");
            }
        });
        assert_eq!(run(verdict(&sessions, &token, start())), "signed_out");
    }
}

#[test]
fn on_threads_the_limit_holds() {
    for _ in 0..50 {
        let sessions = shared(false);
        on_threads(|_| run(sign_in(&sessions, &user(), start())));
        assert_eq!(run(sessions.list_of(&user(), start())).unwrap().len(), 3);
        let refusing = policy().limit(SessionLimit::refuse(3)).build().unwrap();
        let refusing = Sessions::opaque(MemoryStore::new(), refusing);
        let begun: Vec<_> = (0..8).map(|_| run(refusing.begin(&user())).unwrap()).collect();
        let begun = std::sync::Mutex::new(begun);
        let created = on_threads(|_| {
            let begun = begun.lock().unwrap().pop().unwrap();
            run(refusing.create(begun, NewSession::default(), start() + HOUR)).is_ok()
        });
        assert_eq!(created.into_iter().filter(|ok| *ok).count(), 3);
    }
}

/// A session that another request renews lives on, so nobody is told that it has ended.
#[test]
fn a_sign_out_that_a_renewal_overtook_is_no_success() {
    for sessions in gated() {
        let (_, session) = run(sign_in(&sessions, &user(), start()));
        let (token, renewed) = run(sessions.rotate(&session, start())).unwrap();
        assert!(matches!(run(sessions.sign_out(&session, start())), Err(ChangeError::Gone)));
        let reason = EndReason::SignedOutElsewhere;
        let ended = run(sessions.revoke(&user(), session.id(), reason, start()));
        assert!(matches!(ended, Err(ChangeError::Gone)));
        assert_eq!(run(verdict(&sessions, token.expose_secret(), start())), "ok");
        run(sessions.sign_out(&renewed, start())).unwrap();
        assert_eq!(run(verdict(&sessions, token.expose_secret(), start())), "signed_out");
    }
}

/// A second factor that was removed proves nothing any more.
#[test]
fn a_change_of_the_second_factor_forgets_its_proofs() {
    for sessions in gated() {
        let (_, session) = run(sign_in(&sessions, &user(), start()));
        let proved = run(sessions.reauthenticate(&session, &user(), Factor::Totp, start()));
        let (_, session) = proved.unwrap();
        let (_, session) = run(sessions.changed(&session, Change::SecondFactor, start())).unwrap();
        assert_eq!(session.verified(Factor::Totp), None);
        assert_eq!(session.verified(Factor::Password), Some(start()));
    }
}
