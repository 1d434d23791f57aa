//! The store fails, or the caller gives up, at each call of each method.

use std::time::SystemTime;

use palisade_session::{
    Change, ChangeError, CreateError, EndReason, Factor, NewSession, Origin, RecentError, Refused,
    Session, SessionStore, Sessions, SignIn,
};

use crate::store_faults::FaultyStore;
use crate::support::{
    DAY, Driven, HOUR, MINUTE, both_kinds, policy, run, sign_in, start, stored, user, verdict,
};

/// The two sessions of a user, and a sign-in that has begun.
struct Scene {
    sessions: Sessions<FaultyStore>,
    token: String,
    session: Session,
    other: Session,
    begun: Option<SignIn>,
}

fn scene(kind: usize, cached: bool) -> Scene {
    let policy = if cached { policy().cache(10, MINUTE) } else { policy() };
    let [opaque, signed] = both_kinds(&policy.build().unwrap(), FaultyStore::default);
    let sessions = [opaque, signed].into_iter().nth(kind).unwrap();
    run(async {
        let (token, session) = sign_in(&sessions, &user(), start()).await;
        let (_, other) = sign_in(&sessions, &user(), start()).await;
        let begun = Some(sessions.begin(&user()).await.unwrap());
        // So that a cache, if there is one, holds the session.
        sessions.validate(&token, &Origin::unknown(), start()).await.unwrap();
        sessions.store().calls();
        Scene { sessions, token, session, other, begun }
    })
}

/// All of the user's records, and his generation.
fn state(scene: &Scene) -> String {
    run(async {
        let sessions = &scene.sessions;
        let store = &sessions.store().inner;
        let record = |found: Option<palisade_session::Stored>| {
            found.map(|found| format!("{:?} {}", found.record, found.user_generation))
        };
        format!(
            "{:?} {:?} {}",
            record(store.load(scene.session.id()).await.unwrap()),
            record(store.load(scene.other.id()).await.unwrap()),
            store.list(&user(), &everything(), 100).await.unwrap().len(),
        )
    })
}

fn everything() -> palisade_session::Horizon {
    let beginning = SystemTime::UNIX_EPOCH;
    palisade_session::Horizon { created_after: beginning, seen_after: beginning }
}

/// Each call of the service, and whether it was told that the store is not available.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Begin,
    Create,
    Validate,
    Confirm,
    RequireRecent,
    Rotate,
    Reauthenticate,
    Changed,
    SignOut,
    Revoke,
    RevokeOthers,
    RevokeUser,
    RevokeEveryone,
    List,
    Purge,
}

const CALLS: [Call; 15] = [
    Call::Begin,
    Call::Create,
    Call::Validate,
    Call::Confirm,
    Call::RequireRecent,
    Call::Rotate,
    Call::Reauthenticate,
    Call::Changed,
    Call::SignOut,
    Call::Revoke,
    Call::RevokeOthers,
    Call::RevokeUser,
    Call::RevokeEveryone,
    Call::List,
    Call::Purge,
];

/// What an outcome is: done, the store is not available, or something else.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    Unavailable,
    Other(String),
}

