//! Verdicts from memory: how long they decide, and what they never decide.

use std::time::Duration;

use palisade_session::{
    Change, EndReason, Factor, MemoryStore, NewSession, Origin, RecentError, SameNetwork,
    SessionLimit, Sessions,
};

use crate::store_faults::{FaultyStore, Side};
use crate::support::{
    DAY, Driven, MINUTE, SECOND, other_user, policy, run, sign_in, start, tokens, user, verdict,
};

/// Two processes over one store, with a cache each.
fn pair(kind: usize) -> (Sessions<FaultyStore>, Sessions<FaultyStore>) {
    let store = FaultyStore::default();
    let one = || {
        let policy = policy().cache(100, 30 * SECOND).build().unwrap();
        match kind {
            0 => Sessions::opaque(store.clone(), policy),
            _ => Sessions::signed(store.clone(), policy, tokens(&["a"])).unwrap(),
        }
    };
    (one(), one())
}

#[test]
fn a_busy_session_costs_no_read() {
    for kind in 0..2 {
        let (here, _) = pair(kind);
        let (token, _) = run(sign_in(&here, &user(), start()));
        run(verdict(&here, &token, start()));
        here.store().calls();
        for second in 0..=30 {
            assert_eq!(run(verdict(&here, &token, start() + second * SECOND)), "ok");
        }
        assert!(here.store().calls().is_empty());
        assert_eq!(run(verdict(&here, &token, start() + 31 * SECOND)), "ok");
        assert_eq!(here.store().calls(), ["load"]);
    }
}

#[test]
fn without_a_cache_each_use_is_a_read() {
    for policy in [policy(), policy().cache(100, Duration::ZERO), policy().cache(0, MINUTE)] {
        let sessions = Sessions::opaque(FaultyStore::default(), policy.build().unwrap());
        let (token, _) = run(sign_in(&sessions, &user(), start()));
        sessions.store().calls();
        for _ in 0..3 {
            run(verdict(&sessions, &token, start()));
        }
        assert_eq!(sessions.store().calls(), ["load"; 3]);
    }
}

#[test]
fn a_sign_out_elsewhere_is_known_after_the_staleness_and_not_later() {
    for kind in 0..2 {
        let (here, elsewhere) = pair(kind);
        let (token, session) = run(sign_in(&here, &user(), start()));
        run(verdict(&here, &token, start()));
        run(elsewhere.sign_out(&session, start())).unwrap();
        assert_eq!(run(verdict(&here, &token, start() + 30 * SECOND)), "ok");
        assert_eq!(run(verdict(&here, &token, start() + 31 * SECOND)), "signed_out");
        // And one that is told of it knows at once.
        let (token, session) = run(sign_in(&here, &user(), start()));
        run(verdict(&here, &token, start()));
        run(elsewhere.sign_out(&session, start())).unwrap();
        here.forget_cached();
        assert_eq!(run(verdict(&here, &token, start())), "signed_out");
    }
}

/// Use does not make a copy young again: only the store does.
#[test]
fn a_copy_ages_however_much_it_is_used() {
    let (here, elsewhere) = pair(0);
    let (token, session) = run(sign_in(&here, &user(), start()));
    run(verdict(&here, &token, start()));
    run(elsewhere.sign_out(&session, start())).unwrap();
    for tenth in 0..=300_u32 {
        let now = start() + tenth * (SECOND / 10);
        assert_eq!(run(verdict(&here, &token, now)), "ok");
    }
    assert_eq!(run(verdict(&here, &token, start() + 31 * SECOND)), "signed_out");
}

#[test]
fn every_ending_through_the_same_service_is_known_at_once() {
    for kind in 0..2 {
        for ending in 0..9 {
            let (here, _) = pair(kind);
            let (token, session) = run(sign_in(&here, &user(), start()));
            let (_, other) = run(sign_in(&here, &user(), start()));
            assert_eq!(run(verdict(&here, &token, start())), "ok");
            let now = start() + SECOND;
            let word = run(async {
                match ending {
                    0 => here.sign_out(&session, now).await.map(|()| "signed_out").unwrap(),
                    1 => {
                        let reason = EndReason::Administrator;
                        here.revoke(&user(), session.id(), reason, now).await.unwrap();
                        "administrator"
                    }
                    2 => {
                        assert_eq!(here.revoke_others(&other, now).await.unwrap(), 1);
                        "signed_out_elsewhere"
                    }
                    3 => {
                        here.revoke_user(&user(), EndReason::AccountClosed, now).await.unwrap();
                        "account_closed"
                    }
                    4 => {
                        here.revoke_everyone(EndReason::KeysRotated, now).await.unwrap();
                        "keys_rotated"
                    }
                    5 => {
                        let _ = here.changed(&other, Change::Privilege, now).await.unwrap();
                        "privilege_changed"
                    }
                    6 => {
                        let _ = here.rotate(&session, now).await.unwrap();
                        "replaced"
                    }
                    7 => {
                        let _ = here
                            .reauthenticate(&session, &user(), Factor::Totp, now)
                            .await
                            .unwrap();
                        "replaced"
                    }
                    _ => {
                        let begun = here.begin(&other_user()).await.unwrap();
                        let replaces = Some(session.clone());
                        let new = NewSession { replaces, ..NewSession::default() };
                        let _ = here.create(begun, new, now).await.unwrap();
                        "replaced"
                    }
                }
            });
            assert_eq!(run(verdict(&here, &token, now)), word, "{ending}");
        }
    }
}

