//! A rule of the service, between a session that lives and the note of its use.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use palisade_session::{
    EndReason, Origin, Refused, RefusedOr, Session, SessionPolicyBuilder, SessionRecord,
    SessionStore as _, Sessions, Suspicion, Touch,
};

use crate::store_faults::FaultyStore;
use crate::support::{
    DAY, HOUR, MINUTE, SECOND, both_kinds, other_user, policy, run, sign_in, start, stored, user,
    verdict,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not from here")]
struct NotFromHere(u8);

fn deny(_: &SessionRecord) -> Result<(), NotFromHere> {
    Err(NotFromHere(7))
}

fn pass(session: &SessionRecord) -> Result<(), NotFromHere> {
    if session.user == user() { Ok(()) } else { Err(NotFromHere(0)) }
}

fn is_denied(verdict: &Result<Session, RefusedOr<NotFromHere>>) -> bool {
    matches!(verdict, Err(RefusedOr::Denied(NotFromHere(7))))
}

fn from(text: &str) -> Origin<'static> {
    Origin::unknown().address(text.parse().unwrap())
}

/// Opaque and signed sessions, each without a cache and with one.
fn services(policy: impl Fn() -> SessionPolicyBuilder) -> Vec<Sessions<FaultyStore>> {
    let uncached = policy().build().unwrap();
    let cached = policy().cache(100, 2 * MINUTE).build().unwrap();
    [uncached, cached].iter().flat_map(|one| both_kinds(one, FaultyStore::default)).collect()
}

#[test]
fn a_use_that_is_denied_leaves_no_trace() {
    for sessions in services(policy) {
        run(async {
            let (token, session) = sign_in(&sessions, &user(), start()).await;
            let before = stored(&sessions, &session).await;
            let origin = from("198.51.100.9");
            sessions.store().calls();
            for minutes in 1..30 {
                let now = start() + minutes * MINUTE;
                assert!(is_denied(&sessions.validate_if(&token, &origin, now, deny).await));
            }
            assert!(sessions.store().calls().iter().all(|call| *call == "load"));
            let after = stored(&sessions, &session).await;
            assert_eq!(after.last_seen, before.last_seen);
            assert_eq!((after.address, after.ended), (None, None));

            // One that is let pass is noted, though the session was read before.
            let now = start() + 30 * MINUTE;
            let origin = from("192.0.2.7");
            let seen = sessions.validate_if(&token, &origin, now, pass).await.unwrap();
            assert_eq!(seen.last_seen(), now);
            let after = stored(&sessions, &session).await;
            assert_eq!((after.last_seen, after.address), (now, origin.address));
        });
    }
}

/// Idle counts from the last use that was let pass.
#[test]
fn a_use_that_is_denied_does_not_keep_a_session_alive() {
    for sessions in services(policy) {
        run(async {
            let (token, _) = sign_in(&sessions, &user(), start()).await;
            let origin = Origin::unknown();
            let late = start() + HOUR - SECOND;
            assert!(is_denied(&sessions.validate_if(&token, &origin, late, deny).await));
            assert_eq!(verdict(&sessions, &token, start() + HOUR).await, "session_idle");
        });
    }
}

/// Nothing watches a use that is denied: neither does it end the session, nor is it counted by a watch that
/// counts.
#[test]
fn a_use_that_is_denied_is_not_watched() {
    let judged = Arc::new(AtomicU64::new(0));
    let policy = || {
        let judged = Arc::clone(&judged);
        policy().watch(move |_: &SessionRecord, origin: &Origin<'_>| {
            judged.fetch_add(1, Ordering::SeqCst);
            origin.address.map(|_| Suspicion::Address)
        })
    };
    for sessions in services(policy) {
        run(async {
            let (token, session) = sign_in(&sessions, &user(), start()).await;
            // With and without a copy in the cache.
            for warm in [false, true] {
                if warm {
                    assert_eq!(verdict(&sessions, &token, start()).await, "ok");
                }
                judged.store(0, Ordering::SeqCst);
                let origin = from("198.51.100.9");
                assert!(is_denied(&sessions.validate_if(&token, &origin, start(), deny).await));
                assert_eq!(judged.load(Ordering::SeqCst), 0);
                assert!(stored(&sessions, &session).await.ended.is_none());
            }
            // What the rule lets pass is watched as ever.
            let origin = from("192.0.2.7");
            let refused = sessions.validate_if(&token, &origin, start(), pass).await.unwrap_err();
            assert!(
                matches!(refused, RefusedOr::Refused(Refused::Ended(id, _)) if id == *session.id())
            );
            let ended = stored(&sessions, &session).await.ended.unwrap();
            assert_eq!(ended.reason, EndReason::Suspicious(Suspicion::Address));
        });
    }
}

