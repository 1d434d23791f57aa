//! How many sessions a user may have, and policies that cannot be.

use std::time::Duration;

use palisade_session::{
    CreateError, InvalidPolicy, MemoryStore, NewSession, SessionLimit, SessionPolicy,
    SessionPolicyBuilder, SessionTokens, Sessions, SigningKeys, TokenProfile, WhenFull,
};

use crate::support::{
    DAY, HOUR, MINUTE, SECOND, both_kinds, other_user, policy, ring, run, sign_in, start, tokens,
    user, verdict,
};

#[test]
fn one_more_ends_the_one_least_lately_used() {
    let policy = policy().limit(SessionLimit::end_least_recently_used(3)).build().unwrap();
    for sessions in both_kinds(&policy, MemoryStore::new) {
        let signed_in: Vec<_> =
            (0..3).map(|n| run(sign_in(&sessions, &user(), start() + n * SECOND)).0).collect();
        let (strangers, _) = run(sign_in(&sessions, &other_user(), start()));
        // The first is used once more, so the second is the one least recently used.
        let now = start() + 2 * MINUTE;
        assert_eq!(run(verdict(&sessions, &signed_in[0], now)), "ok");
        let (newest, _) = run(sign_in(&sessions, &user(), now));
        let words: Vec<_> =
            signed_in.iter().map(|token| run(verdict(&sessions, token, now))).collect();
        assert_eq!(words, ["ok", "too_many_sessions", "ok"]);
        assert_eq!(run(verdict(&sessions, &newest, now)), "ok");
        assert_eq!(run(verdict(&sessions, &strangers, now)), "ok");
    }
}

#[test]
fn one_more_is_refused_and_one_in_place_of_another_is_not() {
    let policy = policy().limit(SessionLimit::refuse(2)).build().unwrap();
    for sessions in both_kinds(&policy, MemoryStore::new) {
        let (first, session) = run(sign_in(&sessions, &user(), start()));
        run(sign_in(&sessions, &user(), start()));
        let create = |replaces, now| {
            let begun = run(sessions.begin(&user())).unwrap();
            let new = NewSession { replaces, ..NewSession::default() };
            run(sessions.create(begun, new, now))
        };
        assert!(matches!(create(None, start()), Err(CreateError::Full)));
        assert_eq!(run(verdict(&sessions, &first, start())), "ok");
        assert!(create(Some(session), start()).is_ok());
        assert!(matches!(create(None, start()), Err(CreateError::Full)));
        // Sessions whose time has run out do not count.
        assert!(create(None, start() + HOUR).is_ok());
    }
}

#[test]
fn a_session_that_goes_on_under_a_new_id_counts_once() {
    let policy = policy().limit(SessionLimit::refuse(1)).build().unwrap();
    for sessions in both_kinds(&policy, MemoryStore::new) {
        let (_, mut session) = run(sign_in(&sessions, &user(), start()));
        for _ in 0..5 {
            session = run(sessions.rotate(&session, start())).unwrap().1;
        }
        let begun = run(sessions.begin(&user())).unwrap();
        let created = run(sessions.create(begun, NewSession::default(), start()));
        assert!(matches!(created, Err(CreateError::Full)));
    }
}

#[test]
fn limits_are_brought_into_bounds() {
    for (asked, given) in [(0, 1), (1, 1), (7, 7), (1000, 1000), (1001, 1000), (u32::MAX, 1000)] {
        let limit = SessionLimit::end_least_recently_used(asked);
        assert_eq!((limit.most(), limit.when_full()), (given, WhenFull::EndLeastRecentlyUsed));
        let limit = SessionLimit::refuse(asked);
        assert_eq!((limit.most(), limit.when_full()), (given, WhenFull::Refuse));
    }
}