#[test]
fn a_session_that_the_limit_ended_is_known_at_once() {
    let policy = policy()
        .cache(100, MINUTE)
        .limit(SessionLimit::end_least_recently_used(1))
        .build()
        .unwrap();
    let sessions = Sessions::opaque(FaultyStore::default(), policy);
    let (token, _) = run(sign_in(&sessions, &user(), start()));
    assert_eq!(run(verdict(&sessions, &token, start())), "ok");
    run(sign_in(&sessions, &user(), start() + SECOND));
    assert_eq!(run(verdict(&sessions, &token, start() + SECOND)), "too_many_sessions");
}

#[test]
fn a_read_that_a_revocation_overtook_is_not_kept() {
    for kind in 0..2 {
        let (here, _) = pair(kind);
        let (token, session) = run(sign_in(&here, &user(), start()));
        here.store().close("load", Side::After);
        let origin = Origin::unknown();
        let mut slow = Driven::new(here.validate(&token, &origin, start()));
        assert!(slow.poll().is_none(), "it holds the record of a session that lives");
        run(here.sign_out(&session, start())).unwrap();
        here.store().open("load", Side::After);
        let _ = slow.finish();
        assert_eq!(run(verdict(&here, &token, start())), "signed_out");
    }
}

#[test]
fn a_touch_that_a_revocation_overtook_is_not_kept() {
    for kind in 0..2 {
        let (here, _) = pair(kind);
        let (token, session) = run(sign_in(&here, &user(), start()));
        let now = start() + 2 * MINUTE;
        here.store().close("touch_if_live", Side::After);
        let origin = Origin::unknown();
        let mut slow = Driven::new(here.validate(&token, &origin, now));
        assert!(slow.poll().is_none(), "it has noted the use");
        run(here.sign_out(&session, now)).unwrap();
        here.store().open("touch_if_live", Side::After);
        let _ = slow.finish();
        assert_eq!(run(verdict(&here, &token, now)), "signed_out");
    }
}

/// The note of a use asks the store; when the session is gone there, the copy goes too.
#[test]
fn a_touch_that_finds_the_session_gone_empties_the_cache() {
    let store = FaultyStore::default();
    let policy = policy().touch_interval(10 * SECOND).cache(9, MINUTE).build().unwrap();
    let here = Sessions::opaque(store.clone(), policy.clone());
    let elsewhere = Sessions::opaque(store, policy);
    let (token, session) = run(sign_in(&here, &user(), start()));
    assert_eq!(run(verdict(&here, &token, start())), "ok");
    run(elsewhere.sign_out(&session, start())).unwrap();
    assert_eq!(run(verdict(&here, &token, start() + 9 * SECOND)), "ok");
    assert_eq!(run(verdict(&here, &token, start() + 10 * SECOND)), "signed_out");
    assert_eq!(run(verdict(&here, &token, start() + 9 * SECOND)), "signed_out");
}

/// A sign-out that is given up after the store did it.
#[test]
fn a_sign_out_that_is_given_up_still_reaches_the_cache() {
    let (here, _) = pair(0);
    let (token, session) = run(sign_in(&here, &user(), start()));
    assert_eq!(run(verdict(&here, &token, start())), "ok");
    here.store().close("revoke", Side::After);
    let mut request = Driven::new(here.sign_out(&session, start()));
    assert!(request.poll().is_none());
    drop(request);
    here.store().open("revoke", Side::After);
    assert_eq!(run(verdict(&here, &token, start())), "signed_out");
}