/// A denial throws nobody out of the cache, and is decided from it.
#[test]
fn a_denial_leaves_the_cache_as_it_is() {
    let policy = policy().cache(100, 2 * MINUTE).build().unwrap();
    for sessions in both_kinds(&policy, FaultyStore::default) {
        run(async {
            let (token, _) = sign_in(&sessions, &user(), start()).await;
            let (other, _) = sign_in(&sessions, &other_user(), start()).await;
            assert_eq!(verdict(&sessions, &token, start()).await, "ok");
            assert_eq!(verdict(&sessions, &other, start()).await, "ok");
            sessions.store().calls();
            let now = start() + MINUTE - SECOND;
            for _ in 0..10 {
                let origin = from("198.51.100.9");
                assert!(is_denied(&sessions.validate_if(&token, &origin, now, deny).await));
            }
            assert_eq!(verdict(&sessions, &token, now).await, "ok");
            assert_eq!(verdict(&sessions, &other, now).await, "ok");
            assert!(sessions.store().calls().is_empty());
        });
    }
}

#[test]
fn the_rule_is_asked_once_and_sees_the_session() {
    // A watch that finds something in the copy alone, so that the store is read once more.
    let policy = || {
        let first = AtomicU64::new(0);
        policy().watch(move |_: &SessionRecord, _: &Origin<'_>| {
            (first.fetch_add(1, Ordering::SeqCst) == 1).then_some(Suspicion::Other)
        })
    };
    for sessions in both_kinds(&policy().cache(10, MINUTE).build().unwrap(), FaultyStore::default) {
        run(async {
            let (token, session) = sign_in(&sessions, &user(), start()).await;
            let asked = Cell::new(0);
            let rule = |seen: &SessionRecord| {
                asked.set(asked.get() + 1);
                assert_eq!((seen.id, &seen.user), (*session.id(), &user()));
                Ok::<_, NotFromHere>(())
            };
            for times in 1..=3 {
                let origin = Origin::unknown();
                let _ = sessions.validate_if(&token, &origin, start(), rule).await;
                assert_eq!(asked.get(), times);
            }
        });
    }
}

/// The rule hears of a session only while it lives and only from whoever holds its token.
#[test]
fn the_rule_is_asked_about_good_sessions_only() {
    for sessions in services(policy) {
        run(async {
            let origin = Origin::unknown();
            let (ended, proof) = sign_in(&sessions, &user(), start()).await;
            let (idle, _) = sign_in(&sessions, &other_user(), start()).await;
            let (old, session) = sign_in(&sessions, &other_user(), start() - DAY).await;
            // A session is used until it is a day old; here only the row says so.
            let touch = Touch { at: start(), address: None };
            let _ = sessions.store().touch_if_live(session.id(), 0, touch).await.unwrap();
            assert_eq!(verdict(&sessions, &ended, start()).await, "ok");
            assert_eq!(verdict(&sessions, &idle, start()).await, "ok");
            sessions.sign_out(&proof, start()).await.unwrap();
            let unasked = |_: &SessionRecord| -> Result<(), NotFromHere> { panic!("it is asked") };
            let ask = async |token: &str, now| match sessions
                .validate_if(token, &origin, now, unasked)
                .await
            {
                Err(RefusedOr::Refused(refused)) => refused.reason(),
                verdict => panic!("{verdict:?}"),
            };
            for _ in 0..2 {
                assert_eq!(ask("junk", start()).await, "token_malformed");
                assert_eq!(ask(&ended, start()).await, "signed_out");
                assert_eq!(ask(&old, start()).await, "session_expired");
                assert_eq!(ask(&idle, start() + HOUR).await, "session_idle");
            }
            // The id of one session with the end of another token.
            let (head, _) = idle.rsplit_once('.').unwrap();
            let (_, tail) = ended.rsplit_once('.').unwrap();
            let word = ask(&format!("{head}.{tail}"), start()).await;
            assert!(["session_unknown", "token_signature"].contains(&word), "{word}");
            sessions.store().fail_from(0);
            assert_eq!(ask(&old, start()).await, "session_store_unavailable");
        });
    }
}