#[test]
fn every_misconfiguration_is_an_error_of_the_builder() {
    let nano = Duration::from_nanos(1);
    let build = |edit: fn(SessionPolicyBuilder, Duration) -> _, span| {
        let builder: SessionPolicyBuilder = edit(policy(), span);
        builder.build().map(drop)
    };
    let idle = |span| build(SessionPolicyBuilder::idle_timeout, span);
    assert_eq!(idle(Duration::ZERO), Err(InvalidPolicy::Idle));
    assert_eq!(idle(DAY), Ok(()));
    assert_eq!(idle(DAY + nano), Err(InvalidPolicy::Idle));
    let absolute = |span| build(SessionPolicyBuilder::absolute_timeout, span);
    assert_eq!(absolute(Duration::from_mins(59)), Err(InvalidPolicy::Idle));
    assert_eq!(absolute(Duration::ZERO), Err(InvalidPolicy::Idle));
    assert_eq!(absolute(400 * DAY), Ok(()));
    assert_eq!(absolute(400 * DAY + nano), Err(InvalidPolicy::Absolute));
    assert_eq!(absolute(Duration::MAX), Err(InvalidPolicy::Absolute));
    let touch = |span| build(SessionPolicyBuilder::touch_interval, span);
    assert_eq!(touch(HOUR / 2), Ok(()));
    assert_eq!(touch(Duration::ZERO), Ok(()));
    assert_eq!(touch(HOUR / 2 + nano), Err(InvalidPolicy::Touch));
    let staleness = |span| build(|builder, span| builder.cache(9, span), span);
    assert_eq!(staleness(5 * MINUTE), Ok(()));
    assert_eq!(staleness(5 * MINUTE + nano), Err(InvalidPolicy::Staleness));

    let store = MemoryStore::new;
    let longer = policy().absolute_timeout(7 * DAY + nano).build().unwrap();
    let refused = Sessions::signed(store(), longer, tokens(&["a"])).unwrap_err();
    assert_eq!(refused, InvalidPolicy::Lifetime);
    assert!(Sessions::signed(store(), SessionPolicy::default(), tokens(&["a"])).is_ok());
    let short =
        TokenProfile::new("i", "a").unwrap().max_lifetime(Duration::from_hours(23)).unwrap();
    let short = SessionTokens::new(SigningKeys::hs256(ring(&["a"])), short);
    let refused = Sessions::signed(store(), policy().build().unwrap(), short).unwrap_err();
    assert_eq!(refused, InvalidPolicy::Lifetime);
}

/// A stricter policy holds for sessions that began before it.
#[test]
fn a_stricter_policy_holds_for_old_sessions() {
    let store = MemoryStore::new();
    let before = Sessions::opaque(store.clone(), policy().build().unwrap());
    let (token, _) = run(sign_in(&before, &user(), start()));
    let stricter = policy().idle_timeout(10 * MINUTE).absolute_timeout(HOUR).build().unwrap();
    let after = Sessions::opaque(store, stricter);
    assert_eq!(run(verdict(&after, &token, start() + 10 * MINUTE)), "session_idle");
    assert_eq!(run(verdict(&before, &token, start() + 10 * MINUTE)), "ok");
    assert_eq!(run(verdict(&before, &token, start() + 55 * MINUTE)), "ok");
    assert_eq!(run(verdict(&after, &token, start() + HOUR)), "session_expired");
}

/// More than one batch is forgotten, and nothing that lives.
#[test]
fn purge_forgets_what_has_been_over_for_long() {
    let policy = policy().limit(SessionLimit::end_least_recently_used(1)).build().unwrap();
    let sessions = Sessions::opaque(MemoryStore::new(), policy);
    for n in 0..2500 {
        run(sign_in(&sessions, &user(), start() + n * SECOND / 1000));
    }
    let (token, session) = run(sign_in(&sessions, &other_user(), start() + DAY));
    let now = start() + DAY + 5 * SECOND;
    assert_eq!(run(sessions.purge(Duration::ZERO, now)).unwrap(), 0, "a day is kept at least");
    let now = now + HOUR;
    let _ = run(sessions.rotate(&session, start() + DAY + MINUTE)).unwrap();
    assert_eq!(run(sessions.purge(Duration::ZERO, now)).unwrap(), 2500);
    assert_eq!(run(verdict(&sessions, &token, now)), "replaced", "and told for a day");
    assert_eq!(run(sessions.purge(Duration::MAX, now + 9000 * DAY)).unwrap(), 0);
}