/// The same for a sign-in in place of a session: given up, or failed, between its two steps.
#[test]
fn a_sign_in_that_is_given_up_halfway_reaches_the_cache() {
    for given_up in [true, false] {
        let (here, _) = pair(0);
        let (token, session) = run(sign_in(&here, &user(), start()));
        let begun = run(here.begin(&user())).unwrap();
        assert_eq!(run(verdict(&here, &token, start())), "ok");
        let new = NewSession { replaces: Some(session), ..NewSession::default() };
        if given_up {
            here.store().close("revoke", Side::After);
        } else {
            here.store().lose_answers_from(0);
        }
        let mut request = Driven::new(here.create(begun, new, start()));
        assert_eq!(request.poll().is_none(), given_up);
        drop(request);
        here.store().mend();
        assert_eq!(run(verdict(&here, &token, start())), "replaced");
    }
}

#[test]
fn step_up_and_changes_ask_the_store() {
    for kind in 0..2 {
        let (here, elsewhere) = pair(kind);
        let (token, session) = run(sign_in(&here, &user(), start()));
        run(elsewhere.sign_out(&session, start())).unwrap();
        let (other_token, other) = run(sign_in(&here, &user(), start()));
        run(verdict(&here, &other_token, start()));
        run(elsewhere.sign_out(&other, start())).unwrap();
        assert_eq!(run(verdict(&here, &other_token, start())), "ok", "the cache says so");
        assert_eq!(run(verdict(&here, &token, start())), "signed_out");
        run(async {
            let recent = here.require_recent(&other, Factor::Password, MINUTE, start()).await;
            assert!(matches!(recent, Err(RecentError::Refused(_))), "{recent:?}");
            assert!(here.confirm(&other, start()).await.is_err());
            assert!(here.rotate(&other, start()).await.is_err());
            assert!(here.changed(&other, Change::Password, start()).await.is_err());
            assert!(here.revoke_others(&other, start()).await.is_err());
            assert!(here.reauthenticate(&other, &user(), Factor::Totp, start()).await.is_err());
        });
    }
}

#[test]
fn the_id_alone_opens_nothing_that_is_cached() {
    let (here, _) = pair(0);
    let (token, session) = run(sign_in(&here, &user(), start()));
    assert_eq!(run(verdict(&here, &token, start())), "ok");
    let guessed = format!("{}.{}", session.id(), "A".repeat(43));
    assert_eq!(run(verdict(&here, &guessed, start())), "session_unknown");
    assert_eq!(run(verdict(&here, &token, start())), "ok", "and it throws nobody out");
}

/// Timeouts hold for a copy as for the record.
#[test]
fn a_copy_expires_too() {
    let policy = policy()
        .idle_timeout(4 * SECOND)
        .touch_interval(2 * SECOND)
        .cache(10, MINUTE)
        .build()
        .unwrap();
    let sessions = Sessions::opaque(FaultyStore::default(), policy);
    let (token, _) = run(sign_in(&sessions, &user(), start()));
    assert_eq!(run(verdict(&sessions, &token, start())), "ok");
    assert_eq!(run(verdict(&sessions, &token, start() + SECOND)), "ok");
    assert_eq!(run(verdict(&sessions, &token, start() + 4 * SECOND)), "session_idle");
}

/// More sessions than there is room for: each is judged right, and the busy one stays.
#[test]
fn a_full_cache_forgets_and_never_errs() {
    let policy = policy()
        .cache(64, MINUTE)
        .limit(SessionLimit::end_least_recently_used(1000))
        .build()
        .unwrap();
    let sessions = Sessions::opaque(FaultyStore::default(), policy);
    let (busy, _) = run(sign_in(&sessions, &other_user(), start()));
    let mut reads = 0;
    let mut all = Vec::new();
    for n in 0..500 {
        let (token, session) = run(sign_in(&sessions, &user(), start()));
        if n % 3 == 0 {
            run(sessions.sign_out(&session, start())).unwrap();
        }
        all.push((token, n % 3 == 0));
    }
    run(verdict(&sessions, &busy, start()));
    for (token, ended) in &all {
        let word = run(verdict(&sessions, token, start()));
        assert_eq!(word, if *ended { "signed_out" } else { "ok" });
        sessions.store().calls();
        assert_eq!(run(verdict(&sessions, &busy, start())), "ok");
        reads += sessions.store().calls().len();
    }
    assert!(reads < 5, "the busy session was read {reads} times");
}

