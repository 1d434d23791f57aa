//! Clocks that are wrong, step, or stand at the ends of time.

use std::time::{Duration, SystemTime};

use palisade_session::{
    Change, ChangeError, CreateError, EndReason, Factor, InvalidProfile, MemoryStore, NewSession,
    RecentError, SessionTokens, Sessions, SigningKeys, TokenProfile,
};

use crate::support::{
    AUDIENCE, DAY, HOUR, ISSUER, MINUTE, SECOND, both_kinds, policy, ring, run, sign_in, start,
    stored, tokens, user, verdict,
};

fn opaque() -> Sessions<MemoryStore> {
    Sessions::opaque(MemoryStore::new(), policy().build().unwrap())
}

fn year_10000() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(70_389_528)
}

#[test]
fn timeouts_end_at_their_very_moment() {
    let sessions = opaque();
    let (token, session) = run(sign_in(&sessions, &user(), start()));
    let nano = Duration::from_nanos(1);
    assert_eq!(session.expires(), start() + DAY);
    assert_eq!(session.remaining(start() + HOUR), 23 * HOUR);
    assert_eq!(session.remaining(start() + 2 * DAY), Duration::ZERO);
    assert_eq!(run(verdict(&sessions, &token, start() + HOUR)), "session_idle");
    assert_eq!(run(verdict(&sessions, &token, start() + HOUR - nano)), "ok");
    let mut now = start() + HOUR - nano;
    while now + HOUR / 2 < start() + DAY {
        now += HOUR / 2;
        assert_eq!(run(verdict(&sessions, &token, now)), "ok");
    }
    assert_eq!(run(verdict(&sessions, &token, start() + DAY - nano)), "ok");
    assert_eq!(run(verdict(&sessions, &token, start() + DAY)), "session_expired");
}

/// What looks dead by a clock that is ahead is not touched by it.
#[test]
fn two_hours_ahead_and_back_again() {
    for sessions in both_kinds(&policy().build().unwrap(), MemoryStore::new) {
        let (token, session) = run(sign_in(&sessions, &user(), start()));
        assert_eq!(run(verdict(&sessions, &token, start() + 2 * HOUR)), "session_idle");
        assert_eq!(run(sessions.purge(Duration::ZERO, start() + 2 * HOUR)).unwrap(), 0);
        assert_eq!(run(verdict(&sessions, &token, start() + MINUTE)), "ok");
        // One that signs in while the clock is ahead lives on after it, and no longer than it should.
        let (ahead, _) = run(sign_in(&sessions, &user(), start() + 2 * HOUR));
        let word = run(verdict(&sessions, &ahead, start() + 2 * MINUTE));
        let is_signed = ahead.matches('.').count() == 2;
        assert_eq!(word, if is_signed { "token_not_yet_valid" } else { "ok" });
        assert_eq!(run(verdict(&sessions, &ahead, start() + 3 * HOUR)), "session_idle");
        assert!(run(sessions.confirm(&session, start() + 2 * MINUTE)).is_ok());
    }
}

#[test]
fn a_day_back_and_on_again() {
    let sessions = opaque();
    let (token, session) = run(sign_in(&sessions, &user(), start()));
    let back = start() - DAY;
    assert_eq!(run(verdict(&sessions, &token, back)), "ok");
    assert_eq!(run(stored(&sessions, &session)).last_seen, start(), "never moved back");
    // No proof from the future counts for a step-up.
    let recent = run(sessions.require_recent(&session, Factor::Password, 400 * DAY, back));
    assert!(matches!(recent, Err(RecentError::StepUp(_))));
    let (renewed, session) = run(sessions.rotate(&session, back)).unwrap();
    assert_eq!(session.last_seen(), start());
    assert_eq!(run(verdict(&sessions, renewed.expose_secret(), start() + MINUTE)), "ok");
    assert_eq!(run(verdict(&sessions, renewed.expose_secret(), start() + HOUR)), "ok");
    assert_eq!(
        run(verdict(&sessions, renewed.expose_secret(), start() + 3 * HOUR)),
        "session_idle"
    );
}

#[test]
fn a_signed_session_that_is_renewed_by_a_clock_that_is_behind_verifies() {
    let policy = policy().absolute_timeout(7 * DAY).build().unwrap();
    let sessions = Sessions::signed(MemoryStore::new(), policy, tokens(&["a"])).unwrap();
    let (_, session) = run(sign_in(&sessions, &user(), start()));
    let back = start() - DAY;
    let (token, _) = run(sessions.rotate(&session, back)).unwrap();
    assert_eq!(run(verdict(&sessions, token.expose_secret(), back)), "ok");
    assert_eq!(run(verdict(&sessions, token.expose_secret(), start() + MINUTE)), "ok");
}

/// The longest life that profile and policy allow, at any fraction of a second.
#[test]
fn a_token_of_the_longest_life_verifies() {
    let profile = || TokenProfile::new(ISSUER, AUDIENCE).unwrap();
    let fraction = profile().max_lifetime(3 * SECOND / 2);
    assert_eq!(fraction.unwrap_err(), InvalidProfile::Lifetime);
    for (nanos, life, longest) in [
        (0, 7 * DAY, 7 * DAY),
        (999_999_999, 7 * DAY, 7 * DAY),
        (600_000_000, 3 * SECOND / 2, 2 * SECOND),
    ] {
        let profile = profile().max_lifetime(longest).unwrap();
        let tokens = SessionTokens::new(SigningKeys::hs256(ring(&["a"])), profile);
        let policy = policy()
            .idle_timeout(life)
            .absolute_timeout(life)
            .touch_interval(life / 2)
            .build()
            .unwrap();
        let sessions = Sessions::signed(MemoryStore::new(), policy, tokens).unwrap();
        let now = start() + Duration::from_nanos(nanos);
        let (token, _) = run(sign_in(&sessions, &user(), now));
        assert_eq!(run(verdict(&sessions, &token, now)), "ok", "{nanos} {life:?}");
    }
}

