//! `session_lifecycle.json`: timeouts, step-up, events and races, with both kinds of token.

use std::time::{Duration, SystemTime};

use palisade_session::{
    Change, ChangeError, CreateError, EndReason, Factor, Factors, Horizon, InsertError,
    MemoryStore, NewSession, Origin, RecentError, Refused, SessionLimit, SessionPolicy,
    SessionRecord, SessionStore, Sessions, Touch, Written,
};
use serde_json::{Value, json};

use crate::support::{
    DAY, HOUR, MINUTE, SECOND, both_kinds, other_user, policy, run, sign_in, start, stored, tokens,
    user, verdict,
};
use crate::vectors::{Score, assert_fields, number, rows, text};

pub(crate) fn lifecycle(file: &Value, score: &mut Score) {
    for case in rows(file) {
        let id = &case["id"];
        match text(case, "category") {
            "timeout" => timeout(case, score),
            "reauth" => reauth(case, score),
            "event" => event(case, score),
            "race" => {
                assert_fields(case, &["id", "category", "expected", "note", "sequence"]);
                run(race(&case["sequence"], text(case, "expected")));
                score.row(id, false, false);
            }
            unknown => panic!("an unknown category: {unknown}"),
        }
    }
}

/// A store with one session, whose times the row chose, and its token.
async fn planted(
    sessions: &Sessions<MemoryStore>,
    edit: impl FnOnce(&mut SessionRecord),
) -> (String, palisade_session::Session) {
    let (token, session) = sign_in(sessions, &user(), start()).await;
    let mut record = stored(sessions, &session).await;
    edit(&mut record);
    let far = Horizon { created_after: start() + 9000 * DAY, seen_after: start() + 9000 * DAY };
    sessions.store().purge(&far, 10).await.unwrap();
    let limit = SessionLimit::refuse(1);
    sessions.store().insert_new(&record, limit, &far).await.unwrap();
    (token, session)
}

fn timeout(case: &Value, score: &mut Score) {
    assert_fields(
        case,
        &["id", "category", "expected", "note", "created_at", "last_seen", "now", "policy"],
    );
    let given = &case["policy"];
    assert_fields(
        given,
        &["idle_seconds", "absolute_seconds", "touch_interval_seconds", "reauth_window_seconds"],
    );
    let span = |value, name| Duration::from_secs(number(value, name));
    let policy = SessionPolicy::builder()
        .idle_timeout(span(given, "idle_seconds"))
        .absolute_timeout(span(given, "absolute_seconds"))
        .touch_interval(span(given, "touch_interval_seconds"))
        .build()
        .unwrap();
    // Opaque: a signed token is refused for its own `exp` first.
    let sessions = Sessions::opaque(MemoryStore::new(), policy);
    let verdict = run(async {
        let (token, _) = planted(&sessions, |record| {
            record.created = start() + span(case, "created_at");
            record.last_seen = start() + span(case, "last_seen");
        })
        .await;
        sessions.validate(&token, &Origin::unknown(), start() + span(case, "now")).await
    });
    match (text(case, "expected"), verdict) {
        ("active" | "active_clock_skew", Ok(session)) => {
            assert!(session.last_seen() >= start() + span(case, "last_seen"), "{case}");
            score.row(&case["id"], true, true);
        }
        ("expired_idle", Err(Refused::Idle(_)))
        | ("expired_absolute", Err(Refused::Expired(_))) => {
            score.row(&case["id"], false, false);
        }
        (expected, verdict) => panic!("{}: {verdict:?} instead of {expected}", case["id"]),
    }
}