/// A clock that steps back makes copies seem to come from the future: they are read again.
#[test]
fn a_copy_from_the_future_is_read_again() {
    let (here, elsewhere) = pair(0);
    let (token, session) = run(sign_in(&here, &user(), start()));
    let ahead = start() + MINUTE / 2;
    assert_eq!(run(verdict(&here, &token, ahead)), "ok");
    run(elsewhere.sign_out(&session, start())).unwrap();
    assert_eq!(run(verdict(&here, &token, ahead - SECOND)), "signed_out");
    assert_eq!(run(verdict(&here, &token, start() - DAY)), "signed_out");
}

/// A copy lets in and nothing else: another process has noted uses that it lacks.
#[test]
fn a_copy_never_says_idle_of_a_session_in_use_elsewhere() {
    let store = MemoryStore::new();
    let policy = policy().idle_timeout(2 * MINUTE).touch_interval(30 * SECOND).cache(9, 5 * MINUTE);
    let policy = policy.build().unwrap();
    let here = Sessions::opaque(store.clone(), policy.clone());
    let elsewhere = Sessions::opaque(store, policy);
    let (token, _) = run(sign_in(&here, &user(), start()));
    assert_eq!(run(verdict(&here, &token, start())), "ok");
    for minutes in 1..5 {
        assert_eq!(run(verdict(&elsewhere, &token, start() + minutes * MINUTE)), "ok");
    }
    assert_eq!(run(verdict(&here, &token, start() + 4 * MINUTE)), "ok");
}

/// What is suspicious beside a copy is judged once more beside the store's record.
#[test]
fn a_copy_ends_no_session_as_suspicious() {
    let store = MemoryStore::new();
    let policy = policy().touch_interval(30 * SECOND).watch(SameNetwork::new(24, 56));
    let policy = policy.cache(9, 5 * MINUTE).build().unwrap();
    let here = Sessions::opaque(store.clone(), policy.clone());
    let elsewhere = Sessions::opaque(store, policy);
    let from = |address: &str| Origin::unknown().address(address.parse().unwrap());
    let (token, session) = run(sign_in(&here, &user(), start()));
    let at_home = from("192.0.2.1");
    run(here.validate(&token, &at_home, start() + MINUTE)).unwrap();
    // By way of IPv6, which is no change of network, to another one.
    run(elsewhere.validate(&token, &from("2001:db8::1"), start() + 2 * MINUTE)).unwrap();
    let away = from("203.0.113.9");
    run(elsewhere.validate(&token, &away, start() + 3 * MINUTE)).unwrap();
    run(here.validate(&token, &away, start() + 3 * MINUTE)).unwrap();
    assert!(run(here.confirm(&session, start() + 3 * MINUTE)).is_ok());
}

/// The sign-ins and sign-outs of others leave most copies where they are.
#[test]
fn what_strangers_do_leaves_the_cache() {
    let store = FaultyStore::default();
    let policy = policy().cache(1000, 5 * MINUTE).build().unwrap();
    let sessions = Sessions::opaque(store, policy);
    let (token, _) = run(sign_in(&sessions, &user(), start()));
    assert_eq!(run(verdict(&sessions, &token, start())), "ok");
    let _ = sessions.store().calls();
    for n in 0..100 {
        let stranger = format!("stranger_{n}").parse().unwrap();
        let (_, session) = run(sign_in(&sessions, &stranger, start()));
        run(sessions.sign_out(&session, start())).unwrap();
        assert_eq!(run(verdict(&sessions, &token, start())), "ok");
    }
    let reads = sessions.store().calls().into_iter().filter(|call| *call == "load").count();
    assert!(reads < 50, "{reads} reads for 100 strangers");
}

/// A sign-in that is refused has ended nothing, so no copy is given up for it.
#[test]
fn a_refused_sign_in_leaves_the_cache() {
    let policy = policy().cache(1000, 5 * MINUTE).limit(SessionLimit::refuse(1)).build().unwrap();
    let sessions = Sessions::opaque(FaultyStore::default(), policy);
    let (token, _) = run(sign_in(&sessions, &user(), start()));
    let begun = run(sessions.begin(&other_user())).unwrap();
    run(sessions.revoke_user(&other_user(), EndReason::Administrator, start())).unwrap();
    assert_eq!(run(verdict(&sessions, &token, start())), "ok");
    let _ = sessions.store().calls();
    run(sessions.create(begun, NewSession::default(), start())).unwrap_err(); // stale
    let begun = run(sessions.begin(&user())).unwrap();
    run(sessions.create(begun, NewSession::default(), start())).unwrap_err(); // full
    assert_eq!(run(verdict(&sessions, &token, start())), "ok");
    assert!(!sessions.store().calls().contains(&"load"));
}