#[test]
fn a_time_that_no_store_can_keep_begins_and_changes_nothing() {
    let before_1970 = SystemTime::UNIX_EPOCH - Duration::from_nanos(1);
    for sessions in both_kinds(&policy().build().unwrap(), MemoryStore::new) {
        for now in [before_1970, SystemTime::UNIX_EPOCH - 100 * 365 * DAY, year_10000()] {
            run(async {
                let begun = sessions.begin(&user()).await.unwrap();
                let (_, session) = sign_in(&sessions, &user(), start()).await;
                let replaces = Some(session.clone());
                let new = NewSession { replaces, ..NewSession::default() };
                let created = sessions.create(begun, new, now).await;
                assert!(matches!(created, Err(CreateError::Clock)));
                let rotated = sessions.rotate(&session, now).await;
                assert!(matches!(rotated, Err(ChangeError::Clock)));
                let changed = sessions.changed(&session, Change::Password, now).await;
                assert!(matches!(changed, Err(ChangeError::Clock)));
                let proved = sessions.reauthenticate(&session, &user(), Factor::Totp, now).await;
                assert!(matches!(proved, Err(ChangeError::Clock)));
                assert!(stored(&sessions, &session).await.ended.is_none());
                sessions.list_of(&user(), now).await.unwrap();
            });
        }
    }
}

/// A session can be ended at any time, and none outlives its end because the clock was wrong.
#[test]
fn a_clock_at_the_ends_of_time_ends_sessions_and_forgets_none_too_early() {
    let before_1970 = SystemTime::UNIX_EPOCH - Duration::from_nanos(1);
    for now in [before_1970, SystemTime::UNIX_EPOCH, year_10000(), year_10000() + 9000 * 365 * DAY]
    {
        let sessions = opaque();
        let (token, session) = run(sign_in(&sessions, &user(), start()));
        let (other, _) = run(sign_in(&sessions, &user(), start()));
        let ahead = now > start();
        let word = run(verdict(&sessions, &token, now));
        assert_eq!(word, if ahead { "session_expired" } else { "ok" });
        run(sessions.sign_out(&session, now)).unwrap();
        assert_eq!(run(verdict(&sessions, &token, start())), "signed_out");
        run(sessions.revoke_user(&user(), EndReason::Administrator, now)).unwrap();
        assert_eq!(run(verdict(&sessions, &other, start())), "administrator");
        let record = run(stored(&sessions, &session));
        let ending = record.ended.unwrap();
        assert!(ending.at >= SystemTime::UNIX_EPOCH && ending.at < year_10000());
        if !ahead {
            assert_eq!(run(sessions.purge(DAY, now)).unwrap(), 0);
        }
    }
}

#[test]
fn times_are_kept_in_whole_microseconds() {
    for sessions in both_kinds(&policy().build().unwrap(), MemoryStore::new) {
        let odd = start() + Duration::from_nanos(1_234_567_891);
        let even = start() + Duration::from_micros(1_234_567);
        let (token, session) = run(sign_in(&sessions, &user(), odd));
        assert_eq!((session.created(), session.last_seen()), (even, even));
        assert_eq!(session.verified(Factor::Password), Some(even));
        run(verdict(&sessions, &token, odd + MINUTE));
        assert_eq!(run(stored(&sessions, &session)).last_seen, even + MINUTE);
        run(sessions.sign_out(&session, odd + HOUR)).unwrap();
        let record = run(stored(&sessions, &session));
        assert_eq!(record.ended.unwrap().at, even + HOUR);
    }
}

#[test]
fn a_recent_proof_ends_at_its_very_moment() {
    let sessions = opaque();
    let (_, session) = run(sign_in(&sessions, &user(), start()));
    let ask = |within, now| {
        let asked = run(sessions.require_recent(&session, Factor::Password, within, now));
        match asked {
            Ok(recent) => {
                assert_eq!(recent.factor(), Factor::Password);
                assert_eq!((recent.user(), recent.session().id()), (&user(), session.id()));
                assert_eq!(recent.verified(), start());
                true
            }
            Err(RecentError::StepUp(step_up)) => {
                assert_eq!((step_up.factor, step_up.within), (Factor::Password, within));
                false
            }
            Err(other) => panic!("{other}"),
        }
    };
    let (five, nano) = (5 * MINUTE, Duration::from_nanos(1));
    assert!(ask(five, start() + five - nano) && !ask(five, start() + five));
    assert!(ask(nano, start()) && !ask(Duration::ZERO, start()));
    assert!(ask(five, start() - 30 * SECOND) && !ask(five, start() - 30 * SECOND - nano));
    assert!(!ask(Duration::ZERO, start() - SECOND));
    assert!(ask(Duration::MAX, start() + HOUR / 2));
}

#[test]
fn a_use_is_noted_once_in_the_interval() {
    use crate::store_faults::FaultyStore;
    let sessions = Sessions::opaque(FaultyStore::default(), policy().build().unwrap());
    let (token, session) = run(sign_in(&sessions, &user(), start()));
    for (seconds, touched) in [(0, false), (59, false), (60, true), (61, false), (120, true)] {
        sessions.store().calls();
        let now = start() + seconds * SECOND;
        assert_eq!(run(verdict(&sessions, &token, now)), "ok");
        assert_eq!(sessions.store().calls().contains(&"touch_if_live"), touched, "{seconds}");
        let last_seen = run(stored(&sessions, &session)).last_seen;
        assert_eq!(last_seen == now, touched || seconds == 0, "{seconds}");
    }
}