async fn make(call: Call, scene: &mut Scene) -> Outcome {
    let now = start() + 2 * MINUTE;
    let (sessions, session) = (&scene.sessions, &scene.session);
    let owner = user();
    let change = |error: ChangeError| match error {
        ChangeError::Unavailable(_) => Outcome::Unavailable,
        other => Outcome::Other(format!("{other:?}")),
    };
    let refusal = |error: Refused| match error {
        Refused::Unavailable(_) => Outcome::Unavailable,
        other => Outcome::Other(format!("{other:?}")),
    };
    let outcome = match call {
        Call::Begin => sessions.begin(&owner).await.map(drop).map_err(|_| Outcome::Unavailable),
        Call::Create => {
            let begun = scene.begun.take().unwrap();
            let created = sessions.create(begun, NewSession::default(), now).await;
            created.map(drop).map_err(|error| match error {
                CreateError::Unavailable(_) => Outcome::Unavailable,
                other => Outcome::Other(format!("{other:?}")),
            })
        }
        Call::Validate => {
            let origin = Origin::unknown();
            sessions.validate(&scene.token, &origin, now).await.map(drop).map_err(refusal)
        }
        Call::Confirm => sessions.confirm(session, now).await.map(drop).map_err(refusal),
        Call::RequireRecent => {
            let asked = sessions.require_recent(session, Factor::Password, HOUR, now).await;
            asked.map(drop).map_err(|error| match error {
                RecentError::Refused(refused) => refusal(refused),
                other => Outcome::Other(format!("{other:?}")),
            })
        }
        Call::Rotate => sessions.rotate(session, now).await.map(drop).map_err(change),
        Call::Reauthenticate => {
            let proved = sessions.reauthenticate(session, &owner, Factor::Totp, now).await;
            proved.map(drop).map_err(change)
        }
        Call::Changed => {
            sessions.changed(session, Change::Password, now).await.map(drop).map_err(change)
        }
        Call::SignOut => sessions.sign_out(session, now).await.map_err(|_| Outcome::Unavailable),
        Call::Revoke => {
            let reason = EndReason::SignedOut;
            sessions.revoke(&owner, session.id(), reason, now).await.map(drop).map_err(change)
        }
        Call::RevokeOthers => sessions.revoke_others(session, now).await.map(drop).map_err(change),
        Call::RevokeUser => {
            let ended = sessions.revoke_user(&owner, EndReason::Administrator, now).await;
            ended.map(drop).map_err(|_| Outcome::Unavailable)
        }
        Call::RevokeEveryone => {
            let ended = sessions.revoke_everyone(EndReason::KeysRotated, now).await;
            ended.map(drop).map_err(|_| Outcome::Unavailable)
        }
        Call::List => sessions.list(session, now).await.map(drop).map_err(|_| Outcome::Unavailable),
        Call::Purge => {
            let purged = sessions.purge(DAY, now + 30 * DAY).await;
            purged.map(drop).map_err(|_| Outcome::Unavailable)
        }
    };
    outcome.err().unwrap_or(Outcome::Done)
}

#[test]
fn a_store_that_is_down_is_unavailable_and_nothing_changed() {
    for (kind, cached) in [(0, false), (0, true), (1, false), (1, true)] {
        for call in CALLS {
            let mut works = scene(kind, cached);
            assert_eq!(run(make(call, &mut works)), Outcome::Done, "{call:?}");
            let needed = works.sessions.store().calls().len();
            assert!(needed > 0, "{call:?}");
            for fails_from in 0..needed {
                let mut scene = scene(kind, cached);
                let before = state(&scene);
                scene.sessions.store().fail_from(fails_from);
                assert_eq!(run(make(call, &mut scene)), Outcome::Unavailable, "{call:?}");
                assert_eq!(state(&scene), before, "{call:?} at {fails_from}");
                scene.sessions.store().mend();
                let now = start() + 2 * MINUTE;
                assert_eq!(run(verdict(&scene.sessions, &scene.token, now)), "ok", "{call:?}");
            }
        }
    }
}

/// The write was done and its answer was lost: the call fails, and the cache knows no better than the
/// store.
#[test]
fn an_answer_that_is_lost_leaves_no_cached_verdict() {
    for kind in 0..2 {
        for call in CALLS {
            let mut works = scene(kind, true);
            run(make(call, &mut works));
            let needed = works.sessions.store().calls().len();
            let mut scene = scene(kind, true);
            scene.sessions.store().lose_answers_from(needed - 1);
            assert_eq!(run(make(call, &mut scene)), Outcome::Unavailable, "{call:?}");
            scene.sessions.store().mend();
            agree(call, &scene);
        }
    }
}

/// What the service says without its cache is what it said with it.
fn agree(call: Call, scene: &Scene) {
    let now = start() + 2 * MINUTE;
    let cached = run(verdict(&scene.sessions, &scene.token, now));
    scene.sessions.forget_cached();
    assert_eq!(run(verdict(&scene.sessions, &scene.token, now)), cached, "{call:?}");
}