/// The rule says no where it is known who asks, even while nothing can be written.
#[test]
fn a_denial_needs_no_write() {
    for sessions in services(policy) {
        run(async {
            let (token, _) = sign_in(&sessions, &user(), start()).await;
            let now = start() + 10 * MINUTE;
            sessions.store().fail_from(1);
            let origin = Origin::unknown();
            assert!(is_denied(&sessions.validate_if(&token, &origin, now, deny).await));
            sessions.forget_cached();
            sessions.store().fail_from(1);
            let unknown = sessions.validate_if(&token, &origin, now, pass).await.unwrap_err();
            assert_eq!(unknown.to_string(), "sessions cannot be checked at the moment");
        });
    }
}

/// What is to be ended is found from anywhere, and is not renewed by that.
#[test]
fn a_session_to_end_is_not_renewed() {
    for sessions in services(policy) {
        run(async {
            let (token, session) = sign_in(&sessions, &user(), start()).await;
            let before = stored(&sessions, &session).await;
            let now = start() + 10 * MINUTE;
            let origin = from("198.51.100.9");
            sessions.store().calls();
            let found = sessions.validate_to_end(&token, &origin, now).await.unwrap();
            assert_eq!((found.id(), found.user()), (session.id(), &user()));
            assert!(!sessions.store().calls().contains(&"touch_if_live"));
            let after = stored(&sessions, &session).await;
            assert_eq!((after.last_seen, after.address), (before.last_seen, None));
            let idle = sessions.validate_to_end(&token, &origin, start() + HOUR).await;
            assert!(matches!(idle, Err(Refused::Idle(id)) if id == *session.id()));
            sessions.sign_out(&found, now).await.unwrap();
            let over = sessions.validate_to_end(&token, &origin, now).await.unwrap_err();
            assert_eq!(over.reason(), "signed_out");
        });
    }
}

/// A session to be ended is no way past a watch: what it returns is as good a proof as any.
#[test]
fn a_session_to_end_is_watched() {
    let policy = || {
        policy().watch(|_: &SessionRecord, origin: &Origin<'_>| {
            origin.address.map(|_| Suspicion::Address)
        })
    };
    for sessions in services(policy) {
        run(async {
            let (token, session) = sign_in(&sessions, &user(), start()).await;
            let origin = from("198.51.100.9");
            let refused = sessions.validate_to_end(&token, &origin, start()).await.unwrap_err();
            assert_eq!(refused.reason(), "suspicious_address");
            assert!(stored(&sessions, &session).await.ended.is_some());
        });
    }
}

fn sends<T: Send>(value: T) -> T {
    value
}

/// Both sides of the answer speak for themselves, and `?` takes them.
#[test]
fn an_error_of_ones_own_takes_both() {
    for sessions in services(policy) {
        run(async {
            let (token, _) = sign_in(&sessions, &user(), start()).await;
            let origin = Origin::unknown();
            let ask = async |token: &str| -> Result<Session, Box<dyn std::error::Error>> {
                Ok(sessions.validate_if(token, &origin, start(), deny).await?)
            };
            assert_eq!(ask(&token).await.unwrap_err().to_string(), "not from here");
            assert_eq!(ask("junk").await.unwrap_err().to_string(), "you are not signed in");
            // A service can run it on any thread.
            let call = sends(sessions.validate_if(&token, &origin, start(), pass));
            assert!(call.await.is_ok());
        });
    }
}