fn reauth(case: &Value, score: &mut Score) {
    assert_fields(
        case,
        &["id", "category", "expected", "note", "password_verified_at", "now", "window"],
    );
    let moment = |name| SystemTime::UNIX_EPOCH + Duration::from_secs(number(case, name));
    let now = moment("now");
    let asked = run(async {
        let sessions = Sessions::opaque(MemoryStore::new(), SessionPolicy::default());
        let (_, session) = planted(&sessions, |record| {
            (record.created, record.last_seen) = (now, now);
            record.factors = Factors::none().with(Factor::Password, moment("password_verified_at"));
        })
        .await;
        let window = Duration::from_secs(number(case, "window"));
        sessions.require_recent(&session, Factor::Password, window, now).await
    });
    let expected = match text(case, "expected") {
        // Our choice of the two: a second in the future is no more than two clocks that differ.
        "fresh" | "fresh_or_reject_future" => true,
        "stale" => false,
        unknown => panic!("an unknown verdict: {unknown}"),
    };
    assert!(matches!(asked, Ok(_) | Err(RecentError::StepUp(_))), "{asked:?}");
    score.row(&case["id"], asked.is_ok(), expected);
}

/// What became of the session in which something happened, and of the others.
#[derive(Debug)]
struct Outcome {
    old_token: &'static str,
    new_token: Option<&'static str>,
    new_id: bool,
    others: &'static str,
}

fn event(case: &Value, score: &mut Score) {
    assert_fields(case, &["id", "category", "expected", "note", "event"]);
    for kind in 0..2 {
        let outcome = run(happen(kind, text(case, "event")));
        let current = match (outcome.old_token, outcome.new_token, outcome.new_id) {
            ("ok", None, _) => "kept",
            (old, Some("ok"), true) if old != "ok" => "kept_rotated",
            (old, None, _) if old != "ok" => "revoked",
            _ => panic!("{case}: {outcome:?}"),
        };
        let others = if outcome.others == "ok" { "kept" } else { "revoked" };
        let rotates = outcome.new_token.is_some();
        let expected = &case["expected"];
        assert_fields(expected, &["current", "others", "rotates_token"]);
        let fits = match text(expected, "current") {
            "new_id" | "kept_rotated" => current == "kept_rotated",
            "revoked" | "none" => current == "revoked",
            "kept" => current == "kept",
            unknown => panic!("an unknown outcome: {unknown}"),
        } && match text(expected, "others") {
            "kept" => others == "kept",
            "revoked" | "revoked_all" | "that_one_revoked" | "rotated_or_revoked" => {
                others == "revoked"
            }
            unknown => panic!("an unknown outcome: {unknown}"),
        } && match text(expected, "rotates_token") {
            "yes" => rotates,
            "no" | "n/a" => !rotates,
            unknown => panic!("an unknown outcome: {unknown}"),
        };
        assert!(fits, "{case}: {outcome:?}");
    }
    score.row(&case["id"], true, true);
}

async fn happen(kind: usize, event: &str) -> Outcome {
    let [opaque, signed] = both_kinds(&policy().build().unwrap(), MemoryStore::new);
    let mut sessions = [opaque, signed].into_iter().nth(kind).unwrap();
    let (token, session) = sign_in(&sessions, &user(), start()).await;
    let (other_token, other) = sign_in(&sessions, &user(), start()).await;
    let (strangers, _) = sign_in(&sessions, &other_user(), start()).await;
    let now = start() + MINUTE;
    let mut renewed = None;
    match event {
        "login" => {
            let begun = sessions.begin(&user()).await.unwrap();
            let new = NewSession { replaces: Some(session.clone()), ..NewSession::default() };
            renewed = Some(sessions.create(begun, new, now).await.unwrap());
        }
        "logout" => sessions.sign_out(&session, now).await.unwrap(),
        "password_reset_by_email" => {
            let reason = EndReason::PasswordChanged;
            assert_eq!(sessions.revoke_user(&user(), reason, now).await.unwrap(), 2);
        }
        "revoke_one_other" => {
            let reason = EndReason::SignedOutElsewhere;
            sessions.revoke(&user(), other.id(), reason, now).await.unwrap();
        }
        "mfa_disabled" => {
            renewed = Some(sessions.changed(&session, Change::SecondFactor, now).await.unwrap());
        }
        "role_granted" => {
            renewed = Some(sessions.changed(&session, Change::Privilege, now).await.unwrap());
        }
        "secret_rotated_hard" => {
            assert_eq!(sessions.revoke_everyone(EndReason::KeysRotated, now).await.unwrap(), 3);
            assert_eq!(verdict(&sessions, &strangers, now).await, "keys_rotated");
            if kind == 1 {
                let store = sessions.store().clone();
                let policy = policy().build().unwrap();
                sessions = Sessions::signed(store, policy, tokens(&["b"])).unwrap();
                assert_eq!(verdict(&sessions, &token, now).await, "token_unknown_key");
            }
        }
        "account_deleted" => {
            sessions.revoke_user(&user(), EndReason::AccountClosed, now).await.unwrap();
        }
        unknown => panic!("an unknown event: {unknown}"),
    }
    let stranger = verdict(&sessions, &strangers, now).await;
    assert_eq!(stranger == "ok", event != "secret_rotated_hard", "{event} and another user");
    let (new_token, new_id) = match renewed {
        Some((token, new)) => {
            (Some(verdict(&sessions, token.expose_secret(), now).await), new.id() != session.id())
        }
        None => (None, false),
    };
    Outcome {
        old_token: verdict(&sessions, &token, now).await,
        new_token,
        new_id,
        others: verdict(&sessions, &other_token, now).await,
    }
}