#[test]
fn a_call_that_is_given_up_has_done_all_of_its_change_or_nothing() {
    for (kind, cached) in [(0, false), (0, true), (1, false), (1, true)] {
        for call in CALLS {
            let (mut unchanged, mut changed) = (0, 0);
            for polls in 0..50 {
                let mut scene = scene(kind, cached);
                let before = state(&scene);
                scene.sessions.store().slow();
                let done = {
                    let mut driven = Driven::new(make(call, &mut scene));
                    (0..polls).any(|_| driven.poll().is_some())
                };
                if done {
                    break;
                }
                if state(&scene) == before {
                    unchanged += 1;
                } else {
                    changed += 1;
                    all_of_it(call, &scene);
                }
                agree(call, &scene);
            }
            assert!(unchanged > 0, "{call:?}");
            let reads = [Call::Begin, Call::Confirm, Call::RequireRecent, Call::List];
            assert_eq!(changed > 0, !reads.contains(&call), "{call:?}");
        }
    }
}

/// No session is half replaced, and none too many has ended.
fn all_of_it(call: Call, scene: &Scene) {
    let now = start() + 2 * MINUTE;
    let live = run(scene.sessions.store().inner.list(&user(), &everything(), 9)).unwrap().len();
    let stored = run(scene.sessions.store().inner.load(scene.session.id())).unwrap();
    let ended = stored.as_ref().and_then(|found| found.record.ended).map(|ending| ending.reason);
    let expected = match call {
        Call::Create => (3, None),
        Call::Validate => {
            assert_eq!(stored.unwrap().record.last_seen, now);
            (2, None)
        }
        Call::Rotate | Call::Reauthenticate => (2, Some(EndReason::Replaced)),
        Call::Changed => (1, Some(EndReason::Replaced)),
        Call::SignOut | Call::Revoke => (1, Some(EndReason::SignedOut)),
        Call::RevokeOthers => (1, None),
        Call::RevokeUser => (0, Some(EndReason::Administrator)),
        Call::RevokeEveryone => (0, Some(EndReason::KeysRotated)),
        Call::Purge => (0, None),
        other => panic!("{other:?} changes something"),
    };
    assert_eq!((live, ended), expected, "{call:?}");
}

/// A sign-in that replaces a session has two writes. The session that it replaces ends first: one that
/// nobody holds the token of must not stay behind.
#[test]
fn a_sign_in_that_fails_halfway_has_ended_the_session_it_replaces() {
    for kind in 0..2 {
        let mut scene = scene(kind, true);
        let new = NewSession { replaces: Some(scene.session.clone()), ..NewSession::default() };
        scene.sessions.store().fail_from(1);
        let begun = scene.begun.take().unwrap();
        let created = run(scene.sessions.create(begun, new, start()));
        assert!(matches!(created, Err(CreateError::Unavailable(_))));
        scene.sessions.store().mend();
        assert_eq!(run(verdict(&scene.sessions, &scene.token, start())), "replaced");
    }
}

#[test]
fn a_suspicious_use_while_the_store_is_down_lets_nobody_in() {
    let policy = policy().watch(palisade_session::SameDevice).build().unwrap();
    for sessions in both_kinds(&policy, FaultyStore::default) {
        let begun = run(sessions.begin(&user())).unwrap();
        let origin = Origin::unknown().user_agent("Firefox/1 Linux");
        let new = NewSession { origin, ..NewSession::default() };
        let (token, session) = run(sessions.create(begun, new, start())).unwrap();
        let elsewhere = Origin::unknown().user_agent("Chrome/1 Windows");
        sessions.store().fail_from(1);
        let used = run(sessions.validate(token.expose_secret(), &elsewhere, start()));
        assert!(matches!(used, Err(Refused::Unavailable(_))));
        sessions.store().mend();
        assert!(run(stored(&sessions, &session)).ended.is_none());
    }
}