async fn race(sequence: &Value, expected: &str) {
    let sessions = Sessions::opaque(MemoryStore::new(), policy().build().unwrap());
    let now = start() + MINUTE;
    let (token, session) = sign_in(&sessions, &user(), start()).await;
    if *sequence == json!(["A:load", "B:revoke", "A:save_data"]) {
        assert_eq!(expected, "save must report Gone");
        let seen = stored(&sessions, &session).await;
        sessions.sign_out(&session, now).await.unwrap();
        let touch = Touch { at: now + SECOND, address: None };
        let saved = sessions.store().touch_if_live(&seen.id, seen.generation, touch).await;
        assert_eq!(saved.unwrap(), Written::Gone);
        let renewed = sessions.rotate(&session, now + HOUR / 2).await;
        assert!(matches!(renewed, Err(ChangeError::Gone)));
        assert_eq!(verdict(&sessions, &token, now).await, "signed_out");
    } else if *sequence
        == json!(["A:revoke_all(user)", "B:create(user) started before, committed after"])
    {
        assert!(expected.ends_with("so it is refused"));
        let begun = sessions.begin(&user()).await.unwrap();
        sessions.revoke_user(&user(), EndReason::PasswordChanged, now).await.unwrap();
        let created = sessions.create(begun, NewSession::default(), now).await;
        assert!(matches!(created, Err(CreateError::Stale)));
        assert!(sessions.list_of(&user(), now).await.unwrap().is_empty());
    } else if *sequence == json!(["A:create(id collision)"]) {
        assert!(expected.ends_with("never overwrite"));
        let mut record = stored(&sessions, &session).await;
        record.user = other_user();
        let horizon = Horizon::new(now, HOUR, DAY);
        let limit = SessionLimit::end_least_recently_used(5);
        let inserted = sessions.store().insert_new(&record, limit, &horizon).await;
        assert!(matches!(inserted, Err(InsertError::Duplicate)));
        assert_eq!(stored(&sessions, &session).await.user, user());
    } else if *sequence == json!(["store:down", "A:validate"]) {
        assert!(expected.contains("Err(Unavailable)"));
        let store = crate::store_faults::FaultyStore::over(sessions.store().clone());
        store.fail_from(0);
        let sessions = Sessions::opaque(store, policy().build().unwrap());
        assert_eq!(verdict(&sessions, &token, now).await, "session_store_unavailable");
    } else if *sequence == json!(["A:list(user)", "B:revoke(other user id)"]) {
        assert!(expected.ends_with("gives NotFound"));
        let listed = sessions.list_of(&user(), now).await.unwrap();
        let reason = EndReason::SignedOut;
        let revoked = sessions.revoke(&other_user(), &listed[0].id, reason, now).await;
        assert!(matches!(revoked, Err(ChangeError::NotFound)));
        assert_eq!(verdict(&sessions, &token, now).await, "ok");
    } else {
        panic!("an unknown schedule: {sequence}");
    }
}
